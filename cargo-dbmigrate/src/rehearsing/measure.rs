//! What each migration does to the copy: looked at before and after it, over another connection.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use dbmigrate_core::engine::apply::{Announcement, Applied, Drifted, Loss, Meter, Observer};
use dbmigrate_core::engine::connection::integer;
use dbmigrate_core::engine::{Connection, EngineError, Ignore, introspect_without};
use dbmigrate_core::folder::{Folder, Script};
use dbmigrate_core::plan::{renamed, rewrites};
use dbmigrate_core::sql::{Name, StatementKind};
use pollster::block_on;

use super::copy::Copy;
use super::estimate::{self, Place};
use super::job::{beside, cannot};
use super::said;
use crate::database::Run;
use crate::error::{CommandError, Result};
use crate::messages::{Rehearsal, RehearsedMigration, RehearsedTable};
use crate::project::url::DatabaseUrl;
use crate::report::Printer;
use crate::report::loss::say_loss;
use crate::report::progress::Progress;
use crate::report::restored::counts;

/// The bytes before the pages of a log, and before each of them (sqlite.org/fileformat.html#the_write_ahead_log).
const LOG_HEADERS: (u64, u64) = (32, 24);

/// What the copy has.
#[derive(Debug, Clone, Default)]
struct Found {
    tables: BTreeMap<Name, u64>,
    bytes: u64,
    page: u64,
}

/// Watches a rehearsal.
pub(super) struct Measuring<'p> {
    printer: &'p Printer,
    folder: &'p Folder,
    url: &'p DatabaseUrl,
    ignore: &'p Ignore,
    copy: PathBuf,
    log: PathBuf,
    place: Place,
    is_atomic: bool,
    meter: Arc<Meter>,
    of: usize,
    progress: Option<Progress>,
    before: Option<Found>,
    first_bytes: Option<u64>,
    done: Vec<RehearsedMigration>,
    error: Option<CommandError>,
}

impl<'p> Measuring<'p> {
    pub(super) fn new(plan: &Run<'p>, copy: &Copy, meter: Arc<Meter>, of: usize) -> Self {
        Self {
            printer: &plan.context.printer,
            folder: plan.folder,
            url: plan.url,
            ignore: &plan.context.config.ignore,
            copy: copy.path(),
            log: copy.log(),
            place: copy.place(),
            is_atomic: plan.options.atomic,
            meter,
            of,
            progress: None,
            before: None,
            first_bytes: None,
            done: Vec::new(),
            error: None,
        }
    }

    /// What was measured.
    ///
    /// # Errors
    /// If the copy could not be looked at.
    pub(super) fn finish(self, copy: &Copy) -> Result<Rehearsal> {
        let Self { progress, done, error, first_bytes, is_atomic, .. } = self;
        drop(progress);
        if let Some(error) = error {
            return Err(error);
        }
        let all = done.iter().map(|one| one.estimate_milliseconds).sum();
        let longest = done.iter().map(|one| one.write_lock_milliseconds).max().unwrap_or_default();
        Ok(Rehearsal {
            passed: false,
            copied: copy.how,
            bytes: first_bytes.unwrap_or_default(),
            migrations: done,
            failed: None,
            violations: Vec::new(),
            exceeded: Vec::new(),
            estimate_milliseconds: all,
            write_lock_milliseconds: if is_atomic { all } else { longest },
        })
    }

