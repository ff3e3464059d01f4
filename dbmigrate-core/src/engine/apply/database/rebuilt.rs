//! A rebuild in the cheapest of the ways that come to the same: with no row written ([`crate::engine::in_place`]), with the
//! indexes kept that it does not change, or as it is written.
//!
//! Keeping indexes, on a file: the rows are copied into a bare table, whose
//! pages then take the place of the old ones under the table's name (`writable_schema`, sqlite.org/pragma.html).
//!
//! What the engine would have stored is what it has stored of the new definition, made and left empty for that. Nothing is
//! done to the pages of an index. All of it is inside of a savepoint: where one thing is not as it has to be, or fails,
//! the statements run as they are written.

use std::collections::BTreeSet;
use std::time::Instant;

use super::Database;
use crate::ddl::render;
use crate::engine::apply::Failure;
use crate::engine::apply::rebuilds::Unchanged;
use crate::engine::apply::rebuilds::kept::Kept;
use crate::engine::apply::rebuilds::ordered::in_order_of_key;
use crate::engine::connection::{Row, integer, text};
use crate::engine::engines::Engine;
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::in_place::{Known, Outcome, in_place};
use crate::engine::stored::{objects_where, stored_objects_in};
use crate::engine::written::write_schema;
use crate::folder::script::Rebuild;
use crate::schema::Table;
use crate::sql::name::{quote_string, sql_list};
use crate::sql::{Head, Name, Statement, split};

/// The table that gets the rows, before it gives them away.
const BARE: &str = "_dbmigrate_rows_of_rebuild";

/// The savepoint behind which nothing is done if the rebuild is done as it is written.
const BEFORE: &str = "_dbmigrate_before_rebuild";

/// What stands for a rebuild that cannot be done in this way.
fn otherwise(why: &str) -> EngineError {
    EngineError { kind: ErrorKind::Statement, message: why.to_owned() }
}

