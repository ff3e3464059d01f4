// What `create.rs` compiles, and the subcommand reads: `CREATE` has to be the same for both, whatever only rustc knows.

use std::borrow::Cow;

use dbmigrate::{ColumnType, Json, Table, View};

pub const LOWEST: i64 = -5;
pub const HALF: f64 = 0.5;
pub const SINGLE: f32 = 0.25;
pub const WORD: &str = "it's";
pub const LETTER: char = '\'';
pub const YES: bool = true;
pub const BYTES: &[u8; 2] = b"\x00\xff";

pub type Text = String;
pub type Nullable = Option<Text>;

#[derive(ColumnType)]
#[column_type(check = "{} > 0 AND {} <> '{}'")]
pub struct OrgId(pub i64);

#[derive(ColumnType)]
pub struct Inner(pub OrgId);

pub type Maybe<T> = Option<T>;

#[derive(ColumnType)]
#[column_type(type = "VARCHAR(10, 2)")]
pub struct Odd(pub i64);

#[derive(ColumnType)]
#[column_type(rename_all = "kebab-case", check)]
pub enum State {
    Draft,
    #[column_type(rename = "it's live")]
    Published,
}

#[derive(ColumnType)]
#[column_type(integer, check)]
pub enum Level {
    Low = -1,
    High,
}

#[derive(Table)]
#[table(name = "orgs", renamed_from = "organizations")]
pub struct Org {
    #[column(primary_key)]
    pub id: OrgId,
    #[column(unique, name = "slug of it")]
    pub slug: Text,
}

#[derive(Table)]
#[table(without_rowid, strict, primary_key(org, id desc, name = "users_key"), unique(email collate nocase, on_conflict = replace))]
pub struct User {
    #[column(references = Org::id)]
    pub org: OrgId,
    pub id: i64,
    pub email: Text,
    #[column(references = Org::slug, match = simple)]
    pub slug: Nullable,
}

#[derive(Table)]
#[table(
    name = "posts",
    index(title collate nocase, created_at desc, where = "deleted = 0"),
    unique_index("lower(title)", name = "posts_title"),
    check(title_len, "length(title) > 0"),
    foreign_key(org, author, references = User(org, id), on_delete = cascade, deferrable = initially_deferred),
    foreign_key(org, references = Org(id), name = "of_org"),
    trigger(touch, after = update, update_of(title), body = "UPDATE posts SET created_at = 0 WHERE id = new.id;")
)]
pub struct Post<'a> {
    #[column(primary_key, autoincrement)]
    pub id: i64,
    pub org: OrgId,
    pub author: Option<i64>,
    #[column(references = Self::id, on_delete = set_null)]
    pub parent: Option<i64>,
    #[column(references = "orgs(id)", on_update = restrict)]
    pub cover: Maybe<i64>,
    #[column(default = WORD, collate = nocase, check(short, "length(title) < 200"))]
    pub title: Text,
    pub summary: Cow<'a, str>,
    #[column(default = LOWEST)]
    pub score: i64,
    #[column(default = HALF)]
    pub half: f64,
    #[column(default = SINGLE)]
    pub single: f32,
    #[column(default = LETTER)]
    pub letter: char,
    #[column(default = YES)]
    pub yes: bool,
    #[column(default = BYTES)]
    pub bytes: Vec<u8>,
    #[column(default = "draft", index)]
    pub state: State,
    pub level: Level,
    pub inner: Option<Inner>,
    pub odd: Odd,
    #[column(default_sql = "unixepoch()", index(desc, where = "deleted = 0"))]
    pub created_at: i64,
    #[column(default = false)]
    pub deleted: bool,
    #[column(generated = "lower(title)", stored)]
    pub title_key: String,
    #[column(generated = "score * 2", virtual, name = "double score")]
    pub double_score: Option<i64>,
    #[column(default = "[]")]
    pub labels: Json<Vec<String>>,
    #[column(name = "kind", type = "VARCHAR(10)", not_null(on_conflict = fail))]
    pub r#type: Option<std::net::IpAddr>,
    #[column(type = "DOUBLE PRECISION")]
    pub odd_type: Nullable,
    pub embedding: Option<[f32; 4]>,
}

#[derive(Table)]
pub struct Comment {
    #[column(primary_key)]
    pub id: Option<i64>,
    #[column(references = Post::id, on_delete = cascade)]
    pub post: i64,
    #[column(references = Self::id)]
    pub parent: Option<i64>,
    pub text: Text,
}

#[derive(Table)]
pub struct Setting {
    #[column(primary_key)]
    pub name: Text,
    pub value: Nullable,
}

#[derive(Table)]
pub struct Numbered {
    #[column(primary_key, not_null)]
    pub id: i32,
    #[column(unique(name = "one_each"))]
    pub of: Maybe<String>,
}

#[derive(Table)]
pub struct Reversed {
    #[column(primary_key(desc))]
    pub id: i64,
}

#[derive(Table)]
#[table(using = fts5, options("content='posts'", "content_rowid='id'", "tokenize='porter'"))]
pub struct PostSearch {
    pub title: String,
    #[column(unindexed)]
    pub state: String,
}

#[derive(Table)]
#[table(using = "rtree")]
pub struct Area {
    pub id: i64,
    pub min_x: f32,
    pub max_x: f32,
    #[column(auxiliary, type = "TEXT")]
    pub label: String,
}

#[derive(View)]
#[view(
    query = "SELECT id, title FROM posts WHERE state = 'it''s live'",
    columns(id, title),
    trigger(no_delete, instead_of = delete, body = "SELECT raise(ABORT, 'no');")
)]
pub struct LivePost {
    pub id: i64,
    pub title: String,
}
