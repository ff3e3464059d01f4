//! Writes schema objects as `CREATE` statements, without the closing semicolon.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::document::comment;
use super::phrase::is_operand;
use crate::schema::{
    Check, Column, Comments, Conflict, Deferrable, ForeignKey, Index, KeyPart, PrimaryKey, ReferentialAction, Table,
    Trigger, TriggerEvent, TriggerTiming, Unique, View, VirtualTable,
};
use crate::sql::name::{quote_name, sql_list};
use crate::sql::token::{Token, TokenKind, significant, tokenize};
use crate::sql::{Expr, Name};

/// `CREATE TABLE` under the table's own name.
pub fn create_table(table: &Table) -> String {
    create_table_as(table, &table.name, None)
}

/// `CREATE TABLE` under another name, as a rebuild needs it: references of the table to itself keep the real name,
/// `table.column` in its expressions follows the new one. What is said of the table becomes comments.
pub fn create_table_as(table: &Table, name: &Name, docs: Option<&Comments>) -> String {
    let expr = |expr: &Expr| {
        if name.same_spelling(&table.name) { expr.clone() } else { expr.with_qualifier_renamed(&table.name, name) }
    };
    let column = |column: &Column| column_with_keys(table, column, &expr) + &column_comment(docs, &column.name);
    let mut lines: Vec<String> = table.columns.iter().map(column).collect();
    if let Some(key) = table.primary_key.as_ref().filter(|key| inline_part(key).is_none()) {
        lines.push(primary_key(key));
    }
    lines.extend(table.uniques.iter().filter(|unique| !is_inline_unique(unique)).map(unique));
    lines.extend(table.foreign_keys.iter().filter(|key| key.columns.len() != 1).map(foreign_key));
    lines.extend(table.checks.iter().map(|one| check_with(one, &expr)));
    let mut options = Vec::new();
    for (set, option) in
        [(table.strict, "STRICT"), (table.without_rowid, "WITHOUT ROWID"), (table.random_rowid, "RANDOM ROWID")]
    {
        if set {
            options.push(option);
        }
    }
    let options = if options.is_empty() { String::new() } else { format!(" {}", options.join(", ")) };
    let docs = table_comment(docs);
    format!("CREATE TABLE {} ({docs}\n  {}\n){options}", name.sql(), lines.join(",\n  "))
}

/// `PRIMARY KEY (…)` as a constraint of its table, where `AUTOINCREMENT` has no place.
pub fn primary_key(key: &PrimaryKey) -> String {
    let name = constraint(key.name.as_ref());
    format!("{name}PRIMARY KEY ({}){}", key_parts(&key.parts), on_conflict(key.conflict))
}

/// `UNIQUE (…)` as a constraint of its table.
pub fn unique(unique: &Unique) -> String {
    let name = constraint(unique.name.as_ref());
    format!("{name}UNIQUE ({}){}", key_parts(&unique.parts), on_conflict(unique.conflict))
}

/// `FOREIGN KEY (…) REFERENCES …` as a constraint of its table.
pub fn foreign_key(key: &ForeignKey) -> String {
    format!("{}FOREIGN KEY ({}) {}", constraint(key.name.as_ref()), sql_list(&key.columns), references(key))
}

/// `CHECK (…)`.
pub fn check(check: &Check) -> String {
    check_with(check, &Expr::clone)
}

/// The definition of a column for `ALTER TABLE … ADD COLUMN`, with the foreign keys and the checks to go with it.
pub fn added_column(
    column: &Column,
    foreign_keys: &[&ForeignKey],
    checks: &[&Check],
    docs: Option<&Comments>,
) -> String {
    let mut text = plain_column(column, &Expr::clone);
    for one in checks {
        let _ = write!(text, " {}", check(one));
    }
    for key in foreign_keys {
        let _ = write!(text, " {}{}", constraint(key.name.as_ref()), references(key));
    }
    text + &column_comment(docs, &column.name)
}

fn table_comment(docs: Option<&Comments>) -> String {
    comment(docs.and_then(|docs| docs.table.as_deref()))
}

fn column_comment(docs: Option<&Comments>, column: &Name) -> String {
    comment(docs.and_then(|docs| docs.column(column)))
}

/// The definition of a column as it stands in its table, and these checks with it.
pub fn column_in(table: &Table, column: &Column, checks: &[&Check]) -> String {
    let text = column_with_keys(table, column, &Expr::clone);
    checks.iter().fold(text, |text, one| format!("{text} {}", check(one)))
}

