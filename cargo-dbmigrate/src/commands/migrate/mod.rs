//! `migrate`: applies the migrations that a database does not have yet.

mod abort;
mod arguments;
mod backup;
mod branch;
mod consent;
mod dry_run;
mod fleet;
mod pace;
mod plan;
mod rehearse;
mod rollout_flags;
mod said;

use std::sync::Arc;
use std::time::{Duration, Instant};

use dbmigrate_core::engine::apply::{
    Advanced, Announcement, Applied, ApplyError, Drifted, Loss, Observer, Options, Work, apply_pending_with,
    is_after_deploy, status,
};
use dbmigrate_core::engine::progress::Progress as Position;
use dbmigrate_core::folder::{Folder, Verify};
use pollster::block_on;

use arguments::{check_name, command, wanted};
use said::{announce, say_drift};

use crate::database::Run;
use crate::database::contradicted::Others;
use crate::database::file;
use crate::database::state::{failure, failure_of_run, has_begun, state_after};
use crate::database::{open, remove_if_empty, watched};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::fleet as fleets;
use crate::linting::Set;
use crate::messages;
use crate::planning;
use crate::project::url::DatabaseUrl;
use crate::project::{Acceptable, Context, ONCE_DEPLOYED, When};
use crate::report::duration::Elapsed;
use crate::report::loss::say_loss;
use crate::report::progress::Progress;
use crate::report::restored::say_restored;
use crate::report::under_way::{Pieces, so_far};
use crate::report::{Printer, counted};
use crate::structs;

pub(crate) use arguments::Migrate;

/// Where somebody reads on whose migration went wrong.
const GOING_BACK: &str = "what to do now, by symptom: `cargo dbmigrate going-back`";

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Migrate) -> Result<u8> {
    if arguments.abort {
        // to give something up is no roll-out
        let databases = fleets::databases(context, &arguments.connect, &fleets::Where::default())?;
        return databases.each(context, |context, url| abort::run(context, arguments, url));
    }
    if let Some(fleet) = context.fleet(&arguments.connect)? {
        return fleet::run(context, arguments, &fleet);
    }
    arguments.fleet.refuse()?;
    let plan = plan::read(arguments.plan.as_deref())?;
    if let Some(flag) = arguments.levels.first().filter(|_| !arguments.dry_run) {
        return Err(CommandError::usage(format!("`{flag}` requires `--dry-run`: `migrate` itself does not lint"))
            .help("lint before: `cargo dbmigrate check`"));
    }
    let set = Set::of(context, &arguments.levels)?;
    let databases = context.databases(&plan::connect(&arguments.connect, plan.as_ref()))?;
    let folder = context.existing_folder()?.holding_texts();
    // the SQL of every migration: an edited file must not go unnoticed because it was applied long ago
    folder.verify(Verify::Sql)?;
    // a wrong `--to` must not leave an empty file behind
    check_name(&folder, arguments.to.as_deref())?;
    branch::check(context, &databases, wanted(arguments))?;
    let context = &arguments.with.started(context, &folder)?;
    databases.each(context, |context, url| run_on(context, (arguments, plan.as_ref(), &set), &folder, url))
}

