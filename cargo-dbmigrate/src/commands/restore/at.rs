//! `restore --at`: a new database of Turso Cloud that has what another one had at a point in time.

use dbmigrate_core::engine::apply::{Database, Record, Target as _};
use pollster::block_on;

use crate::database::open;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages;
use crate::project::Context;
use crate::project::url::{Connect, DatabaseUrl};
use crate::report::counted;
use crate::turso::moment::Moment;
use crate::turso::{Cloud, Copied, Fingerprint, answers, copy, drop_again, name, refuse_others};

/// What needs a database of Turso Cloud.
const WHAT: &str = "`--at`";
/// What a point in time may lack, in seconds.
const LACKS: i64 = 15;

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(super) fn run(context: &Context, at: &str, connect: &Connect) -> Result<u8> {
    let now = Moment::now();
    let at = Moment::parse(at, now).map_err(|wrong| {
        CommandError::usage(format!("cannot read `--at`: {wrong}")).help(format!("such as `--at {now}`"))
    })?;
    if at > now {
        let message = format!("`--at` is in the future: {at}, and now it is {now}");
        return Err(CommandError::usage(message).help("times are in UTC, unless they have an offset, such as `+02:00`"));
    }
    let url = context.database(connect)?;
    refuse_others(&url, WHAT)?;
    let untouched = |error: CommandError| error.note(format!("`{url}` was not changed"));
    let cloud = Cloud::of(context, &url, WHAT)?;
    let subject = url.target().map_or(cloud.database.name.as_str(), |target| &target.name);
    let name = name::of_restored(subject, at, &cloud.organization);
    let when = at.to_string();
    let copied = copy(context, &cloud, &url, (&name, Some(&when))).map_err(untouched)?;
    let verified = verify(context, &url, copied, at);
    let verified = verified.map_err(|error| untouched(drop_again(&cloud, &name, error)))?;
    say(context, &url, &verified, at);
    Ok(exit::DONE)
}

/// A database that was verified.
struct Verified {
    name: String,
    url: DatabaseUrl,
    found: Fingerprint,
    history: Vec<Record>,
}

/// Compares what was made with what the history of the original says of that time.
fn verify(context: &Context, url: &DatabaseUrl, mut copied: Copied, at: Moment) -> Result<Verified> {
    let found = answers(copied.database.connection(), &copied.url)?;
    let read = |database: &mut Database| block_on(database.history());
    let history = read(&mut copied.database).map_err(|error| {
        CommandError::failed(format!("the history of the new database `{}` cannot be read: {error}", copied.url))
    })?;
    // the original may be what is broken
    match open(context, url, false).ok().and_then(|mut database| read(&mut database).ok()) {
        Some(original) => compare(&original, &history, &found, at)?,
        None => context.printer.warning(
            &format!("`{url}` cannot be read, so the history of the new database is not compared with it"),
            &[],
        ),
    }
    Ok(Verified { name: copied.name, url: copied.url, found, history })
}

/// What was applied before that time must be there, and nothing of what came later.
fn compare(original: &[Record], history: &[Record], found: &Fingerprint, at: Moment) -> Result<()> {
    let since = |record: &Record| Moment::parse(&record.applied_at, at).ok();
    let is_before = |record: &&Record| since(record).is_some_and(|time| time.plus(LACKS) <= at);
    let is_later = |record: &&Record| since(record).is_some_and(|time| time > at.plus(LACKS));
    let is_same = |one: &Record, other: &Record| one.name == other.name && one.checksum == other.checksum;
    if let Some(lacks) =
        original.iter().filter(is_before).find(|record| !history.iter().any(|other| is_same(record, other)))
    {
        let what = if found.is_empty() { "is empty" } else { "lacks a migration" };
        return Err(CommandError::failed(format!("the new database {what}, so it is not the one as of {at}"))
            .note(format!("`{}` was applied at {}", lacks.name, lacks.applied_at)));
    }
    if let Some(later) = history.iter().find(is_later) {
        return Err(CommandError::failed(format!(
            "the new database has `{}`, which was applied at {}, so it is not the one as of {at}",
            later.name, later.applied_at
        )));
    }
    Ok(())
}

fn say(context: &Context, url: &DatabaseUrl, verified: &Verified, at: Moment) {
    let Verified { name, url: new, found, history } = verified;
    let last = history.last().map_or("no migration".to_owned(), |record| format!("`{}`", record.name));
    let (tables, rows) = (found.tables(), usize::try_from(found.rows()).unwrap_or_default());
    let counts = format!("{}, {}", counted(tables, "table"), counted(rows, "row"));
    context.printer.status(
        "Restored",
        format!(
            "{url} as of {at} to {new}\n{counts}, at {last}; it may lack the last {LACKS} seconds before that time"
        ),
    );
    context.printer.message(|| messages::RestoredAt {
        on: url.into(),
        name: name.clone(),
        restored: new.to_string(),
        at: at.to_string(),
        tables,
        rows,
        last: history.last().map(|record| record.name.clone()),
    });
    context.printer.next(&[
        format!(
            "to use it: `{}`, with a token of its own: `turso db tokens create {name}`",
            url.in_place(&new.to_string())
        ),
        format!("`{url}` was not changed"),
        format!("when it is no longer needed: `cargo dbmigrate branch drop {name}`"),
    ]);
}
