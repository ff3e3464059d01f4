//! `migrations.lock`: the ordered list of migrations with their hashes, one line each.
//!
//! ```text
//! # dbmigrate lock 1: name, sha256 of migration.sql, of snapshot.json, of the schema, of all lines so far
//! 0001_create_users 5a0f… 91bc… 77de… 02c4…
//! ```
//!
//! The last hash of a line covers the line and the last hash of the line before, so that no line can be changed,
//! moved, added or removed without all later ones. Two branches that both add a migration conflict here on purpose.

use std::fmt;
use std::ops::Range;

use super::checksum::{Checksum, without_bom};
use super::name::MigrationName;

/// The name of the file.
pub const FILE_NAME: &str = "migrations.lock";

/// The format that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

const HEADER: &str = "# dbmigrate lock ";
const COLUMNS: &str = "name, sha256 of migration.sql, of snapshot.json, of the schema, of all lines so far";

/// A migration as the lock lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its place in the order, counted from 0.
    pub index: usize,
    /// Its name, which is also that of its directory.
    pub name: MigrationName,
    /// The checksum of `migration.sql`.
    pub sql: Checksum,
    /// The checksum of `snapshot.json`.
    pub snapshot: Checksum,
    /// The hash of the schema that it leads to ([`crate::schema::canonical::SchemaHash`]).
    pub schema: Checksum,
    /// The hash over this line and all before.
    pub chain: Checksum,
}

impl Migration {
    /// Whether both are one migration, of whatever lock: the same name, SQL and schema.
    pub fn is_same(&self, other: &Self) -> bool {
        let Self { name, sql, snapshot, schema, .. } = self;
        *name == other.name && *sql == other.sql && *snapshot == other.snapshot && *schema == other.schema
    }
}

/// A line of a lock, wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// What it lists, without a place.
    pub(super) migration: Migration,
    /// The part of it that its last hash covers.
    pub(super) covered: String,
}

/// All lines of a text that list a migration, with their numbers, whatever stands between them.
pub(super) fn whole_lines(text: &str) -> Vec<(usize, Line)> {
    let text = std::str::from_utf8(without_bom(text.as_bytes())).unwrap_or(text);
    let parsed = text.lines().zip(1..).filter_map(|(line, number)| {
        let (migration, covered) = parse_line(line, 0)?;
        Some((number, Line { migration, covered: line[covered].to_owned() }))
    });
    parsed.collect()
}

/// What is wrong with a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LockProblem {
    /// A merge has left its markers in it.
    Conflict,
    /// A later version of the tool wrote it.
    Newer(u32),
    /// The first line is not that of a lock.
    Header,
    /// A line is not a name and four hashes.
    Malformed,
    /// A name is listed for the second time.
    Twice(MigrationName),
    /// The hash of a line does not follow from the lines up to it.
    Chain(MigrationName),
    /// The line before it was taken out.
    Gap {
        /// The migration before the gap, if there is one.
        after: Option<MigrationName>,
        /// The one behind it.
        name: MigrationName,
    },
}

impl fmt::Display for LockProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict => f.write_str("it has merge conflict markers"),
            Self::Newer(format) => write!(
                f,
                "written by a newer version of cargo-dbmigrate (format {format}, this version reads up to {FORMAT})"
            ),
            Self::Header => write!(f, "the first line is not `{HEADER}{FORMAT}: {COLUMNS}`"),
            Self::Malformed => f.write_str("the line is not a name and four hashes"),
            Self::Twice(name) => write!(f, "`{name}` is listed twice"),
            Self::Chain(name) => write!(f, "the line of `{name}`, or one before it, is not as it was written"),
            Self::Gap { after: Some(after), name } => {
                write!(f, "`{name}` was written behind a migration that was taken out after `{after}`")
            }
            Self::Gap { after: None, name } => {
                write!(f, "`{name}` was written behind a migration that was taken out")
            }
        }
    }
}

impl std::error::Error for LockProblem {}