    /// What is there now. Where no statement can have changed the rows of a table, `known` says how many there are.
    fn look(&self, known: Option<&Found>) -> std::result::Result<Found, EngineError> {
        let connection = beside(&self.copy)?;
        block_on(async {
            let schema = introspect_without(&connection, self.ignore).await?.schema;
            let tables = schema.tables.iter().map(|table| &table.name);
            let names: Vec<&Name> = tables.chain(schema.virtual_tables.iter().map(|table| &table.name)).collect();
            let missing: Vec<&Name> = names
                .iter()
                .copied()
                .filter(|name| known.is_none_or(|known| !known.tables.contains_key(*name)))
                .collect();
            let queries: Vec<String> =
                missing.iter().map(|name| format!("SELECT count(*) FROM {}", name.sql())).collect();
            let counts = connection.ask_all(&queries).await?;
            let mut tables: BTreeMap<Name, u64> =
                names.into_iter().filter_map(|name| Some((name.clone(), *known?.tables.get(name)?))).collect();
            for (name, answer) in missing.into_iter().zip(counts) {
                // a virtual table may need a module that is not here
                let count = answer.ok().and_then(|rows| u64::try_from(integer(rows.first()?.first()?)).ok());
                tables.insert(name.clone(), count.unwrap_or_default());
            }
            let [bytes, page] = size(&connection).await?;
            Ok(Found { tables, bytes, page })
        })
    }

    fn measure(&mut self, applied: &Applied) -> Result<()> {
        let failed = |error: EngineError| cannot(&error, self.url);
        let Some(before) = self.before.take() else { return Ok(()) };
        let log = std::fs::metadata(&self.log).map_or(0, |log| log.len());
        let started = Instant::now();
        let is_settled = settle(&self.copy).map_err(failed)?;
        let settled = started.elapsed();
        let Some(migration) = self.folder.find(&applied.name) else { return Ok(()) };
        let text = self.folder.sql(migration)?;
        let script = Script::parse(&text, &self.folder.sql_path(migration))?;
        let keeps_rows = script.statements.iter().all(|statement| keeps_rows(statement.kind, statement.text));
        let after = self.look(keeps_rows.then_some(&before)).map_err(failed)?;
        let schema = self.folder.schema_before(migration).ok();
        let mut rewritten: BTreeMap<Name, u64> = BTreeMap::new();
        let measured = self.meter.take();
        let is_copied = |at: usize| measured.iter().any(|one| one.statement == at);
        let is_marked = |at: &usize| script.rebuilds.iter().any(|marked| marked.rebuild.statements.contains(at));
        for rewrite in rewrites(&script.statements, schema.as_ref()) {
            // the copy of a rebuild that was made in place was never run
            let in_place = is_marked(&rewrite.statement) && !is_copied(rewrite.statement);
            let Some(table) = rewrite.table else {
                before.tables.iter().for_each(|(name, rows)| *rewritten.entry(name.clone()).or_default() += rows);
                continue;
            };
            let rows = match rewrite.is_whole {
                _ if in_place => 0,
                true => before.tables.get(&table).copied().unwrap_or_default(),
                false => measured.iter().find(|one| one.statement == rewrite.statement).map_or(0, |one| one.rows),
            };
            *rewritten.entry(table).or_default() += rows;
        }
        let (tables, tables_unchanged) = tables(&before, &after, &renamed(&script.statements), &rewritten);
        let (header, each) = LOG_HEADERS;
        let pages = log.saturating_sub(header) / (before.page + each);
        // rows are asked before there is a lock
        let locked = applied.milliseconds.saturating_sub(applied.unlocked_milliseconds);
        let one = RehearsedMigration {
            name: applied.name.clone(),
            milliseconds: applied.milliseconds,
            estimate_milliseconds: estimate::of(self.place, applied.milliseconds, settled),
            write_lock_milliseconds: estimate::of(self.place, locked, settled),
            in_place: applied.in_place,
            rows_rewritten: rewritten.values().sum(),
            bytes_written: is_settled.then_some(pages * before.page),
            bytes_before: before.bytes,
            bytes_after: after.bytes,
            tables,
            tables_unchanged,
            restored: applied.restored.iter().map(counts).collect(),
        };
        said::migration(self.printer, &one);
        self.done.push(one);
        self.before = Some(after);
        Ok(())
    }
}

