//! What the rows of a database have to do with a migration: what it loses of them, and what they have against it.

use super::super::found::{add_keys, fill};
use super::super::{Failure, Finding, Loss, Prepared, Restored, Violation, restored};
use super::{Database, cannot_read};
use crate::engine::connection::{Row, display, integer};
use crate::engine::error::EngineError;
use crate::folder::Script;
use crate::folder::script::{Allow, Preflight as Asked};
use crate::plan::{Lint, Preflight, keys_of};

impl Database {
    /// Refuses a migration whose preflights find rows, and counts what it brings back of what was kept.
    pub(super) async fn preflights(&self, migration: &Prepared<'_>) -> Result<Vec<Restored>, Failure> {
        let Script { preflights, restores, .. } = &migration.script;
        let queries: Vec<&str> = preflights.iter().map(|preflight| preflight.query.as_str()).collect();
        let spared = self.find_nothing(&queries).await;
        let rest = |at: usize| !spared.contains(&at);
        let preflights: Vec<_> = (0..).zip(preflights).filter(|(at, _)| rest(*at)).map(|(_, one)| one).collect();
        let counts = self.refuse_rows(&preflights, restored::queries(restores)).await?;
        Ok(restored::counted(restores, &counts))
    }

    /// Fails if one of these preflights finds rows, and returns what the other queries say.
    pub(super) async fn refuse_rows(
        &self,
        preflights: &[&Asked],
        others: Vec<&str>,
    ) -> Result<Vec<Option<Row>>, Failure> {
        let mut doubtful = Vec::new();
        for preflight in preflights {
            if !self.finds_nothing(&preflight.query).await {
                doubtful.push(*preflight);
            }
        }
        let queries = doubtful.iter().map(|preflight| preflight.query.as_str());
        let queries: Vec<&str> = queries.chain(others).collect();
        let mut answers = self.connection.first_rows_shown(&queries).await.map_err(cannot_read)?;
        let counts = answers.split_off(doubtful.len());
        for (preflight, answer) in doubtful.into_iter().zip(answers) {
            let found = answer.map_err(|error| Failure::Statement {
                number: 0,
                line: preflight.line,
                statement: preflight.query.clone(),
                error,
            })?;
            if let Some(row) = found {
                let message = fill(preflight.message.as_deref(), &row);
                return Err(Failure::Preflight { line: preflight.line, message });
            }
        }
        Ok(counts.into_iter().map(|count| count.ok().flatten()).collect())
    }

    /// What a script would bring back of what is kept, by the rows as they are now. What earlier migrations make is
    /// not there yet, and is left out.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn restores(&self, script: &Script<'_>) -> Result<Vec<Restored>, EngineError> {
        let answers = self.connection.ask_all(&restored::queries(&script.restores)).await?;
        let row = |answer: Result<Vec<Row>, EngineError>| answer.ok()?.into_iter().next();
        let counts: Vec<Option<Row>> = answers.into_iter().map(row).collect();
        Ok(restored::counted(&script.restores, &counts))
    }

    /// What all these preflights find; the query that fails, otherwise.
    pub(super) async fn findings(&self, preflights: &[Preflight]) -> Result<Vec<Finding>, (String, EngineError)> {
        let queries: Vec<&str> = preflights.iter().map(|preflight| preflight.query.as_str()).collect();
        let failed = |query: &str| {
            let query = query.to_owned();
            move |error| (query, error)
        };
        let first = queries.first().copied().unwrap_or_default();
        let spared = self.find_nothing(&queries).await;
        let rest = (0..).zip(preflights).filter(|(at, _)| !spared.contains(at));
        let queries: Vec<&str> = rest.clone().map(|(_, preflight)| preflight.query.as_str()).collect();
        let answers = self.connection.first_rows_shown(&queries).await.map_err(failed(first))?;
        let mut found = Vec::new();
        for ((at, preflight), answer) in rest.zip(answers) {
            if let Some(row) = answer.map_err(failed(&preflight.query))? {
                let mut message = fill(Some(&preflight.message), &row);
                if !preflight.keys.is_empty() {
                    let keys = self.connection.rows_shown(&preflight.keys).await;
                    add_keys(&mut message, &keys.map_err(failed(&preflight.keys))?);
                }
                found.push(Finding { preflight: at, message });
            }
        }
        Ok(found)
    }

    /// What all preflights of a script find, behind their lines: outside of a migration, on the rows as they are now. A query
    /// that fails is left out.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn contradictions(&self, script: &Script<'_>) -> Result<Vec<(usize, String)>, EngineError> {
        let queries: Vec<&str> = script.preflights.iter().map(|preflight| preflight.query.as_str()).collect();
        let answers = self.connection.first_rows_shown(&queries).await?;
        let found = script.preflights.iter().zip(answers).filter_map(|(preflight, answer)| {
            let row = answer.ok().flatten()?;
            Some((preflight.line, fill(preflight.message.as_deref(), &row)))
        });
        Ok(found.collect())
    }

    /// What all preflights of a script find, each with the keys of at most so many rows: outside of a migration, on the
    /// rows as they are now.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn contradicting_rows(&self, script: &Script<'_>, most: usize) -> Result<Vec<Violation>, EngineError> {
        let mut found = Vec::new();
        for preflight in &script.preflights {
            let Some(row) = self.connection.first_row_shown(&preflight.query).await? else { continue };
            let message = fill(preflight.message.as_deref(), &row);
            let query = keys_of(&preflight.query).unwrap_or_else(|| preflight.query.clone());
            let mut rows = self.connection.some_rows_shown(&query, most + 1).await?;
            let has_more = rows.len() > most;
            rows.truncate(most);
            let keys = rows.iter().map(|row| row.iter().map(display).collect()).collect();
            found.push(Violation { line: preflight.line, message, keys, has_more });
        }
        Ok(found)
    }

    /// What a script loses with permission, and how much of it there is now.
    pub(super) async fn counted_losses(&self, script: &Script<'_>) -> Vec<Loss> {
        let mut losses = Vec::new();
        for (allow, query) in countable(script) {
            // where it cannot be counted (the table gets its name in this migration), nothing is said
            if let Some(count) = self.counted(&query).await {
                let kept = script.keep_of(allow).map(|keep| keep.kept.to_string());
                losses.push(Loss {
                    lint: allow.lint.clone(),
                    object: allow.object.clone(),
                    count,
                    kept,
                    carried_to: Vec::new(),
                });
            }
        }
        losses
    }

    /// The number that a query returns.
    async fn counted(&self, query: &str) -> Option<u64> {
        #[cfg(feature = "remote")]
        if let Some(known) = self.ahead.count(query) {
            return *known;
        }
        let row = self.connection.first_row(query).await.ok()??;
        row.first().and_then(|value| u64::try_from(integer(value)).ok())
    }
}

/// What a migration loses with permission, with queries for how much.
pub(super) fn countable<'s>(script: &'s Script<'_>) -> impl Iterator<Item = (&'s Allow, String)> {
    script.allows.iter().filter_map(|allow| {
        let query = match (allow.lint.parse(), allow.column()) {
            (Ok(Lint::DropTable), _) => format!("SELECT count(*) FROM {}", allow.name().sql()),
            (Ok(Lint::DropColumn | Lint::DiscardValues), Some((table, column))) => {
                format!("SELECT count({}) FROM {}", column.sql(), table.sql())
            }
            _ => return None,
        };
        Some((allow, query))
    })
}
