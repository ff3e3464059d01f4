//! `default_type_mismatch`.

mod value;

use value::Value;

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Column, Table, Vector};
use crate::sql::Expr;
use crate::sql::expr::Affinity;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "default_type_mismatch",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a default is no value of the type of its column, or a text where an expression is meant",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, |_, table, found| of_table(migration, table, found));
}

fn of_table(migration: &Migration<'_>, table: &Table, found: &mut Vec<Finding>) {
    for column in &table.columns {
        let Some(default) = column.effective_default() else { continue };
        let value = Value::of(default);
        let Some(problem) = problem(table, column, &value) else { continue };
        let object = path([&table.name, &column.name]);
        let message = format!("the default of `{object}` is {}", problem.is);
        let mut finding =
            Finding::new(&RULE, &object, message).at(Place::Column(table.name.clone(), column.name.clone()));
        if problem.fails {
            finding = finding.note(format!("`{}` is STRICT: each INSERT that leaves the column out fails", table.name));
        }
        let meant = problem.meant.filter(|_| migration.is_created(table) || problem.is_same);
        let fixed = meant.and_then(|meant| with_default(table, column, &meant).map(|fixed| (meant, fixed)));
        found.push(match fixed {
            Some((meant, fixed)) => finding.fix(format!("write `DEFAULT {meant}`"), fixed),
            None => finding.help(problem.help),
        });
    }
}

struct Problem {
    is: String,
    help: String,
    /// Whether a STRICT table refuses it.
    fails: bool,
    /// The default that is meant, if there is no doubt.
    meant: Option<String>,
    /// Whether the same is stored with that.
    is_same: bool,
}

/// The table with another default of a column, if nothing is wrong with that.
fn with_default(table: &Table, column: &Column, default: &str) -> Option<Table> {
    let mut fixed = table.clone();
    let changed = fixed.columns.iter_mut().find(|one| one.name == column.name)?;
    let inside = default.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    changed.default = Some(Expr::new(inside.unwrap_or(default)));
    let changed = changed.clone();
    let value = Value::of(changed.effective_default()?);
    problem(&fixed, &changed, &value).is_none().then_some(fixed)
}

fn problem(table: &Table, column: &Column, value: &Value) -> Option<Problem> {
    let declared = column.decl_type.as_str();
    let upper = declared.to_ascii_uppercase();
    let name = column.name.folded();
    let affinity = table.affinity(column);
    let said = value.said();
    if let Value::Text(text) = value {
        if let Some(meant) = value::expression_in(text) {
            return Some(Problem {
                is: format!("the text {said}, and not what it says"),
                help: format!("write `DEFAULT {meant}`, without quotes"),
                fails: is_strict_number(table, affinity),
                meant: Some(meant),
                is_same: false,
            });
        }
        let is_json = upper.contains("JSON") || name.contains("json");
        if text.eq_ignore_ascii_case("null") && !is_json {
            let help = "write `DEFAULT NULL`, or nothing".to_owned();
            let is = format!("the text {said}, and not NULL");
            return Some(Problem { is, help, fails: is_strict_number(table, affinity), meant: None, is_same: false });
        }
    }
    let mismatch = |is: String, help: &str, fails: bool| {
        Some(Problem { is, help: help.to_owned(), fails: fails && table.strict, meant: None, is_same: false })
    };
    let kind = |what: &str| format!("{said}, {what}, in a column of type `{declared}`");
    let is_boolean = upper.contains("BOOL");
    match (affinity, value) {
        // `boolean_as_text`
        (_, Value::Text(_)) if is_boolean => None,
        (Affinity::Integer | Affinity::Real, Value::Text(text)) if !value::is_number(text) => {
            mismatch(kind("which stays text"), "write a number", true)
        }
        (Affinity::Integer | Affinity::Real, Value::Clock(_)) => mismatch(
            kind("which is stored as text"),
            "write `DEFAULT (unixepoch())`, or declare the column `TEXT`",
            true,
        ),
        (Affinity::Integer, Value::Real(_, number)) if number.fract() != 0.0 => {
            mismatch(kind("which stays a fraction"), "write an integer, or declare the column `REAL`", true)
        }
        (Affinity::Integer | Affinity::Real, Value::Blob) => mismatch(kind("which stays a blob"), "write a number", true),
        (Affinity::Numeric, Value::Text(text))
            if ["DEC", "NUM", "MONEY"].iter().any(|part| upper.contains(part)) && !value::is_number(text) =>
        {
            mismatch(kind("which stays text"), "write a number", false)
        }
        (Affinity::Text, Value::Integer(_) | Value::Real(..) | Value::Boolean(_)) => {
            let stored = value.as_text();
            let help = format!("write `DEFAULT {stored}` if the text is meant, or declare the column as what it holds");
            let is = format!("{said}, which is stored as the text {stored}");
            Some(Problem { is, help, fails: false, meant: Some(stored), is_same: true })
        }
        (Affinity::Text, Value::Seconds) => mismatch(
            kind("which is stored as the digits of a number"),
            "write `DEFAULT CURRENT_TIMESTAMP`, or declare the column `INTEGER`",
            false,
        ),
        (Affinity::Text, Value::Blob) => mismatch(kind("which stays a blob"), "write a text", true),
        (Affinity::Blob, Value::Text(text))
            if upper.contains("BLOB")
                && Vector::of(&column.decl_type).is_none()
                // JSON is read from a blob as well as from text
                && !text.starts_with(['{', '[']) =>
        {
            mismatch(kind("which stays text"), "write a blob, such as `X''`", true)
        }
        (Affinity::Blob, Value::Integer(_) | Value::Real(..) | Value::Boolean(_)) if upper.contains("BLOB") => {
            mismatch(kind("which stays a number"), "write a blob, such as `X''`", true)
        }
        _ => None,
    }
}

/// Whether a table refuses text in a column of that affinity.
fn is_strict_number(table: &Table, affinity: Affinity) -> bool {
    table.strict && matches!(affinity, Affinity::Integer | Affinity::Real)
}
