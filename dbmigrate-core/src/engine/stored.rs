//! What a database stores of its schema: the statements in `sqlite_schema`, and what SQLite makes of the columns.

use std::collections::BTreeMap;

use crate::engine::value::Value;

use super::connection::{Connection, Row, integer, text};
use super::engines::Engine;
use super::error::EngineError;
use crate::sql::Name;
use crate::sql::name::quote_string;

/// A row of `sqlite_schema` that belongs to the schema of its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// `table`, `index`, `view` or `trigger`.
    pub kind: String,
    /// Its name.
    pub name: Name,
    /// The table or view that it belongs to.
    pub table: Name,
    /// The statement that created it.
    pub sql: String,
    /// Whether some of the text is none, and has replacement characters in it.
    pub(super) is_garbled: bool,
}

/// The query for [`stored_objects_in`].
///
/// Text comes as bytes: the crate panics on text that is not UTF-8, which other programs may have stored, and a server
/// fails on it.
pub(super) fn objects_query(after: i64) -> String {
    objects_where(&format!("rowid > {after}"))
}

/// The same for objects by rowid.
pub(super) fn objects_at_query(rowids: &[i64]) -> String {
    let rowids = rowids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    objects_where(&format!("rowid IN ({rowids})"))
}

/// The same for objects of which this holds.
pub(super) fn objects_where(condition: &str) -> String {
    format!(
        "SELECT CAST(type AS BLOB), CAST(name AS BLOB), CAST(tbl_name AS BLOB), CAST(sql AS BLOB), rowid \
         FROM sqlite_schema WHERE {condition} ORDER BY rowid"
    )
}

/// The query for [`texts_in`]: one row, because a large schema is compared after each migration, and handing over a row
/// takes longer than comparing it.
pub(super) const TEXTS: &str = "SELECT group_concat(rowid || ' ' || ifnull(length(CAST(sql AS BLOB)), 0), ' '), \
     CAST(group_concat(ifnull(sql, ''), '') AS BLOB) FROM (SELECT rowid, sql FROM sqlite_schema ORDER BY rowid)";

/// The rowid and the statement of each object, which [`TEXTS`] returned: what it takes to see which of them have changed.
/// A statement that there is none of is empty. `None` if the lengths are not those of the statements, which is so only
/// where they are no text.
pub(super) fn texts_in(row: &[Value]) -> Option<Vec<(i64, &[u8])>> {
    let (mut lengths, mut all) = (text(&row[0]).split_ascii_whitespace(), bytes(&row[1]));
    let mut texts = Vec::new();
    while let Some(rowid) = lengths.next() {
        let length = lengths.next()?.parse().ok()?;
        let (text, rest) = all.split_at_checked(length)?;
        texts.push((rowid.parse().ok()?, text));
        all = rest;
    }
    all.is_empty().then_some(texts)
}

/// Everything that is stored of a schema.
#[derive(Debug, Clone, Default)]
#[cfg_attr(not(feature = "remote"), expect(dead_code, reason = "forecasts are made for servers"))]
pub(super) struct Stored {
    /// The objects with a statement, in the order in which they were made.
    pub(super) objects: Vec<StoredObject>,
    /// How many rows `sqlite_schema` has: one more for each automatic index.
    pub(super) rows: usize,
}

/// The objects with a rowid above `after` and a statement, so without automatic indexes, in the order in which they
/// were made, and the highest rowid.
pub(super) async fn stored_objects(
    connection: &Connection,
    after: i64,
) -> Result<(Vec<StoredObject>, i64), EngineError> {
    Ok(stored_objects_in(connection.rows(&objects_query(after)).await?, after))
}

/// What [`objects_query`] returned.
pub(super) fn stored_objects_in(rows: Vec<Row>, after: i64) -> (Vec<StoredObject>, i64) {
    let (objects, last_rowid) = stored_rows_in(rows, after);
    (objects.into_iter().map(|(_, object)| object).collect(), last_rowid)
}

/// The same, each with its rowid.
pub(super) fn stored_rows_in(rows: Vec<Row>, after: i64) -> (Vec<(i64, StoredObject)>, i64) {
    let mut last_rowid = after;
    let mut objects = Vec::new();
    for row in rows {
        last_rowid = integer(&row[4]);
        let encoding = Encoding::of(bytes(&row[0]));
        let [kind, name, table, sql] = take_text(row, encoding);
        if sql.text.is_empty() {
            continue;
        }
        let is_garbled = [&name, &table, &sql].iter().any(|text| text.is_garbled);
        let (name, table) = (Name::from(name.text), Name::from(table.text));
        objects.push((last_rowid, StoredObject { kind: kind.text, name, table, sql: sql.text, is_garbled }));
    }
    (objects, last_rowid)
}

/// What `PRAGMA table_xinfo` says of a column.
#[derive(Debug, Clone)]
pub(super) struct StoredColumn {
    pub(super) name: Name,
    pub(super) decl_type: String,
    pub(super) not_null: bool,
    /// Its place in the primary key, from 1; 0 outside of it.
    pub(super) key_position: i64,
    /// 2 for virtual and 3 for stored generated columns (sqlite.org/pragma.html#pragma_table_xinfo).
    pub(super) hidden: i64,
}

