//! Reads the folder: the migrations in drizzle-kit's order, with their SQL and their snapshots.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::about::ABOUT;
use super::json::{DIALECTS, read_json};
use super::outline::Outline;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::tools::about::Sign;
use crate::tools::folder::{Entry, ToolFolder};
use crate::tools::listing::Listing;
use crate::tools::text::{Text, sha256};
use crate::tools::warning::Warning;

/// The journal's place in the folder.
const JOURNAL: &str = "meta/_journal.json";
/// The SQL in the directory of a migration, from 1.0 on.
pub(super) const SQL_FILE: &str = "migration.sql";
/// The versions of journals that are read.
const VERSIONS: std::ops::RangeInclusive<u32> = 5..=7;
/// How a folder is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// `meta/_journal.json` lists `0000_name.sql`. A migration is skipped if it is older than the last applied one.
    Journal,
    /// `20260101120000_name/migration.sql`, from 1.0 on. Migrations are applied whatever their age.
    Directories,
}

impl Layout {
    /// That of a folder that was read.
    pub(super) fn of(folder: &ToolFolder) -> Self {
        match folder.entries.iter().any(|entry| entry.file.ends_with(SQL_FILE)) {
            true => Self::Directories,
            false => Self::Journal,
        }
    }
}

/// When a migration was generated, in milliseconds since 1970, which also identifies it in databases.
pub(super) fn when(entry: &Entry) -> i64 {
    entry.key.parse().unwrap_or_default()
}

#[derive(Deserialize)]
struct Journal {
    version: String,
    dialect: String,
    entries: Vec<JournalEntry>,
}

#[derive(Deserialize)]
struct JournalEntry {
    when: i64,
    tag: String,
}

/// Reads a folder.
///
/// # Errors
/// If it is none of drizzle-kit's, is not for SQLite, or is not whole.
pub(super) fn read(path: &Path) -> Result<ToolFolder> {
    let listing = Listing::read(path)?;
    if listing.has(JOURNAL) {
        return read_journal(&listing);
    }
    let entries = read_directories(&listing)?;
    if !entries.is_empty() {
        return Ok(ToolFolder { path: listing.path, entries, warnings: Vec::new() });
    }
    let lacks = format!("it has no `{JOURNAL}`, and no folder such as `20260101120000_name` with a `{SQL_FILE}`");
    Err(listing.is_none_of("drizzle-kit", &lacks, ABOUT.folder_help))
}

/// Whether a folder looks like one of drizzle-kit's.
pub(super) fn sign(listing: &Listing) -> Sign {
    let is_whole = |name: &str| listing.path.join(name).join("snapshot.json").is_file();
    let has_directories =
        || listing.with(SQL_FILE).any(|name| name.get(..14).and_then(milliseconds).is_some() && is_whole(name));
    Sign::if_sure(listing.has(JOURNAL) || has_directories())
}

fn read_journal(listing: &Listing) -> Result<ToolFolder> {
    let path = &listing.path;
    let file = path.join(JOURNAL);
    let journal: Journal = read_json(&file)?;
    let wrong = |message: String| CommandError::usage(message).at(file.display());
    if !DIALECTS.contains(&journal.dialect.as_str()) {
        return Err(wrong(format!("the folder is for `{}`, not SQLite or Turso", journal.dialect)));
    }
    match journal.version.parse::<u32>() {
        Ok(version) if VERSIONS.contains(&version) => {}
        Ok(version) if version < *VERSIONS.start() => {
            return Err(wrong(format!("the journal has version {version}, which is too old"))
                .help("upgrade it: `npx drizzle-kit up`"));
        }
        _ => return Err(wrong(format!("the journal has the unknown version `{}`", journal.version))),
    }
    let mut entries: Vec<Entry> = Vec::with_capacity(journal.entries.len());
    let mut tags = BTreeSet::new();
    for JournalEntry { when, tag } in journal.entries {
        let is_name = !tag.is_empty() && !tag.contains(['/', '\\', '\0']);
        if !is_name || !tags.insert(tag.clone()) {
            let what = if is_name { "listed twice" } else { "not a file name" };
            return Err(CommandError::new(exit::INCONSISTENT, format!("`{tag}` is {what}")).at(file.display()));
        }
        let number = tag.split('_').next().unwrap_or_default();
        let snapshot = path.join("meta").join(format!("{number}_snapshot.json"));
        let sql = path.join(format!("{tag}.sql"));
        entries.push(read_entry(tag, when, sql, &snapshot, Some(&file))?);
    }
    let mut warnings = Vec::new();
    for tag in listing.stems(".sql").filter(|tag| !tags.contains(*tag)) {
        let message = format!("skipped `{tag}.sql`: it is not in the journal, so drizzle-kit never applied it");
        warnings.push(Warning::new(message));
    }
    Ok(ToolFolder { path: path.clone(), entries, warnings })
}

fn read_directories(listing: &Listing) -> Result<Vec<Entry>> {
    let date = |name: &str| name.get(..14).and_then(milliseconds);
    let names: Vec<&str> = listing.with(SQL_FILE).collect();
    if !names.iter().any(|name| date(name).is_some()) {
        return Ok(Vec::new());
    }
    let mut entries = Vec::with_capacity(names.len());
    for name in names {
        let directory = listing.path.join(name);
        let Some(when) = date(name) else {
            let message =
                format!("`{}` does not start with its date, as in `20260101120000_name`", directory.display());
            return Err(CommandError::new(exit::INCONSISTENT, message));
        };
        entries.push(read_entry(
            name.to_owned(),
            when,
            directory.join(SQL_FILE),
            &directory.join("snapshot.json"),
            None,
        )?);
    }
    Ok(entries)
}

fn read_entry(tag: String, when: i64, file: PathBuf, snapshot: &Path, journal: Option<&Path>) -> Result<Entry> {
    let text = Text::read(&file, journal)?;
    let outline = if snapshot.is_file() { Some(Outline::read(snapshot)?) } else { None };
    let title = match tag.split_once('_') {
        Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => rest.to_owned(),
        _ => tag.clone(),
    };
    let (key, checksums, sql) = (when.to_string(), text.checksums(sha256), text.sql);
    Ok(Entry { tag, title, key, file, sql, down: None, checksums, outline })
}

/// Days from the first of March of the year 0 to 1970.
const DAYS_TO_1970: i64 = 719_468;

/// The milliseconds since 1970 of `YYYYMMDDhhmmss` in UTC.
fn milliseconds(date: &str) -> Option<i64> {
    if date.len() != 14 || !date.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| date[from..to].parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let seconds = number(8, 10)? * 3600 + number(10, 12)? * 60 + number(12, 14)?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // days of the Gregorian calendar, years beginning in March so that the leap day comes last
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    Some(((days - DAYS_TO_1970) * 86_400 + seconds) * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_the_milliseconds_that_drizzle_makes_of_them() {
        assert_eq!(milliseconds("19700101000000"), Some(0));
        // from the fixture: what drizzle-orm has recorded for these directories
        assert_eq!(milliseconds("20261122234435"), Some(1_795_391_075_000));
        assert_eq!(milliseconds("20240229235959"), Some(1_709_251_199_000));
        assert_eq!(milliseconds("20000301000000"), Some(951_868_800_000));
        for wrong in ["", "2026112223443", "20261322234435", "2026-11-22T23:", "ünicodeünicode"] {
            assert_eq!(milliseconds(wrong), None, "{wrong}");
        }
    }
}
