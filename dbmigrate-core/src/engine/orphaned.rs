//! Rows without their parents, found by queries of our own: where `PRAGMA foreign_key_check` finds nothing, whatever
//! there is.
//!
//! A query for each foreign key, made from what is stored of the schema. A child's value is compared in the affinity and
//! the collation of the parent's column (sqlite.org/foreignkeys.html#fk_indexes), which is what `=` does if the parent
//! stands on the left and the child's column is an expression.

use std::collections::BTreeMap;

use super::check::Mismatched;
use super::connection::{Connection, Row, integer, text};
use super::error::EngineError;
use super::introspect::read_objects;
use super::stored::{StoredColumn, columns_query, objects_query, stored_columns_in, stored_objects_in};
use crate::quote::quote_string;
use crate::schema::Schema;
use crate::schema::validate::is_parent_key;
use crate::sql::Name;

/// The foreign keys of all tables, as the engine has read them.
const KEYS: &str = "SELECT m.name, f.id, f.\"table\", f.\"from\", f.\"to\" \
     FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table' ORDER BY m.rowid, f.id, f.seq";

/// The names of a rowid, one of which is free unless columns have all three.
const ROWIDS: [&str; 3] = ["rowid", "_rowid_", "oid"];

/// A foreign key: the child's columns, each with the parent's if that is named.
struct Key {
    table: Name,
    id: i64,
    parent: Name,
    columns: Vec<(Name, Option<Name>)>,
}

/// What is stored of a schema, as far as foreign keys go.
struct Known {
    keys: Vec<Key>,
    /// By folded name of the table.
    columns: BTreeMap<String, Vec<StoredColumn>>,
    /// All that can be read, the engine's own tables too.
    schema: Schema,
}

/// What `PRAGMA foreign_key_check` returns on SQLite, for these tables or for all of them.
pub(super) async fn orphaned_rows(
    connection: &Connection,
    tables: Option<&[&str]>,
) -> Result<(Vec<Row>, Vec<Mismatched>), EngineError> {
    let (queries, mismatched) = queries_for(connection.ask_all(&questions()).await?, tables)?;
    let mut rows = Vec::new();
    for answer in connection.ask_all(&queries).await? {
        rows.extend(answer?);
    }
    Ok((rows, mismatched))
}

/// What has to be asked for [`queries_for`].
pub(super) fn questions() -> [String; 3] {
    [objects_query(0), columns_query(), KEYS.to_owned()]
}

/// The answers to queries.
type Answers = Vec<Result<Vec<Row>, EngineError>>;

/// The queries for the rows that violate a foreign key, one for each key, and the keys that cannot be checked.
pub(super) fn queries_for(
    answers: Answers,
    tables: Option<&[&str]>,
) -> Result<(Vec<String>, Vec<Mismatched>), EngineError> {
    let known = Known::of(answers)?;
    let is_wanted = |key: &&Key| tables.is_none_or(|tables| tables.iter().any(|table| key.table == **table));
    let (mut queries, mut mismatched) = (Vec::new(), Vec::new());
    for key in known.keys.iter().filter(is_wanted) {
        match known.query(key) {
            Some(query) => queries.push(query),
            None => mismatched.push((key.table.as_str().to_owned(), key.parent.as_str().to_owned())),
        }
    }
    Ok((queries, mismatched))
}