const COLUMNS: &str = "CAST(x.name AS BLOB), CAST(x.type AS BLOB), x.\"notnull\", x.pk, x.hidden";

/// A word, and so the encoding, with the first column of a table only.
const WORD: &str = "iif(x.cid = 0, CAST('word' AS BLOB), NULL)";

/// The query for [`stored_columns_in`].
pub(super) fn columns_query() -> String {
    format!(
        "SELECT {COLUMNS}, {WORD}, iif(x.cid = 0, CAST(m.name AS BLOB), NULL) \
         FROM sqlite_schema AS m, pragma_table_xinfo(m.name) AS x WHERE m.type = 'table' AND m.rootpage > 0"
    )
}

/// The columns of all ordinary tables by folded table name, which [`columns_query`] returned.
pub(super) fn stored_columns_in(rows: Vec<Row>) -> BTreeMap<String, Vec<StoredColumn>> {
    let mut tables: Vec<(String, Vec<StoredColumn>)> = Vec::new();
    let mut encoding = Encoding::Utf8;
    for mut row in rows {
        if let Value::Blob(word) = &row[5] {
            encoding = Encoding::of(word);
            let name = decoded(row.swap_remove(6), encoding).text;
            tables.push((name.to_ascii_lowercase(), Vec::new()));
        }
        let column = StoredColumn::of(&mut row, encoding);
        if let Some((_, columns)) = tables.last_mut() {
            columns.push(column);
        }
    }
    tables.into_iter().collect()
}

/// The columns of one table, without going through all of them.
pub(super) async fn stored_columns_of(
    connection: &Connection,
    object: &StoredObject,
) -> Result<Vec<StoredColumn>, EngineError> {
    let table = &object.name;
    // the pragma itself takes a fifth of what its table does; its text is parts of what is known to be text
    if connection.is_local() && connection.known_engine() == Some(Engine::LibSql) && !object.is_garbled {
        let pragma = format!("PRAGMA main.table_xinfo({})", quote_string(table.as_str()));
        let column = |row: &Row| StoredColumn {
            name: Name::from(text(&row[1])),
            decl_type: text(&row[2]).to_owned(),
            not_null: integer(&row[3]) != 0,
            key_position: integer(&row[5]),
            hidden: integer(&row[6]),
        };
        return Ok(connection.rows(&pragma).await?.iter().map(column).collect());
    }
    let query = format!("SELECT {COLUMNS}, {WORD} FROM pragma_table_xinfo(?1) AS x");
    let mut rows = connection.rows_with(&query, vec![Value::Text(table.as_str().to_owned())]).await?;
    let encoding = rows.first().map_or(Encoding::Utf8, |row| Encoding::of(bytes(&row[5])));
    Ok(rows.iter_mut().map(|row| StoredColumn::of(row, encoding)).collect())
}

impl StoredColumn {
    fn of(row: &mut Row, encoding: Encoding) -> Self {
        let mut text = |at: usize| decoded(std::mem::replace(&mut row[at], Value::Null), encoding).text;
        let (name, decl_type) = (Name::from(text(0)), text(1));
        let [not_null, key_position, hidden] = [2, 3, 4].map(|at| integer(&row[at]));
        Self { name, decl_type, not_null: not_null != 0, key_position, hidden }
    }
}

/// How a database stores text (sqlite.org/fileformat.html#text_encoding).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    /// The encoding in which a word of ASCII letters is these bytes.
    fn of(word: &[u8]) -> Self {
        match word {
            [0, ..] => Self::Utf16Be,
            [_, 0, ..] => Self::Utf16Le,
            _ => Self::Utf8,
        }
    }
}

/// Text that was stored as bytes.
struct Decoded {
    text: String,
    /// Whether the bytes are no text.
    is_garbled: bool,
}

pub(super) fn bytes(value: &Value) -> &[u8] {
    match value {
        Value::Blob(bytes) => bytes,
        _ => &[],
    }
}

fn decoded(value: Value, encoding: Encoding) -> Decoded {
    let Value::Blob(bytes) = value else { return Decoded { text: String::new(), is_garbled: false } };
    let word: fn([u8; 2]) -> u16 = match encoding {
        Encoding::Utf8 => {
            return match String::from_utf8(bytes) {
                Ok(text) => Decoded { text, is_garbled: false },
                Err(error) => {
                    let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                    Decoded { text, is_garbled: true }
                }
            };
        }
        Encoding::Utf16Le => u16::from_le_bytes,
        Encoding::Utf16Be => u16::from_be_bytes,
    };
    let words: Vec<u16> = bytes.chunks_exact(2).map(|pair| word([pair[0], pair[1]])).collect();
    match String::from_utf16(&words) {
        Ok(text) => Decoded { text, is_garbled: false },
        Err(_) => Decoded { text: String::from_utf16_lossy(&words), is_garbled: true },
    }
}

fn take_text(row: Row, encoding: Encoding) -> [Decoded; 4] {
    let mut values = row.into_iter();
    std::array::from_fn(|_| decoded(values.next().unwrap_or(Value::Null), encoding))
}
