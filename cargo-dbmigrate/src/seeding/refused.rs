//! A row that the engine refuses, in words of the file.

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::connection::display;
use dbmigrate_core::schema::Table;
use dbmigrate_core::schema::table::Check;
use dbmigrate_core::sql::{Expr, Name, TokenKind, tokenize};

use super::keys::key_of;
use super::model::{Cell, Given, Place, Seed};
use super::rows::Value;
use crate::diagnostic::Diagnostic;
use crate::error::did_you_mean;

/// How a value is shown, unless it is a secret.
pub(super) fn shown(cell: &Cell) -> Option<String> {
    const LONGEST: usize = 40;
    let Given::Value(value) = &cell.given else { return None };
    let text = display(value).replace(['\n', '\r'], " ");
    let text = match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    };
    Some(format!("`{text}`"))
}

/// What is wrong with a row, by the message of the engine.
pub(super) fn refused(seed: &Seed, row: usize, error: &EngineError) -> Diagnostic {
    let table = seed.table_of(row);
    let message = error.message.as_str();
    let behind = |start: &str| message.strip_prefix(start);
    if let Some(columns) = behind("UNIQUE constraint failed: ") {
        return repeated(seed, row, &columns_of(table, columns));
    }
    if let Some(column) = behind("NOT NULL constraint failed: ") {
        let at = columns_of(table, column);
        let error = Diagnostic::error(format!("`{column}` is NOT NULL, and what stands for it here is NULL"));
        return at_columns(seed, row, error, &at, "");
    }
    if let Some(check) = behind("CHECK constraint failed: ") {
        return check_failed(seed, row, check);
    }
    let expressions: Vec<usize> = seed.rows[row]
        .cells
        .iter()
        .filter(|cell| matches!(cell.given, Given::Sql(_)))
        .map(|cell| cell.column)
        .collect();
    let text = seed.redacted(message);
    at_columns(seed, row, Diagnostic::error(format!("a row of `{}` is refused: {text}", table.name)), &expressions, "")
}

/// The same for a row that a database refuses which has rows already.
pub(super) fn refused_by_database(seed: &Seed, row: usize, error: &EngineError) -> Diagnostic {
    let table = seed.table_of(row);
    match error.message.split_once("UNIQUE constraint failed: ") {
        Some((_, columns)) if !columns_of(table, columns).is_empty() => taken(seed, row, &columns_of(table, columns)),
        _ => refused(seed, row, error),
    }
}

/// The columns in a message: `users.first, users.last`.
fn columns_of(table: &Table, text: &str) -> Vec<usize> {
    let start = format!("{}.", table.name);
    let names = text.split(", ").filter_map(|part| part.strip_prefix(&start));
    names.filter_map(|name| table.columns.iter().position(|column| column.name == *name)).collect()
}

/// Points to the values of these columns, else to the row.
pub(super) fn at_columns(seed: &Seed, row: usize, error: Diagnostic, columns: &[usize], label: &str) -> Diagnostic {
    let places: Vec<Place> =
        columns.iter().filter_map(|column| seed.rows[row].cell(*column)).map(|cell| cell.place).collect();
    match places.is_empty() {
        true => seed.at(error, seed.rows[row].place, label),
        false => places
            .into_iter()
            .enumerate()
            .fold(error, |error, (at, place)| seed.at(error, place, if at == 0 { label } else { "" })),
    }
}

/// A key that another row of the set has.
fn repeated(seed: &Seed, row: usize, columns: &[usize]) -> Diagnostic {
    let table = seed.table_of(row);
    let known = &seed.rows[row];
    let names: Vec<&str> = columns.iter().map(|column| table.columns[*column].name.as_str()).collect();
    let values: Option<Vec<String>> = columns.iter().map(|column| shown(known.cell(*column)?)).collect();
    let message = match (values, names.is_empty()) {
        (Some(values), false) => {
            format!("two rows of `{}` have the same `{}`: {}", table.name, names.join("`, `"), values.join(", "))
        }
        (_, false) => format!("two rows of `{}` have the same `{}`", table.name, names.join("`, `")),
        (_, true) => format!("two rows of `{}` have the same key", table.name),
    };
    let error = at_columns(seed, row, Diagnostic::error(message), columns, "");
    let first = seed.rows[..row].iter().find(|other| {
        let is_same = |column: &usize| match (other.cell(*column), known.cell(*column)) {
            (Some(other), Some(own)) => is_same_key(other.value(), own.value()),
            _ => false,
        };
        other.table == known.table && !columns.is_empty() && columns.iter().all(is_same)
    });
    match first.and_then(|first| first.cell(columns[0])) {
        Some(cell) => seed.at(error, cell.place, "the first one"),
        None => error,
    }
}

