//! What migrations will lead to, found out on a twin: a database in memory with the same statements and no rows.
//!
//! A server that gets many migrations in one request has to check each of them by itself before it commits. It can
//! compare texts, which is enough if it is told what they will be. Where the twin cannot know (a statement needs rows,
//! or functions that only the server has), nothing is foreseen, and the migration is applied step by step.

use std::collections::BTreeMap;

use super::super::Prepared;
use super::super::hidden::{Hidden, TakenOut};
use super::super::history;
use super::super::statistics::Statistics;
use super::Database;
use super::checked::is_additive;
use super::probes::Together;
use crate::engine::check::compile;
use crate::engine::connection::{Connection, integer};
use crate::engine::driver::Scratch;
use crate::engine::ignore::Ignore;
use crate::engine::introspect::Infrastructure;
use crate::engine::stored::{Stored, StoredObject, stored_objects};
use crate::folder::script::Rebuild;
use crate::kept::is_kept;
use crate::plan::can_break_references;
use crate::sql::Name;
use crate::sql::name::quote_string;

/// The objects by kind and name, each with its table and its statement.
type Objects = BTreeMap<(String, String), (String, String)>;

/// A twin of a database.
pub(super) struct Forecast {
    twin: Database,
    objects: Objects,
    /// The rowid of the last of them.
    last_rowid: i64,
    /// How many rows the schema of the database has.
    rows: i64,
    /// How many rows and bytes of statements the schema of the database has more than that of the twin.
    beyond: (i64, i64),
    /// Whether somebody has said `ANALYZE`.
    has_statistics: bool,
}

/// What a migration will lead to.
#[derive(Debug)]
pub(super) struct Foreseen {
    /// What will be stored of the schema.
    pub(super) structure: Structure,
    /// Statements that compile exactly if every view and trigger does.
    pub(super) compiles: Vec<String>,
    /// Whether rows may violate foreign keys afterwards that did not before.
    pub(super) references: bool,
    /// The tables in which these can be; `None` if that may be any.
    pub(super) checked: Option<Vec<Name>>,
    /// The number of columns of each preflight.
    pub(super) widths: Vec<usize>,
    /// The preflights that one scan answers.
    pub(super) together: Vec<Together>,
    /// Queries that fail if an expression of a statement does on a row, each with the line of the statement.
    pub(super) expressions: Vec<(usize, String)>,
}

/// What will be stored of a schema, as far as it can have changed.
#[derive(Debug)]
pub(super) enum Structure {
    /// Nothing was there before that is not there as it was.
    Added {
        /// How many rows there will be.
        rows: i64,
        /// How many of them are new.
        added: i64,
        /// The statements of the new ones, the last one first; `None` if there is none.
        sql: Option<String>,
    },
    /// Something else was changed.
    Changed {
        /// How many rows there will be.
        rows: i64,
        /// How many bytes all statements will have.
        bytes: i64,
        /// Kind, name, table and statement of every object that is made or changed.
        changed: Vec<[String; 4]>,
    },
}

impl Foreseen {
    /// The queries that return a row if a reference leads to nothing behind it that may lead there because of it.
    pub(super) fn reference_queries(&self) -> Vec<String> {
        match (&self.checked, self.references) {
            (_, false) => Vec::new(),
            (None, true) => vec!["SELECT 1 FROM pragma_foreign_key_check".to_owned()],
            (Some(tables), true) => {
                let query =
                    |table: &Name| format!("SELECT 1 FROM pragma_foreign_key_check({})", quote_string(table.as_str()));
                tables.iter().map(query).collect()
            }
        }
    }
}

