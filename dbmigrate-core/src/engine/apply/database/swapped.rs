//! The end of a rebuild online: the new table takes the place of the old one, in one short transaction, and the migration is
//! recorded. On a server that transaction is one request, of which a twin says what it leads to ([`super::forecast`]).

use std::thread;
use std::time::{Duration, Instant};

use super::super::followers::Followers;
use super::super::hidden::{Hidden, TakenOut};
#[cfg(feature = "remote")]
use super::super::history::{self, RecordKind};
use super::super::statistics::Statistics;
use super::super::{Failure, Prepared, Step};
#[cfg(feature = "remote")]
use super::forecast::Forecast;
use super::noted::{bound, mirrored, to_stage};
use super::online::{FIRST, TRIES, of_piece};
#[cfg(feature = "remote")]
use super::steps::structure_holds;
use super::{Database, cannot_read};
#[cfg(feature = "remote")]
use crate::engine::assertion::assertion;
use crate::engine::check::Violations;
use crate::engine::connection::piece::{NotWorked, Piece};
use crate::engine::connection::{integer, text};
use crate::engine::error::{EngineError, ErrorKind};
#[cfg(feature = "remote")]
use crate::engine::introspect::HISTORY_TABLE;
use crate::engine::online::swap::{FEW, Made, Swap};
use crate::engine::online::{Copy, LOG, Stage, copy};
#[cfg(feature = "remote")]
use crate::engine::pieces::Pace;
use crate::engine::progress::PROGRESS_TABLE;
use crate::engine::written::write_schema;
use crate::folder::script::Rebuild;
use crate::sql::StatementKind;
use crate::sql::name::quote_string;

/// How long to wait before the lock for an index is asked for again.
const AGAIN: Duration = Duration::from_millis(50);

impl Database {
    /// The new table takes the place of the old one, and the migration is recorded, unless a server has indexes to make
    /// before. False if it is not its turn any more.
    pub(super) async fn swap_online(
        &mut self,
        migration: &Prepared<'_>,
        position: usize,
        copy: &Copy,
    ) -> Result<bool, Failure> {
        let started = Instant::now();
        #[cfg(feature = "remote")]
        if !self.connection.is_local()
            && let Some(is_done) = self.swap_at_once(migration, position, copy).await?
        {
            return Ok(is_done);
        }
        let legacy = self.legacy_alter_table().await.map_err(not_swapped)?;
        // what was written during the last piece
        self.begin().await?;
        let result = match self.is_at(position).await {
            Ok(true) => self.swap_inside(migration, position, copy, legacy).await,
            other => other.map_err(|error| Failure::Engine { action: "cannot read the history", error }),
        };
        let step = match self.end(result, started).await {
            Ok(step) => step,
            Err(failure) => return Err(self.whole(failure, legacy).await),
        };
        self.expect_own_commit().await;
        Ok(matches!(step, Step::Applied { .. }))
    }

    /// Whether renames leave references alone; nobody asks a server, which refuses to say.
    async fn legacy_alter_table(&self) -> Result<bool, EngineError> {
        if !self.connection.is_local() {
            return Ok(false);
        }
        Ok(self.connection.first_row("PRAGMA legacy_alter_table").await?.is_some_and(|row| integer(&row[0]) != 0))
    }

    /// Leaves the connection as it was behind a swap that failed. A schema that could not be read then is not that of
    /// the database, which can be read again.
    async fn whole(&mut self, failure: Failure, legacy: bool) -> Failure {
        if !self.connection.is_local() {
            return failure;
        }
        let legacy = format!("PRAGMA legacy_alter_table = {}", u8::from(legacy));
        for pragma in ["PRAGMA writable_schema = RESET", &legacy] {
            let _ = self.connection.run(pragma).await;
        }
        let Some(error) = failure.engine_error().filter(|error| error.kind == ErrorKind::Corrupt).cloned() else {
            return failure;
        };
        let is_whole = self.connection.first_row("PRAGMA schema_version").await.is_ok()
            && self.connection.rows("SELECT * FROM pragma_table_list").await.is_ok();
        let kind = if is_whole { ErrorKind::Statement } else { error.kind };
        not_swapped(EngineError { kind, ..error })
    }

