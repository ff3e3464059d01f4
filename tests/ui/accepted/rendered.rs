//! What `codegen` renders of a schema with many features, kept in step by its test.

use dbmigrate::{ColumnType, Json, Table, View};

#[derive(Debug, Clone, Table)]
#[table(
    index("libsql_vector_idx(embedding)", name = "articles_embedding"),
    trigger(
        articles_inserted,
        after = insert,
        body = "INSERT INTO article_search (rowid, title, body) VALUES (new.id, new.title, new.body)"
    )
)]
pub struct Articles {
    #[column(primary_key)]
    pub id: i64,
    pub title: String,
    #[column(default = r#"he said "hi""#)]
    pub body: String,
    pub embedding: Option<[f32; 4]>,
}

#[derive(Debug, Clone, Table)]
#[table(
    foreign_key(
        organization_id,
        buyer,
        references = Users(organization_id, number),
        on_delete = restrict,
        on_update = cascade,
        name = "orders_buyer"
    ),
    check("discount <= total"),
    trigger(
        orders_closed,
        before = update,
        update_of(total),
        when = "old.state = 9",
        body = "SELECT raise(ABORT, 'the order is closed')"
    )
)]
pub struct Orders {
    #[column(primary_key)]
    pub id: String,
    pub organization_id: i64,
    pub buyer: Option<i64>,
    #[column(
        references = Self::id,
        on_delete = set_null,
        deferrable = initially_deferred
    )]
    pub parent: Option<String>,
    #[column(type = "DECIMAL(10, 2)", check(positive, "total >= 0"))]
    pub total: f64,
    #[column(default = 0)]
    pub discount: f64,
    #[column(index, default = 0)]
    pub state: i64,
    #[column(type = "")]
    pub note: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Table)]
pub struct Organizations {
    #[column(primary_key, autoincrement)]
    pub id: i64,
    #[column(type = "VARCHAR(40)", unique, collate = nocase)]
    pub slug: String,
    #[column(default = "free", check = "plan IN ('free', 'team', 'enterprise')")]
    pub plan: OrganizationsPlan,
    #[column(type = "JSON", default = "{}")]
    pub settings: String,
    #[column(default_sql = "unixepoch()")]
    pub created_at: i64,
}

/// The values of `organizations.plan`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
pub enum OrganizationsPlan {
    Free,
    Team,
    Enterprise,
}

/// what nobody would call a table * / \[Vec\<u8>]
#[derive(Debug, Clone, Table)]
#[table(trigger(
    struct_notified,
    after = delete,
    unchecked,
    body = "SELECT notify(old.kind)"
))]
pub struct Struct {
    /// \`\`\`
    #[column(default = "in-review")]
    pub r#type: StructType,
    #[column(check(kinds, "kind IS NULL OR kind IN ('PG-13', 'R')"))]
    pub kind: Option<StructKind>,
    /// - one, see <https://sqlite.org>
    /// - two \\\[
    #[column(default = "{}", check = "json_valid(meta)")]
    pub meta: Json<serde_json::Value>,
    #[column(type = "JSON", check = "more IS NULL OR json_valid(more, 1)")]
    pub more: Option<Json<serde_json::Value>>,
    #[column(default = false, check = "flag IN (0, 1)")]
    pub flag: bool,
    #[column(name = r#"it's "quoted""#)]
    pub it_s_quoted: Option<String>,
    #[column(
        name = "two
lines",
        references = Unnamed::id
    )]
    pub two_lines: Option<String>,
    #[column(type = "", references = Articles::id)]
    pub article: Option<i64>,
}

/// The values of `struct.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
#[column_type(rename_all = "kebab-case", check)]
pub enum StructType {
    Draft,
    InReview,
}

/// The values of `struct.kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ColumnType)]
#[column_type(type = "VARCHAR(9)", rename_all = "UPPERCASE")]
pub enum StructKind {
    #[column_type(rename = "PG-13")]
    Pg13,
    R,
}

#[derive(Debug, Clone, Table)]
#[table(
    name = "Table",
    strict,
    index(r#unique, self_ desc, name = "Table unique")
)]
pub struct Table2 {
    #[column(primary_key)]
    pub string: String,
    pub unique: Option<i64>,
    #[column(name = "self", references = Articles::id)]
    pub self_: Option<i64>,
}

#[derive(Debug, Clone, Table)]
#[table(
    without_rowid,
    primary_key(organization_id, number desc),
    unique(organization_id, email collate nocase, on_conflict = replace),
    index(
        organization_id,
        "lower(email)" desc,
        name = "users_organization_id_email_idx"
    )
)]
pub struct Users {
    #[column(references = Organizations::id, on_delete = cascade)]
    pub organization_id: i64,
    pub number: i64,
    pub email: String,
    #[column(check(kind_known, "type <> ''"))]
    pub r#type: Option<String>,
    #[column(type = "BOOLEAN", default = true)]
    pub active: bool,
    #[column(default = b"\x89PNG")]
    pub avatar: Option<Vec<u8>>,
    #[column(type = "DOUBLE", default = 1.5)]
    pub rating: f64,
    #[column(
        name = "last seen",
        type = "DATETIME",
        default_sql = "CURRENT_TIMESTAMP"
    )]
    pub last_seen: Option<String>,
    #[column(
        name = "emailKey",
        unique_index(name = "users_by_key", where = "active"),
        generated = r#"lower("email")"#,
        stored
    )]
    pub email_key: Option<String>,
}

#[derive(Debug, Clone, Table)]
#[table(name = "😀")]
pub struct Unnamed {
    #[column(primary_key)]
    pub id: Option<String>,
}

#[derive(Debug, Clone, Table)]
#[table(using = rtree)]
pub struct Areas {
    pub id: i64,
    pub min_x: f64,
    pub max_x: f64,
    pub min_y: f64,
    pub max_y: f64,
    #[column(type = "TEXT", auxiliary)]
    pub label: String,
}

#[derive(Debug, Clone, Table)]
#[table(using = fts5, options("content='articles'", "content_rowid='id'"))]
pub struct ArticleSearch {
    pub title: String,
    pub body: String,
}

#[derive(Debug, Clone, View)]
#[view(query = r#"SELECT o.id, o.total - o.discount AS due, u."last seen"
FROM orders o LEFT JOIN users u ON u.organization_id = o.organization_id AND u.number = o.buyer
WHERE o.state < 9"#)]
pub struct OpenOrders {
    pub id: String,
    pub due: f64,
    #[column(name = "last seen")]
    pub last_seen: Option<String>,
}

#[derive(Debug, Clone, View)]
#[view(unchecked, query = "SELECT * FROM missing")]
pub struct OverNothing {}

#[derive(Debug, Clone, View)]
#[view(unchecked, query = "SELECT shout(slug) AS loud, id FROM organizations")]
pub struct Shouted {
    // its type cannot be inferred from the query: `Value` reads any value, including NULL
    pub loud: dbmigrate::Value,
    pub id: Option<i64>,
}

#[derive(Debug, Clone, View)]
#[view(
    query = "SELECT id, slug FROM organizations",
    columns(organization, slug),
    trigger(
        slugs_updated,
        instead_of = update,
        body = "UPDATE organizations SET slug = new.slug WHERE id = old.organization"
    )
)]
pub struct Slugs {
    pub organization: i64,
    pub slug: String,
}

fn main() {}