fn column_with_keys(table: &Table, column: &Column, expr: &impl Fn(&Expr) -> Expr) -> String {
    let mut text = String::new();
    if let Some(key) = &table.primary_key
        && let Some(part) = inline_part(key)
        && part.column == column.name
    {
        text.push_str(&inline_primary_key(key, part));
    }
    // the key stands where people look for it: right behind the type
    let mut definition = plain_column_with(column, &text, expr);
    for unique in
        table.uniques.iter().filter(|unique| is_inline_unique(unique) && unique.parts[0].column == column.name)
    {
        let _ = write!(definition, " {}UNIQUE{}", constraint(unique.name.as_ref()), on_conflict(unique.conflict));
    }
    for key in table.foreign_keys.iter().filter(|key| key.columns == [column.name.clone()]) {
        let _ = write!(definition, " {}{}", constraint(key.name.as_ref()), references(key));
    }
    definition
}

fn plain_column(column: &Column, expr: &impl Fn(&Expr) -> Expr) -> String {
    plain_column_with(column, "", expr)
}

fn plain_column_with(column: &Column, primary_key: &str, expr: &impl Fn(&Expr) -> Expr) -> String {
    let mut text = column.name.sql().into_owned();
    if !column.decl_type.is_empty() {
        let _ = write!(text, " {}", decl_type(column));
    }
    text.push_str(primary_key);
    if column.not_null {
        let name = constraint(column.not_null_name.as_ref());
        let _ = write!(text, " {name}NOT NULL{}", on_conflict(column.not_null_conflict));
    }
    if let Some(default) = &column.default {
        let _ = write!(text, " DEFAULT {}", default_value(default));
    }
    if let Some(collate) = &column.collate {
        let _ = write!(text, " COLLATE {}", collate.sql());
    }
    if let Some(generated) = &column.generated {
        let stored = if generated.stored { " STORED" } else { "" };
        let _ = write!(text, " GENERATED ALWAYS AS ({}){stored}", expr(&generated.expr));
    }
    text
}