    /// The statements of the swap on a server, with those that make indexes, if that is short.
    async fn swapping_on_server(&self, copy: &Copy, is_short: bool) -> Result<Vec<String>, EngineError> {
        let mut swap = self.unfollowing(copy).await?;
        swap.extend(copy.swap_on_server());
        if is_short {
            swap.extend(copy.indexes_to_make().iter().flat_map(made_statements));
        }
        Ok(swap)
    }

    /// The statements behind which the old table has no triggers, and there is no log.
    async fn unfollowing(&self, copy: &Copy) -> Result<Vec<String>, EngineError> {
        let mut statements = copy::unfollow();
        let triggers = self.triggers_on(copy.table()).await?;
        statements.extend(triggers.iter().map(|name| format!("DROP TRIGGER IF EXISTS {}", name.sql())));
        statements.push(format!("DROP TABLE {LOG}"));
        Ok(statements)
    }

    /// Does all of it in one request on a server, so that nobody waits for more than its statements. `None` if that is
    /// not possible or does not go well, which is looked at more closely then.
    #[cfg(feature = "remote")]
    async fn swap_at_once(
        &mut self,
        migration: &Prepared<'_>,
        position: usize,
        copy: &Copy,
    ) -> Result<Option<bool>, Failure> {
        let tracker = self.look_at_server().await.map_err(cannot_read)?;
        let version = tracker.version();
        self.tracker = None;
        let stored = self.ahead.stored.take().unwrap_or_default();
        let Some(at) = self.online_at().await.map_err(cannot_read)?.filter(|at| at.stage == Stage::Ready) else {
            return Ok(Some(false));
        };
        let Some(mut twin) = Forecast::of(&stored, &self.ignore, self.connection.scratch()).await else {
            return Ok(None);
        };
        let is_last = !self.makes_indexes_later(copy).await;
        let swap = self.swapping_on_server(copy, is_last).await.map_err(not_swapped)?;
        let (own, all) = (copy.statements(), &migration.script.statements);
        let text = |one: &crate::sql::Statement<'_>| one.text.to_owned();
        let all: Vec<String> =
            all[..own.start].iter().map(text).chain(swap).chain(all[own.end..].iter().map(text)).collect();
        let Some(foreseen) = twin.swap(migration, &all, is_last).await else { return Ok(None) };
        let mut statements = bound(copy.catch_up(&at, None));
        let caught_up = statements.len();
        statements.extend(bound(all));
        statements.extend(bound(foreseen.compiles));
        if copy.can_break_references() {
            // none afterwards means none that is new
            statements.push((assertion("NOT EXISTS (SELECT 1 FROM pragma_foreign_key_check)"), Vec::new()));
        }
        if is_last {
            let took = self.online_took().await.map_err(cannot_read)?;
            let values = history::values(migration.migration, position, took, RecordKind::Migration, None);
            statements.push((history::INSERT.to_owned(), values));
        }
        let stage = if is_last { Stage::Empty } else { Stage::Indexes };
        statements.extend([(to_stage(stage), Vec::new()), mirrored(FIRST)]);
        let (holds, values) = structure_holds(&foreseen.structure, 1);
        statements.push((assertion(&holds), values));
        if is_last {
            statements.push((history::at_this_schema(position), Vec::new()));
        }
        let guard = format!(
            "{} AND (SELECT schema_version FROM pragma_schema_version) = {version} AND \
             (SELECT ifnull(max(position), 0) FROM {HISTORY_TABLE} WHERE position >= 1) = {position}",
            at.guard()
        );
        let longer = self.pace.lag;
        let piece = Piece { guard: (guard, Vec::new()), statements, longer, ..Piece::default() };
        match self.work_until(&piece, &mut Pace::new(self.pace, FIRST, FIRST)).await {
            Ok(Some(_)) => Ok(Some(true)),
            // not its turn, or nobody knows what became of it
            Ok(None) => {
                let at = self.online_at().await.map_err(cannot_read)?;
                Ok(Some(at.is_some_and(|at| at.stage == stage && at.migration == migration.migration.name.as_str())))
            }
            Err(failed) if failed.statement.is_some_and(|at| at < caught_up) => Err(of_piece(migration, copy, failed)),
            Err(failed) if failed.is_unanswered() => Err(not_swapped(failed.error)),
            Err(_) => Ok(None),
        }
    }

    /// Whether a server makes the indexes behind the swap, because that takes long.
    async fn makes_indexes_later(&self, copy: &Copy) -> bool {
        !self.connection.is_local()
            && !copy.indexes_to_make().is_empty()
            && self.rows_about(copy).await.unwrap_or(u64::MAX) > FEW
    }

