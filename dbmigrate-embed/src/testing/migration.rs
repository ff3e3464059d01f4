//! `migration_test!`: rows in a database as it was before a migration, the migration, and what has become of the rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dbmigrate_core::engine::apply::{Database, Options, apply_pending_with};
use dbmigrate_core::engine::connection::Value;
use dbmigrate_core::engine::introspect_without;
use dbmigrate_core::schema::{Schema, Table};
use dbmigrate_core::sql::{Name, split};
use pollster::block_on;

use super::TestDatabase;
use super::engine;
use super::from_test::with_help;
use super::kept::{self, Given};
use super::request::Request;
use super::template::Quiet;
use crate::MigrateError;

/// How many rows of a table are named.
const MOST_SHOWN: usize = 10;

/// The rows of each table by their keys.
type Keys = BTreeMap<Name, BTreeSet<String>>;

/// The database of a [`migration_test!`](crate::testing): before the migration where rows are written, after it where
/// something is expected. Its methods panic if something is wrong, which fails the test.
pub struct MigrationTest {
    // before the file
    database: Database,
    given: Given,
    apply: &'static str,
}

impl MigrationTest {
    #[doc(hidden)]
    #[track_caller]
    pub fn __new(request: &'static Request, apply: &'static str) -> Self {
        let given = kept::new(request);
        let connection = engine::open(given.database().path());
        let connection = connection.unwrap_or_else(|error| panic!("cannot open the database of the test: {error}"));
        let ignored = request.ignored().unwrap_or_else(|error| panic!("{}", with_help(&error, error.help())));
        let database = Database::from_connection(connection).ignoring(ignored).with_steps(Arc::new(request.steps()));
        Self { database, given, apply }
    }

    /// Runs statements, with foreign keys on.
    ///
    /// # Panics
    /// If one fails.
    #[track_caller]
    pub fn run(&mut self, sql: impl AsRef<str>) {
        for statement in split(sql.as_ref()) {
            if let Err(error) = block_on(self.database.connection().run(statement.text)) {
                panic!("{error}, in: {}", statement.text.trim());
            }
        }
    }

