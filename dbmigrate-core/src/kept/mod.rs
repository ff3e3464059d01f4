//! What a migration keeps of what it drops or converts: hidden tables beside those of the application, in which the
//! values wait until a `revert` brings them back, or somebody drops them.
//!
//! A dropped table is *moved*: it is what it was, without foreign keys, indexes and triggers ([`shape::moved`]). Of a
//! column, the values are copied beside the key of their rows ([`shape::KeptColumns`]), and triggers follow what becomes
//! of those rows ([`follow`]). All of it is plain SQL in `migration.sql`; the directives ([`Keep`]) say what is kept
//! where:
//!
//! ```sql
//! -- dbmigrate: keep users.legacy in _dbmigrate_kept_0007_users
//! -- dbmigrate: keep audit in _dbmigrate_kept_0007_audit
//! ```
//!
//! Beside a table of kept values, another one has the number of rows that there were ([`tally_name`]): those that are
//! deleted since are told by it. The migration that brings values back says so with [`Restore`].

pub mod follow;
pub mod key;
pub mod restore;
pub mod shape;

pub use follow::Follower;
pub use restore::Restore;
pub use shape::{Kept, KeptColumn, KeptColumns, KeptTable, MisreadKeep, read};

use crate::diff::rename::unused;
use crate::sql::Name;
use crate::sql::path::{parse_path, part, quoted};

/// How the name of everything begins that belongs to what is kept.
pub const KEPT_PREFIX: &str = "_dbmigrate_kept_";

/// Whether something of this name belongs to what is kept, and is hidden like the history.
pub fn is_kept(name: &Name) -> bool {
    name.as_str().get(..KEPT_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(KEPT_PREFIX))
}

/// The table for what the migration of that number keeps of a table: `_dbmigrate_kept_0007_users`, or another one if
/// that is taken.
pub fn kept_name(sequence: u32, table: &Name, taken: impl Fn(&Name) -> bool) -> Name {
    unused(&format!("{KEPT_PREFIX}{sequence:04}_{table}"), taken)
}

/// What the name of a tally begins with: no number of a migration.
const TALLY: &str = "rows_";

/// The table that has the number of rows which a hidden table had in the beginning.
pub fn tally_name(kept: &Name) -> Name {
    let own = kept.as_str().get(KEPT_PREFIX.len()..).unwrap_or_default();
    Name::from(format!("{KEPT_PREFIX}{TALLY}{own}"))
}

/// Whether a hidden table is such a number, and has nothing that comes back.
pub fn is_tally(name: &Name) -> bool {
    let own = name.as_str().get(KEPT_PREFIX.len()..).and_then(|own| own.get(..TALLY.len()));
    is_kept(name) && own.is_some_and(|own| own.eq_ignore_ascii_case(TALLY))
}

/// The number of the migration that has made the table.
pub fn sequence_of(kept: &Name) -> Option<u32> {
    if !is_kept(kept) {
        return None;
    }
    kept.as_str()[KEPT_PREFIX.len()..].split('_').next()?.parse().ok()
}

/// `-- dbmigrate: keep users.legacy in _dbmigrate_kept_0007_users`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keep {
    /// The directive's line, counted from 1.
    pub line: usize,
    /// The table: a dropped one as it was called, one that stays as it is called behind the migration.
    pub table: Name,
    /// The column, unless it is the whole table.
    pub column: Option<Name>,
    /// The hidden table.
    pub kept: Name,
}

impl Keep {
    /// The directive behind `dbmigrate:`.
    pub fn directive(&self) -> String {
        format!("keep {} in {}", self.object(), word(&self.kept))
    }

    /// What is kept: `users.legacy`, `audit`.
    pub fn object(&self) -> String {
        object(&self.table, self.column.as_ref())
    }

    /// Reads what stands behind the word `keep`.
    pub fn parse(line: usize, rest: &str) -> Option<Self> {
        let (object, kept) = split_at_word(rest.trim(), "in")?;
        let (table, column, kept) = object_and_kept(object, kept)?;
        Some(Self { line, table, column, kept })
    }
}

