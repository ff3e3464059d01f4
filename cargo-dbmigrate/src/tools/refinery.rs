//! refinery: `migrations/V1__users.sql` and `U2__index.sql`, also in folders below, recorded in `refinery_schema_history`.
//!
//! The format is that of `refinery-core` 0.10, `util.rs` (names), `runner.rs` (the checksum) and `traits/mod.rs` (the
//! table).

use std::path::Path;

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::Database;

use super::about::{About, AppliedRow, Marks, Sign};
use super::folder::{Entry, ToolFolder};
use super::listing::Listing;
use super::settings::Settings;
use super::text::Text;
use super::tool::{Tool, rows_of};
use crate::error::{CommandError, Result};
use crate::exit;

const ABOUT: About = About {
    name: "refinery",
    aliases: &["refinery-cli"],
    folders: &["migrations", "src/migrations"],
    marks: Marks { files: &["refinery.toml"], crates: &["refinery"] },
    table: Some("refinery_schema_history"),
    apply: Some("refinery migrate"),
    unrecorded: None,
    folder_help: "pass the folder that `embed_migrations!` names: `cargo dbmigrate pull --from refinery=DIR`",
};

/// How deep folders may be in each other.
const DEEPEST: usize = 8;

/// refinery.
pub(super) struct Refinery;

impl Tool for Refinery {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn sign(&self, listing: &Listing) -> Sign {
        Sign::if_sure(listing.files.iter().any(|file| named(file).is_some()))
    }

    fn read(&self, path: &Path, _: &Settings) -> Result<ToolFolder> {
        let listing = Listing::read(path)?;
        let mut entries = Vec::new();
        collect(&listing, DEEPEST, &mut entries)?;
        if entries.is_empty() {
            let lacks = "it has no file such as `V1__users.sql`";
            return Err(listing.is_none_of(ABOUT.title(), lacks, ABOUT.folder_help));
        }
        entries.sort_by_key(|(version, _)| *version);
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let message =
                format!("`{}` and `{}` have the same version", pair[0].1.file.display(), pair[1].1.file.display());
            return Err(CommandError::new(exit::INCONSISTENT, message).note("nothing was changed"));
        }
        let entries = entries.into_iter().map(|(_, entry)| entry).collect();
        Ok(ToolFolder { path: listing.path, entries, warnings: Vec::new() })
    }

    fn records(
        &self,
        database: &mut Database,
        table: &str,
    ) -> std::result::Result<Option<Vec<AppliedRow>>, EngineError> {
        let query = "SELECT CAST(version AS TEXT), CAST(checksum AS TEXT), 'V' || version || '__' || name \
                     FROM {table} ORDER BY version";
        rows_of(database, table, &["version", "name", "checksum"], query)
    }
}

/// Version, name and end of a file of a migration.
fn named(file: &str) -> Option<(i64, &str, &str)> {
    let rest = file.strip_prefix(['V', 'U'])?;
    let (version, rest) = rest.split_once("__")?;
    let (name, end) = rest.rsplit_once('.')?;
    let is_word = !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || char == '_');
    (is_word && matches!(end, "sql" | "rs")).then_some((version.parse().ok()?, name, end))
}

fn collect(listing: &Listing, deepest: usize, entries: &mut Vec<(i64, Entry)>) -> Result<()> {
    for file in &listing.files {
        let Some((version, name, end)) = named(file) else { continue };
        let path = listing.path.join(file);
        if end == "rs" {
            let message = format!("`{}` is written in Rust: only the program knows its SQL", path.display());
            return Err(CommandError::failed(message)
                .note("nothing was changed")
                .help("adopt the database as it is: `cargo dbmigrate pull --baseline --out src/schema.rs`"));
        }
        let text = Text::read(&path, None)?;
        let mut checksums = text.checksums(|sql| checksum(name, &version.to_le_bytes(), sql).to_string());
        if let Ok(short) = i32::try_from(version) {
            checksums.extend(text.checksums(|sql| checksum(name, &short.to_le_bytes(), sql).to_string()));
        }
        let tag = file.trim_end_matches(".sql").to_owned();
        let (title, key, sql) = (name.to_owned(), version.to_string(), text.sql);
        entries.push((version, Entry { tag, title, key, file: path, sql, down: None, checksums, outline: None }));
    }
    for directory in listing.directories.iter().filter(|_| deepest > 0) {
        collect(&Listing::read(&listing.path.join(directory))?, deepest - 1, entries)?;
    }
    Ok(())
}

/// SipHash-1-3 without a key of what Rust makes of a name, a version and a text to be hashed. A version has four bytes, or
/// eight with the feature `int8-versions`.
fn checksum(name: &str, version: &[u8], sql: &str) -> u64 {
    let mut bytes = name.as_bytes().to_vec();
    bytes.push(0xff);
    bytes.extend(version);
    bytes.extend(sql.as_bytes());
    bytes.push(0xff);
    siphash(&bytes)
}

/// SipHash-1-3 with the key 0 (Aumasson and Bernstein: SipHash, a fast short-input PRF, section 2).
fn siphash(bytes: &[u8]) -> u64 {
    let mut state: [u64; 4] =
        [0x736f_6d65_7073_6575, 0x646f_7261_6e64_6f6d, 0x6c79_6765_6e65_7261, 0x7465_6462_7974_6573];
    let word = |part: &[u8]| part.iter().rev().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
    let mut parts = bytes.chunks_exact(8);
    for part in &mut parts {
        add(&mut state, word(part));
    }
    // the length, of which one byte counts
    let length = (bytes.len() as u64) << 56;
    add(&mut state, length | word(parts.remainder()));
    state[2] ^= 0xff;
    (0..3).for_each(|_| round(&mut state));
    state.iter().fold(0, |hash, word| hash ^ word)
}

fn add(state: &mut [u64; 4], word: u64) {
    state[3] ^= word;
    round(state);
    state[0] ^= word;
}

fn round([a, b, c, d]: &mut [u64; 4]) {
    *a = a.wrapping_add(*b);
    *b = b.rotate_left(13) ^ *a;
    *a = a.rotate_left(32);
    *c = c.wrapping_add(*d);
    *d = d.rotate_left(16) ^ *c;
    *a = a.wrapping_add(*d);
    *d = d.rotate_left(21) ^ *a;
    *c = c.wrapping_add(*b);
    *b = b.rotate_left(17) ^ *c;
    *c = c.rotate_left(32);
}

#[cfg(test)]
mod tests {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};

    use super::*;

    #[test]
    fn checksums_are_those_of_the_hasher_that_refinery_began_with() {
        for sql in ["", "CREATE TABLE persons (id int);", "a", "1234567", "12345678", "ünïcödé, and a bit more of it"]
        {
            let mut hasher = DefaultHasher::new();
            ("initial", 7_i32, sql).hash(&mut hasher);
            assert_eq!(checksum("initial", &7_i32.to_le_bytes(), sql), hasher.finish(), "{sql}");
        }
    }

    #[test]
    fn names_are_those_that_refinery_takes() {
        assert_eq!(named("V1__initial.sql"), Some((1, "initial", "sql")));
        assert_eq!(named("U20__in_between.rs"), Some((20, "in_between", "rs")));
        for other in ["V1_initial.sql", "1__initial.sql", "V1__initial.txt", "V__a.sql", "V1__a-b.sql", "V1__.sql"] {
            assert_eq!(named(other), None, "{other}");
        }
    }
}