/// A [`LockProblem`] and its line, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockError {
    /// The line.
    pub line: usize,
    /// What is wrong there.
    pub problem: LockProblem,
}

/// The list of migrations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    migrations: Vec<Migration>,
}

impl Lock {
    /// The migrations in their order.
    pub fn migrations(&self) -> &[Migration] {
        &self.migrations
    }

    /// A lock of these migrations in this order, whatever lock they come from.
    pub fn of(migrations: impl IntoIterator<Item = Migration>) -> Self {
        let next = |lock: Self, one: Migration| lock.with(one.name, one.sql, one.snapshot, one.schema);
        migrations.into_iter().fold(Self::default(), next)
    }

    /// Reads a lock and follows its chain.
    ///
    /// # Errors
    /// The first line that is wrong, and why.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let text = std::str::from_utf8(without_bom(text.as_bytes())).unwrap_or(text);
        if let Some(line) = conflict_marker(text.as_bytes()) {
            return Err(LockError { line, problem: LockProblem::Conflict });
        }
        let mut lines = text.lines().zip(1..);
        let header = lines.next().map_or("", |(header, _)| header);
        match format_of(header) {
            // to its last word: a first migration that was joined to the line would be taken for a comment
            Some(FORMAT) if header.trim_end() == format!("{HEADER}{FORMAT}: {COLUMNS}") => {}
            Some(newer) if newer > FORMAT => return Err(LockError { line: 1, problem: LockProblem::Newer(newer) }),
            _ => return Err(LockError { line: 1, problem: LockProblem::Header }),
        }
        let mut migrations: Vec<Migration> = Vec::with_capacity(text.len() / 280);
        let mut before = Checksum::ZERO;
        for (line, number) in lines.filter(|(line, _)| !line.trim().is_empty()) {
            let wrong = |problem| LockError { line: number, problem };
            let parsed = parse_line(line, migrations.len());
            let (migration, covered) = parsed.ok_or_else(|| match line {
                "=======" => wrong(LockProblem::Conflict),
                _ => wrong(LockProblem::Malformed),
            })?;
            if Checksum::chained(&before, &line[covered]) != migration.chain {
                return Err(wrong(LockProblem::Chain(migration.name)));
            }
            before = migration.chain;
            migrations.push(migration);
        }
        // sorted, not hashed or compared each with each: a thousand names are nothing
        let mut names: Vec<&Migration> = migrations.iter().collect();
        names.sort_by(|one, two| one.name.cmp(&two.name).then(one.index.cmp(&two.index)));
        if let Some(twice) = names.windows(2).find(|pair| pair[0].name == pair[1].name).map(|pair| pair[1]) {
            let line = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()).nth(twice.index + 1);
            let line = line.map_or(1, |(_, number)| number);
            return Err(LockError { line, problem: LockProblem::Twice(twice.name.clone()) });
        }
        Ok(Self { migrations })
    }

    /// The lock as the file holds it.
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEADER}{FORMAT}: {COLUMNS}\n");
        text.reserve(self.migrations.len() * 300);
        for migration in &self.migrations {
            push_covered(&mut text, &migration.name, [migration.sql, migration.snapshot, migration.schema]);
            text.push(' ');
            migration.chain.push_hex(&mut text);
            text.push('\n');
        }
        text
    }

    /// The lock with one more migration at its end.
    #[must_use]
    pub fn with(&self, name: MigrationName, sql: Checksum, snapshot: Checksum, schema: Checksum) -> Self {
        let mut migrations = self.migrations.clone();
        let before = migrations.last().map_or(Checksum::ZERO, |last| last.chain);
        let mut covered = String::with_capacity(300);
        push_covered(&mut covered, &name, [sql, snapshot, schema]);
        let chain = Checksum::chained(&before, &covered);
        migrations.push(Migration { index: migrations.len(), name, sql, snapshot, schema, chain });
        Self { migrations }
    }

    /// The lock without its last migration.
    #[must_use]
    pub fn without_last(&self) -> Self {
        let keep = self.migrations.len().saturating_sub(1);
        Self { migrations: self.migrations[..keep].to_vec() }
    }
}

