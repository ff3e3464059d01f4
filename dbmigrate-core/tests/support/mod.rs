//! The harness for every data test: a database before, a change, the database after.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]
#![allow(clippy::print_stderr, clippy::large_enum_variant, reason = "what a test says is read by people, once")]

pub mod data;
mod from_state;
pub mod history;
pub mod law;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::engine::apply::{Applied, ApplyError, Database, Loss, Observer, apply_pending};
use dbmigrate_core::engine::connection::{integer, text};
use dbmigrate_core::engine::{Connection, check, content, introspect, populate, prove};
use dbmigrate_core::folder::{Folder, Slug};
use dbmigrate_core::plan::{Accepted, Decisions, Plan, Question, decide, plan};
use dbmigrate_core::schema::validate::{Problem, ProblemKind};
use dbmigrate_core::schema::{Schema, Table};
use dbmigrate_core::sql::{Expr, Name, split};
use dbmigrate_test_support::skipped;
use pollster::block_on;

/// A change to test.
#[derive(Default, Clone)]
pub struct Change {
    pub current: Schema,
    pub desired: Schema,
    pub seed: String,
    pub renames: Renames,
    pub backfills: BTreeMap<(Name, Name), Expr>,
    pub conversions: BTreeMap<(Name, Name), Expr>,
    /// The number of the migration, if what it drops and converts is to be kept.
    pub keep: Option<u32>,
    pub accept_all: bool,
    /// What is accepted by name: `drop_column:t.a`.
    pub accept: Vec<String>,
    /// Whether the tables are filled with generated rows.
    pub populate: bool,
    /// Whether the database before was pulled, not declared: then it may have what works for nobody.
    pub is_pulled: bool,
    /// Whether a copy is migrated from a state that was seen before, as the members of a fleet are, and has to end alike.
    pub from_state: bool,
    /// Statements that fill the tables, each of which the engine may refuse for its values.
    pub tries: Vec<String>,
}

/// How it ended.
pub enum Ending {
    /// Applied; the connection is open.
    Applied(Database, Plan),
    /// Refused when the migration was generated.
    RefusedByGenerate(String),
    /// Refused by the database's rows, which are untouched.
    RefusedByMigrate(String),
    /// The schema before the change is one that no generated migration leads to.
    NoStart(String),
}

/// A value for every new column that needs one: a row of the parent for a foreign key, else what the tool suggests.
pub fn example_backfills(change: &Change) -> Result<BTreeMap<(Name, Name), Expr>, String> {
    let difference = diff(&change.current, &change.desired, &change.renames).map_err(|error| error.to_string())?;
    let mut backfills = BTreeMap::new();
    for question in decide::questions(&difference, &change.current, &change.desired, &Decisions::default()) {
        let Question::Backfill { table, column, example } = question else { continue };
        let declared = change.desired.table(&table).ok_or("no table")?;
        let key = declared.foreign_keys.iter().find(|key| key.columns == [column.clone()]);
        let referenced = key.and_then(|key| Some((&key.parent, change.desired.referenced_columns(key)?)));
        // a backfill is evaluated when tables and columns are renamed, and new columns are not there yet
        let is_there = |parent: &Name, column: &Name| {
            let before = difference.renamed.table(parent).and_then(|before| before.column(column));
            before.is_some() || change.current.table(change.renames.old_table(parent)).is_none()
        };
        let example = match referenced.filter(|(parent, columns)| is_there(parent, &columns[0])) {
            Some((parent, columns)) => {
                Expr::new(format!("(SELECT {} FROM {} LIMIT 1)", columns[0].sql(), parent.sql()))
            }
            None => example,
        };
        backfills.insert((table, column), example);
    }
    Ok(backfills)
}

/// Nobody is told anything.
pub struct Silent;

impl Observer for Silent {
    fn begin(&mut self, _: &str, _: usize, _: usize) {}
    fn loses(&mut self, _: &Loss) {}
    fn applied(&mut self, _: &Applied) {}
}

