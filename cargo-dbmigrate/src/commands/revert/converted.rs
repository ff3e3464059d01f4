//! Values that a migration has converted by an expression: how they are converted back.

use dbmigrate_core::plan::{Decisions, Lint, Trace};
use dbmigrate_core::shell::shell_quoted;
use dbmigrate_core::sql::path::path;
use dbmigrate_core::sql::{Expr, Name};

use super::history::Entry;
use super::inverse::{Inverse, inverse};
use super::kept::AllReturning;
use super::returns::Causes;
use crate::decisions::ask::Asker;
use crate::diagnostic::Diagnostic;
use crate::error::{CommandError, Result};
use crate::exit;

/// How values come back that the migrations have converted by an expression.
///
/// # Errors
/// Exit code 3 for those of which only their author knows.
pub(super) fn conversions(
    asker: &Asker<'_>,
    run: &[Entry],
    causes: &Causes<'_>,
    to_target: &Trace,
    returning: &AllReturning,
    decisions: &mut Decisions,
) -> Result<()> {
    let mut open = Vec::new();
    let count = if causes.is_only_the_first { 1 } else { run.len() };
    for (at, entry) in run.iter().enumerate().take(count) {
        for ((table, column), expr) in &entry.decisions.conversions {
            // by the names of the end, and then of the target
            let mut place = Some((table.clone(), column.clone()));
            for later in &run[at + 1..] {
                place = place.and_then(|(table, column)| later.trace.column(&table, &column).cloned());
            }
            let back = place.as_ref().and_then(|(table, column)| to_target.column(table, column));
            let Some(back) = back.cloned() else { continue };
            match inverse(expr, column, &back.1) {
                Some(Inverse::AsTheyAre) => {}
                Some(Inverse::By(back_expr)) if !decisions.conversions.contains_key(&back) => {
                    decisions.conversions.insert(back, back_expr);
                }
                _ if returning.has_original(&back.0, &back.1) => {}
                _ => open.push((entry.name().to_owned(), back, expr.clone())),
            }
        }
    }
    let mut given = decisions.clone();
    asker.answers.decide(&mut given, asker.words, (&asker.declared.schema, &asker.declared.schema))?;
    open.retain(|(_, (table, column), _)| {
        let object = path([table, column]);
        let key = (table.clone(), column.clone());
        !given.conversions.contains_key(&key) && !given.accepted.has(Lint::LossyConversion, &object)
    });
    if open.is_empty() { Ok(()) } else { Err(unknown_way_back(asker, &open)) }
}

/// The migration, the column in the target, and the expression that converted its values.
type Converted = (String, (Name, Name), Expr);

/// Exit code 3: nobody but the author knows how values were before they were converted.
fn unknown_way_back(asker: &Asker<'_>, open: &[Converted]) -> CommandError {
    let command = asker.command_line();
    let diagnostic = |(migration, (table, column), expr): &Converted| {
        let object = path([table, column]);
        let message = format!(
            "`{table}.{column}` was converted in `{migration}` by `{expr}`: how are its values converted back?"
        );
        let mut diagnostic = Diagnostic::error(message);
        diagnostic.code = Some(Lint::LossyConversion.name().to_owned());
        let quoted = |text: String| shell_quoted(&text);
        let example = quoted(format!("{object}={}", column.sql()));
        diagnostic.object = Some(object.clone().into());
        diagnostic
            .help(format!("to convert them back (any SQL expression): `{command} --convert {example}`"))
            .help(format!("to leave them as they are: `{command} --accept lossy_conversion:{}`", quoted(object)))
    };
    let rendered = asker.context.printer.render(&open.iter().map(diagnostic).collect::<Vec<_>>());
    let message = match open.len() {
        1 => "a decision is needed, nothing was written".to_owned(),
        count => format!("{count} decisions are needed, nothing was written"),
    };
    CommandError::new(exit::DECISION, message).diagnostics(rendered)
}
