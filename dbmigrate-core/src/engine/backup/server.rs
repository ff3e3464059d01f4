//! Copies a database on a server: everything is read in one transaction, in pages of rows by their keys, while what
//! came before is hashed and written.
//!
//! What is read is what is there when the transaction begins, however long it takes; nobody waits for it. A server closes
//! a stream from which it hears nothing for 10 s, so it hears something even while the copy cannot be written as fast as
//! it is read. Text that is not UTF-8 cannot be sent: the server gives up the request and the stream with it. All is read
//! once more then, with text as bytes.

mod pages;
mod snapshot;

use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::time::Duration;

use super::build::Build;
use super::error::BackupError;
use super::fingerprint::{Contents, Rows, of_schema};
use super::inventory::Inventory;
use super::page::Page;
use super::publish::Part;
use super::verify::{joined, sound_copy};
use super::{At, Progress};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::remote::Client;
use crate::sql::Name;
use pages::Pages;
use snapshot::{CountedBy, Snapshot};

/// How many pages may wait until they are written.
const WAITING: usize = 1;

/// After so long without a request the server hears something.
const KEEP_ALIVE: Duration = Duration::from_secs(3);

/// How often all is read from the beginning if the transaction is lost.
const ATTEMPTS: u32 = 3;

/// What is read of a table.
enum Read {
    /// Rows of the table of this number.
    Rows(usize, Page),
    /// That was the last row of the table of this number.
    Whole(usize),
    /// Nothing comes behind it.
    End(End),
}

/// What is asked for when all rows were read.
struct End {
    /// How many rows violate foreign keys.
    violations: Option<u64>,
    /// How many rows the tables have.
    counts: Vec<u64>,
}

/// How text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Text {
    /// As text.
    Plain,
    /// As bytes.
    Bytes,
}

/// Copies the database of a server, and returns what was read.
pub(super) fn copy(client: &Client, part: &Part, progress: &dyn Progress) -> Result<Contents, BackupError> {
    let mut text = Text::Plain;
    let mut attempt = 1;
    loop {
        match copy_once(client, part, text, progress) {
            Err(BackupError::Source(error)) if text == Text::Plain && is_no_text(&error) => text = Text::Bytes,
            Err(BackupError::Source(error)) if attempt < ATTEMPTS && is_over(&error) => attempt += 1,
            result => return result,
        }
        part.remove();
    }
}

/// Whether that is what a server says of text that is not UTF-8.
fn is_no_text(error: &EngineError) -> bool {
    error.message.contains("utf-8") || error.message.contains("UTF-8")
}

/// Whether the transaction is gone.
fn is_over(error: &EngineError) -> bool {
    matches!(error.kind, ErrorKind::StreamExpired | ErrorKind::Stolen)
}

/// What the database of a server has in it, of the tables that are meant.
pub(super) fn read_contents(client: &Client, is_meant: impl Fn(&Name) -> bool) -> Result<Contents, EngineError> {
    let mut text = Text::Plain;
    loop {
        match read_once(client, text, &is_meant) {
            Err(error) if text == Text::Plain && is_no_text(&error) => text = Text::Bytes,
            result => return result,
        }
    }
}

fn read_once(client: &Client, text: Text, is_meant: &impl Fn(&Name) -> bool) -> Result<Contents, EngineError> {
    let mut snapshot = Snapshot::begin(client)?;
    let inventory = snapshot.inventory()?;
    let mut tables = Vec::new();
    for table in inventory.tables.iter().filter(|table| is_meant(&table.name)) {
        let (mut rows, mut pages) = (Rows::default(), Pages::of(table, text));
        while let Some(page) = pages.next(&mut snapshot)? {
            page.hash(&mut rows);
        }
        tables.push(rows.finish(table));
    }
    let contents = Contents {
        schema: of_schema(inventory.own_objects().filter(|object| is_meant(&object.table))),
        tables,
        foreign_key_violations: snapshot.foreign_key_violations()?,
        settings: inventory.settings,
        uncompared: Vec::new(),
    };
    snapshot.end();
    Ok(contents)
}

