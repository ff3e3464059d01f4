//! `migrate --dry-run`: takes every answer that the real run would take, by making the run where nothing of it stays.

use dbmigrate_core::engine::apply::Target as _;
use dbmigrate_core::engine::apply::{
    Announcement, Applied, Drifted, Loss, Observer, Options, Restored, Standing, apply_pending_with, inspect, waiting,
};
use dbmigrate_core::engine::engines::Turso;
use dbmigrate_core::folder::{Folder, Migration, Script};
use dbmigrate_core::lint::Target;
use pollster::block_on;

use super::said::{announce, say_drift};
use crate::database::contradicted::Others;
use crate::database::rehearsal::Rehearsal;
use crate::database::state::{failure, failure_of_run};
use crate::database::{file, open};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::linting::run::Look;
use crate::linting::shown::{Place, Shown};
use crate::linting::{Set, probes};
use crate::messages;
use crate::project::Context;
use crate::project::url::DatabaseUrl;
use crate::rehearsing::refuse_for_server;
use crate::report::loss::say_loss;
use crate::report::progress::Progress;
use crate::report::restored::say_restored;
use crate::report::{Printer, counted};
use crate::structs;

/// Runs it and returns the exit code.
///
/// # Errors
/// What the real run would end with.
pub(super) fn run(
    (context, set): (&Context, &Set),
    folder: &Folder,
    url: &DatabaseUrl,
    options: Options<'_>,
    retries: u32,
) -> Result<u8> {
    let shown = url.to_string();
    let printer = &context.printer;
    let failed = |error| failure(error, url.into());
    let mut observer = Rehearsed::new(printer, url);
    // a file tells more cheaply than by a copy that there is nothing to do, and what is in the way of all migrations
    if url.file().is_some() && file::exists(url)? {
        let mut database = open(context, url, false)?;
        let (status, standing) = block_on(inspect(&mut database, folder)).map_err(failed)?;
        let waiting = waiting(folder, status.applied, options).map_err(failed)?;
        match standing {
            Standing::Drifted(drifted) if options.accept_drift => {
                if waiting.is_empty() {
                    say_drift(printer, &drifted, url);
                }
            }
            other => {
                if let Some(error) = other.into_error() {
                    return Err(failed(error));
                }
            }
        }
        if waiting.is_empty() {
            return Ok(say_pending(context, folder, &shown, 0, options));
        }
    }
    let mut rehearsal = Rehearsal::of(context, url, retries)?;
    let result = block_on(apply_pending_with(rehearsal.database(), folder, options, &mut observer));
    observer.progress = None;
    let outcome = result.map_err(|error| {
        let others = Others::of(rehearsal.database(), &error);
        refused(others.behind(failure_of_run(error, url.into())), observer.begun)
    })?;
    let waiting = waiting(folder, outcome.before, options).map_err(failed)?;
    if url.file().is_none() {
        let is_turso = rehearsal.database().turso() == Some(Turso::Runs);
        waiting.iter().try_for_each(|migration| refuse_for_server(folder, migration, is_turso)).map_err(failed)?;
    }
    let texts = waiting.iter().map(|migration| text_of(printer, folder, migration, url)).collect::<Result<Vec<_>>>()?;
    if !texts.is_empty() {
        let label = printer.label().map(|(what, name)| format!("-- {what}: {name}\n\n")).unwrap_or_default();
        printer.result(label + &texts.join("\n\n"));
    }
    observer.say();
    lint(context, folder, (url, &mut rehearsal), waiting, set);
    if let Some(first) = waiting.get(outcome.applied.len()) {
        let message = format!("`{}` and later migrations were not tried: it runs outside a transaction", first.name);
        printer.warning(&message, &[]);
    }
    Ok(say_pending(context, folder, &shown, waiting.len(), options))
}