    async fn swap_inside(
        &mut self,
        migration: &Prepared<'_>,
        position: usize,
        copy: &Copy,
        legacy: bool,
    ) -> Result<bool, Failure> {
        let Some(at) = self.online_at().await.map_err(cannot_read)?.filter(|at| at.stage == Stage::Ready) else {
            return Ok(false);
        };
        let of_insert = |error| of_piece(migration, copy, NotWorked { statement: Some(0), error });
        self.connection.run_all(&copy.catch_up(&at, None)).await.map_err(of_insert)?;
        self.tracker = None;
        let statements = &migration.script.statements;
        let own = copy.statements();
        let wanted = self.wanted(migration).await.map_err(cannot_read)?;
        let followers = Followers::of(self.tracker().await.map_err(cannot_read)?);
        let before = match copy.can_break_references() {
            true => self.violations(None).await?,
            false => Violations::new(),
        };
        let statistics = Statistics::before(&self.connection, statements).await.map_err(not_swapped)?;
        let mut taken_out = TakenOut::default();
        let concerned = Hidden { ignore: &self.ignore, follows: followers.are_there };
        if let Some(drop) = own.clone().find(|at| statements[*at].kind == StatementKind::DropTable) {
            taken_out.before(&self.connection, concerned, statements, drop).await.map_err(not_swapped)?;
        }
        let is_last = !self.makes_indexes_later(copy).await;
        self.run_statements(&statements[..own.start], 0).await?;
        if self.connection.is_local() {
            let Swap { renames, edits } = copy.swap_locally();
            let mut swap = self.unfollowing(copy).await.map_err(not_swapped)?;
            swap.extend(renames);
            if legacy {
                swap.push("PRAGMA legacy_alter_table = ON".to_owned());
            }
            self.connection.run_all(&swap).await.map_err(not_swapped)?;
            write_schema(&self.connection, &edits).await.map_err(not_swapped)?;
        } else {
            let swap = self.swapping_on_server(copy, is_last).await.map_err(not_swapped)?;
            self.connection.run_all(&swap).await.map_err(not_swapped)?;
        }
        self.run_statements(&statements[own.end..], own.end).await?;
        taken_out.put_back(&self.connection).await.map_err(not_swapped)?;
        statistics.put_back(&self.connection).await.map_err(not_swapped)?;
        if !is_last {
            let (mirrored, _) = mirrored(FIRST);
            self.connection.run_all(&[to_stage(Stage::Indexes), mirrored]).await.map_err(not_swapped)?;
            self.tracker = None;
            return Ok(true);
        }
        self.tracker = None;
        self.check_structure(&wanted, statements).await?;
        if followers.are_there {
            followers.check(self.tracker().await.map_err(cannot_read)?, statements)?;
        }
        if copy.can_break_references() {
            self.check_references(statements, None, &before).await?;
        }
        self.record_online(migration, position).await?;
        Ok(true)
    }

    /// Records the migration, behind which only what is hidden has to go.
    async fn record_online(&mut self, migration: &Prepared<'_>, position: usize) -> Result<(), Failure> {
        let engine = |error| Failure::Engine { action: "cannot record the migration", error };
        let took = self.online_took().await.map_err(engine)?;
        self.record(migration, position, took).await.map_err(engine)?;
        let (mirrored, _) = mirrored(FIRST);
        self.connection.run_all(&[to_stage(Stage::Empty), mirrored]).await.map_err(engine)
    }

    /// How long it has been under way, in milliseconds.
    async fn online_took(&self) -> Result<u64, EngineError> {
        let query = format!(
            "SELECT CAST((julianday('now') - julianday(started_at)) * 86400000 AS INTEGER) FROM {PROGRESS_TABLE}"
        );
        let row = self.connection.first_row(&query).await?;
        Ok(row.map_or(0, |row| u64::try_from(integer(&row[0])).unwrap_or_default()))
    }