/// A unique key that another row of the database has.
pub(super) fn taken(seed: &Seed, row: usize, columns: &[usize]) -> Diagnostic {
    let table = seed.table_of(row);
    let known = &seed.rows[row];
    let names: Vec<&str> = columns.iter().map(|column| table.columns[*column].name.as_str()).collect();
    let values: Option<Vec<String>> = columns.iter().map(|column| shown(known.cell(*column)?)).collect();
    let values = values.map(|values| format!(" {}", values.join(", "))).unwrap_or_default();
    let message = format!("`{}.{}`{values} belongs to another row of the database", table.name, names.join(", "));
    let key: Vec<&str> =
        key_of(seed, known).columns().into_iter().map(|column| table.columns[column].name.as_str()).collect();
    let error = at_columns(seed, row, Diagnostic::error(message), columns, "");
    error
        .help(format!("rows of the set are found again by `{}`: give this row that of the other one", key.join("`, `")))
}

/// Whether two values are one in a key: the engine has said that they are, in whatever collation.
fn is_same_key(one: Option<&Value>, other: Option<&Value>) -> bool {
    match (one, other) {
        (Some(Value::Text(one)), Some(Value::Text(other))) => one.trim_end().eq_ignore_ascii_case(other.trim_end()),
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

fn check_failed(seed: &Seed, row: usize, text: &str) -> Diagnostic {
    let table = seed.table_of(row);
    let is_it = |check: &&Check| match &check.name {
        Some(name) => *name == *text,
        None => check.expr == Expr::new(text),
    };
    let Some(check) = table.checks.iter().find(is_it) else {
        let error = Diagnostic::error(format!("a row of `{}` violates the CHECK `{text}`", table.name));
        return at_columns(seed, row, error, &[], "");
    };
    let mentioned: Vec<usize> =
        (0..table.columns.len()).filter(|at| check.expr.mentions(&table.columns[*at].name)).collect();
    if let [column] = &mentioned[..]
        && let Some(words) = choices(&check.expr, &table.columns[*column].name)
    {
        return not_among(seed, row, *column, &words);
    }
    let expr = check.expr.as_str().split_whitespace().collect::<Vec<_>>().join(" ");
    let name = check.name.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
    let error = Diagnostic::error(format!("a row of `{}` violates the CHECK{name}: `{expr}`", table.name));
    at_columns(seed, row, error, &mentioned, "")
}

/// A value that is none of those that a column takes.
fn not_among(seed: &Seed, row: usize, column: usize, words: &[String]) -> Diagnostic {
    const MOST: usize = 12;
    let table = seed.table_of(row);
    let name = &table.columns[column].name;
    let cell = seed.rows[row].cell(column);
    let found = cell.and_then(shown).map(|found| format!(", found {found}")).unwrap_or_default();
    let listed: Vec<String> = words.iter().take(MOST).map(|word| format!("`{word}`")).collect();
    let more = if words.len() > MOST { ", …" } else { "" };
    let message = format!("`{}.{name}` takes one of {}{more}{found}", table.name, listed.join(", "));
    let error = Diagnostic::error(message);
    let meant = match cell.map(|cell| &cell.given) {
        Some(Given::Value(Value::Text(text))) => did_you_mean(text, words.iter().map(String::as_str)),
        _ => None,
    };
    let error = meant.into_iter().fold(error, |error, meant| error.help(format!("did you mean `{meant}`?")));
    at_columns(seed, row, error, &[column], "")
}

/// The values of `column IN ('a', 'b')`, perhaps behind `column IS NULL OR`.
fn choices(expr: &Expr, column: &Name) -> Option<Vec<String>> {
    let tokens: Vec<_> = tokenize(expr.as_str()).filter(dbmigrate_core::sql::Token::is_significant).collect();
    let start = tokens.iter().position(|token| token.is_word("in"))?;
    let list = tokens.get(start + 1..)?;
    let (open, rest) = list.split_first()?;
    let (close, values) = rest.split_last()?;
    if open.kind != TokenKind::Open || close.kind != TokenKind::Close {
        return None;
    }
    let before = Expr::new(tokens.get(..start)?.iter().map(|token| token.text).collect::<Vec<_>>().join(" "));
    let is_column = before.as_column().as_ref() == Some(column);
    if !is_column && before.canonical() != Expr::new(format!("{0} IS NULL OR {0}", column.sql())).canonical() {
        return None;
    }
    values
        .split(|token| token.text == ",")
        .map(|value| match value {
            [only] if only.text.starts_with('\'') => Some(only.text.trim_matches('\'').replace("''", "'")),
            [only] if only.text.parse::<f64>().is_ok() => Some(only.text.to_owned()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choices_of_a_check_are_read() {
        let of = |expr: &str| choices(&Expr::new(expr), &"role".into());
        assert_eq!(of("role IN ('a', 'it''s')"), Some(vec!["a".to_owned(), "it's".to_owned()]));
        assert_eq!(of("role IN (1, 2)"), Some(vec!["1".to_owned(), "2".to_owned()]));
        assert_eq!(of("role IS NULL OR role IN ('a')"), Some(vec!["a".to_owned()]));
        assert_eq!(of("lower(role) IN ('a')"), None);
        assert_eq!(of("role IN ('a') AND role <> 'b'"), None);
        assert_eq!(of("role > 1"), None);
    }
}