impl Forecast {
    /// The twin of a database that has this. `None` if there can be none.
    pub(super) async fn of(stored: &Stored, ignore: &Ignore, scratch: Option<Scratch>) -> Option<Self> {
        let connection = Connection::from_driver(scratch?().ok()?);
        connection.turn_foreign_keys_off().await.ok()?;
        connection.begin().await.ok()?;
        for kind in ["table", "index", "view", "trigger"] {
            for object in stored.objects.iter().filter(|object| object.kind == kind) {
                // made by the engine, along with others
                let is_internal = object.name.folded().starts_with("sqlite_");
                if object.is_garbled || is_internal {
                    continue;
                }
                // a shadow table is there as soon as its virtual table is
                let _ = connection.run(&object.sql).await;
            }
        }
        let (objects, last_rowid) = objects(&connection, 0).await?;
        let is_same = |object: &StoredObject| {
            let found = objects.get(&key(object));
            found.is_some_and(|(table, sql)| *table == object.table.as_str() && *sql == object.sql)
        };
        // what the engine makes by itself may be other there: it is not what a migration is about
        let infrastructure = Infrastructure::read(&connection, &stored.objects).await.ok()?;
        if !stored.objects.iter().filter(|object| !infrastructure.has(object)).all(is_same) {
            return None;
        }
        let rows = i64::try_from(stored.rows).ok()?;
        let bytes = stored.objects.iter().map(|object| length(&object.sql)).sum::<i64>();
        let beyond = (rows - row_count(&connection).await?, bytes - total_length(&objects));
        let twin = Database::from_connection(connection).ignoring(ignore.clone());
        let has_statistics = stored.objects.iter().any(|object| object.name == *"sqlite_stat1");
        Some(Self { twin, objects, last_rowid, rows, beyond, has_statistics })
    }

    /// Applies a migration to the twin, and says what it will lead to. After `None`, the twin is of no more use.
    pub(super) async fn advance(&mut self, migration: &Prepared<'_>) -> Option<Foreseen> {
        let script = &migration.script;
        let statements = &script.statements;
        let hidden = Hidden { ignore: &self.twin.ignore, follows: self.follows() };
        let needs_more = statements.iter().any(|statement| TakenOut::is_for(hidden, statement));
        // statistics are rows, which are kept with the database at hand
        let keeps = self.has_statistics && Statistics::is_for(statements);
        if migration.drift.is_some() || script.no_transaction || script.rust.is_some() || needs_more || keeps {
            return None;
        }
        if !self.twin.has_history_table {
            history::create(&self.twin.connection).await.ok()?;
            self.twin.has_history_table = true;
            self.twin.tracker = None;
        }
        let preflights: Vec<&str> = script.preflights.iter().map(|preflight| preflight.query.as_str()).collect();
        let columns = self.twin.connection.describe_all(&preflights).await.ok()?;
        let widths = columns.into_iter().map(|columns| columns.ok().map(|columns| columns.len()));
        let widths = widths.collect::<Option<Vec<usize>>>()?;
        let together = self.twin.scans_together(&preflights, &std::collections::BTreeSet::new()).await;
        let wanted = self.twin.wanted(migration).await.ok()?;
        let expressions = self.twin.certain_expressions(statements).await.ok()?;
        let references = statements.iter().any(can_break_references);
        let rebuilds: Vec<&Rebuild> = script.rebuilds.iter().map(|marked| &marked.rebuild).collect();
        let at_risk = if references { self.twin.at_risk(statements, &rebuilds).await.ok()? } else { None };
        self.twin.run_checked(statements, &[], None, &wanted).await.ok()?;
        let checked = match &at_risk {
            Some(at_risk) => {
                let schema = self.twin.tracker().await.ok()?.schema();
                Some(at_risk.tables(schema).into_iter().collect())
            }
            None => None,
        };
        let mut compiles = Vec::new();
        if !is_additive(statements) {
            let tracker = self.twin.tracker.as_ref()?;
            compiles = compile(&self.twin.connection, tracker.schema()).await.ok()?.compiling;
        }
        let only_adds =
            statements.iter().all(|statement| !statement.kind.changes_schema() || statement.kind.only_adds_objects());
        let structure = if only_adds { self.added().await? } else { self.changed().await? };
        Some(Foreseen { structure, compiles, references, checked, widths, together, expressions })
    }

