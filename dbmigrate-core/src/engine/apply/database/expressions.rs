//! Expressions that a migration evaluates for the rows that are there: tried before anything is changed, and looked for
//! when something has failed.

use super::super::Failure;
use super::super::evaluated::{Evaluation, FailingRows, evaluations, failing_rows};
use super::{Database, cannot_read};
use crate::engine::error::{EngineError, ErrorKind};
use crate::folder::script::Rebuild;
use crate::schema::{Column, Table};
use crate::sql::raising::can_raise;
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

    /// Whether statements are rebuilds that copy rows, and whatever they evaluate has a value for each: as most do, of which
    /// more need not be known.
    pub(super) async fn only_copies(
        &mut self,
        statements: &[Statement<'_>],
        rebuilds: &[&Rebuild],
    ) -> Result<bool, EngineError> {
        let copied: usize = rebuilds.iter().map(|rebuild| rebuild.statements.len()).sum();
        if rebuilds.is_empty() || copied != statements.len() {
            return Ok(false);
        }
        let schema = self.tracker().await?.schema();
        let is_plain = |table: &Table| table.columns.iter().all(|column| column.generated.is_none());
        Ok(rebuilds.iter().all(|rebuild| {
            let indexes = rebuild.indexes.iter().map(|(_, index)| index);
            let parts = indexes.clone().flat_map(|index| index.parts.iter().map(|part| &part.expr));
            let conditions = indexes.filter_map(|index| index.predicate.as_ref());
            let checks = rebuild.definition.checks.iter().map(|check| &check.expr);
            // what is not filled gets its default, which is an expression too
            let is_filled = |column: &Column| rebuild.values.iter().any(|(name, _)| *name == column.name);
            schema.table(&rebuild.table).is_some_and(is_plain)
                && rebuild.definition.columns.iter().all(is_filled)
                && is_plain(&rebuild.definition)
                && !rebuild.values.iter().any(|(_, value)| can_raise(value))
                && !parts.chain(conditions).chain(checks).any(|expr| can_raise(expr.as_str()))
        }))
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
