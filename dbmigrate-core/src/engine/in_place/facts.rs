//! How the engine sees a table: what its PRAGMAs say, and the text that it stores.

use super::super::connection::{Connection, Row, text as shown};
use super::super::error::EngineError;
use super::super::value::Value;
use crate::sql::Name;
use crate::sql::name::quote_string;

/// What the engine says of a table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Facts {
    /// How many columns it has, whether it has no rowids, whether it is strict.
    table: Vec<Row>,
    columns: Vec<Row>,
    foreign_keys: Vec<Row>,
    /// The columns of its indexes: first the index's name, whether it is unique, where it comes from, whether it is partial.
    indexes: Vec<Row>,
}

impl Facts {
    pub(super) async fn of(connection: &Connection, table: &Name) -> Result<Self, EngineError> {
        let name = quote_string(table.as_str());
        let queries = [
            format!("SELECT type, ncol, wr, strict FROM pragma_table_list({name}) WHERE schema = 'main'"),
            format!(
                "SELECT cid, CAST(name AS BLOB), CAST(type AS BLOB), \"notnull\", CAST(dflt_value AS BLOB), pk, hidden \
                 FROM pragma_table_xinfo({name}) ORDER BY cid"
            ),
            format!(
                "SELECT id, seq, CAST(\"table\" AS BLOB), CAST(\"from\" AS BLOB), CAST(\"to\" AS BLOB), on_update, \
                 on_delete, \"match\" FROM pragma_foreign_key_list({name}) ORDER BY id, seq"
            ),
            format!(
                "SELECT CAST(l.name AS BLOB), l.\"unique\", l.origin, l.partial, x.seqno, x.cid, CAST(x.name AS BLOB), \
                 x.\"desc\", CAST(x.coll AS BLOB), x.\"key\" \
                 FROM pragma_index_list({name}) AS l, pragma_index_xinfo(l.name) AS x ORDER BY l.name, x.seqno"
            ),
        ];
        let mut answers = connection.ask_all(&queries).await?.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| Ok(Vec::new()));
        Ok(Self { table: next()?, columns: next()?, foreign_keys: next()?, indexes: next()? })
    }

    /// All indexes, with their columns.
    pub(super) fn indexes(&self) -> &[Row] {
        &self.indexes
    }

    /// The indexes that SQLite makes of constraints, by their numbers: which content belongs to which constraint hangs on
    /// these alone.
    pub(super) fn automatic(&self) -> Vec<Row> {
        let is_automatic = |row: &&Row| shown(&row[2]) != "c";
        let numbered = self.indexes.iter().filter(is_automatic).map(|row| {
            let mut row = row.clone();
            if let Value::Blob(name) = &row[0] {
                let number = name.rsplit(|byte| *byte == b'_').next().unwrap_or_default();
                row[0] = Value::Blob(number.to_vec());
            }
            row
        });
        let mut all: Vec<Row> = numbered.collect();
        // by their names they stand in another order, as soon as there are ten
        all.sort_by_key(|row| format!("{:?}", [&row[0], &row[4]]));
        all
    }

    /// Whether it is the same but for its name, and for indexes that are not made of constraints.
    pub(super) fn is_same_table(&self, other: &Self) -> bool {
        !self.columns.is_empty()
            && self.table == other.table
            && self.columns == other.columns
            && self.foreign_keys == other.foreign_keys
            && self.automatic() == other.automatic()
    }
}

/// The text that is stored of a table.
pub(super) async fn text(connection: &Connection, table: &Name) -> Result<String, EngineError> {
    let query = "SELECT CAST(sql AS BLOB) FROM main.sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE";
    let rows = connection.rows_with(query, vec![Value::Text(table.as_str().to_owned())]).await?;
    let bytes = match rows.into_iter().next().and_then(|row| row.into_iter().next()) {
        Some(Value::Blob(bytes)) => bytes,
        _ => Vec::new(),
    };
    Ok(String::from_utf8(bytes).unwrap_or_default())
}