    /// Swaps the tables of a rebuild online on the twin, and says what that leads to; if it `is_last`, that has to be
    /// what the migration leads to.
    pub(super) async fn swap(
        &mut self,
        migration: &Prepared<'_>,
        statements: &[String],
        is_last: bool,
    ) -> Option<Foreseen> {
        let own = &migration.script.statements;
        let hidden = Hidden { ignore: &self.twin.ignore, follows: self.follows() };
        let needs_more = own.iter().any(|statement| TakenOut::is_for(hidden, statement));
        if migration.drift.is_some() || needs_more || self.has_statistics && Statistics::is_for(own) {
            return None;
        }
        let wanted = self.twin.wanted(migration).await.ok()?;
        self.twin.connection.run_all(statements).await.ok()?;
        self.twin.tracker = None;
        if is_last {
            self.twin.check_structure(&wanted, own).await.ok()?;
        }
        let schema = self.twin.tracker().await.ok()?.schema().clone();
        let compiles = compile(&self.twin.connection, &schema).await.ok()?.compiling;
        let (widths, expressions, structure) = (Vec::new(), Vec::new(), self.changed().await?);
        let together = Vec::new();
        Some(Foreseen { structure, compiles, references: false, checked: None, widths, together, expressions })
    }

    /// Whether values are kept whose rows triggers follow.
    fn follows(&self) -> bool {
        self.objects.keys().any(|(kind, name)| kind == "trigger" && is_kept(&Name::from(name.as_str())))
    }

    /// What the twin has more than before.
    async fn added(&mut self) -> Option<Structure> {
        let (objects, last_rowid) = stored_objects(&self.twin.connection, self.last_rowid).await.ok()?;
        self.last_rowid = last_rowid;
        let before = self.rows;
        self.rows = self.beyond.0 + row_count(&self.twin.connection).await?;
        let statements: Vec<&str> = objects.iter().rev().map(|object| object.sql.as_str()).collect();
        let sql = if statements.is_empty() { None } else { Some(statements.join("\n")) };
        self.objects.extend(objects.into_iter().map(keyed));
        Some(Structure::Added { rows: self.rows, added: self.rows - before, sql })
    }

    /// What the twin has instead of what it had before.
    async fn changed(&mut self) -> Option<Structure> {
        let (objects, last_rowid) = objects(&self.twin.connection, 0).await?;
        let before = std::mem::replace(&mut self.objects, objects);
        self.last_rowid = last_rowid;
        self.rows = self.beyond.0 + row_count(&self.twin.connection).await?;
        let is_changed = |object: &(&(String, String), &(String, String))| before.get(object.0) != Some(object.1);
        let changed = self
            .objects
            .iter()
            .filter(is_changed)
            .map(|((kind, name), (table, sql))| [kind.clone(), name.clone(), table.clone(), sql.clone()]);
        let bytes = self.beyond.1 + total_length(&self.objects);
        Some(Structure::Changed { rows: self.rows, bytes, changed: changed.collect() })
    }
}

fn key(object: &StoredObject) -> (String, String) {
    (object.kind.clone(), object.name.as_str().to_owned())
}

fn keyed(object: StoredObject) -> ((String, String), (String, String)) {
    (key(&object), (object.table.as_str().to_owned(), object.sql))
}

/// The objects behind a rowid, and the last rowid.
async fn objects(connection: &Connection, after: i64) -> Option<(Objects, i64)> {
    let (objects, last_rowid) = stored_objects(connection, after).await.ok()?;
    Some((objects.into_iter().map(keyed).collect(), last_rowid))
}

async fn row_count(connection: &Connection) -> Option<i64> {
    let row = connection.first_row("SELECT count(*) FROM sqlite_schema").await.ok()??;
    row.first().map(integer)
}

fn total_length(objects: &Objects) -> i64 {
    objects.values().map(|(_, sql)| length(sql)).sum()
}

/// As SQLite counts the bytes of text.
fn length(sql: &str) -> i64 {
    i64::try_from(sql.len()).unwrap_or(i64::MAX)
}
