//! `migrations.lock`: the ordered list of migrations with their hashes, one line each.
//!
//! ```text
//! # dbmigrate lock 2: name, sha256 of migration.sql, of its statements, of snapshot.json, of the schema, of all lines so far
//! 0001_create_users 5a0f… 1e20… 91bc… 77de… 02c4…
//! 0003_squash_of_2_to_3 f00d… 88a1… 0c4e… 5b1d… 99e0…
//!   0002_posts 3c77… 40aa… 8d0b… 6a5f… 1b2e…
//!   0003_tags c0de… 93f1… 2a9e… 5b1d… 7f40…
//! ```
//!
//! The last hash of a line covers the line and the last hash of the line before, so that no line can be changed,
//! moved, added or removed without all later ones. Two branches that both add a migration conflict here on purpose.
//!
//! Below a migration that replaces others stand those, indented, as they stood before: the chain goes through them
//! first, so their hashes are what they were. The hash of the statements leaves out comments and layout
//! ([`super::script::meaning`]). Format 1 had neither.

mod line;

use std::fmt;
use std::ops::Range;

use self::line::{Line, twice};
use super::checksum::{Checksum, without_bom};
use super::name::MigrationName;
use super::script::meaning;
use crate::schema::Schema;
use crate::schema::canonical::SchemaHash;

/// The name of the file.
pub const FILE_NAME: &str = "migrations.lock";

/// The format that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 2;

/// The format before, without hashes of statements.
const FORMAT_1: u32 = 1;

const HEADER: &str = "# dbmigrate lock ";
const COLUMNS: &str =
    "name, sha256 of migration.sql, of its statements, of snapshot.json, of the schema, of all lines so far";
const COLUMNS_1: &str = "name, sha256 of migration.sql, of snapshot.json, of the schema, of all lines so far";

/// What a replaced migration is indented by.
const INDENT: &str = "  ";

/// How deep migrations that replace others lie in each other at most.
const DEEPEST: usize = 100;

/// A migration as the lock lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its place in the order, counted from 0; of a replaced one, among those that are replaced with it.
    pub index: usize,
    /// Its name, which is also that of its directory.
    pub name: MigrationName,
    /// The checksum of `migration.sql` as it was recorded, which histories of databases have as well.
    pub sql: Checksum,
    /// The checksum of the statements and directives in it. A lock of format 1 has none.
    pub statements: Option<Checksum>,
    /// The checksum of `snapshot.json`.
    pub snapshot: Checksum,
    /// The hash of the schema that it leads to ([`crate::schema::canonical::SchemaHash`]).
    pub schema: Checksum,
    /// The hash over this line and all before.
    pub chain: Checksum,
    /// The migrations that it replaces, in their order: a database that has all of them has it.
    pub replaces: Vec<Migration>,
}

impl Migration {
    /// The migrations that it replaces and that replace no others, in their order; itself if it replaces none.
    pub fn originals(&self) -> Vec<&Self> {
        match &self.replaces[..] {
            [] => vec![self],
            replaced => replaced.iter().flat_map(Self::originals).collect(),
        }
    }

    /// Itself and everything that it replaces, at any depth.
    pub fn with_replaced(&self) -> Vec<&Self> {
        std::iter::once(self).chain(self.replaces.iter().flat_map(Self::with_replaced)).collect()
    }

    /// The names that a history can end with behind it: its own, or that of the last one that it replaces.
    pub fn last_names(&self) -> Vec<&str> {
        let replaced = self.replaces.last().map(Self::last_names);
        std::iter::once(self.name.as_str()).chain(replaced.into_iter().flatten()).collect()
    }
}

/// The checksums of a migration's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// Of `migration.sql`.
    pub sql: Checksum,
    /// Of the statements and directives in it.
    pub statements: Checksum,
    /// Of `snapshot.json`.
    pub snapshot: Checksum,
    /// Of the schema in it.
    pub schema: Checksum,
}