/// Runs it on one database.
fn run_on(
    context: &Context,
    (arguments, plan, set): (&Migrate, Option<&messages::ApprovedPlan>, &Set),
    folder: &Folder,
    url: &DatabaseUrl,
) -> Result<u8> {
    context.printer.detail("Database", format!("{url} (from {})", url.source()));
    let to = arguments.to.as_deref();
    let own = Options {
        to,
        phase: arguments.phase.map(Into::into),
        accept_drift: arguments.accept.contains(&Acceptable::Drift),
        atomic: arguments.atomic,
        ..Options::default()
    };
    let options = plan.map_or(own, planning::options);
    let planned = plan::hold(context, folder, url, (arguments.plan.as_deref(), plan))?;
    let options = Options { expected: planned.as_ref(), ..options };
    if folder.migrations().is_empty() {
        return nothing_there(context, folder, url);
    }
    let retries = arguments.retry.of(url);
    if arguments.dry_run {
        return dry_run::run((context, set), folder, url, options, retries);
    }
    let rehearsal = Run { context, folder, url, options, place: arguments.rehearse.rehearse_in.as_deref() };
    if arguments.rehearse_only {
        return rehearse::only(&rehearsal);
    }
    let opened = consent::obtain(context, folder, url, options, (arguments.consent, &command(arguments)))?;
    let (opened, branched) = branch::make(context, folder, url, options, (opened, wanted(arguments)))?;
    let is_branched = branched.is_some();
    let (opened, backup) = backup::first(context, &arguments.backup, (folder, options), url, (opened, is_branched))?;
    let shown = url.to_string();
    let is_new = !file::exists(url)?;
    let rehearsed = if arguments.rehearse.rehearse { rehearse::first(&rehearsal, opened)? } else { opened.into() };
    let options = Options { expected: planned.as_ref().or(rehearsed.expected.as_ref()), ..options };
    let mut database = match rehearsed.database {
        Some(database) => database,
        None => open(context, url, true)?,
    };
    database = database.retrying(retries).pacing(arguments.pace.limits());
    let work = Arc::new(Work::default());
    if context.printer.shows_progress() {
        database = watched(database, &work, url)?;
    }
    let mut observer = Watch {
        printer: &context.printer,
        work,
        pieces: Pieces::default(),
        database: url,
        folder,
        progress: None,
        done: 0,
        of: 0,
        next: None,
        told: None,
    };
    let result = block_on(apply_pending_with(&mut database, folder, options, &mut observer));
    let Watch { progress, done, of, next, .. } = observer;
    drop(progress);
    match result {
        Ok(outcome) => {
            let count = outcome.applied.len();
            let left = left(folder, outcome.before + count);
            context.printer.message(|| messages::Migrated {
                on: url.into(),
                applied: count,
                before: outcome.before,
                pending: left,
            });
            if count == 0 {
                context.printer.status(
                    "Unchanged",
                    format!("{shown}: nothing to apply ({} applied)", counted(outcome.before, "migration")),
                );
                if to.is_none() {
                    structs::warn_if_ahead(context, folder);
                }
            } else {
                let total: u64 = outcome.applied.iter().map(|applied| applied.milliseconds).sum();
                context.printer.status(
                    "Finished",
                    format!("{shown}: {} applied in {}", counted(count, "migration"), Elapsed(total)),
                );
            }
            say_waiting(context, folder, outcome.before + count, arguments.phase);
            Ok(exit::DONE)
        }
        Err(error) => {
            let others = Others::of(&database, &error);
            drop((database, rehearsed.files));
            if is_new {
                remove_if_empty(url);
            }
            // where it is known which one is next
            if let Some(next) = next.as_deref().and_then(|next| folder.find(next)) {
                context.printer.lacks(|| url.into(), &left(folder, next.index));
            }
            if let Some((progress, obstacle)) = error.under_way() {
                context.printer.message(|| messages::UnderWay::of(url.into(), progress, obstacle));
            }
            // what was refused before it began needs no way back
            let backup = backup.filter(|_| matches!(error, ApplyError::Migration { .. }));
            let has_begun = has_begun(&error, done);
            let state = state_after(&error, &shown, next.as_deref(), (done, of));
            let shown = others.behind(failure_of_run(error, url.into()));
            let more = has_begun.then(|| GOING_BACK.to_owned());
            let shown = state.into_iter().fold(shown, CommandError::note);
            let shown = shown.helps(branched.iter().flat_map(branch::Branched::ways_back));
            Err(shown.helps(backup.iter().flat_map(|made| backup::ways_back(made, url))).helps(more))
        }
    }
}

