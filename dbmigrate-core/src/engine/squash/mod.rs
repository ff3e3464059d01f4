//! Several migrations as one that does the same: for an empty database, and for one with rows at the schema before them.
//!
//! There are three ways, and the smallest one that is shown to do the same is taken. From an empty start, what leaves no
//! rows is what it creates ([`How::Created`]). What was generated is planned anew, from the first schema to the last one
//! ([`How::Planned`]). Everything else is the statements in their order ([`How::Joined`]). Both ways, the
//! migrations and the one, are executed in memory on the same rows, and compared.

mod joined;
mod tried;

use std::collections::BTreeMap;
use std::path::Path;

use thiserror::Error;

use self::tried::{Dump, Start, Stopped};
use super::error::EngineError;
use crate::diff::diff;
use crate::folder::Script;
use crate::folder::script::Limits;
use crate::plan::{Decisions, Trace, follow, plan};
use crate::schema::Schema;
use crate::sql::{Name, StatementKind, Token, tokenize};

/// A migration that is to be replaced.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its script.
    pub script: &'a Script<'a>,
    /// The schema before it.
    pub before: &'a Schema,
    /// The schema behind it.
    pub after: &'a Schema,
    /// Whether it is as it was generated, so that planning it anew leaves nothing out.
    pub is_generated: bool,
}

/// What is to become one migration.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The name of the one.
    pub name: &'a str,
    /// The statements of the migrations before them, in their order.
    pub earlier: &'a [&'a str],
    /// The migrations, in their order.
    pub parts: &'a [Part<'a>],
    /// Whether their ways back are left out.
    pub without_undo: bool,
}

/// How the one does what they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It creates what there is behind them.
    Created,
    /// It was planned from the schema before them to the one behind them.
    Planned,
    /// It has their statements in their order.
    Joined,
}

/// The one.
#[derive(Debug, Clone)]
pub struct Squashed {
    /// Its script.
    pub sql: String,
    /// How it does what they do.
    pub how: How,
    /// How many statements it has.
    pub statements: usize,
    /// How many generated rows both ways were tried on, besides an empty database.
    pub rows: usize,
    /// How many checks of rows it has no need for, because it runs on empty databases only, or is planned with its own.
    pub checks_left_out: usize,
}

/// Why a migration cannot be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The migration.
    pub migration: String,
    /// The line in its file, counted from 1.
    pub line: usize,
    /// Why.
    pub why: String,
    /// Whether it is its way back that is lost.
    pub is_undo: bool,
}

/// Why there is no such migration.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SquashError {
    /// Some of the migrations cannot be replaced.
    #[error("{}", .0.iter().map(|one| format!("`{}`: {}", one.migration, one.why)).collect::<Vec<_>>().join("; "))]
    Refused(Vec<Refusal>),
    /// A migration fails in memory, so that nothing can be shown.
    #[error("`{migration}` fails in memory: {error}")]
    Fails {
        /// The migration.
        migration: String,
        /// Its line.
        line: usize,
        /// The engine's error.
        error: EngineError,
    },
    /// Both ways do not do the same.
    #[error("one migration would not do the same: {0}")]
    Differs(String),
    /// The engine fails in another way.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Makes one migration of several.
///
/// # Errors
/// If one of them cannot be replaced, or nothing is shown to do the same.
pub async fn squash(job: &Job<'_>) -> Result<Squashed, SquashError> {
    if job.parts.is_empty() {
        return Err(SquashError::Refused(Vec::new()));
    }
    let alone = joined::alone(job.parts);
    if !alone.is_empty() {
        return Err(SquashError::Refused(alone));
    }
    let empty = Start::empty(job.earlier).await?;
    let wanted = empty.run_parts(job.parts).await.map_err(|stopped| failing(job, stopped))?;
    let checks = job.parts.iter().map(|part| part.script.preflights.len()).sum();
    if let Some(sql) = created(job, &wanted)
        && empty.run_script(&sql).await.is_ok_and(|found| found.difference(&wanted).is_none())
    {
        let statements = count(&sql);
        return Ok(Squashed { sql, how: How::Created, statements, rows: 0, checks_left_out: checks });
    }
    let populated = tried::populated(&empty, job.parts).await?;
    let shown = |how, sql: String, checks_left_out| {
        let (statements, rows) = (count(&sql), populated.start.rows);
        Squashed { sql, how, statements, rows, checks_left_out }
    };
    let both = [(&empty, &wanted), (&populated.start, &populated.wanted)];
    let (before, after) =
        (like(job.parts[0].before, empty.schema()), like(job.parts[job.parts.len() - 1].after, &wanted.schema));
    let planned = match planned(job, (&before, &after), &populated.start.empty) {
        Some(sql) if differs(&both, &sql).await.is_none() => Some(shown(How::Planned, sql, checks)),
        _ => None,
    };
    let joined = match joined::join(job) {
        Ok(sql) => match differs(&both, &sql).await {
            Some(what) if !has_chance(job.parts) => Err(SquashError::Differs(what)),
            _ => Ok(shown(How::Joined, sql, 0)),
        },
        Err(refusals) => Err(SquashError::Refused(refusals)),
    };
    match (planned, joined) {
        (Some(planned), Ok(joined)) if planned.statements < joined.statements => Ok(planned),
        (Some(planned), Err(_)) => Ok(planned),
        (_, joined) => joined,
    }
}

