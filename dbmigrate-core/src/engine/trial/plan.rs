//! How the engine would run a statement: what it reads, by which way, and what it sorts.

use super::Trial;
use crate::engine::connection::text;
use crate::engine::error::EngineError;
use crate::schema::Schema;
use crate::sql::Name;
use crate::sql::token::{Token, TokenKind, significant};

/// A step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// All rows of a table are read, maybe in the order of an index.
    Scan {
        /// The table.
        table: Name,
        /// The index that is read in its place, or for its order.
        index: Option<Name>,
        /// The step in the engine's words.
        detail: String,
    },
    /// Rows are found by a key.
    Search {
        /// The table.
        table: Name,
        /// The index; `None` for the rowid or the primary key.
        index: Option<Name>,
    },
    /// Rows are sorted or kept apart in a tree that is built for it.
    Sort {
        /// The step in the engine's words.
        detail: String,
    },
}

impl Step {
    /// The table that is read, and the index by which.
    pub fn index(&self) -> Option<(&Name, &Name)> {
        match self {
            Self::Scan { table, index: Some(index), .. } | Self::Search { table, index: Some(index) } => {
                Some((table, index))
            }
            _ => None,
        }
    }
}

impl Trial {
    /// How a statement would be run; `None` if it does not compile.
    ///
    /// # Errors
    /// Never at present: what cannot be planned has no plan.
    pub async fn plan(&self, sql: &str, schema: &Schema) -> Result<Option<Vec<Step>>, EngineError> {
        let Ok(rows) = self.connection.rows(&format!("EXPLAIN QUERY PLAN {sql}")).await else { return Ok(None) };
        let tokens = significant(sql);
        let steps = rows.iter().filter_map(|row| step(text(row.get(3)?), &tokens, schema));
        Ok(Some(steps.collect()))
    }
}

/// Reads a line of a plan. What reads no table of the schema is left out.
fn step(detail: &str, tokens: &[Token<'_>], schema: &Schema) -> Option<Step> {
    if detail.starts_with("USE TEMP B-TREE") {
        return Some(Step::Sort { detail: detail.to_owned() });
    }
    let (verb, rest) = detail.split_once(' ')?;
    let (name, how) = rest.split_once(" USING ").unwrap_or((rest, ""));
    // `SCAN u`, or in older versions `SCAN TABLE users AS u`
    let name = name.strip_prefix("TABLE ").unwrap_or(name);
    let name = name.split_once(" AS ").map_or(name, |(table, _)| table);
    let table = table_of(name, tokens, schema)?;
    let index = how.split_once("INDEX ").map(|(_, rest)| rest.split(" (").next().unwrap_or(rest));
    let index = index.map(Name::from).filter(|_| !how.contains("AUTOMATIC"));
    match verb {
        "SCAN" => Some(Step::Scan { table, index, detail: detail.to_owned() }),
        "SEARCH" => Some(Step::Search { table, index }),
        _ => None,
    }
}

/// The table of the schema that has a name or an alias in a statement.
fn table_of(name: &str, tokens: &[Token<'_>], schema: &Schema) -> Option<Name> {
    let known = |name: &Name| schema.table(name).map(|table| table.name.clone());
    let alias = Name::from(name);
    let is_alias = |at: usize| tokens[at].identifier().is_some_and(|one| alias == Name::from(one));
    let named = (1..tokens.len()).filter(|at| is_alias(*at)).find_map(|at| {
        let before = if tokens[at - 1].is_word("as") { at.checked_sub(2)? } else { at - 1 };
        let table = tokens.get(before).filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName))?;
        known(&Name::from(table.identifier()?))
    });
    named.or_else(|| known(&alias))
}
