use dbmigrate::{Json, Table, View};

#[derive(Debug, Clone, Table)]
#[table(name = "1st")]
pub struct T1st {
    #[column(primary_key)]
    pub id: i64,
}

#[derive(Debug, Clone, Table)]
#[table(name = "a b")]
pub struct AB {
    #[column(primary_key)]
    pub id: i64,
}

#[derive(Debug, Clone, Table)]
#[table(name = "a-b")]
pub struct AB2 {
    #[column(primary_key)]
    pub id: i64,
}

#[derive(Debug, Clone, Table)]
pub struct Box {
    #[column(primary_key)]
    pub id: i64,
}

#[derive(Debug, Clone, Table)]
pub struct Clone {
    #[column(primary_key)]
    pub id: i64,
}

#[derive(Debug, Clone, Table)]
#[table(name = "column_type")]
pub struct ColumnType2 {
    #[column(primary_key)]
    pub id: i64,
}

#[derive(Debug, Clone, Table)]
pub struct Core {
    #[column(primary_key)]
    pub id: i64,
}

#[derive(Debug, Clone, Table)]
pub struct Dbmigrate {
    #[column(primary_key)]
    pub id: i64,
    #[column(type = "")]
    pub dbmigrate: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Table)]
pub struct Debug {
    #[column(primary_key)]
    pub id: i64,
}

#[derive(Debug, Clone, Table)]
pub struct Default {
    #[column(primary_key)]
    pub id: i64,
}

#[derive(Debug, Clone, Table)]
pub struct I64 {
    #[column(primary_key)]
    pub id: i64,
}

#[derive(Debug, Clone, Table)]
#[table(name = "json")]
pub struct Json2 {
    #[column(primary_key)]
    pub id: i64,
    #[column(check = "json_valid(data)")]
    pub data: Option<Json<serde_json::Value>>,
}

#[derive(Debug, Clone, Table)]
#[table(name = "option")]
pub struct Option2 {
    #[column(primary_key)]
    pub id: i64,
    pub value: Option<String>,
}

#[derive(Debug, Clone, Table)]
pub struct Payment {
    #[column(primary_key)]
    pub id: i64,
    #[column(type = "INT", references = Store::id)]
    pub store_id: i64,
    #[column(type = "DECIMAL(5, 2)")]
    pub amount: f64,
    #[column(type = "NUMERIC")]
    pub tip: Option<f64>,
    #[column(type = "INT")]
    pub points: i64,
    pub weight: Option<f64>,
    pub note: Option<String>,
    pub receipt: Option<Vec<u8>>,
    #[column(type = "DATETIME")]
    pub paid_at: String,
    #[column(type = "BOOLEAN")]
    pub refunded: bool,
    #[column(type = "")]
    pub anything: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Table)]
pub struct Result {
    #[column(primary_key)]
    pub id: i64,
    #[column(type = "INT")]
    pub ok: Option<i64>,
}

#[derive(Debug, Clone, Table)]
#[table(name = "self")]
pub struct Self2 {
    #[column(primary_key)]
    pub id: i64,
}

#[derive(Debug, Clone, Table)]
pub struct Send {
    #[column(primary_key)]
    pub id: i64,
}

#[derive(Debug, Clone, Table)]
pub struct SerdeJson {
    #[column(primary_key)]
    pub id: i64,
}

#[derive(Debug, Clone, Table)]
pub struct Some {
    #[column(primary_key)]
    pub id: i64,
    #[column(check = "state IN ('self', 'yield', 'some', 'none')")]
    pub state: String,
}

#[derive(Debug, Clone, Table)]
pub struct Store {
    #[column(primary_key)]
    pub id: i64,
    pub city: String,
    pub manager: Option<String>,
}

#[derive(Debug, Clone, Table)]
#[table(name = "string")]
pub struct String2 {
    #[column(primary_key)]
    pub id: i64,
    #[column(type = "INT", references = Option2::id)]
    pub option: i64,
}

#[derive(Debug, Clone, Table)]
#[table(name = "table")]
pub struct Table2 {
    #[column(primary_key)]
    pub id: i64,
}

#[derive(Debug, Clone, Table)]
#[table(name = "value")]
pub struct Value2 {
    #[column(primary_key)]
    pub id: i64,
}

#[derive(Debug, Clone, Table)]
#[table(name = "vec")]
pub struct Vec2 {
    #[column(primary_key)]
    pub id: i64,
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone, Table)]
#[table(name = "view")]
pub struct View2 {
    #[column(primary_key)]
    pub id: i64,
}