impl Observer for Measuring<'_> {
    fn begin(&mut self, name: &str, _: usize, _: usize) {
        let progress = self.progress.get_or_insert_with(|| self.printer.progress("Rehearsing", self.of as u64));
        progress.step(self.done.len() as u64, name);
        if self.before.is_none() && self.error.is_none() {
            match self.look(None) {
                Ok(found) => {
                    self.first_bytes.get_or_insert(found.bytes);
                    self.before = Some(found);
                }
                Err(error) => self.error = Some(cannot(&error, self.url)),
            }
        }
        self.meter.take();
    }

    fn loses(&mut self, loss: &Loss) {
        say_loss(self.printer, "Would drop", loss);
    }

    fn announce(&mut self, _: &str, _: &Announcement) {}

    fn drifted(&mut self, _: &Drifted) {}

    fn applied(&mut self, applied: &Applied) {
        if self.error.is_none() {
            self.error = self.measure(applied).err();
        }
    }

    fn is_stopped(&self) -> bool {
        self.error.is_some()
    }
}

/// The size of the copy and of its pages.
async fn size(connection: &Connection) -> std::result::Result<[u64; 2], EngineError> {
    let query = "SELECT page_count * page_size, page_size FROM pragma_page_count, pragma_page_size";
    let row = connection.first_row(query).await?.unwrap_or_default();
    let number = |at: usize| row.get(at).and_then(|value| u64::try_from(integer(value)).ok()).unwrap_or_default();
    Ok([number(0), number(1)])
}

/// Brings what is in the log to the file. Whether there was a log: a migration may have done away with it.
fn settle(copy: &std::path::Path) -> std::result::Result<bool, EngineError> {
    let connection = beside(copy)?;
    let row = block_on(connection.first_row("PRAGMA wal_checkpoint(TRUNCATE)"))?;
    // busy, pages in the log, pages that were brought: -1 without a log
    Ok(row.is_some_and(|row| row.get(1).is_some_and(|pages| integer(pages) >= 0)))
}

/// Whether no table that is there has another number of rows after a statement.
fn keeps_rows(kind: StatementKind, text: &str) -> bool {
    match kind {
        StatementKind::CreateTable => !text.to_ascii_lowercase().contains("select"),
        StatementKind::AlterTable => !text.to_ascii_lowercase().contains("rename"),
        StatementKind::CreateIndex
        | StatementKind::CreateView
        | StatementKind::CreateTrigger
        | StatementKind::DropOther
        | StatementKind::Read
        | StatementKind::Pragma => true,
        _ => false,
    }
}

/// The tables that a migration has something to do with, and how many others there are.
fn tables(
    before: &Found,
    after: &Found,
    renamed: &BTreeMap<Name, Name>,
    rewritten: &BTreeMap<Name, u64>,
) -> (Vec<RehearsedTable>, usize) {
    let (mut found, mut unchanged) = (Vec::new(), 0);
    let mut known: Vec<&Name> = Vec::new();
    for (name, rows) in &before.tables {
        let now = renamed.get(name).filter(|now| after.tables.contains_key(*now)).unwrap_or(name);
        let rows_after = after.tables.get(now).copied();
        let rows_rewritten = rewritten.get(name).copied().unwrap_or_default();
        known.push(now);
        if now == name && rows_after == Some(*rows) && !rewritten.contains_key(name) {
            unchanged += 1;
            continue;
        }
        found.push(RehearsedTable {
            table: if rows_after.is_some() { now.to_string() } else { name.to_string() },
            renamed_from: (rows_after.is_some() && now != name).then(|| name.to_string()),
            rows_before: Some(*rows),
            rows_after,
            rows_rewritten,
        });
    }
    let new = after.tables.iter().filter(|(name, _)| !known.contains(name));
    found.extend(new.map(|(name, rows)| RehearsedTable {
        table: name.to_string(),
        renamed_from: None,
        rows_before: None,
        rows_after: Some(*rows),
        rows_rewritten: 0,
    }));
    (found, unchanged)
}