/// Says what lints find in what is pending, with the rows of the database. Whatever becomes of it, the real run does not lint.
fn lint(
    context: &Context,
    folder: &Folder,
    (url, rehearsal): (&DatabaseUrl, &mut Rehearsal),
    waiting: &[Migration],
    set: &Set,
) {
    let target = Target { is_server: url.file().is_none(), ..Target::default() };
    let declared = structs::glance(context);
    let waiting: Vec<&Migration> = waiting.iter().collect();
    let look = Look { set, target: &target, declared: declared.as_ref(), questions: None };
    // the rehearsal of a file has all of them already, that of a server has rolled them back
    let original = match file::exists(url) {
        Ok(true) if url.file().is_some() => open(context, url, false).ok(),
        _ => None,
    };
    let connection = match (&original, url.file()) {
        (Some(original), _) => Some(original.connection()),
        (None, Some(_)) => None,
        (None, None) => Some(rehearsal.database().connection()),
    };
    match probes::pending(folder, &waiting, look, connection) {
        Ok(Ok(linted)) => context.printer.diagnostics(&Shown::of(&linted, set, Place::Preview).warnings),
        Ok(Err(error)) => {
            context.printer.warning(&format!("cannot count the rows that lints are about: {error}"), &[]);
        }
        // what cannot be read was an error before
        Err(_) => {}
    }
}

fn say_pending(context: &Context, folder: &Folder, database: &str, count: usize, options: Options<'_>) -> u8 {
    let printer = &context.printer;
    let verb = if count == 0 { "Unchanged" } else { "Pending" };
    let what = if count == 0 { "nothing to apply".to_owned() } else { counted(count, "migration") };
    printer.status(verb, format!("{database}: {what}, nothing was changed"));
    if count == 0 && options.to.is_none() {
        structs::warn_if_ahead(context, folder);
    }
    exit::DONE
}

/// The error of the real run, with what would have been done before it.
fn refused(error: CommandError, before: usize) -> CommandError {
    let error = match before {
        0 => error,
        1 => error.note("1 migration before it would be applied and kept"),
        count => error.note(format!("{count} migrations before it would be applied and kept")),
    };
    if error.notes().iter().any(|note| note == UNTOUCHED) { error } else { error.note(UNTOUCHED) }
}

const UNTOUCHED: &str = "nothing was changed";

/// The SQL of a migration, which begins with its name. Programs get it as an object.
fn text_of(printer: &Printer, folder: &Folder, migration: &Migration, url: &DatabaseUrl) -> Result<String> {
    let text = folder.sql(migration)?;
    let count = Script::parse(&text, &folder.sql_path(migration))?.statements.len();
    let name = migration.name.as_str();
    printer.message(|| messages::Pending {
        on: url.into(),
        name: name.to_owned(),
        statements: count,
        sql: text.clone(),
    });
    let begins = format!("-- {name}");
    let has_its_name = text.lines().next().is_some_and(|line| line.trim_end() == begins);
    let title = if has_its_name { String::new() } else { format!("{begins}\n") };
    Ok(format!("{title}{}", text.trim_end()))
}

/// Shows how far it is, and keeps what is said when all went well.
struct Rehearsed<'p> {
    printer: &'p Printer,
    database: &'p DatabaseUrl,
    progress: Option<Progress>,
    /// How many went well.
    begun: usize,
    losses: Vec<Loss>,
    announcements: Vec<(String, Announcement)>,
    restored: Vec<(String, Restored)>,
}

impl<'p> Rehearsed<'p> {
    fn new(printer: &'p Printer, database: &'p DatabaseUrl) -> Self {
        let (losses, announcements, restored) = (Vec::new(), Vec::new(), Vec::new());
        Self { printer, database, progress: None, begun: 0, losses, announcements, restored }
    }

    fn say(&self) {
        for loss in &self.losses {
            say_loss(self.printer, "Would drop", loss);
        }
        for (name, announcement) in &self.announcements {
            announce(self.printer, name, announcement);
        }
        for (name, one) in &self.restored {
            say_restored(self.printer, || self.database.into(), (name, true), one);
        }
    }
}

impl Observer for Rehearsed<'_> {
    fn begin(&mut self, name: &str, _: usize, of: usize) {
        let progress = self.progress.get_or_insert_with(|| self.printer.progress("Trying out", of as u64));
        progress.step(self.begun as u64, name);
    }

    fn loses(&mut self, loss: &Loss) {
        self.losses.push(loss.clone());
    }

    fn announce(&mut self, name: &str, announcement: &Announcement) {
        self.announcements.push((name.to_owned(), announcement.clone()));
    }

    fn drifted(&mut self, drifted: &Drifted) {
        say_drift(self.printer, drifted, self.database);
    }

    fn applied(&mut self, applied: &Applied) {
        self.begun += 1;
        self.restored.extend(applied.restored.iter().map(|one| (applied.name.clone(), one.clone())));
    }
}
