//! `lints`: which lints there are, at which levels; explains one.

use clap::Args;
use console::measure_text_width;
use dbmigrate_core::config::Query;
use dbmigrate_core::lint::{Group, Level, RULES, Rule, RuleRef, rule};

use crate::error::Result;
use crate::exit;
use crate::linting::{LintLevels, Set};
use crate::messages;
use crate::project::Context;
use crate::project::config::{FILE_NAME, unknown_lint};
use crate::report::prompt::layout::{result_columns, wrapped};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate lints
  cargo dbmigrate lints drop_column

Levels are set in dbmigrate.toml, by the name of a lint or of its group:

  [lints]
  data_loss = \"deny\"
  drop_column = \"warn\"

or by flags of `check`, `generate`, `push` and `migrate --dry-run`: -A, -W, -D.")]
pub(crate) struct Lints {
    /// The lint to explain, or the group to list [default: list all]
    #[arg(value_name = "LINT")]
    pub lint: Option<String>,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// Exit code 2 if there is no lint of that name.
pub(crate) fn run(context: &Context, arguments: &Lints) -> Result<u8> {
    let set = Set::of(context, &LintLevels::default())?;
    let typed = arguments.lint.as_deref().map(|typed| typed.replace('-', "_"));
    match typed.as_deref() {
        None => list(context, &set, &Group::ALL),
        Some(name) => match (rule(name), name.parse::<Group>()) {
            (Some(rule), _) => explain(context, &set, rule),
            (None, Ok(group)) => list(context, &set, &[group]),
            (None, Err(())) => match set.rules.queries.iter().find(|query| query.name == name) {
                Some(query) => explain_query(context, &set, query),
                None => return Err(unknown_lint(name, &set.rules)),
            },
        },
    }
    Ok(exit::DONE)
}

/// Lists the lints of groups.
fn list(context: &Context, set: &Set, groups: &[Group]) {
    let printer = &context.printer;
    let queries = &set.rules.queries;
    let names = RULES.iter().map(|rule| rule.name).chain(queries.iter().map(|query| query.name.as_str()));
    let width = names.map(str::len).max().unwrap_or_default();
    let columns = result_columns();
    let mut text = Vec::new();
    for group in groups {
        let of_group: Vec<&Rule> = RULES.iter().copied().filter(|rule| rule.group == *group).collect();
        if of_group.is_empty() {
            continue;
        }
        let gap = if text.is_empty() { "" } else { "\n" };
        text.push(format!("{gap}{group}: {}", about(*group)));
        for rule in of_group {
            let level = set.levels.of(rule);
            text.push(row(level, (rule.name, width), rule.summary, columns));
            printer.message(|| message(rule, level, None));
        }
        for query in queries.iter().filter(|query| RuleRef::of_query(&query.name).group == *group) {
            let level = set.levels.of(RuleRef::of_query(&query.name));
            text.push(row(level, (&query.name, width), about_query(query), columns));
            printer.message(|| message_of_query(query, level, None));
        }
    }
    if !text.is_empty() {
        printer.result(text.join("\n"));
    }
    printer.next(&["explain one: `cargo dbmigrate lints LINT`".to_owned()]);
}

/// How far the text below a name is indented, where it does not fit behind it.
const INDENT: usize = 9;

/// A line of the list; on a terminal that is too narrow for it, several.
fn row(level: Level, (name, width): (&str, usize), about: &str, columns: Option<usize>) -> String {
    let line = format!("  {:<5}  {name:<width$}  {about}", level.word());
    match columns {
        Some(columns) if measure_text_width(&line) > columns => {
            let below = wrapped(about, columns.saturating_sub(INDENT));
            let indent = " ".repeat(INDENT);
            let head = format!("  {:<5}  {name}", level.word());
            below.iter().fold(head, |all, line| all + "\n" + &indent + line)
        }
        _ => line,
    }
}

/// What the lints of a group are about.
fn about(group: Group) -> &'static str {
    match group {
        Group::DataLoss => "rows or values are lost",
        Group::Availability => "others wait while it runs",
        Group::Compatibility => "the release that runs meanwhile fails",
        Group::Performance => "queries are slower, or files larger, than they need to be",
        Group::Correctness => "it fails on rows, or does not do what it seems to do",
        Group::Style => "what people agree on",
    }
}

/// Prints the documentation of one, and how its level is set.
fn explain(context: &Context, set: &Set, rule: &Rule) {
    let level = set.levels.of(rule);
    let said = set.reason(rule).map_or_else(|| "its default".to_owned(), |said| format!("set by `{said}`"));
    let text = format!(
        "# {}\n\n{}{}.\n\nGroup `{}`, level `{level}` ({said}).\n\n{}",
        rule.name,
        rule.summary[..1].to_uppercase(),
        &rule.summary[1..],
        rule.group,
        rule.explanation.trim_end()
    );
    context.printer.result(text);
    context.printer.message(|| message(rule, level, Some(rule.explanation)));
}

/// What a query of the project's own finds.
fn about_query(query: &Query) -> &str {
    query.message.as_deref().unwrap_or("what a query of the project finds")
}

/// Prints a query of the project's own, and how its level is set.
fn explain_query(context: &Context, set: &Set, query: &Query) {
    let rule = RuleRef::of_query(&query.name);
    let level = set.levels.of(&rule);
    let said = set.reason(&rule).map_or_else(|| "its default".to_owned(), |said| format!("set by `{said}`"));
    let help = query.help.as_ref().map(|help| format!("{help}\n\n")).unwrap_or_default();
    let explanation = format!(
        "{help}A query of `{FILE_NAME}` (line {}), over the schema as tables:\n\n```sql\n{}\n```",
        query.place.0, query.sql
    );
    context.printer.result(format!(
        "# {}\n\n{}.\n\nGroup `{}`, level `{level}` ({said}).\n\n{explanation}",
        query.name,
        about_query(query),
        rule.group
    ));
    context.printer.message(|| message_of_query(query, level, Some(&explanation)));
}

fn message_of_query(query: &Query, level: Level, explanation: Option<&str>) -> messages::Lint {
    let rule = RuleRef::of_query(&query.name);
    messages::Lint {
        name: query.name.clone(),
        group: rule.group.to_string(),
        level: level.to_string(),
        default_level: rule.level.to_string(),
        summary: about_query(query).to_owned(),
        explanation: explanation.map(str::to_owned),
    }
}

fn message(rule: &Rule, level: Level, explanation: Option<&str>) -> messages::Lint {
    messages::Lint {
        name: rule.name.to_owned(),
        group: rule.group.to_string(),
        level: level.to_string(),
        default_level: rule.level.to_string(),
        summary: rule.summary.to_owned(),
        explanation: explanation.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_behind_a_name_stands_below_it() {
        let of = |columns| row(Level::Warn, ("drop_table", 12), "a table is dropped with all its rows", columns);
        let line = "  warn   drop_table    a table is dropped with all its rows";
        assert_eq!(of(None), line);
        assert_eq!(of(Some(line.len())), line);
        assert_eq!(of(Some(30)), "  warn   drop_table\n         a table is dropped\n         with all its rows");
    }
}