fn copy_once(client: &Client, part: &Part, text: Text, progress: &dyn Progress) -> Result<Contents, BackupError> {
    let mut snapshot = Snapshot::begin(client).map_err(BackupError::of_source)?;
    let inventory = snapshot.inventory().map_err(BackupError::of_source)?;
    // for the order, and for whoever waits; what has to be true is counted in the end, while indexes are written here
    let about = snapshot.counts(&inventory, CountedBy::Anything).map_err(BackupError::of_source)?;
    let text = if inventory.settings.encoding.eq_ignore_ascii_case("utf-8") { text } else { Text::Bytes };
    let to = part.path();
    let failed = BackupError::copy(to);
    let mut build = Build::begin(to, &inventory).map_err(&failed)?;
    let End { violations, counts } = std::thread::scope(|scope| {
        let (pages, read) = mpsc::sync_channel(WAITING);
        let inventory = &inventory;
        let order = build.order(&about);
        let reader = scope.spawn(move || read_all(snapshot, inventory, &order, text, &pages));
        let written = write_all(&mut build, inventory, &about, &read, progress);
        // a reader that waits for room learns that nobody wants more
        drop(read);
        let reading = joined(reader);
        match written {
            // what the reader says is why there is no more
            Ok(Written::Part) => Err(BackupError::of_source(reading.err().unwrap_or_else(lost))),
            Ok(Written::All(end)) => reading.map(|()| end).map_err(BackupError::of_source),
            Err(error) => Err(failed(error)),
        }
    })?;
    let (tables, followed) = build.finish(&inventory).map_err(&failed)?;
    let mut contents = Contents {
        schema: of_schema(inventory.own_objects()),
        tables,
        foreign_key_violations: violations,
        settings: inventory.settings.clone(),
        uncompared: Vec::new(),
    };
    progress.at(At::Verifying);
    compare(&inventory, &counts, &contents)?;
    let copy = sound_copy(to, followed)?;
    contents.uncompared.clone_from(&copy.uncompared);
    match contents.differences(&copy) {
        same if same.is_empty() => Ok(contents),
        differences => Err(BackupError::Differs { differences }),
    }
}

/// Whether as many rows came as the server has counted.
fn compare(inventory: &Inventory, counts: &[u64], contents: &Contents) -> Result<(), BackupError> {
    let pairs = inventory.tables.iter().zip(counts).zip(&contents.tables);
    let missed = pairs.filter(|((_, count), table)| **count != table.rows);
    let differences: Vec<String> = missed
        .map(|((table, count), read)| format!("{} of the {count} rows of `{}` were read", read.rows, table.name))
        .collect();
    if differences.is_empty() { Ok(()) } else { Err(BackupError::Differs { differences }) }
}

/// What came of writing what was read.
enum Written {
    /// All of it.
    All(End),
    /// The end of it never came.
    Part,
}

/// Writes what is read.
fn write_all(
    build: &mut Build,
    inventory: &Inventory,
    counts: &[u64],
    read: &Receiver<Read>,
    progress: &dyn Progress,
) -> Result<Written, EngineError> {
    loop {
        match read.recv() {
            Ok(Read::Rows(table, rows)) => {
                let done = build.write(table, &inventory.tables[table], rows)?;
                let (name, of) = (&inventory.tables[table].name, counts.get(table).copied().unwrap_or_default());
                progress.at(At::Rows { table: name, done, of });
            }
            Ok(Read::Whole(table)) => build.complete(table)?,
            Ok(Read::End(end)) => return Ok(Written::All(end)),
            Err(_) => return Ok(Written::Part),
        }
    }
}

/// Reads everything.
fn read_all(
    mut snapshot: Snapshot,
    inventory: &Inventory,
    order: &[usize],
    text: Text,
    pages: &SyncSender<Read>,
) -> Result<(), EngineError> {
    for number in order.iter().copied() {
        let mut of_table = Pages::of(&inventory.tables[number], text);
        while let Some(rows) = of_table.next(&mut snapshot)? {
            if !hand_over(&mut snapshot, pages, Read::Rows(number, rows))? {
                return Ok(());
            }
        }
        if !hand_over(&mut snapshot, pages, Read::Whole(number))? {
            return Ok(());
        }
    }
    let violations = snapshot.foreign_key_violations()?;
    let counts = snapshot.counts(inventory, CountedBy::Rows)?;
    hand_over(&mut snapshot, pages, Read::End(End { violations, counts }))?;
    snapshot.end();
    Ok(())
}

/// Hands a page over, while the server hears that somebody is there. Returns whether more is wanted.
fn hand_over(snapshot: &mut Snapshot, pages: &SyncSender<Read>, mut page: Read) -> Result<bool, EngineError> {
    // what it waits longer than it has to, the server does nothing
    let pause = Duration::from_millis(1);
    let mut waited = Duration::ZERO;
    loop {
        page = match pages.try_send(page) {
            Ok(()) => return Ok(true),
            Err(TrySendError::Disconnected(_)) => return Ok(false),
            Err(TrySendError::Full(page)) => page,
        };
        std::thread::sleep(pause);
        waited += pause;
        if waited >= KEEP_ALIVE {
            snapshot.keep_alive()?;
            waited = Duration::ZERO;
        }
    }
}

fn lost() -> EngineError {
    let message = "the transaction ended before everything was read".to_owned();
    EngineError { kind: ErrorKind::StreamExpired, message }
}
