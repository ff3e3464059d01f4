//! Templates: a database for each schema, made once, of which each test gets a copy.
//!
//! The name of a template says all that it was made of. It gets its name when it is whole, and by one process while the
//! others wait, so that none is used that is half written or of another schema.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::{
    Applied, ApplyError, Database, Loss, Observer, Options, Target as _, apply_pending_with,
};
use dbmigrate_core::folder::Folder;
use pollster::block_on;

use super::engine;
use super::from_test::with_help;
use super::place::{self, Place};
use super::request::{Request, Until};
use super::seed::Seed;
use crate::MigrateError;

/// After how long a template that was not made again is removed.
const MOST_AGE: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// What the templates of other versions of this crate are told by.
const FORMAT: &str = concat!("1-", env!("CARGO_PKG_VERSION"));

/// The template for a request, which is made if it is not there.
///
/// # Errors
/// What is wrong with the migrations, or with the disk, with what to do about it.
pub(super) fn template(place: &Place, request: &Request) -> Result<PathBuf, String> {
    static KNOWN: Mutex<Option<HashMap<String, PathBuf>>> = Mutex::new(None);
    let seed = request.seed.map(|set| Seed::of(request, set)).transpose()?;
    let key = key(request, seed.as_ref());
    // threads wait here, and processes for the lock
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    if let Some(path) = known.get(&key) {
        return Ok(path.clone());
    }
    let path = place.template(&key);
    if !path.is_file() {
        made(&path, request, seed.as_ref())?;
    }
    known.insert(key, path.clone());
    Ok(path)
}

/// All that decides about the template.
fn key(request: &Request, seed: Option<&Seed>) -> String {
    let mut key = format!("{}-{FORMAT}-{}", engine::NAME, request.checksum());
    match request.until {
        Until::Head => {}
        Until::Before(name) => key.extend(["-before-", name]),
        Until::At(name) => key.extend(["-at-", name]),
    }
    if request.has_steps() {
        key.push_str(&program());
    }
    if let Some(seed) = seed {
        key.extend(["-", seed.hash()]);
    }
    key
}

/// The program that runs, told from others by its size and its time: what its steps do, no checksum tells.
fn program() -> String {
    let metadata = std::env::current_exe().and_then(std::fs::metadata).ok();
    let modified = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
    let age = modified.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).unwrap_or_default();
    format!("-{}-{}", metadata.map_or(0, |metadata| metadata.len()), age.as_nanos())
}

/// Makes a template, unless somebody else does.
fn made(path: &Path, request: &Request, seed: Option<&Seed>) -> Result<(), String> {
    let failed = |error: io::Error| format!("cannot make a database for tests at `{}`: {error}", path.display());
    let _lock = place::locked(&path.with_extension("lock")).map_err(failed)?;
    if path.is_file() {
        return Ok(());
    }
    remove_old(path);
    let unfinished = path.with_extension("new");
    // of a process that was killed
    place::remove(&unfinished);
    fill(&unfinished, request).map_err(|error| {
        place::remove(&unfinished);
        with_help(format!("cannot make a database for tests: {error}"), error.help())
    })?;
    if let Some(Err(error)) = seed.map(|seed| seed.write(&unfinished)) {
        place::remove(&unfinished);
        return Err(error);
    }
    // the name must not be there before the bytes are
    std::fs::File::open(&unfinished).and_then(|file| file.sync_all()).map_err(failed)?;
    std::fs::rename(&unfinished, path).map_err(failed)
}

/// Applies the migrations to a new file.
fn fill(path: &Path, request: &Request) -> Result<(), MigrateError> {
    let folder = request.folder()?;
    let failed = |error: EngineError| MigrateError::engine("cannot create a file", error);
    let connection = engine::open(path).map_err(failed)?;
    let mut database =
        Database::from_connection(connection).ignoring(request.ignored()?).with_steps(Arc::new(request.steps()));
    if let Some(to) = last(&folder, request.until)? {
        let options = Options { to: Some(to), ..Options::default() };
        block_on(apply_pending_with(&mut database, &folder, options, &mut Quiet))?;
    }
    block_on(database.finish()).map_err(failed)
}

/// The last migration that a database gets, if it gets one.
///
/// # Errors
/// If there is none of that name.
pub(super) fn last(folder: &Folder, until: Until) -> Result<Option<&str>, MigrateError> {
    let find = |name: &str| folder.find(name).ok_or_else(|| ApplyError::Unknown { name: name.to_owned() });
    let last = match until {
        Until::Head => folder.head(),
        Until::At(name) => Some(find(name)?),
        Until::Before(name) => find(name)?.index.checked_sub(1).map(|before| &folder.migrations()[before]),
    };
    Ok(last.map(|migration| migration.name.as_str()))
}

/// Removes templates of schemas that were once.
fn remove_old(path: &Path) {
    let Some(entries) = path.parent().and_then(|templates| std::fs::read_dir(templates).ok()) else { return };
    for entry in entries.flatten() {
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let is_old = modified.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > MOST_AGE));
        // a lock may be held
        if is_old && entry.path().extension().is_some_and(|extension| extension == "db") {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Says nothing while migrations are applied.
pub(super) struct Quiet;

impl Observer for Quiet {
    fn begin(&mut self, _: &str, _: usize, _: usize) {}
    fn loses(&mut self, _: &Loss) {}
    fn applied(&mut self, _: &Applied) {}
}