impl Database {
    /// Runs the statements of a rebuild, or does what comes to the same.
    pub(super) async fn run_rebuild(&mut self, rebuild: &Rebuild, statements: &[Statement<'_>]) -> Result<(), Failure> {
        let waiting = self.with_copy.take_if(|waiting| waiting.at == rebuild.statements.start);
        if self.is_large(rebuild).await {
            // what a copy has to answer is known of no row yet
            let may_be = waiting.is_none() && (!self.is_like_server || self.would_be_altered(rebuild));
            if may_be && self.replace_definition(rebuild, statements).await? {
                return Ok(());
            }
            self.keep_promise(rebuild).await?;
            let conditions = waiting.as_ref().map_or(&[][..], |waiting| &waiting.conditions);
            if !self.is_like_server && self.rebuild_keeping_indexes(rebuild, statements, conditions).await? {
                return Ok(());
            }
        }
        self.keep_promise(rebuild).await?;
        if let Some(waiting) = waiting {
            self.ask_instead(&waiting).await?;
        }
        self.run_as_written(rebuild, statements).await
    }

    /// Runs the statements, the copy in the order of the new key.
    async fn run_as_written(&mut self, rebuild: &Rebuild, statements: &[Statement<'_>]) -> Result<(), Failure> {
        let schema = self.tracker.as_ref().map(|tracker| tracker.schema());
        let before = schema.and_then(|schema| schema.table(&rebuild.table));
        let ordered = before.and_then(|before| in_order_of_key(rebuild, before, statements));
        let (all, first) = (rebuild.of(statements), rebuild.statements.start);
        let Some(ordered) = ordered else { return self.run_statements(all, first).await };
        // an error is one of the statement as it is written
        let line = all[1].line;
        let copy = Statement { text: &ordered, ..all[1] };
        self.run_statements(&all[..1], first).await?;
        self.run_statements(&[copy], first + 1).await.map_err(|failure| match failure {
            Failure::Statement { number, error, .. } => {
                Failure::Statement { number, line, statement: all[1].text.to_owned(), error }
            }
            other => other,
        })?;
        self.run_statements(&all[2..], first + 2).await
    }

    /// Whether no row had to be written, because all of them satisfy the new definition.
    async fn replace_definition(&mut self, rebuild: &Rebuild, statements: &[Statement<'_>]) -> Result<bool, Failure> {
        let started = Instant::now();
        let mut why = None;
        let done = self.inside_savepoint(async || {
            let satisfied = self.beforehand.as_ref().map_or(&[][..], |asked| &asked.satisfied);
            let known = Known { sought: &self.sought, satisfied };
            match in_place(&self.connection, rebuild, statements, known).await? {
                Outcome::Done => Ok(true),
                Outcome::Declined(reason) => {
                    let reason = reason.to_string();
                    let error = otherwise(&reason);
                    why = Some(reason);
                    Err(error)
                }
            }
        });
        let done = done.await?;
        self.at_work.declined = why;
        self.made_in_place += usize::from(done);
        if let (true, Some(meter)) = (done, &self.meter) {
            meter.note(rebuild.statements.start, started.elapsed(), 0);
        }
        Ok(done)
    }

    /// Whether something was done; if not, everything is as before.
    async fn inside_savepoint(&self, work: impl AsyncFnOnce() -> Result<bool, EngineError>) -> Result<bool, Failure> {
        if self.connection.run(&format!("SAVEPOINT {BEFORE}")).await.is_err() {
            return Ok(false);
        }
        let result = match work().await {
            Ok(true) => self.connection.run(&format!("RELEASE {BEFORE}")).await.map(|()| true),
            other => other,
        };
        if let Ok(true) = result {
            return Ok(true);
        }
        let back =
            [format!("ROLLBACK TO {BEFORE}"), format!("RELEASE {BEFORE}"), "PRAGMA writable_schema = RESET".to_owned()];
        for statement in &back {
            let _ = self.connection.run(statement).await;
        }
        // a full disk takes the transaction away, and what runs next would be for good
        if self.connection.is_autocommit() {
            let error = result.err().unwrap_or_else(|| otherwise("the transaction is gone"));
            return Err(Failure::Engine { action: "cannot rebuild a table", error });
        }
        Ok(false)
    }

    /// Whether it was done so, and no row has one of these conditions.
    async fn rebuild_keeping_indexes(
        &mut self,
        rebuild: &Rebuild,
        statements: &[Statement<'_>],
        refused: &[String],
    ) -> Result<bool, Failure> {
        if !self.connection.is_local() || self.tracker().await.is_err() {
            return Ok(false);
        }
        let this: &Self = self;
        let Some(tracker) = &this.tracker else { return Ok(false) };
        if this.connection.known_engine() != Some(Engine::LibSql) {
            return Ok(false);
        }
        let Some(before) = tracker.schema().table(&rebuild.table) else { return Ok(false) };
        let Some((kept, unchanged)) = Kept::of(rebuild, before, statements) else { return Ok(false) };
        let has_constraints = before.primary_key.is_some() || !before.uniques.is_empty();
        if kept.staying.is_empty() && !has_constraints {
            return Ok(false);
        }
        let mut stored = tracker.stored();
        let is_taken = stored.any(|object| object.name == *BARE || object.name == rebuild.helper);
        let is_spelled = before.name.same_spelling(&rebuild.table) && is_renamed_to(rebuild, statements, &before.name);
        if is_taken || !is_spelled {
            return Ok(false);
        }
        let keeping = Keeping { database: this, rebuild, statements, before, kept, unchanged, refused };
        match keeping.is_possible().await {
            Ok(true) => {}
            Ok(false) | Err(_) => return Ok(false),
        }
        this.inside_savepoint(async || keeping.run().await.map(|()| true)).await
    }
}

/// Whether the helper gets exactly this name.
fn is_renamed_to(rebuild: &Rebuild, statements: &[Statement<'_>], name: &Name) -> bool {
    rebuild.of(statements).iter().filter_map(Head::of).any(|head| match head {
        Head::RenameTable(_, to) => to.same_spelling(name),
        _ => false,
    })
}

/// A rebuild on its way.
struct Keeping<'a> {
    database: &'a Database,
    rebuild: &'a Rebuild,
    statements: &'a [Statement<'a>],
    before: &'a Table,
    kept: Kept<'a>,
    unchanged: Unchanged<'a>,
    /// What the migration refuses of rows besides.
    refused: &'a [String],
}

impl Keeping<'_> {
    async fn first(&self, query: &str) -> Result<Option<Row>, EngineError> {
        self.database.connection.first_row(query).await
    }

    /// Whether a query returns a row.
    async fn finds(&self, query: &str) -> Result<bool, EngineError> {
        Ok(self.first(query).await?.is_some())
    }

    /// Whether nobody has temporary objects that could be meant by its names, and the table is the one that is known.
    async fn is_possible(&self) -> Result<bool, EngineError> {
        Ok(!self.finds("SELECT 1 FROM sqlite_temp_schema").await?
            && !self.finds("SELECT 1 FROM pragma_database_list WHERE name NOT IN ('main', 'temp')").await?
            && self.is_as_known().await?)
    }

    /// Whether the table and its indexes are what they were before the statements of the script.
    async fn is_as_known(&self) -> Result<bool, EngineError> {
        let table = &self.rebuild.table;
        let condition = format!("tbl_name = {} COLLATE NOCASE AND type <> 'trigger'", quote_string(table.as_str()));
        let (now, _) = stored_objects_in(self.database.connection.rows(&objects_where(&condition)).await?, 0);
        let tracker = self.database.tracker.as_ref();
        let known = tracker.into_iter().flat_map(|tracker| tracker.stored_of(table));
        let known = known.filter(|object| object.kind != "trigger");
        Ok(now.iter().eq(known))
    }

    async fn run(&self) -> Result<(), EngineError> {
        let connection = &self.database.connection;
        let Rebuild { table, helper, definition, .. } = self.rebuild;
        let create = &self.rebuild.of(self.statements)[0];
        connection.run(create.text).await?;
        let constraints = self.constraints(table).await?;
        if constraints != self.constraints(helper).await? {
            return Err(otherwise("the constraints have other indexes"));
        }
        if self.kept.staying.is_empty() && constraints.is_empty() {
            return Err(otherwise("there is nothing to keep"));
        }
        let columns = constraints.into_iter().filter(|part| part.is_key).filter_map(|part| part.column);
        let columns: BTreeSet<Name> = columns.collect();
        if !columns.iter().all(|column| self.unchanged.has(column)) {
            return Err(otherwise("a constraint is about values that change"));
        }
        let columns = self.unchanged.columns(&self.kept, columns);
        let bare = Name::from(BARE);
        connection.run(&render::create_table_as(&without_keys(definition), &bare, None)).await?;
        self.copy(&bare, &columns).await?;
        let rows = connection.changes();
        // they go with the table, and those that are to be there behind it are made anew
        for trigger in self.database.triggers_on(table).await? {
            connection.run(&format!("DROP TRIGGER {}", trigger.sql())).await?;
        }
        for index in &self.kept.dropped {
            connection.run(&format!("DROP INDEX {}", index.sql())).await?;
        }
        self.exchange(&bare).await?;
        for name in [&bare, helper] {
            connection.run(&format!("DROP TABLE {}", name.sql())).await?;
        }
        self.carry_mark().await?;
        for at in &self.kept.made {
            let made = self.statements.get(*at..=*at).unwrap_or_default();
            self.database.run_statements(made, *at).await.map_err(|failure| otherwise(&failure.to_string()))?;
        }
        self.verify(rows).await
    }

    /// The indexes that constraints have, column by column, as the engine sees them.
    async fn constraints(&self, table: &Name) -> Result<Vec<Part>, EngineError> {
        let query = format!(
            "SELECT i.name, i.\"unique\", x.name, x.\"desc\", x.coll, x.key FROM pragma_index_list({}) AS i, \
             pragma_index_xinfo(i.name) AS x WHERE i.origin <> 'c' ORDER BY i.name, x.seqno",
            quote_string(table.as_str())
        );
        let rows = self.database.connection.rows(&query).await?;
        // they are numbered behind the name of their table
        let number = |name: &str| name.rsplit('_').next().unwrap_or_default().to_owned();
        let column = |row: &Row| Some(text(&row[2])).filter(|name| !name.is_empty()).map(Name::from);
        let part = |row: &Row| Part {
            index: number(text(&row[0])),
            is_unique: integer(&row[1]) != 0,
            column: column(row),
            is_descending: integer(&row[3]) != 0,
            collation: text(&row[4]).to_ascii_lowercase(),
            is_key: integer(&row[5]) != 0,
        };
        Ok(rows.iter().map(part).collect())
    }

    /// Fills the table without keys. It fails at a row that the migration refuses, or that has a value in one of these
    /// columns which would be stored otherwise: asked on the way, that costs no scan.
    async fn copy(&self, bare: &Name, same: &BTreeSet<Name>) -> Result<(), EngineError> {
        let mut doubtful = BTreeSet::new();
        for column in same {
            let is_told = match self.unchanged.told_by_index(column) {
                Some(query) => !self.finds(&query).await?,
                None => false,
            };
            if !is_told {
                doubtful.insert(column.clone());
            }
        }
        let refused = self.refused.iter().map(|condition| format!("({condition}\n)"));
        let refused: Vec<String> = refused.chain(self.unchanged.stored_otherwise(&doubtful)).collect();
        let columns: Vec<Name> = self.rebuild.values.iter().map(|(column, _)| column.clone()).collect();
        let mut values: Vec<String> = self.rebuild.values.iter().map(|(_, value)| value.clone()).collect();
        if let (false, Some(last)) = (refused.is_empty(), values.last_mut()) {
            // the one integer that has no absolute value
            *last = format!("CASE WHEN {} THEN abs(-9223372036854775808) ELSE {last} END", refused.join(" OR "));
        }
        let insert = format!(
            "INSERT OR ABORT INTO {} ({})\nSELECT {}\nFROM {}",
            bare.sql(),
            sql_list(&columns),
            values.join(", "),
            self.rebuild.table.sql()
        );
        let place = self.rebuild.statements.start + 1;
        self.database.run_statements(&split(&insert), place).await.map_err(|failure| otherwise(&failure.to_string()))
    }

    /// Gives the table the rows of the other one and its new definition, and the other one the old rows.
    async fn exchange(&self, bare: &Name) -> Result<(), EngineError> {
        let connection = &self.database.connection;
        let Rebuild { table, helper, .. } = self.rebuild;
        let stored = async |name: &Name| {
            let name = quote_string(name.as_str());
            let query = format!("SELECT rootpage, sql FROM main.sqlite_schema WHERE type = 'table' AND name = {name}");
            self.first(&query).await?.ok_or_else(|| otherwise("a table is not there"))
        };
        let (old, new, made) = (stored(table).await?, stored(bare).await?, stored(helper).await?);
        let sql = self.rebuild.renamed(text(&made[1]));
        let started = Instant::now();
        let edits = [(table, &new[0], Some(sql)), (bare, &old[0], None)].map(|(name, root, sql)| {
            let sql = sql.map_or_else(|| "sql".to_owned(), |sql| quote_string(&sql));
            let (root, name) = (integer(root), quote_string(name.as_str()));
            format!(
                "UPDATE main.sqlite_schema SET rootpage = {root}, sql = {sql} WHERE type = 'table' AND name = {name}"
            )
        });
        write_schema(connection, &edits).await?;
        if let Some(meter) = &self.database.meter {
            let drop = self.rebuild.statements.start + if self.rebuild.carries_mark { 4 } else { 2 };
            meter.note(drop, started.elapsed(), 0);
        }
        Ok(())
    }

    /// Leaves the high-water mark of AUTOINCREMENT as the statements would have left it.
    async fn carry_mark(&self) -> Result<(), EngineError> {
        let connection = &self.database.connection;
        let (is, was) = (self.rebuild.definition.is_autoincrement(), self.before.is_autoincrement());
        if is && was && self.rebuild.carries_mark || !is && !was {
            return Ok(());
        }
        let name = quote_string(self.rebuild.table.as_str());
        connection.run(&format!("DELETE FROM sqlite_sequence WHERE name = {name} COLLATE NOCASE")).await?;
        if is {
            let (rowid, table) = (self.rebuild.definition.rowid_alias(), self.rebuild.table.sql());
            let rowid = rowid.map_or_else(|| "rowid".into(), |alias| alias.name.sql());
            let insert = format!(
                "INSERT INTO sqlite_sequence (name, seq) SELECT {name}, coalesce(max(0, max({rowid})), 0) FROM {table}"
            );
            connection.run(&insert).await?;
        }
        Ok(())
    }

    /// Whether an index over all rows has an entry for each row. Whichever is named, the engine counts the smallest one, which
    /// takes a hundredth of the copy.
    async fn verify(&self, rows: u64) -> Result<(), EngineError> {
        if self.kept.staying.iter().all(|index| index.predicate.is_some()) {
            return Ok(());
        }
        let count = format!("SELECT count(*) FROM {}", self.rebuild.table.sql());
        let count = self.first(&count).await?.map_or(-1, |row| integer(&row[0]));
        if u64::try_from(count) == Ok(rows) { Ok(()) } else { Err(otherwise("an index has another number of rows")) }
    }
}

/// A column of an index of a constraint.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    /// The number of the index.
    index: String,
    is_unique: bool,
    /// `None` for the rowid.
    column: Option<Name>,
    is_descending: bool,
    collation: String,
    is_key: bool,
}

/// The definition without what would have to be looked up for each row: what it stores, and tests of a row alone.
fn without_keys(definition: &Table) -> Table {
    let mut bare = definition.clone();
    for column in &mut bare.columns {
        column.not_null |= definition.rejects_null(column);
        column.not_null_conflict = None;
    }
    bare.uniques.clear();
    bare.foreign_keys.clear();
    match bare.rowid_alias().is_some() {
        true => {
            if let Some(key) = &mut bare.primary_key {
                key.autoincrement = false;
                key.conflict = None;
            }
        }
        false => bare.primary_key = None,
    }
    bare
}