/// The type as written if SQLite reads it back as a type, else in quotes.
fn decl_type(column: &Column) -> String {
    let text = column.decl_type.as_str();
    // a comment, or a byte order mark at an end, is part of the name
    let tokens: Vec<Token<'_>> = tokenize(text).filter(|token| token.kind != TokenKind::Space).collect();
    let length = tokens.first().zip(tokens.last()).map_or(0, |(first, last)| last.end() - first.start);
    let is_bare = length == text.len() && is_type(&tokens);
    if is_bare { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

/// Whether the tokens are words that are no keywords, with one or two numbers in parentheses behind them at most.
fn is_type(tokens: &[Token<'_>]) -> bool {
    let is_word =
        |token: &Token<'_>| token.kind == TokenKind::Word && matches!(quote_name(token.text), Cow::Borrowed(_));
    let words = tokens.iter().take_while(|token| is_word(token)).count();
    let is_number = |tokens: &[Token<'_>]| match tokens {
        [number] => number.kind == TokenKind::Number,
        [sign, number] => matches!(sign.text, "-" | "+") && number.kind == TokenKind::Number,
        _ => false,
    };
    words > 0
        && match &tokens[words..] {
            [] => true,
            [open, numbers @ .., close] => {
                let mut parts = numbers.split(|token| token.kind == TokenKind::Comma);
                open.kind == TokenKind::Open
                    && close.kind == TokenKind::Close
                    && parts.clone().count() <= 2
                    && parts.all(is_number)
            }
            _ => false,
        }
}

/// A default as it stands behind `DEFAULT`: literals and SQLite's time words bare, everything else in parentheses.
pub fn default_value(default: &Expr) -> String {
    let bare = default.is_literal()
        || ["current_timestamp", "current_date", "current_time"]
            .iter()
            .any(|word| default.as_str().eq_ignore_ascii_case(word));
    if bare { default.to_string() } else { format!("({default})") }
}

fn inline_primary_key(key: &PrimaryKey, part: &KeyPart) -> String {
    format!(
        " {}PRIMARY KEY{}{}{}",
        constraint(key.name.as_ref()),
        if part.descending { " DESC" } else { "" },
        on_conflict(key.conflict),
        if key.autoincrement { " AUTOINCREMENT" } else { "" }
    )
}

/// The only column of the key, if the key can be written on that column.
fn inline_part(key: &PrimaryKey) -> Option<&KeyPart> {
    match &key.parts[..] {
        [part] if part.collate.is_none() => Some(part),
        _ => None,
    }
}

fn is_inline_unique(unique: &Unique) -> bool {
    matches!(&unique.parts[..], [part] if part.collate.is_none() && !part.descending)
}

fn constraint(name: Option<&Name>) -> String {
    name.map(|name| format!("CONSTRAINT {} ", name.sql())).unwrap_or_default()
}

fn on_conflict(conflict: Option<Conflict>) -> String {
    conflict.map(|conflict| format!(" ON CONFLICT {}", conflict.sql())).unwrap_or_default()
}

fn ordered(mut text: String, collate: Option<&Name>, descending: bool) -> String {
    if let Some(collate) = collate {
        let _ = write!(text, " COLLATE {}", collate.sql());
    }
    if descending {
        text.push_str(" DESC");
    }
    text
}

fn key_parts(parts: &[KeyPart]) -> String {
    let parts =
        parts.iter().map(|part| ordered(part.column.sql().into_owned(), part.collate.as_ref(), part.descending));
    parts.collect::<Vec<_>>().join(", ")
}

fn check_with(check: &Check, expr: &impl Fn(&Expr) -> Expr) -> String {
    format!("{}CHECK ({})", constraint(check.name.as_ref()), expr(&check.expr))
}

fn references(key: &ForeignKey) -> String {
    let mut text = format!("REFERENCES {}", key.parent.sql());
    if !key.parent_columns.is_empty() {
        let _ = write!(text, " ({})", sql_list(&key.parent_columns));
    }
    for (event, action) in [("DELETE", key.on_delete), ("UPDATE", key.on_update)] {
        if action != ReferentialAction::NoAction {
            let _ = write!(text, " ON {event} {}", action.sql());
        }
    }
    if let Some(name) = &key.match_name {
        let _ = write!(text, " MATCH {}", name.sql());
    }
    text.push_str(match key.deferrable {
        None => "",
        Some(Deferrable::InitiallyImmediate) => " DEFERRABLE",
        Some(Deferrable::InitiallyDeferred) => " DEFERRABLE INITIALLY DEFERRED",
        Some(Deferrable::Not) => " NOT DEFERRABLE",
    });
    text
}

/// `CREATE INDEX` on `table`.
pub fn create_index(table: &Name, index: &Index) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let parts = index.parts.iter().map(|part| {
        // COLLATE binds tighter than any operator
        let tokens = significant(part.expr.as_str());
        let is_operand = part.expr.as_column().is_some() || (tokens.len() > 1 && is_operand(&tokens));
        let whole = part.collate.is_none() || is_operand;
        let expr = if whole { part.expr.to_string() } else { format!("({})", part.expr) };
        ordered(expr, part.collate.as_ref(), part.descending)
    });
    let parts = parts.collect::<Vec<_>>().join(", ");
    let predicate = index.predicate.as_ref().map(|predicate| format!(" WHERE {predicate}")).unwrap_or_default();
    format!("CREATE {unique}INDEX {} ON {} ({parts}){predicate}", index.name.sql(), table.sql())
}

/// `CREATE VIEW`.
pub fn create_view(view: &View) -> String {
    create_view_with(view, None)
}

/// `CREATE VIEW` with comments. What is said of its columns has a place only where it lists them.
pub fn create_view_with(view: &View, docs: Option<&Comments>) -> String {
    let listed = view.columns.iter().map(|column| column.sql().into_owned() + &column_comment(docs, column));
    let listed = listed.collect::<Vec<_>>().join(", ");
    let columns = if listed.is_empty() { listed } else { format!(" ({listed})") };
    format!("CREATE VIEW {}{}{columns} AS\n{}", view.name.sql(), table_comment(docs), view.query)
}

/// `CREATE TRIGGER`.
pub fn create_trigger(trigger: &Trigger) -> String {
    let timing = match trigger.timing {
        TriggerTiming::Before => "BEFORE",
        TriggerTiming::After => "AFTER",
        TriggerTiming::InsteadOf => "INSTEAD OF",
    };
    let event = match &trigger.event {
        TriggerEvent::Insert => "INSERT".to_owned(),
        TriggerEvent::Delete => "DELETE".to_owned(),
        TriggerEvent::Update(columns) if columns.is_empty() => "UPDATE".to_owned(),
        TriggerEvent::Update(columns) => format!("UPDATE OF {}", sql_list(columns)),
    };
    let when = trigger.when.as_ref().map(|condition| format!("\nWHEN {condition}")).unwrap_or_default();
    format!(
        "CREATE TRIGGER {} {timing} {event} ON {}{when}\nBEGIN\n  {};\nEND",
        trigger.name.sql(),
        trigger.on.sql(),
        trigger.body.indented()
    )
}

/// `CREATE VIRTUAL TABLE`.
pub fn create_virtual_table(table: &VirtualTable) -> String {
    create_virtual_table_with(table, None)
}

/// `CREATE VIRTUAL TABLE` with comments. A module is given each argument from its first token to its last, so that
/// those between arguments are none of its business.
pub fn create_virtual_table_with(table: &VirtualTable, docs: Option<&Comments>) -> String {
    let argument = |argument: &Expr| {
        let column = VirtualTable::column_name(argument);
        argument.to_string() + &column.map(|column| column_comment(docs, &column)).unwrap_or_default()
    };
    let arguments = table.arguments.iter().map(argument).collect::<Vec<_>>().join(", ");
    let arguments = if arguments.is_empty() { String::new() } else { format!("({arguments})") };
    format!("CREATE VIRTUAL TABLE {}{} USING {}{arguments}", table.name.sql(), table_comment(docs), table.module.sql())
}
