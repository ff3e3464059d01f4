//! Whether the statements of the source fit a schema of the package, as the engine says.

use std::ops::Range;

use dbmigrate_core::config::{DEFAULT_DATABASE, Queries};
use dbmigrate_core::engine::trial::{Access, Refusal, Tried};
use dbmigrate_core::sql::{Statement, StatementKind, split};
use pollster::block_on;

use super::schemas::{Schemas, Tryable};
use crate::error::{CommandError, Result};
use crate::source::Written;

/// A literal, held against the schemas of the package.
#[derive(Debug)]
pub(crate) struct Judged<'w> {
    /// Where it stands, and its text.
    pub(crate) written: &'w Written,
    /// The database that it is for; `None` for the default one.
    pub(crate) database: Option<String>,
    /// What the engine says.
    pub(crate) outcome: Outcome,
    /// Whether it names a table of a database of the package.
    pub(crate) names_a_table: bool,
}

/// What the engine says of a literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It compiles, and does this with tables and columns.
    Fits(Vec<Access>),
    /// It does not: why, and at which bytes of the text; of each of its statements that do not.
    Refused(Vec<Refusal>),
    /// It needs what is not here.
    Unknown(String),
}

/// Holds literals against the schemas. A literal fits if one of them takes it; else it is for the database whose tables it
/// names.
///
/// # Errors
/// If nothing can be opened in memory.
pub(crate) fn judge<'w>(written: &'w [Written], schemas: &Schemas, config: &Queries) -> Result<Vec<Judged<'w>>> {
    written.iter().map(|one| judge_one(one, schemas, config)).collect()
}

fn judge_one<'w>(written: &'w Written, schemas: &Schemas, config: &Queries) -> Result<Judged<'w>> {
    let sql = written.literal.value();
    let said = config.database_of(&written.path).map(|name| (name != DEFAULT_DATABASE).then(|| name.to_owned()));
    let is_meant = |one: &&Tryable| said.as_ref().is_none_or(|name: &Option<String>| one.name == *name);
    let mut known: Vec<(usize, &Tryable)> =
        schemas.all.iter().filter(is_meant).map(|one| (one.knows(sql), one)).collect();
    // that whose tables it names first; of several the one at hand
    known.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let names_a_table = known.first().is_some_and(|(count, _)| *count > 0);
    let mut first: Option<Judged<'w>> = None;
    for (_, one) in known {
        let outcome = tried(sql, one)?;
        let fits = matches!(outcome, Outcome::Fits(_));
        let judged = Judged { written, database: one.name.clone(), outcome, names_a_table };
        if fits {
            return Ok(judged);
        }
        first.get_or_insert(judged);
    }
    Ok(first.unwrap_or_else(|| Judged {
        written,
        database: None,
        outcome: Outcome::Unknown("its database has no migrations".to_owned()),
        names_a_table,
    }))
}

/// What the engine says of a text.
fn tried(sql: &str, one: &Tryable) -> Result<Outcome> {
    let (mut accesses, mut refused) = (Vec::new(), Vec::new());
    let statements = split(sql);
    if !statements.iter().any(is_tried) {
        return Ok(Outcome::Unknown("it defines what is in a database".to_owned()));
    }
    for statement in statements.iter().filter(|statement| is_tried(statement)) {
        let tried = block_on(one.trial.compile(statement.text))
            .map_err(|error| CommandError::failed(format!("statements cannot be tried: {error}")))?;
        match tried {
            Tried::Fits(more) => accesses.extend(more),
            Tried::Unknown(why) => return Ok(Outcome::Unknown(why)),
            Tried::Refused(refusal) => {
                let span = moved(&refusal.span, statement.start);
                refused.push(Refusal { span, ..refusal });
            }
        }
    }
    if !refused.is_empty() {
        return Ok(Outcome::Refused(refused));
    }
    accesses.sort_unstable();
    accesses.dedup();
    Ok(Outcome::Fits(accesses))
}

/// Whether something can be said of a statement: what defines objects is for another database than this one, and what is
/// about connections fits every schema.
fn is_tried(statement: &Statement<'_>) -> bool {
    matches!(statement.kind, StatementKind::Read | StatementKind::Write)
}

fn moved(span: &Range<usize>, by: usize) -> Range<usize> {
    span.start + by..span.end + by
}