/// The part of a line that its last hash covers.
fn push_covered(text: &mut String, name: &MigrationName, hashes: [Checksum; 3]) {
    text.push_str(name.as_str());
    for hash in hashes {
        text.push(' ');
        hash.push_hex(text);
    }
}

fn format_of(header: &str) -> Option<u32> {
    let rest = header.strip_prefix(HEADER)?;
    rest.split(':').next()?.trim().parse().ok()
}

/// The migration of a line, and the part of the line that its last hash covers.
fn parse_line(line: &str, index: usize) -> Option<(Migration, Range<usize>)> {
    let (covered, chain) = line.rsplit_once(' ')?;
    let mut fields = covered.split(' ');
    let name = MigrationName::parse(fields.next()?)?;
    let mut hash = || fields.next().and_then(Checksum::from_hex);
    let (sql, snapshot, schema) = (hash()?, hash()?, hash()?);
    let migration = Migration { index, name, sql, snapshot, schema, chain: Checksum::from_hex(chain)? };
    fields.next().is_none().then_some((migration, 0..covered.len()))
}

/// The line, counted from 1, of the first marker that a failed merge leaves in a file.
///
/// `=======` alone is no sign: it can be an underline in a comment.
pub(super) fn conflict_marker(text: &[u8]) -> Option<usize> {
    let marks = |line: &[u8]| {
        [b"<<<<<<<", b">>>>>>>", b"|||||||"].iter().any(|marker| {
            line.strip_prefix(*marker).is_some_and(|rest| matches!(rest.first(), None | Some(b' ' | b'\r')))
        })
    };
    text.split(|byte| *byte == b'\n').position(marks).map(|index| index + 1)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A lock with one more migration of these checksums: of the SQL, the snapshot and the schema.
    pub(in super::super) fn with(lock: &Lock, name: MigrationName, [sql, snapshot, schema]: [Checksum; 3]) -> Lock {
        lock.with(name, sql, snapshot, schema)
    }

    fn lock_of(count: usize) -> Lock {
        (1..=count).fold(Lock::default(), |lock, number| {
            let name = MigrationName::parse(&format!("{number:04}_step")).expect("it is a name");
            let hash = |part: &str| Checksum::of_text(format!("{part}{number}").as_bytes());
            lock.with(name, hash("sql"), hash("snapshot"), hash("schema"))
        })
    }

    fn problem(text: &str) -> (usize, LockProblem) {
        let error = Lock::parse(text).expect_err("the lock is wrong");
        (error.line, error.problem)
    }

    fn name(text: &str) -> MigrationName {
        MigrationName::parse(text).expect("it is a name")
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        for count in [0, 1, 2, 50] {
            let text = lock_of(count).to_text();
            assert_eq!(text.lines().count(), count + 1);
            assert_eq!(Lock::parse(&text), Ok(lock_of(count)));
            assert_eq!(lock_of(count + 1).without_last(), lock_of(count));
        }
    }

    #[test]
    fn line_ends_blank_lines_and_a_byte_order_mark_do_not_matter() {
        let text = lock_of(3).to_text();
        assert_eq!(Lock::parse(&text.replace('\n', "\r\n")), Ok(lock_of(3)));
        assert_eq!(Lock::parse(&format!("\u{feff}{}", text.trim_end())), Ok(lock_of(3)));
        assert_eq!(Lock::parse(&text.replace('\n', "\n\n")), Ok(lock_of(3)));
    }

    #[test]
    fn conflict_markers_are_recognised_with_their_line() {
        let text = lock_of(2).to_text();
        let second = text.lines().nth(2).expect("two migrations");
        let merged = text.replace(second, &format!("<<<<<<< HEAD\n{second}\n=======\n{second}\n>>>>>>> main"));
        assert_eq!(problem(&merged), (3, LockProblem::Conflict));
        assert_eq!(problem(&merged.replace('\n', "\r\n")), (3, LockProblem::Conflict));
        // somebody who deletes only some of the markers
        let without_first = merged.replace("<<<<<<< HEAD\n", "");
        assert_eq!(problem(&without_first), (6, LockProblem::Conflict));
        assert_eq!(problem(&without_first.replace(">>>>>>> main", "")), (4, LockProblem::Conflict));
    }

    #[test]
    fn every_change_by_hand_breaks_the_chain_where_it_was_made() {
        let text = lock_of(4).to_text();
        let lines: Vec<&str> = text.lines().collect();
        let without_second: Vec<&str> = lines.iter().copied().filter(|line| !line.starts_with("0002")).collect();
        assert_eq!(problem(&without_second.join("\n")), (3, LockProblem::Chain(name("0003_step"))));
        let swapped = [lines[0], lines[1], lines[3], lines[2], lines[4]].join("\n");
        assert_eq!(problem(&swapped), (3, LockProblem::Chain(name("0003_step"))));
        let renamed = text.replace("0002_step", "0002_stop");
        assert_eq!(problem(&renamed), (3, LockProblem::Chain(name("0002_stop"))));
        for column in 1..=4 {
            let hash = lines[3].split(' ').nth(column).expect("four hashes");
            let other = Checksum::of_text(b"other").to_hex();
            assert_eq!(problem(&text.replace(hash, &other)), (4, LockProblem::Chain(name("0003_step"))), "{column}");
        }
        let twice = format!("{text}{}\n", lines[4]);
        assert_eq!(problem(&twice), (6, LockProblem::Chain(name("0004_step"))));
    }

    #[test]
    fn a_name_is_listed_once_even_in_a_whole_chain() {
        let hash = Checksum::of_text(b"");
        let twice = lock_of(2).with(name("0001_step"), hash, hash, hash);
        assert_eq!(problem(&twice.to_text()), (4, LockProblem::Twice(name("0001_step"))));
    }

    #[test]
    fn a_newer_format_is_said_to_be_one_whatever_its_lines_look_like() {
        assert_eq!(problem("# dbmigrate lock 2: name\n0001_a x\n"), (1, LockProblem::Newer(2)));
    }

    #[test]
    fn what_is_not_understood_is_an_error_at_its_line() {
        let text = lock_of(1).to_text();
        assert_eq!(problem(""), (1, LockProblem::Header));
        assert_eq!(problem("hello"), (1, LockProblem::Header));
        assert_eq!(problem("# dbmigrate lock 0: name\n"), (1, LockProblem::Header));
        assert_eq!(problem(&text.replacen('\n', " ", 1)), (1, LockProblem::Header));
        for line in ["0002_b", "# a note", "0002_b 12 34 56 78", "../0002_b", &text.lines().last().unwrap()[1..]] {
            assert_eq!(problem(&format!("{text}{line}\n")), (3, LockProblem::Malformed), "{line}");
        }
    }

    #[test]
    fn an_underline_in_sql_is_not_a_conflict() {
        assert_eq!(conflict_marker(b"-- Title\n=======\nSELECT 1;"), None);
        assert_eq!(conflict_marker(b"SELECT 1\n<<<<<<<<<< 2"), None);
        assert_eq!(conflict_marker(b"a\n>>>>>>> branch\n"), Some(2));
    }

    #[test]
    fn thousands_of_lines_are_read_in_linear_time() {
        let mut text = format!("{HEADER}{FORMAT}: {COLUMNS}\n");
        let mut before = Checksum::ZERO;
        let hash = Checksum::of_text(b"");
        for number in 0..20_000 {
            let mut line = String::new();
            push_covered(&mut line, &name(&format!("{number:05}_step")), [hash, hash, hash]);
            before = Checksum::chained(&before, &line);
            text.extend([line.as_str(), " ", &before.to_hex(), "\n"]);
        }
        assert_eq!(Lock::parse(&text).expect("the chain is whole").migrations().len(), 20_000);
    }
}