/// The schema that a script creates.
pub fn schema_of(sql: &str) -> Result<Schema, String> {
    block_on(async {
        let connection = Connection::in_memory().await.map_err(|error| error.to_string())?;
        run_script(&connection, sql).await?;
        let found = introspect(&connection).await.map_err(|error| error.to_string())?;
        match found.unreadable.first() {
            Some(unreadable) => Err(format!("{}: {}", unreadable.object.sql, unreadable.reason)),
            None => Ok(found.schema),
        }
    })
}

/// The same, as `pull` takes it over: views and triggers that do not compile need not.
pub fn pulled_schema_of(sql: &str) -> Result<Schema, String> {
    let mut schema = schema_of(sql)?;
    let broken = block_on(async {
        let connection = Connection::in_memory().await.map_err(|error| error.to_string())?;
        run_script(&connection, sql).await?;
        check::broken_objects(&connection, &schema).await.map_err(|error| error.to_string())
    })?;
    for object in broken {
        schema.views.get_mut(&object.name).into_iter().for_each(|view| view.unchecked = true);
        schema.triggers.get_mut(&object.name).into_iter().for_each(|trigger| trigger.unchecked = true);
    }
    Ok(schema)
}

/// Runs a script on a connection.
pub async fn run_script(connection: &Connection, sql: &str) -> Result<(), String> {
    for statement in split(sql) {
        connection.run(statement.text).await.map_err(|error| format!("{}: {error}", statement.text))?;
    }
    Ok(())
}

impl Change {
    fn accepted(&self) -> Accepted {
        let mut accepted = Accepted { all: self.accept_all, ..Accepted::default() };
        for (lint, object) in self.accept.iter().filter_map(|text| text.split_once(':')) {
            accepted.add(lint.parse().expect("a lint"), object);
        }
        accepted
    }

    fn decisions(&self) -> Decisions {
        Decisions {
            renames: self.renames.clone(),
            accepted: self.accepted(),
            backfills: self.backfills.clone(),
            conversions: self.conversions.clone(),
            keep: self.keep,
            ..Decisions::default()
        }
    }

    /// Generates and proves the migration, as `generate` does.
    pub fn generate(&self) -> Result<Plan, String> {
        let before: Vec<String> = self.current.problems().into_iter().map(|problem| problem.message).collect();
        let is_tolerated = |problem: &Problem| {
            let is_pulled = self.is_pulled && self.current.is_empty();
            // what only may not match is a warning
            problem.kind == ProblemKind::Unlike
                || (problem.kind != ProblemKind::Declaration && (is_pulled || before.contains(&problem.message)))
        };
        if let Some(problem) = self.desired.problems().into_iter().find(|problem| !is_tolerated(problem)) {
            return Err(problem.message);
        }
        let faults = block_on(prove::check_declaration(&self.desired, &[])).map_err(|error| error.to_string())?;
        if !(faults.is_empty() || self.is_pulled && self.current.is_empty()) {
            // what is there already may stay
            let before = block_on(prove::check_declaration(&self.current, &[])).unwrap_or_default();
            let is_known = |message: &str| before.iter().any(|problem| problem.message == message);
            if let Some(fault) = faults.into_iter().find(|fault| !is_known(&fault.message)) {
                return Err(fault.message);
            }
        }
        let difference = diff(&self.current, &self.desired, &self.renames).map_err(|error| error.to_string())?;
        let decisions = self.decisions();
        let questions = decide::questions(&difference, &self.current, &self.desired, &decisions);
        if let Some(question) = questions.first() {
            return Err(question.message(None));
        }
        let plan = plan(&self.current, &self.desired, &difference, &decisions).map_err(|error| error.to_string())?;
        block_on(prove::prove(&self.current, &self.desired, &self.renames, &plan))
            .map_err(|error| format!("BUG: {error}\n{}", plan.to_sql("plan")))?;
        Ok(plan)
    }

    /// Tables whose rows cannot be carried over: a new column has to refer to a table that is new, and empty, or has
    /// to refer to another row of its parent each time, while the example refers to one for all.
    pub fn unfillable(&self) -> Vec<Name> {
        let is_impossible = |table: &Name, column: &Name| {
            let Some(table) = self.desired.table(table) else { return false };
            let mut keys = table.foreign_keys.iter().filter(|key| key.columns.contains(column));
            let refers = keys.clone().next().is_some();
            keys.any(|key| self.current.table(&key.parent).is_none())
                || (refers && table.unique_keys().any(|key| key == [column.clone()]))
        };
        let backfilled = self.backfills.keys().filter(|(table, column)| is_impossible(table, column));
        backfilled.map(|(table, _)| self.renames.old_table(table).clone()).collect()
    }