impl Sums {
    /// Those of a script and of a snapshot, as text and as the schema that it has.
    pub fn of(sql: &str, snapshot: &[u8], schema: &Schema) -> Self {
        Self {
            sql: Checksum::of_sql(sql),
            statements: meaning(sql),
            snapshot: Checksum::of_text(snapshot),
            schema: SchemaHash::of(schema).into(),
        }
    }
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
pub(super) struct WholeLine {
    /// Where it stands, counted from 1.
    pub(super) number: usize,
    /// What it lists, without a place, and without what it replaces.
    pub(super) migration: Migration,
    /// The part of it that its last hash covers.
    pub(super) covered: String,
    /// How many migrations stand below it that it replaces.
    pub(super) replaced: usize,
}

impl WholeLine {
    /// Whether it was written behind the line with this last hash.
    pub(super) fn is_behind(&self, before: &Checksum) -> bool {
        chain(before, &self.covered, self.replaced) == self.migration.chain
    }
}

/// All lines of a text that list a migration, of whatever format, and whatever stands between them.
pub(super) fn whole_lines(text: &str) -> Vec<WholeLine> {
    let text = std::str::from_utf8(without_bom(text.as_bytes())).unwrap_or(text);
    let parse = |(line, number)| Line::parse(line, number, FORMAT).or_else(|| Line::parse(line, number, FORMAT_1));
    let lines: Vec<Line<'_>> = text.lines().zip(1..).filter_map(parse).collect();
    let replaced = |at: usize| {
        let below = lines[at + 1..].iter().take_while(|line| line.depth > lines[at].depth);
        below.filter(|line| line.depth == lines[at].depth + 1).count()
    };
    let whole = |(at, line): (usize, &Line<'_>)| WholeLine {
        number: line.number,
        migration: line.migration.clone(),
        covered: line.covered.to_owned(),
        replaced: replaced(at),
    };
    lines.iter().enumerate().map(whole).collect()
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
    /// A line is not a name and the hashes of its format, or it is indented further than the line above allows.
    Malformed(usize),
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
            Self::Malformed(hashes) => write!(f, "the line is not a name and {hashes} hashes"),
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
        let is_header = |format, columns| header.trim_end() == format!("{HEADER}{format}: {columns}");
        let format = match format_of(header) {
            // to its last word: a first migration that was joined to the line would be taken for a comment
            Some(FORMAT) if is_header(FORMAT, COLUMNS) => FORMAT,
            Some(FORMAT_1) if is_header(FORMAT_1, COLUMNS_1) => FORMAT_1,
            Some(newer) if newer > FORMAT => return Err(LockError { line: 1, problem: LockProblem::Newer(newer) }),
            _ => return Err(LockError { line: 1, problem: LockProblem::Header }),
        };
        let mut all: Vec<Line<'_>> = Vec::with_capacity(text.len() / 280);
        for (line, number) in lines.filter(|(line, _)| !line.trim().is_empty()) {
            all.push(Line::parse(line, number, format).ok_or_else(|| {
                let problem = match line {
                    "=======" => LockProblem::Conflict,
                    _ => LockProblem::malformed(format),
                };
                LockError { line: number, problem }
            })?);
        }
        let twice = twice(&all);
        let (mut lines, mut chain) = (all.into_iter().peekable(), Checksum::ZERO);
        let migrations = Line::tree(&mut lines, 0, &mut chain)?;
        if let Some(line) = lines.next() {
            return Err(LockError { line: line.number, problem: LockProblem::malformed(format) });
        }
        twice.map_or(Ok(Self { migrations }), Err)
    }

    /// The lock as the file holds it: in format 1 only if it was read so, and not [completed](Self::completed) since.
    pub fn to_text(&self) -> String {
        let (format, columns) = if self.is_complete() { (FORMAT, COLUMNS) } else { (FORMAT_1, COLUMNS_1) };
        let mut text = format!("{HEADER}{format}: {columns}\n");
        text.reserve(self.migrations.len() * 370);
        for migration in &self.migrations {
            push_lines(&mut text, migration, 0);
        }
        text
    }

    /// Whether it has the checksums of all statements.
    pub fn is_complete(&self) -> bool {
        self.migrations.iter().all(|migration| migration.statements.is_some())
    }

    /// The same lock with the checksums of all statements: `statements` is asked for those that it lacks.
    ///
    /// # Errors
    /// What `statements` returns.
    pub fn completed<E>(&self, mut statements: impl FnMut(&Migration) -> Result<Checksum, E>) -> Result<Self, E> {
        let mut migrations = self.migrations.clone();
        for migration in &mut migrations {
            if migration.statements.is_none() {
                migration.statements = Some(statements(migration)?);
            }
        }
        Ok(Self::of(migrations))
    }