#[derive(Debug, Clone, Table)]
#[table(
    unique(r#try, self_),
    index(r#gen, r#do desc, name = "abstract"),
    trigger(
        "become",
        after = update,
        update_of(r#yield, r#typeof),
        body = "SELECT 1"
    )
)]
pub struct Yield {
    #[column(check("yield", r#""yield" >= 0"#))]
    pub r#yield: Option<f64>,
    #[column(type = "INT")]
    pub r#abstract: Option<i64>,
    #[column(type = "INT")]
    pub r#become: Option<i64>,
    #[column(type = "INT")]
    pub r#box: Option<i64>,
    #[column(type = "INT")]
    pub r#do: Option<i64>,
    #[column(type = "INT")]
    pub r#final: Option<i64>,
    #[column(type = "INT")]
    pub r#macro: Option<i64>,
    #[column(type = "INT")]
    pub r#override: Option<i64>,
    #[column(type = "INT")]
    pub r#priv: Option<i64>,
    #[column(type = "INT")]
    pub r#typeof: Option<i64>,
    #[column(type = "INT")]
    pub r#unsized: Option<i64>,
    #[column(type = "INT")]
    pub r#virtual: Option<i64>,
    #[column(type = "INT")]
    pub r#try: Option<i64>,
    #[column(type = "INT")]
    pub r#gen: Option<i64>,
    #[column(type = "INT")]
    pub r#async: Option<i64>,
    #[column(type = "INT")]
    pub r#await: Option<i64>,
    #[column(type = "INT")]
    pub r#dyn: Option<i64>,
    #[column(name = "self", type = "INT")]
    pub self_: Option<i64>,
    #[column(name = "super", type = "INT")]
    pub super_: Option<i64>,
    #[column(name = "crate", type = "INT")]
    pub crate_: Option<i64>,
    #[column(name = "_", type = "INT")]
    pub unnamed: Option<i64>,
    #[column(type = "INT")]
    pub union: Option<i64>,
    #[column(type = "INT")]
    pub r#static: Option<i64>,
    #[column(type = "INT")]
    pub raw: Option<i64>,
    #[column(type = "INT")]
    pub auto: Option<i64>,
    #[column(type = "INT")]
    pub default: Option<i64>,
    #[column(type = "INT")]
    pub macro_rules: Option<i64>,
    #[column(type = "INT")]
    pub r#match: Option<i64>,
    #[column(type = "INT")]
    pub r#where: Option<i64>,
    #[column(name = "1st", type = "INT")]
    pub _1st: Option<i64>,
    #[column(name = "😀", type = "INT")]
    pub unnamed_2: Option<i64>,
    #[column(name = "a b", type = "INT")]
    pub a_b: Option<i64>,
    #[column(name = "a-b", type = "INT")]
    pub a_b_2: Option<i64>,
    #[column(name = "é", type = "INT")]
    pub é: Option<i64>,
    #[column(type = "INT")]
    pub row: Option<i64>,
    #[column(type = "INT")]
    pub reader: Option<i64>,
    #[column(type = "INT")]
    pub writer: Option<i64>,
    #[column(type = "INT")]
    pub value: Option<i64>,
}

#[derive(Debug, Clone, View)]
#[view(query = r#"SELECT "yield", "yield" + 1 AS "await", "self" AS "dyn" FROM "yield""#)]
pub struct Async {
    pub r#yield: Option<f64>,
    pub r#await: Option<f64>,
    pub r#dyn: Option<i64>,
}

#[derive(Debug, Clone, View)]
#[view(
    query = r#"SELECT points + 1 AS next, points * 2.5 AS scaled, amount * id AS product, points / 2 AS half, points / nullif(points, 0) AS one,
  points > 1 AS is_more, tip > 1 AS tips_more, note IS NULL AS is_silent, refunded, NOT refunded AS is_kept,
  EXISTS (SELECT 1 FROM store WHERE store.id = payment.store_id) AS has_store, points IN (5, 7) AS is_odd,
  coalesce(note, '-') AS said, coalesce(tip, 0) AS tipped, length(note) AS length, lower(note) || '!' AS loud,
  CASE WHEN refunded THEN 'back' ELSE 'kept' END AS state, CASE points WHEN 5 THEN 1 END AS five, CAST(note AS INTEGER) AS number,
  date(paid_at) AS day, unixepoch(paid_at) AS second, substr(receipt, 1, 1) AS head, hex(receipt) AS digits, round(amount) AS rounded,
  abs(points) AS size, typeof(anything) AS kind, anything, ifnull(anything, 0) AS filled, iif(refunded, points, note) AS mixed,
  (SELECT city FROM store WHERE store.id = payment.store_id) AS city, (SELECT count(*) FROM store) AS stores,
  row_number() OVER (ORDER BY id) AS place, sum(amount) OVER (ORDER BY id) AS running, lag(points) OVER (ORDER BY id) AS before,
  json_array(id, note) AS list, json_extract('[1, 2.5, "x", null]', '$[' || (id - 1) || ']') AS element
FROM payment"#
)]
pub struct Computed {
    pub next: i64,
    pub scaled: f64,
    pub product: f64,
    pub half: i64,
    pub one: Option<i64>,
    pub is_more: bool,
    pub tips_more: Option<bool>,
    pub is_silent: bool,
    pub refunded: bool,
    pub is_kept: bool,
    pub has_store: bool,
    pub is_odd: bool,
    pub said: String,
    pub tipped: f64,
    pub length: Option<i64>,
    pub loud: Option<String>,
    pub state: String,
    pub five: Option<i64>,
    pub number: Option<i64>,
    pub day: Option<String>,
    pub second: Option<i64>,
    pub head: Option<Vec<u8>>,
    pub digits: String,
    pub rounded: f64,
    pub size: i64,
    pub kind: String,
    // its type cannot be inferred from the query: `Value` reads any value, including NULL
    pub anything: dbmigrate::Value,
    // its type cannot be inferred from the query: `Value` reads any value, including NULL
    pub filled: dbmigrate::Value,
    // its type cannot be inferred from the query: `Value` reads any value, including NULL
    pub mixed: dbmigrate::Value,
    pub city: Option<String>,
    pub stores: i64,
    pub place: i64,
    pub running: Option<f64>,
    pub before: Option<i64>,
    pub list: String,
    // its type cannot be inferred from the query: `Value` reads any value, including NULL
    pub element: dbmigrate::Value,
}

