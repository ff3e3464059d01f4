//! Expressions that a migration evaluates for the rows that are there: tried before anything is changed, and looked for
//! when something has failed.

use super::super::Failure;
use super::super::evaluated::{Evaluation, FailingRows, evaluations, failing_rows};
use super::{Database, cannot_read};
use crate::engine::error::{EngineError, ErrorKind};
use crate::sql::{Statement, StatementKind};

impl Database {
    /// What statements evaluate that is sure to fail where it does, and compiles: the line of each statement, and the
    /// query that fails then. Where a statement would fail before anything is changed, it is not tried twice.
    pub(super) async fn certain_expressions(
        &mut self,
        statements: &[Statement<'_>],
    ) -> Result<Vec<(usize, String)>, EngineError> {
        let mut certain = self.evaluations(statements).await?;
        certain.retain(|one| one.is_certain && !fails_first(statements, one.statement));
        let certain = certain.into_iter();
        let all: Vec<(usize, String)> =
            certain.map(|one| (statements.get(one.statement).map_or(0, |one| one.line), one.query())).collect();
        if all.is_empty() {
            return Ok(all);
        }
        let queries: Vec<&String> = all.iter().map(|(_, query)| query).collect();
        let compiled = self.connection.describe_all(&queries).await?;
        Ok(all.into_iter().zip(compiled).filter_map(|(one, compiled)| compiled.ok().map(|_| one)).collect())
    }

    async fn evaluations(&mut self, statements: &[Statement<'_>]) -> Result<Vec<Evaluation>, EngineError> {
        Ok(evaluations(self.tracker().await?.schema(), statements))
    }

    /// Fails if one of the expressions does that the statements are sure to evaluate.
    pub(super) async fn try_expressions(&mut self, statements: &[Statement<'_>]) -> Result<(), Failure> {
        let expressions = self.certain_expressions(statements).await.map_err(cannot_read)?;
        if expressions.is_empty() {
            return Ok(());
        }
        let queries: Vec<&String> = expressions.iter().map(|(_, query)| query).collect();
        let answers = self.connection.ask_all(&queries).await.map_err(cannot_read)?;
        for ((line, query), answer) in expressions.iter().zip(answers) {
            if let Err(error) = answer {
                return Err(Failure::Statement { number: 0, line: *line, statement: query.clone(), error });
            }
        }
        Ok(())
    }

    /// The rows on which expressions fail that the statements are sure to evaluate.
    pub(super) async fn rows_to_fail(&mut self, statements: &[Statement<'_>]) -> Result<Vec<FailingRows>, EngineError> {
        let mut evaluations = self.evaluations(statements).await?;
        evaluations.retain(|one| one.is_certain);
        failing_rows(&self.connection, &evaluations).await
    }

    /// The failure, or if it is that of an expression on a row: what it is, and the rows. They are looked for when
    /// everything is undone, in the rows as they are. `before` are the statements of migrations that were undone too.
    pub(super) async fn pointed_out(
        &mut self,
        failure: Failure,
        before: &[Statement<'_>],
        statements: &[Statement<'_>],
    ) -> Failure {
        let Failure::Statement { number, line, error, .. } = &failure else { return failure };
        let is_of_text = error.message.starts_with("no such") || error.message.starts_with("near ");
        if error.kind != ErrorKind::Statement || is_of_text {
            return failure;
        }
        // it may be from before
        self.tracker = None;
        let all: Vec<Statement<'_>> = before.iter().chain(statements).copied().collect();
        let Ok(mut evaluations) = self.evaluations(&all).await else { return failure };
        evaluations.retain(|one| match number.checked_sub(1) {
            Some(failed) => one.statement == before.len() + failed,
            // a preflight evaluates what a statement behind it does
            None => one.statement >= before.len(),
        });
        match failing_rows(&self.connection, &evaluations).await {
            Ok(found) if !found.is_empty() => Failure::PreflightExpressions { line: *line, found },
            _ => failure,
        }
    }
}

/// Whether nothing is changed before a statement that fails at the first row that it cannot evaluate. `ADD COLUMN`
/// looks at no rows, or does not say what is wrong with them.
fn fails_first(statements: &[Statement<'_>], at: usize) -> bool {
    let changes_nothing = |statement: &Statement<'_>| {
        statement.kind.only_adds_objects() && statement.kind != StatementKind::CreateIndex
            || matches!(statement.kind, StatementKind::DropOther | StatementKind::Read)
    };
    let fails = |statement: &Statement<'_>| statement.kind != StatementKind::AlterTable;
    statements.get(at).is_some_and(fails) && statements.iter().take(at).all(changes_nothing)
}
