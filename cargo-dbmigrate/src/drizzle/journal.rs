//! Reads the folder: the migrations in drizzle-kit's order, with their SQL and their snapshots.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use dbmigrate_core::folder::Checksum;
use dbmigrate_core::folder::error::InGit;
use dbmigrate_core::sql::line_ends;
use serde::Deserialize;

use super::json::{DIALECTS, read_json};
use super::outline::Outline;
use super::warning::Warning;
use crate::error::{CommandError, Result};
use crate::project::path;
use crate::{exit, git};

/// The journal's place in the folder.
const JOURNAL: &str = "meta/_journal.json";
/// The SQL in the directory of a migration, from 1.0 on.
pub(super) const SQL_FILE: &str = "migration.sql";
/// The versions of journals that are read.
const VERSIONS: std::ops::RangeInclusive<u32> = 5..=7;
/// A migrations folder of drizzle-kit.
#[derive(Debug)]
pub(crate) struct DrizzleFolder {
    /// Where it is, as it can be shown.
    pub path: PathBuf,
    /// How it is laid out.
    pub layout: Layout,
    /// The migrations, in the order in which drizzle-kit applies them.
    pub entries: Vec<Entry>,
    /// What is odd about it.
    pub warnings: Vec<Warning>,
}

/// How a folder is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// `meta/_journal.json` lists `0000_name.sql`. A migration is skipped if it is older than the last applied one.
    Journal,
    /// `20260101120000_name/migration.sql`, from 1.0 on. Migrations are applied whatever their age.
    Directories,
}

/// A migration of drizzle-kit.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Its name: `0000_opening`, `20260101120000_opening`.
    pub tag: String,
    /// When it was generated, in milliseconds since 1970, which also identifies it in databases.
    pub when: i64,
    /// The SQL file, as it can be shown.
    pub file: PathBuf,
    /// The SQL, its line ends `\n`.
    pub sql: String,
    /// SHA-256 of the file, as it is and with the line ends of either platform.
    hashes: [String; 3],
    /// What drizzle-kit thinks it leads to, if its snapshot is there.
    pub outline: Option<Outline>,
}

impl Entry {
    /// Whether the database recorded this very text.
    pub(crate) fn has_hash(&self, hash: &str) -> bool {
        self.hashes.iter().any(|own| own == hash)
    }

    /// The tag without its number or date.
    pub(crate) fn title(&self) -> &str {
        match self.tag.split_once('_') {
            Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => rest,
            _ => &self.tag,
        }
    }
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
pub(crate) fn read(path: &Path) -> Result<DrizzleFolder> {
    let path = path::for_display(path);
    if path.join(JOURNAL).is_file() {
        return read_journal(path);
    }
    let entries = read_directories(&path)?;
    if !entries.is_empty() {
        return Ok(DrizzleFolder { path, layout: Layout::Directories, entries, warnings: Vec::new() });
    }
    let shown = path.display();
    let error = if path.is_dir() {
        CommandError::usage(format!("`{shown}` is not a migrations folder of drizzle-kit"))
            .note(format!("it has no `{JOURNAL}`, and no folder such as `20260101120000_name` with a `{SQL_FILE}`"))
    } else {
        CommandError::failed(format!("no such folder: `{shown}`"))
    };
    Err(error.help("pass the folder that `drizzle.config.ts` has as `out`: `cargo dbmigrate pull --from-drizzle DIR`"))
}

fn read_journal(path: PathBuf) -> Result<DrizzleFolder> {
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
    for name in file_names(&path)? {
        if let Some(tag) = name.strip_suffix(".sql").filter(|tag| !tags.contains(*tag)) {
            let message = format!("skipped `{tag}.sql`: it is not in the journal, so drizzle-kit never applied it");
            warnings.push(Warning::new(message));
        }
    }
    Ok(DrizzleFolder { path, layout: Layout::Journal, entries, warnings })
}

fn read_directories(path: &Path) -> Result<Vec<Entry>> {
    let date = |name: &str| name.get(..14).and_then(milliseconds);
    let names: Vec<String> =
        file_names(path)?.into_iter().filter(|name| path.join(name).join(SQL_FILE).is_file()).collect();
    if !names.iter().any(|name| date(name).is_some()) {
        return Ok(Vec::new());
    }
    let mut entries = Vec::with_capacity(names.len());
    for name in names {
        let directory = path.join(&name);
        let Some(when) = date(&name) else {
            let message =
                format!("`{}` does not start with its date, as in `20260101120000_name`", directory.display());
            return Err(CommandError::new(exit::INCONSISTENT, message));
        };
        entries.push(read_entry(name, when, directory.join(SQL_FILE), &directory.join("snapshot.json"), None)?);
    }
    Ok(entries)
}

fn read_entry(tag: String, when: i64, file: PathBuf, snapshot: &Path, journal: Option<&Path>) -> Result<Entry> {
    let bytes = match std::fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let listed = journal.map(|journal| format!(", but `{}` lists it", journal.display())).unwrap_or_default();
            let message = format!("`{}` is missing{listed}", file.display());
            return Err(CommandError::new(exit::INCONSISTENT, message).note("nothing was written").help(
                match git::look(&file) {
                    InGit::Restorable(command) => format!("restore it: `{command}`"),
                    _ => "it is not in git: copy it from another checkout or a backup".to_owned(),
                },
            ));
        }
        Err(error) => return Err(CommandError::io("read", &file, &error)),
    };
    let raw = Checksum::of_bytes(&bytes).to_hex();
    let text = String::from_utf8(bytes)
        .map_err(|_| CommandError::new(exit::INCONSISTENT, format!("`{}` is not UTF-8 text", file.display())))?;
    let unix = text.replace("\r\n", "\n");
    let hash = |text: &str| Checksum::of_bytes(text.as_bytes()).to_hex();
    let hashes = [raw, hash(&unix), hash(&unix.replace('\n', "\r\n"))];
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    // the same migration whatever checkout it is read from; a line end in a literal of any other file is data
    let sql = line_ends::converted(text).unwrap_or_else(|| line_ends::normalized(text).into_owned());
    let outline = if snapshot.is_file() { Some(Outline::read(snapshot)?) } else { None };
    Ok(Entry { tag, when, file, sql, hashes, outline })
}

/// The names in a folder, sorted. A folder that does not exist has none.
fn file_names(path: &Path) -> Result<BTreeSet<String>> {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            return Ok(BTreeSet::new());
        }
        Err(error) => return Err(CommandError::io("read", path, &error)),
    };
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    names.collect::<std::io::Result<_>>().map_err(|error| CommandError::io("read", path, &error))
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