    /// Makes the indexes of a table that has taken its place already, and records the migration. Each is made in a
    /// transaction of its own: if that takes longer than 5 s while others wait, a server takes the lock away from it. A
    /// statement that is its own transaction it cannot take it from, and then lets nobody write ever again.
    pub(super) async fn finish_indexes(
        &mut self,
        migration: &Prepared<'_>,
        position: usize,
        rebuild: &Rebuild,
    ) -> Result<bool, Failure> {
        let engine = |error| Failure::Engine { action: "cannot make an index", error };
        for (at, (place, index)) in rebuild.indexes.iter().enumerate() {
            let Some(create) = migration.script.statements.get(*place) else { continue };
            let name = quote_string(index.name.as_str());
            let query =
                format!("SELECT tbl_name FROM sqlite_schema WHERE type = 'index' AND name = {name} COLLATE NOCASE");
            let found = self.connection.first_row(&query).await.map_err(engine)?;
            let is_there = found.as_ref().is_some_and(|row| rebuild.table == *text(&row[0]));
            let mut statements = Vec::new();
            if !is_there {
                if found.is_some() {
                    statements.push(format!("DROP INDEX IF EXISTS {}", index.name.sql()));
                }
                statements.push(create.text.to_owned());
            }
            statements.push(format!("DROP INDEX IF EXISTS {}", copy::index_name(at).sql()));
            let piece = Piece {
                guard: ("1".to_owned(), Vec::new()),
                statements: bound(statements),
                longer: self.pace.lag,
                ..Piece::default()
            };
            let mut tries = TRIES;
            loop {
                match self.connection.work(&piece).await {
                    // where the lock was taken away, the next time would keep others waiting for as long
                    Err(NotWorked { error, .. }) if error.kind == ErrorKind::Locked && tries > 0 => {
                        tries -= 1;
                        thread::sleep(AGAIN);
                    }
                    worked => {
                        worked.map_err(|NotWorked { error, .. }| engine(error))?;
                        break;
                    }
                }
            }
        }
        let started = Instant::now();
        self.begin().await?;
        let result = match self.is_at(position).await {
            Ok(true) => self.finish_inside(migration, position).await,
            other => other.map_err(engine),
        };
        let step = self.end(result, started).await?;
        Ok(matches!(step, Step::Applied { .. }))
    }

    async fn finish_inside(&mut self, migration: &Prepared<'_>, position: usize) -> Result<bool, Failure> {
        if self.online_at().await.map_err(cannot_read)?.is_none_or(|at| at.stage != Stage::Indexes) {
            return Ok(false);
        }
        self.tracker = None;
        let wanted = self.wanted(migration).await.map_err(cannot_read)?;
        self.check_structure(&wanted, &migration.script.statements).await?;
        self.record_online(migration, position).await?;
        Ok(true)
    }
}

fn not_swapped(error: EngineError) -> Failure {
    Failure::Engine { action: "cannot put the new table in its place", error }
}

fn made_statements(made: &Made) -> Vec<String> {
    let dropped = made.dropped.iter().map(|name| format!("DROP INDEX IF EXISTS {}", name.sql()));
    let grown = made.grown.iter().map(|name| format!("DROP INDEX {}", name.sql()));
    dropped.chain([made.create.clone()]).chain(grown).collect()
}

#[cfg(all(test, feature = "libsql"))]
mod tests {
    use pollster::block_on;

    use super::*;
    use crate::engine::connection::Connection;

    #[test]
    fn a_swap_that_cannot_be_read_is_rolled_back_and_is_no_damage_of_the_file() {
        let connection = block_on(Connection::in_memory()).expect("a database");
        let run = |database: &Database, sql: &str| block_on(database.connection.run(sql));
        let mut database = Database::from_connection(connection);
        run(&database, "CREATE TABLE t (a)").expect("a table");
        run(&database, "BEGIN").expect("a transaction");
        run(&database, "CREATE TABLE u (a)").expect("it moves the counter");
        let edit = "UPDATE sqlite_schema SET sql = 'CREATE TABLE t (a, )' WHERE name = 't'";
        block_on(write_schema(&database.connection, &[edit])).expect("it is written");
        let error = run(&database, "SELECT * FROM t").expect_err("that is no table");
        assert_eq!(error.kind, ErrorKind::Corrupt);
        block_on(database.roll_back());
        let Failure::Engine { action, error } = block_on(database.whole(not_swapped(error), false)) else {
            panic!("another failure")
        };
        assert_eq!((action, error.kind), ("cannot put the new table in its place", ErrorKind::Statement));
        run(&database, "INSERT INTO t VALUES (1)").expect("it is as it was");
        assert!(run(&database, edit).is_err(), "the stored schema is closed again");
    }
}