    /// Puts generated rows into the tables, ones that the change is meant to carry over, in the place of all that are
    /// there. No trigger fires at that.
    pub fn populate(&self, connection: &Connection) -> Result<(), String> {
        let message = |error: dbmigrate_core::engine::EngineError| error.to_string();
        block_on(async {
            connection.run("PRAGMA foreign_keys = OFF").await.map_err(message)?;
            let triggers = connection.rows("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").await;
            let triggers = triggers.map_err(message)?;
            connection.run("BEGIN").await.map_err(message)?;
            for trigger in &triggers {
                let drop = format!("DROP TRIGGER {}", Name::from(text(&trigger[0])).sql());
                connection.run(&drop).await.map_err(message)?;
            }
            for table in &self.current.virtual_tables {
                // an external index has no rows of its own to delete
                let _ = connection.run(&format!("DELETE FROM {}", table.name.sql())).await;
            }
            for table in &self.current.tables {
                // without a condition, what a vector index keeps of the rows would stay
                connection.run(&format!("DELETE FROM {} WHERE true", table.name.sql())).await.map_err(message)?;
            }
            connection.run("COMMIT").await.map_err(message)?;
            let wanted = populate::restricted(&self.current, &self.desired, &self.renames);
            populate::populate_restricted(connection, &self.current, wanted.as_ref()).await.map_err(message)?;
            for table in self.unfillable() {
                populate::clear(connection, &table).await.map_err(message)?;
            }
            for trigger in &triggers {
                connection.run(text(&trigger[1])).await.map_err(message)?;
            }
            Ok(())
        })
    }

