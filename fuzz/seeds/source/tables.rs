use chrono::{DateTime, Utc};
use dbmigrate::{ColumnType, Json, Table, View};

#[derive(Debug, Clone, Table)]
#[table(name = "posts", strict, index(author_id, created_at desc, where = "state <> 'x'"), unique(org_id, slug),
        check(title_len, "length(title) > 0"),
        foreign_key(org_id, author_id, references = User(org_id, id), on_delete = set_null))]
pub struct Post {
    #[column(primary_key, autoincrement)]
    pub id: i64,
    #[column(references = User::id, on_delete = cascade, deferrable = initially_deferred)]
    pub author_id: Option<i64>,
    pub org_id: OrgId,
    pub slug: String,
    #[column(default = "untitled", collate = nocase)]
    pub title: String,
    #[column(default = -1, check = "votes > -2")]
    votes: i32,
    #[column(default_sql = "unixepoch()", unique_index(name = "at", desc))]
    pub created_at: DateTime<Utc>,
    #[column(generated = "lower(title)", stored)]
    pub title_key: String,
    #[column(renamed_from = "tags")]
    pub labels: Json<Vec<String>>,
    #[cfg(feature = "audit")]
    pub vector: [f32; DIM],
    #[cfg_attr(not(feature = "audit"), column(name = "gone"))]
    pub r#type: Kind,
}

const DIM: usize = 3;
type Bytes = Vec<u8>;

#[derive(ColumnType)]
pub struct OrgId(i64);

#[derive(ColumnType)]
#[column(rename_all = "kebab-case", check)]
pub enum Kind { First, #[column(rename = "2nd")] Second }

mod users {
    #[derive(dbmigrate::Table)]
    #[table(name = "users", without_rowid, primary_key(org_id, id), trigger(touch, after = update, body = "SELECT 1;"))]
    pub struct User { pub org_id: super::OrgId, #[column(unique)] pub id: i64, pub data: Option<super::Bytes> }
}
pub use users::*;

#[derive(View)]
#[view(query = "SELECT id, count(*) FROM posts")]
pub struct Counts { id: i64, n: i64 }

#[derive(Table)]
#[table(using = fts5, options("content='posts'"))]
pub struct Search { title: String, #[column(unindexed)] slug: String }