/// A folder as `init` makes it, which is right for a database that has no history.
fn nothing_there(context: &Context, folder: &Folder, url: &DatabaseUrl) -> Result<u8> {
    if file::exists(url)? {
        let mut database = open(context, url, false)?;
        block_on(status(&mut database, folder)).map_err(|error| failure(error, url.into()))?;
    }
    context.printer.warning(
        &format!("no migrations in `{}`", folder.path().display()),
        &[
            "write one from your structs: `cargo dbmigrate generate`".to_owned(),
            "or from a database: `cargo dbmigrate pull --baseline --out src/schema.rs`".to_owned(),
        ],
    );
    Ok(exit::DONE)
}

/// What the deployment is waited for with.
fn say_waiting(context: &Context, folder: &Folder, applied: usize, phase: Option<When>) {
    let mut left = folder.migrations().iter().skip(applied);
    if phase == Some(When::Before) && left.any(|one| is_after_deploy(folder, one).unwrap_or(false)) {
        context.printer.next(&[ONCE_DEPLOYED.to_owned()]);
    }
}

/// The migrations behind the first `count`.
fn left(folder: &Folder, count: usize) -> Vec<String> {
    folder.migrations().iter().skip(count).map(|migration| migration.name.to_string()).collect()
}

/// Shows what happens.
struct Watch<'p> {
    printer: &'p Printer,
    database: &'p DatabaseUrl,
    folder: &'p Folder,
    work: Arc<Work>,
    pieces: Pieces,
    progress: Option<Progress>,
    /// How many were applied.
    done: usize,
    /// How many there are in all.
    of: usize,
    /// The first migration that was not applied, once it was tried.
    next: Option<String>,
    /// When programs were last told how far a migration is.
    told: Option<Instant>,
}

/// How often programs are told how far a migration of many transactions is.
const EVERY: Duration = Duration::from_secs(1);

impl Observer for Watch<'_> {
    fn begin(&mut self, name: &str, _: usize, of: usize) {
        self.of = of;
        self.pieces.forget();
        let within = || self.pieces.clone().within(Arc::clone(&self.work));
        let begun = || self.printer.progress_within("Applying", of as u64, within());
        let progress = self.progress.get_or_insert_with(begun);
        progress.step(self.done as u64, name);
        self.next = Some(name.to_owned());
    }

    fn loses(&mut self, loss: &Loss) {
        say_loss(self.printer, "Dropping", loss);
    }

    fn announce(&mut self, name: &str, announcement: &Announcement) {
        announce(self.printer, name, announcement);
    }

    fn advanced(&mut self, advanced: &Advanced) {
        self.pieces.note(advanced);
        // nobody reads one for each of thousands of transactions
        if self.told.is_none_or(|told| told.elapsed() >= EVERY) {
            self.told = Some(Instant::now());
            self.printer.message(|| messages::Advanced::of(self.database.into(), advanced));
        }
    }

    fn resumes(&mut self, progress: &Position) {
        self.printer.status("Resuming", format!("{}: {}", progress.name, so_far(progress)));
        self.printer.message(|| messages::Resumed(messages::UnderWay::of(self.database.into(), progress, None)));
    }

    fn drifted(&mut self, drifted: &Drifted) {
        say_drift(self.printer, drifted, self.database);
    }

    fn applied(&mut self, applied: &Applied) {
        self.done += 1;
        let after = self.folder.find(&applied.name).and_then(|one| self.folder.migrations().get(one.index + 1));
        self.next = after.map(|next| next.name.to_string());
        let way = if applied.in_place { ", in place" } else { "" };
        self.printer.status("Applied", format!("{} ({}{way})", applied.name, Elapsed(applied.milliseconds)));
        self.printer.message(|| messages::Applied {
            on: self.database.into(),
            name: applied.name.clone(),
            milliseconds: applied.milliseconds,
            in_place: applied.in_place,
        });
        for one in &applied.restored {
            say_restored(self.printer, || self.database.into(), (&applied.name, false), one);
        }
    }
}