    /// Puts all the rows that the change speaks of into its tables.
    pub fn put_rows(&self, connection: &Connection) -> Result<(), String> {
        block_on(run_script(connection, &self.seed))?;
        if self.populate {
            self.populate(connection)?;
        }
        block_on(connection.run("PRAGMA foreign_keys = ON")).map_err(|error| error.to_string())?;
        for statement in &self.tries {
            let wrong = ["foreign key mismatch", "syntax error", "no such"];
            match block_on(connection.run(statement)) {
                Err(error) if wrong.iter().any(|wrong| error.message.contains(wrong)) => {
                    return Err(format!("{statement}: {error}"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Generates the change, and applies it to a database with rows in it: structure, rows of all tables, foreign
    /// keys and integrity are checked, and that the difference is gone.
    pub fn run(&self, folder: &Path) -> Result<Ending, String> {
        let mut migrations = Folder::open(folder.join("migrations")).map_err(|error| error.to_string())?;
        let create = Change { desired: self.current.clone(), is_pulled: self.is_pulled, ..Change::default() };
        match create.generate() {
            Ok(plan) => add(&mut migrations, "before", &plan, &self.current)?,
            Err(message) if message.starts_with("BUG") => return Err(message),
            Err(message) => return Ok(Ending::NoStart(message)),
        }
        let file = folder.join("test.db");
        let mut database = open(&file)?;
        apply(&mut database, &migrations).map_err(|error| format!("before: {error:?}"))?;
        self.put_rows(database.connection())?;
        let plan = match self.generate() {
            Ok(plan) => plan,
            Err(message) if message.starts_with("BUG") => return Err(message),
            Err(message) => return Ok(Ending::RefusedByGenerate(message)),
        };
        if plan.is_empty() {
            return Ok(Ending::Applied(database, plan));
        }
        add(&mut migrations, "after", &plan, &self.desired)?;
        let before = self.image(database.connection())?;
        let bytes = std::fs::read(&file).map_err(|error| error.to_string())?;
        if let Err(error) = apply(&mut database, &migrations) {
            let now = std::fs::read(&file).map_err(|error| error.to_string())?;
            if bytes != now {
                return Err(format!("refused, but the file changed: {error:?}"));
            }
            return Ok(Ending::RefusedByMigrate(format!("{error:?}")));
        }
        self.check(database.connection(), &before)?;
        // what is made by chance is never the same
        if self.from_state && !plan.to_sql("after").contains("random") {
            from_state::ends_alike(&folder.join("known.db"), &bytes, &migrations, database.connection())?;
        }
        apply(&mut database, &migrations).map_err(|error| format!("second run: {error:?}"))?;
        Ok(Ending::Applied(database, plan))
    }

    /// What has to be the same after the change, as it is before.
    pub fn image(&self, connection: &Connection) -> Result<Image, String> {
        Image::take(connection, self.comparisons().iter().map(|one| &one.old))
    }

    /// What must hold of a database after the change: see [`Change::run`].
    pub fn check(&self, connection: &Connection, before: &Image) -> Result<(), String> {
        let comparisons = self.comparisons();
        let text = |error: dbmigrate_core::engine::EngineError| error.to_string();
        let found = block_on(introspect(connection)).map_err(text)?;
        let left = prove::differences(&found.schema, &self.desired);
        if !left.is_empty() {
            return Err(format!("differs after the migration: {left:?}"));
        }
        if let Some(plan) = (Change { current: found.schema, renames: Renames::default(), ..self.clone() }).replan()? {
            return Err(format!("a second generate would do: {plan}"));
        }
        let integrity = block_on(connection.rows("PRAGMA integrity_check")).map_err(text)?;
        let integrity = format!("{integrity:?}");
        if !integrity.contains("\"ok\"") {
            return Err(integrity);
        }
        let after = Image::take(connection, comparisons.iter().map(|one| &one.new))?;
        match (before.violations, after.violations) {
            (Some(before), Some(after)) if after > before => return Err(format!("{after} foreign key violations")),
            (Some(_), None) => return Err("a foreign key has lost its parent's key".to_owned()),
            _ => {}
        }
        for ((comparison, was), is) in comparisons.iter().zip(&before.rows).zip(&after.rows) {
            if was != is {
                return Err(format!("rows of {} changed:\n{was:?}\n{is:?}", comparison.new.0));
            }
        }
        for (name, mark) in &before.marks {
            let renamed = self.renames.tables.iter().find(|(from, _)| from == name).map_or(name, |(_, to)| to);
            let stays = comparisons.iter().any(|one| one.old.0 == *name)
                && self.desired.table(renamed).is_some_and(Table::is_autoincrement);
            if stays && after.marks.get(renamed).is_none_or(|after| after < mark) {
                return Err(format!("AUTOINCREMENT of {renamed} was {mark}: {:?}", after.marks));
            }
        }
        Ok(())
    }

    fn replan(&self) -> Result<Option<String>, String> {
        let difference = diff(&self.current, &self.desired, &self.renames).map_err(|error| error.to_string())?;
        Ok((!difference.is_empty()).then(|| format!("{:?}", difference.changes())))
    }

    /// Every row of every table that stays must be there, with the rowid that it had, and with the value and storage
    /// class that it had in columns whose declaration says nothing new about them.
    fn comparisons(&self) -> Vec<Comparison> {
        let mut comparisons = Vec::new();
        for table in &self.desired.tables {
            let old_name = self.renames.old_table(&table.name);
            let taken = old_name == &table.name && self.renames.tables.iter().any(|(from, _)| from == old_name);
            let case_only = self.renames.tables.iter().any(|(from, to)| from == to && to == &table.name);
            let Some(old) = self.current.table(old_name).filter(|_| !taken || case_only) else { continue };
            let mut pairs = Vec::new();
            let is_converted = |column: &Name| self.conversions.contains_key(&(table.name.clone(), column.clone()));
            let stored = table.columns.iter().filter(|column| column.generated.is_none());
            for column in stored.filter(|column| !is_converted(&column.name)) {
                let name = self.renames.old_column(&table.name, &column.name);
                let away = name == &column.name
                    && self.renames.columns.iter().any(|(on, from, _)| *on == table.name && from == name);
                let Some(was) = old.column(name).filter(|_| !away) else { continue };
                if old.affinity(was) == table.affinity(column) && (old.rejects_null(was) || !table.rejects_null(column))
                {
                    pairs.push((was.name.clone(), column.name.clone()));
                }
            }
            let mut keys = (Vec::new(), Vec::new());
            let alias = |table: &dbmigrate_core::schema::Table| table.rowid_alias().map(|column| column.name.clone());
            let alias_stays = match (alias(old), alias(table)) {
                (_, None) => true,
                (Some(one), Some(two)) => *self.renames.old_column(&table.name, &two) == one,
                (None, Some(_)) => false,
            };
            if let (Some(one), Some(two), true) = (old.free_rowid_name(), table.free_rowid_name(), alias_stays) {
                keys = (vec![format!("quote({})", one.sql())], vec![format!("quote({})", two.sql())]);
            }
            keys.0.extend(pairs.iter().map(|(one, _)| content::exact(&one.sql())));
            keys.1.extend(pairs.iter().map(|(_, two)| content::exact(&two.sql())));
            comparisons.push(Comparison { old: (old.name.clone(), keys.0), new: (table.name.clone(), keys.1) });
        }
        comparisons
    }
}

/// A table before and after, and the expressions that have to be equal for each of its rows.
struct Comparison {
    old: (Name, Vec<String>),
    new: (Name, Vec<String>),
}

/// What has to be the same after a change.
pub struct Image {
    rows: Vec<content::Rows>,
    /// How many rows violate foreign keys, if that can be told.
    violations: Option<usize>,
    /// Where AUTOINCREMENT stands, by table.
    marks: BTreeMap<Name, i64>,
}

impl Image {
    fn take<'c>(
        connection: &Connection,
        tables: impl Iterator<Item = &'c (Name, Vec<String>)>,
    ) -> Result<Self, String> {
        let message = |error: dbmigrate_core::engine::EngineError| error.to_string();
        let mut rows = Vec::new();
        for (table, expressions) in tables {
            rows.push(block_on(content::rows(connection, table, expressions)).map_err(message)?);
        }
        // there is no such table before the first AUTOINCREMENT
        let marks = block_on(connection.rows("SELECT name, seq FROM sqlite_sequence")).unwrap_or_default();
        let marks = marks.iter().map(|row| (Name::from(text(&row[0])), integer(&row[1])));
        let violations = match block_on(connection.rows("PRAGMA foreign_key_check")) {
            Ok(rows) => Some(rows.len()),
            // a parent without a key that fits: nobody can tell
            Err(error) if error.message.contains("foreign key mismatch") => None,
            Err(error) => return Err(message(error)),
        };
        Ok(Self { rows, violations, marks: marks.collect() })
    }
}

/// Whether a refusal, as [`Ending::RefusedByMigrate`] words it, is one that the rows are the reason for.
pub fn is_about_rows(reason: &str) -> bool {
    ["failure: Preflight", "failure: ForeignKeys", "kind: Constraint"].iter().any(|word| reason.contains(word))
}

/// A folder that is gone afterwards: in memory where that is possible, because what is tested there waits for no disk.
pub fn scratch_folder() -> Result<tempfile::TempDir, String> {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.map_err(|error| error.to_string())
}

/// Writes a plan as a migration.
pub fn add(folder: &mut Folder, name: &str, plan: &Plan, schema: &Schema) -> Result<(), String> {
    let slug = Slug::sanitize(name).ok_or("bad name")?;
    folder.add(&slug, &plan.to_sql(name), &schema.clone().into()).map(|_| ()).map_err(|error| error.to_string())
}

/// Opens a database.
pub fn open(path: &Path) -> Result<Database, String> {
    let database = block_on(Database::open(path, true, Duration::from_secs(5))).map_err(|error| error.to_string())?;
    // nothing here survives a power cut, so nothing waits for the disk
    block_on(database.connection().run("PRAGMA synchronous = OFF")).map_err(|error| error.to_string())?;
    Ok(database)
}

/// Applies what is pending.
pub fn apply(database: &mut Database, folder: &Folder) -> Result<usize, ApplyError> {
    block_on(apply_pending(database, folder, None, &mut Silent)).map(|outcome| outcome.applied.len())
}

/// Test data of this repository.
pub fn house(what: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests").join(what)
}

/// The folder of shared test data, where it is there. A test without it says so, loudly.
pub fn shared(what: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(what);
    if path.exists() {
        return Some(path);
    }
    skipped(&format!("{} is not there, so nothing was tested on it", path.display()));
    None
}
