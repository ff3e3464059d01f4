//! The SQL of migrations: as it was recorded, and held by whoever needs it more than once.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Checksum, Folder, FolderError, Migration, Origin};
use super::{checksum, lock, read_small, replace, script, why_other};
use crate::sql::line_ends;

/// Longer texts are read each time.
const LONGEST: usize = 64 * 1024;
/// As many bytes are held of all of them.
const MOST: usize = 8 * 1024 * 1024;

/// Texts that were compared with the lock, by the checksum that it lists. Copies share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Held(Arc<Mutex<Texts>>);

#[derive(Debug, Default)]
struct Texts {
    texts: HashMap<Checksum, Arc<str>>,
    bytes: usize,
}

impl Held {
    fn get(&self, sql: &Checksum) -> Option<Arc<str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).texts.get(sql).cloned()
    }

    fn keep(&self, sql: Checksum, text: &str) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if text.len() <= LONGEST && held.bytes + text.len() <= MOST && held.texts.insert(sql, text.into()).is_none() {
            held.bytes += text.len();
        }
    }
}

impl Folder {
    /// The same folder, each migration of which is read and compared with the lock once, and is then what it was: for a run
    /// that verifies all of them, and applies what it has verified.
    #[must_use]
    pub fn holding_texts(mut self) -> Self {
        self.held = Some(Held::default());
        self
    }

    /// The SQL of a migration as it was recorded, whatever a checkout has made of its line ends: outside of literals
    /// they are `\n`. Its comments and its layout may be others: they are no part of what it does. Parse it with
    /// [`Script::parse`](super::Script::parse).
    ///
    /// # Errors
    /// If its statements or directives are not those that the lock lists, or it cannot be read.
    pub fn sql(&self, migration: &Migration) -> Result<String, FolderError> {
        if let Some(text) = self.held.as_ref().and_then(|held| held.get(&migration.sql)) {
            return Ok(text.to_string());
        }
        let text = self.read_sql(migration)?;
        if let Some(held) = &self.held {
            held.keep(migration.sql, &text);
        }
        Ok(text)
    }

    fn read_sql(&self, migration: &Migration) -> Result<String, FolderError> {
        let path = self.sql_path(migration);
        let bytes = match &self.origin {
            Origin::Disk(_) => read_small(&path).map(Cow::Owned),
            Origin::Program(embedded) => embedded.sql(migration).map(Cow::Borrowed),
        };
        let bytes = bytes.map_err(|error| FolderError::read(&path, error));
        let recorded = |bytes: &[u8]| {
            let text = std::str::from_utf8(checksum::without_bom(bytes)).ok()?;
            as_recorded(text, migration).map(Cow::into_owned)
        };
        if let Some(recorded) = bytes.as_ref().ok().and_then(|bytes| recorded(bytes)) {
            return Ok(recorded);
        }
        // what has not been put into its place any more
        let next = || replace::next(&path).and_then(|bytes| recorded(&bytes));
        next().ok_or_else(|| match bytes {
            Ok(bytes) => {
                let is_last = migration.index + 1 == self.migrations().len();
                why_other(&bytes, path.clone(), |path| FolderError::EditedSql { path, is_last })
            }
            Err(error) => error,
        })
    }
}

/// The SQL that the lock lists: the text of the file, or what it was before a checkout changed all of its line ends,
/// those in literals included. Else a text that differs from it only in its comments and its layout.
pub fn as_recorded<'t>(text: &'t str, migration: &Migration) -> Option<Cow<'t, str>> {
    let is_recorded = |text: &str| Checksum::of_bytes(text.as_bytes()) == migration.sql;
    let says_the_same = |text: &str| migration.statements.is_some_and(|recorded| script::meaning(text) == recorded);
    if is_recorded(&line_ends::normalized(text)) {
        return Some(line_ends::normalized(text));
    }
    if let Some(found) = line_ends::origins(text).find(|text| is_recorded(text)) {
        return Some(Cow::Owned(found));
    }
    // markers in a comment are left of a merge all the same
    if lock::conflict_marker(text.as_bytes()).is_some() {
        return None;
    }
    let normalized = line_ends::normalized(text);
    if says_the_same(&normalized) {
        return Some(normalized);
    }
    line_ends::origins(text).find(|text| says_the_same(text)).map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::{SQL_FILE, Slug, Snapshot, Verify};

    #[test]
    fn a_folder_that_holds_texts_says_what_it_has_verified() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut folder = Folder::open(directory.path()).expect("it is empty");
        let slug = Slug::sanitize("first").expect("a name");
        folder.add(&slug, "SELECT 1;\n", &Snapshot::default()).expect("it can be written");
        let long = format!("SELECT '{}';\n", "x".repeat(LONGEST));
        folder.add(&Slug::sanitize("long").expect("a name"), &long, &Snapshot::default()).expect("it can be written");
        let held = Folder::open(directory.path()).expect("the lock is whole").holding_texts();
        held.verify(Verify::Sql).expect("nothing was edited");
        for name in ["0001_first", "0002_long"] {
            std::fs::write(directory.path().join(name).join(SQL_FILE), "SELECT 2;\n").expect("it can be written");
        }
        let [first, long] = held.migrations() else { panic!("two") };
        assert_eq!(held.clone().sql(first).expect("it was read before"), "SELECT 1;\n");
        assert!(held.sql(long).is_err(), "it is too long to be held");
        assert!(Folder::open(directory.path()).expect("the lock is whole").sql(first).is_err());
    }
}