    /// What a query returns: a text for each row, its values separated by `|`. NULL is `NULL`, bytes are `x'00ff'`.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn query(&mut self, sql: impl AsRef<str>) -> Vec<String> {
        let sql = sql.as_ref();
        match block_on(self.database.connection().rows(sql)) {
            Ok(rows) => rows.iter().map(|row| shown(row)).collect(),
            Err(error) => panic!("{error}, in: {}", sql.trim()),
        }
    }

    /// The database, for other connections to it.
    pub fn database(&self) -> &TestDatabase {
        self.given.database()
    }

    #[doc(hidden)]
    pub fn __with(&mut self, work: impl FnOnce(&mut Self)) {
        work(self);
    }

    #[doc(hidden)]
    #[track_caller]
    pub fn __expect(&mut self, sql: &str, rows: &[&str]) {
        let found = self.query(sql);
        assert!(found == rows, "`{sql}` returns other rows\n expected: {rows:?}\n returned: {found:?}");
    }

    /// Applies the migration, and checks what holds after every one.
    #[doc(hidden)]
    #[track_caller]
    pub fn __apply(&mut self, loses: &[(&str, Option<&[&str]>)]) {
        let before = self.keys();
        if let Err(error) = self.applied() {
            panic!("{}", with_help(&error, error.help()));
        }
        self.must_be_whole();
        let after = self.keys();
        let mut lost: Keys = before;
        let gone: Vec<Name> = lost.keys().filter(|table| !after.contains_key(*table)).cloned().collect();
        for table in &gone {
            // it may have another name
            let is_new =
                |(name, keys): &(&Name, &BTreeSet<String>)| !lost.contains_key(*name) && keys.is_superset(&lost[table]);
            if after.iter().any(|new| is_new(&new)) {
                lost.remove(table);
            }
        }
        for (table, keys) in &mut lost {
            keys.retain(|key| !after.get(table).is_some_and(|there| there.contains(key)));
        }
        lost.retain(|_, keys| !keys.is_empty());
        self.compare_losses(lost, loses);
    }

    /// That the migration is refused, and nothing is changed by that.
    #[doc(hidden)]
    #[track_caller]
    pub fn __refused(&mut self, why: &str) {
        let before = self.keys();
        match self.applied() {
            Ok(()) => panic!("`{}` was applied, and should be refused: {why}", self.apply),
            Err(error) => {
                let text = error.to_string();
                assert!(
                    text.contains(why),
                    "`{}` is refused for another reason\n expected: {why}\n found: {text}",
                    self.apply
                );
            }
        }
        assert!(self.keys() == before, "`{}` was refused, and has changed rows all the same", self.apply);
        self.must_be_whole();
    }

    fn applied(&mut self) -> Result<(), MigrateError> {
        let request = self.given.request();
        let folder = request.folder()?;
        let options = Options { to: Some(self.apply), ..Options::default() };
        block_on(apply_pending_with(&mut self.database, &folder, options, &mut Quiet))?;
        Ok(())
    }

    #[track_caller]
    fn must_be_whole(&mut self) {
        let apply = self.apply;
        let found = self.query("PRAGMA integrity_check");
        assert!(found == ["ok"], "`{apply}` leaves the database broken: {}", found.join("; "));
        let broken =
            self.query("SELECT \"table\", coalesce(rowid, '?'), parent FROM pragma_foreign_key_check ORDER BY 1, 2");
        let lines = broken.iter().map(|row| match row.split('|').collect::<Vec<_>>()[..] {
            [table, row, parent] => {
                format!("\n  row {row} of `{table}` refers to a row of `{parent}` that is not there")
            }
            _ => format!("\n  {row}"),
        });
        assert!(broken.is_empty(), "`{apply}` breaks foreign keys{}", lines.collect::<String>());
        assert!(self.query("PRAGMA foreign_keys") == ["1"], "`{apply}` leaves foreign keys off");
    }

    #[track_caller]
    fn compare_losses(&self, lost: Keys, loses: &[(&str, Option<&[&str]>)]) {
        let mut unsaid = lost;
        let mut survived = Vec::new();
        for (table, keys) in loses {
            let found = unsaid.remove(&Name::from(*table)).unwrap_or_default();
            let Some(keys) = keys else {
                if found.is_empty() {
                    survived.push(format!("\n  all rows of `{table}`"));
                }
                continue;
            };
            let said: BTreeSet<String> = keys.iter().map(ToString::to_string).collect();
            survived.extend(said.difference(&found).map(|key| format!("\n  {key} of `{table}`")));
            let more: BTreeSet<String> = found.difference(&said).cloned().collect();
            if !more.is_empty() {
                unsaid.insert(Name::from(*table), more);
            }
        }
        let apply = self.apply;
        assert!(survived.is_empty(), "rows survived `{apply}` that it should lose{}", survived.concat());
        let named: Vec<String> =
            unsaid.iter().map(|(table, keys)| format!("\n  {} of `{table}`", some(keys))).collect();
        let help: Vec<String> = unsaid
            .iter()
            .map(|(table, keys)| {
                let keys: Vec<String> = keys.iter().map(|key| format!("{key:?}")).collect();
                match keys.len() {
                    0..=MOST_SHOWN => {
                        format!("if that is what it is for: `loses {:?} => [{}];`", table.as_str(), keys.join(", "))
                    }
                    _ => format!("if that is what it is for: `loses {:?};`", table.as_str()),
                }
            })
            .collect();
        let message = format!("rows did not survive `{apply}`{}", named.concat());
        assert!(unsaid.is_empty(), "{}", with_help(message, &help));
    }

    /// The rows of all tables by their keys.
    #[track_caller]
    fn keys(&mut self) -> Keys {
        let read = block_on(introspect_without(self.database.connection(), self.database.ignored()));
        let schema: Schema = read.unwrap_or_else(|error| panic!("cannot read the schema: {error}")).schema;
        let mut keys = Keys::new();
        for table in &schema.tables {
            let name = table.name.clone();
            keys.insert(name, self.query(key_query(table)).into_iter().collect());
        }
        keys
    }
}

/// A query for what tells the rows of a table apart: the primary key, else the rowid, else everything.
fn key_query(table: &Table) -> String {
    let key =
        table.primary_key.as_ref().map(|key| key.parts.iter().map(|part| part.column.sql().to_string()).collect());
    let rowid = || table.free_rowid_name().map(|name| vec![name.sql().to_string()]);
    let all = || table.columns.iter().map(|column| column.name.sql().to_string()).collect();
    let columns: Vec<String> = key.or_else(rowid).unwrap_or_else(all);
    format!("SELECT {} FROM {}", columns.join(", "), table.name.sql())
}

fn shown(row: &[Value]) -> String {
    row.iter().map(value).collect::<Vec<_>>().join("|")
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => format!("{number:?}"),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => {
            let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("x'{}'", digits.concat())
        }
    }
}

/// The first keys, and how many more there are.
fn some(keys: &BTreeSet<String>) -> String {
    let first: Vec<&str> = keys.iter().take(MOST_SHOWN).map(String::as_str).collect();
    match keys.len().saturating_sub(MOST_SHOWN) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

impl std::fmt::Debug for MigrationTest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MigrationTest")
            .field("database", self.database())
            .field("apply", &self.apply)
            .finish_non_exhaustive()
    }
}
