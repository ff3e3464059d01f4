//! Files `NUMBER_name.sql`, and pairs `NUMBER_name.up.sql` and `NUMBER_name.down.sql`: what sqlx, geni, golang-migrate,
//! wrangler and hand-made runners have in common.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::about::About;
use super::folder::{Down, Entry, ToolFolder};
use super::listing::{Listing, title};
use super::text::Text;
use super::warning::Warning;
use crate::error::{CommandError, Result};
use crate::exit;

const SQL: &str = ".sql";
const UP: &str = ".up.sql";
const DOWN: &str = ".down.sql";

/// How the files of a tool are named.
pub(super) struct Naming {
    /// The key that a name without its end has, if it is one of a migration.
    pub(super) key: fn(&str) -> Option<String>,
    /// Whether a file without `.up` is a migration.
    pub(super) single: bool,
    /// Whether a file with `.down` belongs to another one.
    pub(super) pairs: bool,
}

/// Whether there are migrations with these names.
pub(super) fn any(listing: &Listing, naming: &Naming) -> bool {
    names(listing, naming).next().is_some()
}

/// The files of migrations: the key, the name without its end, and the file.
fn names<'a>(listing: &'a Listing, naming: &'a Naming) -> impl Iterator<Item = (String, &'a str, &'a str)> {
    listing.files.iter().filter_map(move |file| {
        let up = file.strip_suffix(UP).filter(|_| naming.pairs);
        let single = || {
            let is_down = naming.pairs && file.ends_with(DOWN);
            file.strip_suffix(SQL).filter(|_| naming.single && !is_down)
        };
        let stem = up.or_else(single)?;
        Some(((naming.key)(stem)?, stem, file.as_str()))
    })
}

/// Reads a folder whose migrations are in the order of their numbers; `example` is what one of its files may be called.
///
/// # Errors
/// As for [`read`], and if it has none.
pub(super) fn folder(
    path: &Path,
    about: &About,
    naming: &Naming,
    checksum: Option<&dyn Fn(&str) -> String>,
    example: &str,
) -> Result<ToolFolder> {
    let listing = Listing::read(path)?;
    let (mut entries, warnings) = read(&listing, naming, checksum)?;
    if entries.is_empty() {
        let lacks = format!("it has no file such as `{example}`");
        return Err(listing.is_none_of(about.title(), &lacks, about.folder_help));
    }
    sort_by_number(&mut entries);
    Ok(ToolFolder { path: listing.path, entries, warnings })
}

/// Reads the migrations, in no particular order, and says what is odd. `checksum` makes one of a text, if the tool does.
///
/// # Errors
/// If a file cannot be read, or two have the same key.
pub(super) fn read(
    listing: &Listing,
    naming: &Naming,
    checksum: Option<&dyn Fn(&str) -> String>,
) -> Result<(Vec<Entry>, Vec<Warning>)> {
    let mut downs: BTreeMap<String, PathBuf> = BTreeMap::new();
    if naming.pairs {
        let found = listing.stems(DOWN).filter_map(|stem| Some(((naming.key)(stem)?, stem)));
        downs.extend(found.map(|(key, stem)| (key, listing.path.join(format!("{stem}{DOWN}")))));
    }
    let mut entries: Vec<Entry> = Vec::new();
    for (key, stem, file) in names(listing, naming) {
        let file = listing.path.join(file);
        if let Some(other) = entries.iter().find(|entry| entry.key == key) {
            let message = format!("`{}` and `{}` have the same number", other.file.display(), file.display());
            return Err(CommandError::new(exit::INCONSISTENT, message).note("nothing was changed"));
        }
        let text = Text::read(&file, None)?;
        let down =
            downs.remove(&key).map(|file| Ok::<_, CommandError>(Down { sql: Text::read(&file, None)?.sql, file }));
        entries.push(Entry {
            tag: stem.to_owned(),
            title: title(stem),
            key,
            checksums: checksum.map(|checksum| text.checksums(checksum)).unwrap_or_default(),
            sql: text.sql,
            file,
            down: down.transpose()?,
            outline: None,
        });
    }
    let left = downs.into_values().map(|file| {
        Warning::new(format!("skipped `{}`: it undoes a migration that is not in the folder", file.display()))
    });
    Ok((entries, left.collect()))
}

/// The number before the first `_`, without leading zeros.
pub(super) fn number_before_underscore(stem: &str) -> Option<String> {
    let (number, _) = stem.split_once('_')?;
    number.parse::<i64>().ok().map(|number| number.to_string())
}

/// Sorts by keys that are numbers.
pub(super) fn sort_by_number(entries: &mut [Entry]) {
    entries.sort_by_key(|entry| entry.key.parse::<i128>().unwrap_or(i128::MAX));
}