impl Known {
    fn of(answers: Answers) -> Result<Self, EngineError> {
        let mut answers = answers.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| Ok(Vec::new()));
        let (objects, _) = stored_objects_in(next()?, 0);
        let columns = stored_columns_in(next()?);
        let mut keys: Vec<Key> = Vec::new();
        for row in next()? {
            let [table, parent, from] = [0, 2, 3].map(|at| Name::from(text(&row[at])));
            let (id, to) = (integer(&row[1]), text(&row[4]));
            let to = (!to.is_empty()).then(|| Name::from(to));
            match keys.last_mut().filter(|key| key.table == table && key.id == id) {
                Some(key) => key.columns.push((from, to)),
                None => keys.push(Key { table, id, parent, columns: vec![(from, to)] }),
            }
        }
        Ok(Self { keys, columns, schema: read_objects(&objects).schema })
    }

    fn columns_of(&self, table: &Name) -> Option<&[StoredColumn]> {
        self.columns.get(&table.folded()).map(Vec::as_slice)
    }

    /// The columns that a key refers to. `None` if there is no such key.
    fn referenced(&self, key: &Key, parent: &[StoredColumn]) -> Option<Vec<Name>> {
        let named: Option<Vec<Name>> = key.columns.iter().map(|(_, to)| to.clone()).collect();
        let referenced = named.unwrap_or_else(|| {
            let mut own: Vec<&StoredColumn> = parent.iter().filter(|column| column.key_position > 0).collect();
            own.sort_by_key(|column| column.key_position);
            own.into_iter().map(|column| column.name.clone()).collect()
        });
        let exists = |name: &Name| parent.iter().any(|column| column.name == *name);
        // of a table that cannot be read nobody says what is unique in it
        let is_key = self.schema.table(&key.parent).is_none_or(|table| is_parent_key(table, &referenced));
        (referenced.len() == key.columns.len() && referenced.iter().all(exists) && is_key).then_some(referenced)
    }

    /// The query for the rows that break a key: their table, their rowid, the parent and the key. `None` if the parent
    /// has no key that fits.
    fn query(&self, key: &Key) -> Option<String> {
        let is_set = |(column, _): &(Name, Option<Name>)| format!("child.{} IS NOT NULL", column.sql());
        let mut conditions: Vec<String> = key.columns.iter().map(is_set).collect();
        // without a parent, nothing can be right
        if let Some(parent) = self.columns_of(&key.parent) {
            let referenced = self.referenced(key, parent)?;
            let equal = key.columns.iter().zip(&referenced);
            let equal = equal.map(|((from, _), to)| format!("parent.{} = +child.{}", to.sql(), from.sql()));
            let equal = equal.collect::<Vec<_>>().join(" AND ");
            conditions.push(format!("NOT EXISTS (SELECT 1 FROM {} AS parent WHERE {equal})", key.parent.sql()));
        }
        let has_rowid = self.schema.table(&key.table).is_none_or(|table| !table.without_rowid);
        let own = self.columns_of(&key.table).unwrap_or_default();
        let is_free = |name: &&str| has_rowid && !own.iter().any(|column| column.name == **name);
        let rowid = ROWIDS.into_iter().find(is_free).map_or_else(|| "NULL".to_owned(), |name| format!("child.{name}"));
        Some(format!(
            "SELECT {}, {rowid}, {}, {} FROM {} AS child WHERE {}",
            quote_string(key.table.as_str()),
            quote_string(key.parent.as_str()),
            key.id,
            key.table.sql(),
            conditions.join(" AND ")
        ))
    }
}

#[cfg(all(test, feature = "libsql"))]
mod tests {
    use pollster::block_on;

    use super::*;
    use crate::engine::connection::display;

