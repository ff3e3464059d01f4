//! Every feature of the schema language at once, and what the traits say about it.

use std::borrow::Cow;

use dbmigrate::{Column, ColumnType, Json, Table, View};

const LOWEST: i64 = -5;

#[derive(ColumnType)]
#[column_type(check = "{} > 0")]
struct OrgId(i64);

#[derive(ColumnType)]
#[column_type(type = "TEXT")]
struct Tagged<T>(String, std::marker::PhantomData<T>);

#[derive(ColumnType)]
#[column_type(rename_all = "kebab-case", check)]
enum State {
    Draft,
    #[column_type(rename = "live")]
    Published,
}

#[derive(ColumnType)]
#[column_type(integer)]
enum Level {
    Low = -1,
    High,
}

type Text = String;

#[derive(Table)]
#[table(name = "orgs", strict)]
struct Org {
    #[column(primary_key)]
    id: OrgId,
    #[column(unique)]
    slug: String,
}

#[derive(Table)]
#[table(without_rowid, primary_key(org, id desc), unique(email collate nocase, on_conflict = replace))]
struct User {
    #[column(references = Org::id)]
    org: OrgId,
    id: i64,
    email: String,
}

#[derive(Table)]
#[table(
    name = "posts",
    renamed_from = "articles",
    random_rowid,
    index(title collate nocase, created_at desc, where = "deleted = 0"),
    unique_index("lower(title)", name = "posts_title"),
    index("libsql_vector_idx(embedding)", name = "posts_embedding"),
    check(title_len, "length(title) > 0"),
    foreign_key(org, author, references = User(org, id), on_delete = cascade, deferrable = initially_deferred),
    trigger(touch, after = update, update_of(title), body = "UPDATE posts SET created_at = 0 WHERE id = new.id;"),
    crate = dbmigrate
)]
struct Post<'a> {
    #[column(primary_key)]
    id: i64,
    org: OrgId,
    author: Option<i64>,
    #[column(references = Self::id, on_delete = set_null)]
    parent: Option<i64>,
    #[column(references = "files(id)", on_update = restrict)]
    cover: Option<i64>,
    #[column(default = "untitled", collate = nocase, check(short, "length(title) < 200"))]
    title: Text,
    summary: Cow<'a, str>,
    #[column(default = LOWEST)]
    score: i64,
    #[column(default = "draft", index)]
    state: State,
    level: Level,
    tag: Tagged<u8>,
    #[column(default_sql = "unixepoch()", index(desc, where = "deleted = 0"))]
    created_at: i64,
    #[column(default = false)]
    deleted: bool,
    #[column(generated = "lower(title)", stored)]
    title_key: String,
    #[column(generated = "score * 2", virtual)]
    double_score: Option<i64>,
    #[column(renamed_from = "tags", default = "[]")]
    labels: Json<Vec<String>>,
    #[column(name = "kind", type = "VARCHAR(10)", not_null(on_conflict = fail))]
    r#type: Option<std::net::IpAddr>,
    #[column(default = b"\x00")]
    hash: [u8; 32],
    embedding: Option<[f32; 768]>,
}

#[derive(Table)]
#[table(using = fts5, options("content='posts'", "tokenize='porter'"))]
struct PostSearch {
    title: String,
    #[column(unindexed)]
    state: String,
}

#[derive(Table)]
#[table(using = "rtree")]
struct Area {
    id: i64,
    min_x: f32,
    max_x: f32,
    #[column(auxiliary, type = "TEXT")]
    label: String,
}

#[derive(View)]
#[view(
    query = "SELECT id, title FROM posts WHERE state = 'live'",
    columns(id, title),
    trigger(no_delete, instead_of = delete, body = "SELECT raise(ABORT, 'no');")
)]
struct LivePost {
    id: i64,
    title: String,
}

macro_rules! table_by_macro {
    ($name:ident, $table:literal, $ty:ty, $default:expr) => {
        #[derive(Table)]
        #[table(name = $table)]
        struct $name {
            #[column(default = $default)]
            value: $ty,
        }
    };
}
table_by_macro!(ByMacro, "by_macro", Option<i64>, 7);

pub(crate) fn main() {
    assert_eq!(Org::NAME, "orgs");
    assert_eq!(User::NAME, "user");
    assert_eq!(Post::NAME, "posts");
    assert_eq!(LivePost::NAME, "live_post");
    assert_eq!(ByMacro::NAME, "by_macro");
    assert_eq!(ByMacro::COLUMNS, [Column::of::<Option<i64>>("value")]);

    let column = |name: &str| {
        let found = Post::COLUMNS.iter().find(|column| column.name == name);
        found.map(|column| (column.sql_type, column.nullable))
    };
    assert_eq!(column("org"), Some(("INTEGER", false)));
    assert_eq!(column("title"), Some(("TEXT", false)));
    assert_eq!(column("author"), Some(("INTEGER", true)));
    assert_eq!(column("kind"), Some(("VARCHAR(10)", true)));
    assert_eq!(column("tag"), Some(("TEXT", false)));
    assert_eq!(column("level"), Some(("INTEGER", false)));
    assert_eq!(column("labels"), Some(("TEXT", false)));
    assert_eq!(column("embedding"), Some(("F32_BLOB(768)", true)));
    assert_eq!(PostSearch::COLUMNS.len(), 2);
    assert_eq!(Area::COLUMNS[3].sql_type, "TEXT");

    assert_eq!(OrgId::CHECK, Some("{} > 0"));
    assert_eq!(State::CHECK, Some("{} IN ('draft', 'live')"));
    assert_eq!(Option::<State>::CHECK, State::CHECK);
    assert_eq!(Level::CHECK, None);
}