#[derive(Debug, Clone, View)]
#[view(
    query = "WITH RECURSIVE c (i, text) AS (SELECT 1, 'a' UNION ALL SELECT i + 1, text || i FROM c WHERE i < 4) SELECT i, text, i % 2 AS odd FROM c"
)]
pub struct Counted {
    pub i: i64,
    pub text: String,
    pub odd: i64,
}

#[derive(Debug, Clone, View)]
#[view(
    query = "SELECT points AS value FROM payment UNION ALL SELECT note FROM payment UNION ALL SELECT receipt FROM payment"
)]
pub struct Either {
    // its type cannot be inferred from the query: `Value` reads any value, including NULL
    pub value: dbmigrate::Value,
}

#[derive(Debug, Clone, View)]
#[view(
    query = "SELECT sum(amount) AS total_sales, max(amount) AS highest FROM payment WHERE amount IN (3, 5, 4)"
)]
pub struct IntegerSales {
    pub total_sales: Option<f64>,
    pub highest: Option<f64>,
}

#[derive(Debug, Clone, View)]
#[view(
    query = "SELECT s.city, p.amount, p.points, p.note, p.paid_at, p.refunded, p.receipt FROM store s LEFT JOIN payment p ON p.store_id = s.id"
)]
pub struct Joined {
    pub city: String,
    pub amount: Option<f64>,
    pub points: Option<i64>,
    pub note: Option<String>,
    pub paid_at: Option<String>,
    pub refunded: Option<bool>,
    pub receipt: Option<Vec<u8>>,
}

#[derive(Debug, Clone, View)]
#[view(
    query = "SELECT count(*) AS n, sum(amount) AS amount, sum(points) AS points, total(points) AS total, avg(points) AS mean,
  min(note) AS first_note, max(paid_at) AS last, group_concat(note) AS notes, json_group_array(note) AS list, city
FROM payment JOIN store ON 0"
)]
pub struct NoSales {
    pub n: i64,
    pub amount: Option<f64>,
    pub points: Option<i64>,
    pub total: f64,
    pub mean: Option<f64>,
    pub first_note: Option<String>,
    pub last: Option<String>,
    pub notes: Option<String>,
    pub list: String,
    pub city: Option<String>,
}

#[derive(Debug, Clone, View)]
#[view(
    query = "SELECT store, total_sales / payments AS mean, total_sales IS NULL AS is_empty FROM sales_by_store"
)]
pub struct OfViews {
    pub store: String,
    pub mean: Option<f64>,
    pub is_empty: bool,
}

#[derive(Debug, Clone, View)]
#[view(
    query = "SELECT s.city || ', ' || s.id AS store, s.manager, sum(p.amount) AS total_sales, count(p.id) AS payments
FROM store s LEFT JOIN payment p ON p.store_id = s.id GROUP BY s.id"
)]
pub struct SalesByStore {
    pub store: String,
    pub manager: Option<String>,
    pub total_sales: Option<f64>,
    pub payments: i64,
}

#[derive(Debug, Clone, View)]
#[view(
    query = "SELECT id, city AS what, 1 AS n FROM store UNION ALL SELECT id, note, amount FROM payment"
)]
pub struct United {
    pub id: i64,
    pub what: Option<String>,
    pub n: f64,
}

#[derive(Debug, Clone, View)]
#[view(query = "SELECT dbmigrate FROM dbmigrate UNION SELECT data FROM json")]
pub struct Values {
    // its type cannot be inferred from the query: `Value` reads any value, including NULL
    pub dbmigrate: dbmigrate::Value,
}