    /// What SQLite finds, and what the queries find, as text.
    fn both(setup: &str) -> [Vec<String>; 2] {
        block_on(async {
            let connection = Connection::in_memory().await.expect("memory");
            connection.run("PRAGMA foreign_keys = OFF").await.expect("a pragma");
            for statement in setup.split(';').filter(|statement| !statement.trim().is_empty()) {
                connection.run(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
            }
            let wanted = connection.rows("PRAGMA foreign_key_check").await.expect("a check");
            let (found, mismatched) = orphaned_rows(&connection, None).await.expect("queries");
            assert_eq!(mismatched, [], "{setup}");
            [wanted, found].map(|rows| {
                let row = |row: &Row| row.iter().map(display).collect::<Vec<_>>().join("|");
                let mut rows: Vec<String> = rows.iter().map(row).collect();
                rows.sort();
                rows
            })
        })
    }

    #[test]
    fn the_queries_find_the_rows_that_sqlite_finds() {
        let parent =
            "CREATE TABLE p (id INTEGER PRIMARY KEY, u TEXT COLLATE NOCASE UNIQUE, n TEXT UNIQUE, b BLOB UNIQUE,
            r REAL UNIQUE, x, y, UNIQUE (x, y));
            INSERT INTO p VALUES (1, 'Ab', '01', x'31', 1.0, 1, 'a'), (2, 'c', '2', '3', 2.5, NULL, 'b')";
        for (child, count) in [
            ("CREATE TABLE c (a REFERENCES p); INSERT INTO c VALUES (1), ('1'), (NULL), (3), ('x'), (x'31'), (1.0)", 3),
            ("CREATE TABLE c (a TEXT REFERENCES p (u)); INSERT INTO c VALUES ('aB'), ('AB '), ('d'), (NULL)", 2),
            ("CREATE TABLE c (a INTEGER REFERENCES p (n)); INSERT INTO c VALUES (1), (2), ('01')", 2),
            ("CREATE TABLE c (a TEXT REFERENCES p (b)); INSERT INTO c VALUES (x'31'), ('1'), ('3'), (3)", 1),
            ("CREATE TABLE c (a TEXT REFERENCES p (r)); INSERT INTO c VALUES ('1'), ('2.50'), ('x'), (1)", 1),
            (
                "CREATE TABLE c (a, b, FOREIGN KEY (b, a) REFERENCES p (x, y)); INSERT INTO c VALUES
                 ('a', 1), ('a', 2), ('b', NULL), (NULL, 1), ('b', 1)",
                2,
            ),
            ("CREATE TABLE c (a REFERENCES gone (id)); INSERT INTO c VALUES (1), (NULL)", 1),
            ("CREATE TABLE c (a PRIMARY KEY REFERENCES p) WITHOUT ROWID; INSERT INTO c VALUES (1), (7)", 1),
            ("CREATE TABLE c (rowid REFERENCES p, oid); INSERT INTO c VALUES (1, 2), (7, 8)", 1),
            (
                "CREATE TABLE \"it's \"\"c\"\"\" (\"a b\" REFERENCES \"P\" (\"ID\")); INSERT INTO \"it's \"\"c\"\"\" VALUES (5)",
                1,
            ),
            (
                "CREATE TABLE c (id INTEGER PRIMARY KEY, up REFERENCES c); INSERT INTO c VALUES (1, 1), (2, 1), (3, 4)",
                1,
            ),
            ("CREATE TABLE c (a REFERENCES p, b REFERENCES p (u)); INSERT INTO c VALUES (9, 'z'), (9, 'c')", 3),
        ] {
            let [wanted, found] = both(&format!("{parent}; {child}"));
            assert_eq!(found, wanted, "{child}");
            assert_eq!(found.len(), count, "{child}");
        }
    }

    #[test]
    fn a_key_that_cannot_be_checked_is_a_mismatch() {
        block_on(async {
            let connection = Connection::in_memory().await.expect("memory");
            for statement in [
                "CREATE TABLE p (a, b, PRIMARY KEY (a, b))",
                "CREATE TABLE c (a REFERENCES p, b REFERENCES p (b), c REFERENCES p (gone), d REFERENCES d)",
                "CREATE TABLE d (id INTEGER PRIMARY KEY)",
            ] {
                connection.run(statement).await.expect("a statement");
            }
            let (rows, mismatched) = orphaned_rows(&connection, Some(&["c"])).await.expect("queries");
            assert_eq!((rows.len(), mismatched), (0, vec![("c".to_owned(), "p".to_owned()); 3]));
            assert_eq!(orphaned_rows(&connection, Some(&["d"])).await.expect("queries").1, []);
        });
    }
}