    /// The lock that lists these migrations in this order: their places and chains are made anew.
    pub fn of(migrations: Vec<Migration>) -> Self {
        Self { migrations: chained(migrations, &mut { Checksum::ZERO }) }
    }

    /// The lock with one more migration at its end.
    #[must_use]
    pub fn with(&self, name: MigrationName, sums: Sums) -> Self {
        let mut chain = self.migrations.last().map_or(Checksum::ZERO, |last| last.chain);
        let mut migrations = self.migrations.clone();
        migrations.extend(
            chained(vec![unchained(name, sums, Vec::new())], &mut chain)
                .into_iter()
                .map(|added| Migration { index: self.migrations.len(), ..added }),
        );
        Self { migrations }
    }

    /// The lock with one migration in the place of those in `range`, which it replaces.
    #[must_use]
    pub fn squashed(&self, range: Range<usize>, name: MigrationName, sums: Sums) -> Self {
        let mut migrations = self.migrations.clone();
        let replaces = migrations.splice(range.clone(), []).collect();
        migrations.insert(range.start, unchained(name, sums, replaces));
        Self::of(migrations)
    }

    /// The lock without its last migration.
    #[must_use]
    pub fn without_last(&self) -> Self {
        let keep = self.migrations.len().saturating_sub(1);
        Self { migrations: self.migrations[..keep].to_vec() }
    }
}

impl LockProblem {
    fn malformed(format: u32) -> Self {
        Self::Malformed(if format == FORMAT_1 { 4 } else { 5 })
    }
}

fn unchained(name: MigrationName, sums: Sums, replaces: Vec<Migration>) -> Migration {
    let Sums { sql, statements, snapshot, schema } = sums;
    let (statements, chain) = (Some(statements), Checksum::ZERO);
    Migration { index: 0, name, sql, statements, snapshot, schema, chain, replaces }
}

/// Numbers and chains migrations behind `before`, which becomes the hash behind them.
fn chained(migrations: Vec<Migration>, before: &mut Checksum) -> Vec<Migration> {
    let mut all = Vec::with_capacity(migrations.len());
    for (index, mut migration) in migrations.into_iter().enumerate() {
        migration.index = index;
        migration.replaces = chained(migration.replaces, before);
        let mut covered = String::with_capacity(370);
        push_covered(&mut covered, &migration);
        migration.chain = chain(before, &covered, migration.replaces.len());
        *before = migration.chain;
        all.push(migration);
    }
    all
}

/// The last hash that a lock of format 1 would have with these.
pub(super) fn seal(migrations: &[Migration]) -> Checksum {
    migrations.iter().fold(Checksum::ZERO, |before, migration| {
        let mut covered = String::with_capacity(300);
        push_covered(&mut covered, &Migration { statements: None, replaces: Vec::new(), ..migration.clone() });
        Checksum::chained(&before, &covered)
    })
}

/// The hash of a line behind another one. Lines below it must not pass for lines before it.
fn chain(before: &Checksum, covered: &str, replaced: usize) -> Checksum {
    match replaced {
        0 => Checksum::chained(before, covered),
        count => Checksum::chained(before, &format!("{covered}\n{count}")),
    }
}

/// The part of a line that its last hash covers.
fn push_covered(text: &mut String, migration: &Migration) {
    let Migration { name, sql, statements, snapshot, schema, .. } = migration;
    text.push_str(name.as_str());
    for hash in [Some(sql), statements.as_ref(), Some(snapshot), Some(schema)].into_iter().flatten() {
        text.push(' ');
        hash.push_hex(text);
    }
}

fn push_lines(text: &mut String, migration: &Migration, depth: usize) {
    text.extend(std::iter::repeat_n(INDENT, depth));
    push_covered(text, migration);
    text.push(' ');
    migration.chain.push_hex(text);
    text.push('\n');
    for replaced in &migration.replaces {
        push_lines(text, replaced, depth + 1);
    }
}

fn format_of(header: &str) -> Option<u32> {
    let rest = header.strip_prefix(HEADER)?;
    rest.split(':').next()?.trim().parse().ok()
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
mod tests;