/// How many statements a script has.
fn count(sql: &str) -> usize {
    Script::parse(sql, Path::new("")).map_or(0, |script| script.statements.len())
}

fn failing(job: &Job<'_>, stopped: Stopped) -> SquashError {
    let part = &job.parts[stopped.part.min(job.parts.len() - 1)];
    let line = part.script.statements.get(stopped.statement).map_or(1, |statement| statement.line);
    SquashError::Fails { migration: part.name.to_owned(), line, error: stopped.error }
}

/// In what a script differs from what is wanted, on any of these.
async fn differs(starts: &[(&Start, &Dump)], sql: &str) -> Option<String> {
    for (start, wanted) in starts {
        match start.run_script(sql).await {
            Ok(found) => {
                if let Some(what) = found.difference(wanted) {
                    return Some(what);
                }
            }
            Err(error) => return Some(error.to_string()),
        }
    }
    None
}

/// The statements that create all that there is, if that is all that the migrations do on an empty database.
fn created(job: &Job<'_>, behind: &Dump) -> Option<String> {
    let is_plain = |part: &Part<'_>| {
        part.script.keeps.is_empty()
            && (part.script.undo.is_none() || job.without_undo)
            && part.script.statements.iter().all(|one| leaves_only_objects(one.kind, one.text))
    };
    if !job.earlier.is_empty() || behind.has_rows() || !job.parts.iter().all(is_plain) {
        return None;
    }
    let after = like(job.parts.last()?.after, &behind.schema);
    sql_between(job.name, &Schema::default(), &after, &Decisions::default())
}

/// Whether a statement leaves nothing but objects and rows.
fn leaves_only_objects(kind: StatementKind, text: &str) -> bool {
    let of_rename = || {
        tokenize(text)
            .filter(Token::is_significant)
            .nth(1)
            .is_some_and(|name| name.is_word("legacy_alter_table") || name.is_word("defer_foreign_keys"))
    };
    match kind {
        StatementKind::Pragma => of_rename(),
        StatementKind::Other | StatementKind::Transaction => false,
        _ => true,
    }
}

/// One plan for what several plans do, with everything that was decided for them. `unshown` are the tables for which no
/// rows could be made.
fn planned(job: &Job<'_>, (before, after): (&Schema, &Schema), unshown: &[Name]) -> Option<String> {
    let is_planned = |part: &Part<'_>| {
        let script = part.script;
        part.is_generated && script.keeps.is_empty() && script.undo.is_none() && script.limits == Limits::default()
    };
    let mentions = |part: &Part<'_>| {
        let names = |text| tokenize(text).filter_map(|token| token.identifier()).map(Name::from);
        part.script.statements.iter().any(|one| names(one.text).any(|name| unshown.contains(&name)))
    };
    if !job.parts.iter().all(is_planned) || job.parts.iter().any(mentions) {
        return None;
    }
    let mut trace = Trace::of_same(job.parts.first()?.before);
    let mut decisions = Decisions::default();
    for part in job.parts {
        let allowed = part.script.allows.iter().map(|allow| (allow.lint.as_str(), allow.object.as_str()));
        let read = Decisions::read_back(part.before, part.after, allowed, &part.script.statements);
        let (next, _) = follow(part.before, part.after, &part.script.statements);
        let now = |at: (Name, Name)| next.column(&at.0, &at.1).cloned();
        let moved = |map: BTreeMap<_, _>| map.into_iter().filter_map(|(at, expr)| Some((now(at)?, expr)));
        decisions.backfills = moved(std::mem::take(&mut decisions.backfills)).chain(read.backfills).collect();
        decisions.conversions = moved(std::mem::take(&mut decisions.conversions)).chain(read.conversions).collect();
        trace = trace.then(&next);
    }
    if trace.mistaken(before, after).is_some() {
        return None;
    }
    decisions.renames = trace.renames();
    decisions.accepted.all = true;
    decisions.knows_renames = true;
    sql_between(job.name, before, after, &decisions)
}

fn sql_between(name: &str, before: &Schema, after: &Schema, decisions: &Decisions) -> Option<String> {
    let difference = diff(before, after, &decisions.renames).ok()?;
    let mut decisions = decisions.clone();
    if decisions.accepted.all {
        // by name, so that the file says what it loses
        decisions.name_conversions(&difference);
    }
    plan(before, after, &difference, &decisions).ok().map(|plan| plan.to_sql(name))
}

/// A schema with the columns in the order in which a database has them.
fn like(schema: &Schema, found: &Schema) -> Schema {
    let mut schema = schema.clone();
    let tables = std::mem::take(&mut schema.tables);
    for mut table in tables {
        if let Some(there) = found.table(&table.name) {
            let place =
                |name: &Name| there.columns.iter().position(|column| column.name == *name).unwrap_or(usize::MAX);
            table.columns.sort_by_key(|column| place(&column.name));
        }
        schema.tables.insert(table);
    }
    schema
}

/// Whether what the statements write is another thing each time.
fn has_chance(parts: &[Part<'_>]) -> bool {
    const WORDS: [&str; 6] = ["random", "randomblob", "current_timestamp", "current_time", "current_date", "'now'"];
    let statements = || parts.iter().flat_map(|part| &part.script.statements);
    statements()
        .any(|one| tokenize(one.text).any(|token| WORDS.iter().any(|word| token.text.eq_ignore_ascii_case(word))))
}