/// A table or a column of it: `users.legacy`, `audit`.
fn object(table: &Name, column: Option<&Name>) -> String {
    std::iter::once(table).chain(column).map(word).collect::<Vec<_>>().join(".")
}

/// The table and the column of an object, and the hidden table.
fn object_and_kept(object: &str, kept: &str) -> Option<(Name, Option<Name>, Name)> {
    let (mut names, None) = parse_path(object.trim())? else { return None };
    let (mut hidden, None) = parse_path(kept.trim())? else { return None };
    let column = if names.len() == 2 { names.pop() } else { None };
    let (Some(table), Some(kept)) = (names.pop(), hidden.pop()) else { return None };
    let is_whole = names.is_empty() && hidden.is_empty() && is_kept(&kept);
    is_whole.then_some((table, column, kept))
}

/// A name as it stands in a directive. One with a space in it is quoted, so that a word of the directive is never a part of one.
fn word(name: &Name) -> String {
    if name.as_str().contains(char::is_whitespace) { quoted(name.as_str()) } else { part(name.as_str()) }
}

/// What stands before and behind the first such word outside of quotes, with a space on both sides.
fn split_at_word<'t>(text: &'t str, word: &str) -> Option<(&'t str, &'t str)> {
    let word = format!(" {word} ");
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, char) in text.char_indices() {
        match char {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted && text[at..].starts_with(&word) => return Some((&text[..at], &text[at + word.len()..])),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 12] = [
        "users",
        "a in b",
        "my.t",
        "say \"x\"",
        "a\nb",
        "it's",
        " in ",
        "in",
        "a\\",
        "Größe",
        "_dbmigrate_kept_1",
        "*/",
    ];

    #[test]
    fn a_directive_is_read_as_it_is_written_whatever_the_names_are() {
        for table in NAMES {
            for column in std::iter::once(None).chain(NAMES.map(Some)) {
                let table = Name::from(table);
                let kept = kept_name(7, &table, |_| false);
                let keep = Keep { line: 3, column: column.map(Name::from), table, kept };
                let text = keep.directive();
                assert!(!text.contains('\n'), "{text}");
                let rest = text.strip_prefix("keep ").expect(&text);
                assert_eq!(Keep::parse(3, rest), Some(keep), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_directive_is_refused() {
        for text in [
            "",
            "users.legacy",
            "users.legacy in",
            "users.legacy in kept",
            "a.b.c in _dbmigrate_kept_0007_a",
            "in _dbmigrate_kept_0007_a",
            "users in _dbmigrate_kept_0007_users.a",
            "users=a in _dbmigrate_kept_0007_users",
        ] {
            assert_eq!(Keep::parse(1, text), None, "{text}");
        }
    }

    #[test]
    fn the_number_is_that_of_the_migration() {
        let kept = kept_name(12_345, &"a_b".into(), |_| false);
        assert_eq!((kept.as_str(), sequence_of(&kept)), ("_dbmigrate_kept_12345_a_b", Some(12_345)));
        let taken = |name: &Name| *name == *"_DBMIGRATE_KEPT_0007_users";
        assert_eq!(kept_name(7, &"users".into(), taken).as_str(), "_dbmigrate_kept_0007_users_2");
        assert_eq!(sequence_of(&"_dbmigrate_kept_users".into()), None);
        assert_eq!(sequence_of(&"users".into()), None);
        let tally = tally_name(&kept);
        assert_eq!((tally.as_str(), sequence_of(&tally)), ("_dbmigrate_kept_rows_12345_a_b", None));
        assert!(
            is_kept(&tally) && is_tally(&tally) && !is_tally(&kept) && !is_tally(&"_dbmigrate_kept_1_rows_".into())
        );
        assert!(is_kept(&"_DBMIGRATE_kept_0001_a".into()) && !is_kept(&"_dbmigrate_new_a".into()));
    }
}
