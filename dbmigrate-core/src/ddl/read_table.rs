//! Reads `CREATE TABLE` (the grammar of sqlite.org/lang_createtable.html and libSQL's `RANDOM ROWID`).

use std::collections::HashSet;

use super::cursor::Cursor;
use super::error::ReadError;
use super::phrase::{collated_column, object_name, without_order};
use crate::schema::{
    Check, Column, Conflict, Deferrable, ForeignKey, Generated, KeyPart, PrimaryKey, ReferentialAction, Table, Unique,
};
use crate::sql::token::{TokenKind, significant};
use crate::sql::{DeclType, Expr, Name};

/// Words that end the type of a column and begin a constraint.
const CONSTRAINT_WORDS: [&str; 11] =
    ["constraint", "primary", "not", "null", "unique", "check", "default", "collate", "references", "as", "deferrable"];

/// Words that begin a constraint of the table where a column could stand.
pub(super) const TABLE_CONSTRAINT_WORDS: [&str; 5] = ["constraint", "primary", "unique", "check", "foreign"];

/// Reads what follows `CREATE TABLE`.
pub(super) fn read_table(cursor: &mut Cursor<'_, '_>) -> Result<Table, ReadError> {
    let mut table = Table::new(object_name(cursor)?);
    if cursor.at_word("as") {
        return Err(ReadError::new("CREATE TABLE … AS SELECT declares no columns"));
    }
    let mut body = cursor.parenthesized()?;
    let mut is_key_of_table = false;
    loop {
        if at_table_constraint(&body) {
            is_key_of_table = read_table_constraints(&mut body, &mut table)?;
            break;
        }
        read_column(&mut body, &mut table)?;
        if !body.eat_kind(TokenKind::Comma) {
            break;
        }
    }
    if !body.is_at_end() {
        return Err(body.error("`,` or `)`"));
    }
    read_options(cursor, &mut table)?;
    check_columns(&table)?;
    if is_key_of_table {
        read_as_rowid_alias(&mut table);
    }
    leave_repeats_out(&mut table);
    for default in table.columns.iter_mut().filter_map(|column| column.default.as_mut()) {
        *default = string_default(default);
    }
    Ok(table)
}

/// What no database has, and what could not be written again: two columns of one name, a key of a column that is not
/// there.
fn check_columns(table: &Table) -> Result<(), ReadError> {
    let mut names = HashSet::new();
    if let Some(twice) = table.columns.iter().find(|column| !names.insert(&column.name)) {
        return Err(ReadError::new(format!("two columns are named `{}`", twice.name)));
    }
    let keys = table.primary_key.iter().map(|key| &key.parts).chain(table.uniques.iter().map(|unique| &unique.parts));
    let mut columns =
        keys.flatten().map(|part| &part.column).chain(table.foreign_keys.iter().flat_map(|key| &key.columns));
    match columns.find(|column| !names.contains(column)) {
        Some(unknown) => Err(ReadError::new(format!("a key names `{unknown}`, which is not a column"))),
        None => Ok(()),
    }
}

fn at_table_constraint(body: &Cursor<'_, '_>) -> bool {
    TABLE_CONSTRAINT_WORDS.iter().any(|word| body.at_word(word))
}

fn read_options(cursor: &mut Cursor<'_, '_>, table: &mut Table) -> Result<(), ReadError> {
    while !cursor.is_at_end() {
        if cursor.eat(&["without", "rowid"]) {
            table.without_rowid = true;
        } else if cursor.eat(&["random", "rowid"]) {
            table.random_rowid = true;
        } else if cursor.eat(&["strict"]) {
            table.strict = true;
        } else {
            return Err(cursor.error("STRICT, WITHOUT ROWID or RANDOM ROWID"));
        }
        if !cursor.eat_kind(TokenKind::Comma) && !cursor.is_at_end() {
            return Err(cursor.error("`,` or the end"));
        }
    }
    Ok(())
}

/// A table's key of one INTEGER column is a rowid alias in spite of DESC and COLLATE: see [`PrimaryKey`]. Without rowids
/// there is an index, which is in that order, but in the column's own collation.
fn read_as_rowid_alias(table: &mut Table) {
    let is_integer = |column: &Name| table.column(column).is_some_and(|column| column.decl_type.is_integer_word());
    let [part] = table.primary_key.as_ref().map_or(&[][..], |key| &key.parts[..]) else { return };
    if !is_integer(&part.column) {
        return;
    }
    let descending = part.descending && table.without_rowid;
    if let Some(part) = table.primary_key.as_mut().and_then(|key| key.parts.first_mut()) {
        part.descending = descending;
        part.collate = None;
    }
}

/// A column that is listed again makes no difference to a key, except that `PRIMARY KEY (id, id)` is no rowid alias.
fn leave_repeats_out(table: &mut Table) {
    let once = |parts: &[KeyPart]| {
        let mut once: Vec<KeyPart> = Vec::with_capacity(parts.len());
        for part in parts {
            if !once.iter().any(|before| before.column == part.column && before.collate == part.collate) {
                once.push(part.clone());
            }
        }
        once
    };
    for unique in &mut table.uniques {
        unique.parts = once(&unique.parts);
    }
    let is_integer = |column: &Name| table.column(column).is_some_and(|column| column.decl_type.is_integer_word());
    let Some(parts) = table.primary_key.as_ref().map(|key| once(&key.parts)) else { return };
    let would_be_alias = matches!(&parts[..], [part] if is_integer(&part.column) && !table.without_rowid);
    if let Some(key) = table.primary_key.as_mut().filter(|key| key.parts.len() > 1 && !would_be_alias) {
        key.parts = parts;
    }
}

/// A default that is a bare or double-quoted word is a string (`DEFAULT "hello"`), except for SQLite's own words.
fn string_default(default: &Expr) -> Expr {
    const VALUES: [&str; 6] = ["null", "true", "false", "current_timestamp", "current_date", "current_time"];
    let tokens = significant(default.as_str());
    match &tokens[..] {
        [word] if word.kind == TokenKind::Word && VALUES.iter().any(|value| word.is_word(value)) => default.clone(),
        [word] if matches!(word.kind, TokenKind::Word | TokenKind::QuotedName) => {
            let text = word.identifier().unwrap_or_default();
            Expr::new(crate::sql::name::quote_string(&text))
        }
        _ => default.clone(),
    }
}

fn read_column(body: &mut Cursor<'_, '_>, table: &mut Table) -> Result<(), ReadError> {
    let mut column = Column::new(body.name()?, "");
    column.decl_type = read_type(body)?;
    let mut constraint_name = None;
    while let Some(token) = body.peek() {
        if token.kind == TokenKind::Comma {
            break;
        }
        if body.eat(&["constraint"]) {
            constraint_name = Some(body.name()?);
            continue;
        }
        read_column_constraint(body, table, &mut column, constraint_name.take())?;
    }
    table.columns.push(column);
    Ok(())
}

fn read_type(body: &mut Cursor<'_, '_>) -> Result<DeclType, ReadError> {
    let start = body.position();
    while let Some(token) = body.peek() {
        if token.identifier().is_none() || CONSTRAINT_WORDS.iter().any(|word| token.is_word(word)) {
            break;
        }
        body.next();
    }
    if body.position() > start && body.peek().is_some_and(|token| token.kind == TokenKind::Open) {
        body.parenthesized()?;
    }
    let text = without_generated_always(body.since(start));
    let tokens = significant(text);
    match &tokens[..] {
        // a type in quotes means the same without them, and what follows the quotes is nothing
        [first, rest @ ..] if first.kind != TokenKind::Word => {
            let quoted = first.identifier().unwrap_or_default();
            let decl_type = DeclType::new(&quoted);
            // no type at all has another affinity than an empty one, and ` INTEGER` makes no rowid alias
            let is_another = decl_type.is_empty()
                || decl_type.as_str() != quoted
                || (decl_type.is_integer_word() && !rest.is_empty());
            if is_another {
                return Err(ReadError::new(format!("SQLite reads the type `{text}` differently")));
            }
            Ok(decl_type)
        }
        tokens
            if tokens
                .iter()
                .zip(tokens.iter().skip(1))
                .any(|(one, two)| text[one.end()..two.start].contains(['-', '/'])) =>
        {
            Ok(DeclType::new(Expr::new(text).as_str()))
        }
        _ => Ok(DeclType::new(text)),
    }
}

/// SQLite reads the words `GENERATED ALWAYS` as the end of the type, and takes them off again just so.
fn without_generated_always(text: &str) -> &str {
    const BOTH: usize = "generated always".len();
    let strip = |text: &'_ str, word: &str| -> Option<usize> {
        let at = text.len().checked_sub(word.len()).filter(|at| text.is_char_boundary(*at))?;
        text[at..].eq_ignore_ascii_case(word).then(|| text[..at].trim_ascii_end().len())
    };
    if text.len() < BOTH {
        return text;
    }
    let text = strip(text, "always").map_or(text, |end| &text[..end]);
    strip(text, "generated").map_or(text, |end| &text[..end])
}

fn read_column_constraint(
    body: &mut Cursor<'_, '_>,
    table: &mut Table,
    column: &mut Column,
    name: Option<Name>,
) -> Result<(), ReadError> {
    if body.eat(&["primary", "key"]) {
        if table.primary_key.is_some() {
            return Err(ReadError::new("more than one primary key"));
        }
        let descending = read_order(body);
        let conflict = read_conflict(body)?;
        let autoincrement = body.eat(&["autoincrement"]);
        let parts = vec![KeyPart { column: column.name.clone(), collate: None, descending }];
        table.primary_key = Some(PrimaryKey { name, parts, autoincrement, conflict });
    } else if body.eat(&["not", "null"]) {
        column.not_null = true;
        column.not_null_name = name;
        column.not_null_conflict = read_conflict(body)?;
    } else if body.eat(&["null"]) {
        read_conflict(body)?;
    } else if body.eat(&["unique"]) {
        let conflict = read_conflict(body)?;
        table.uniques.push(Unique { name, parts: vec![KeyPart::new(column.name.clone())], conflict });
    } else if body.eat(&["check"]) {
        table.checks.push(Check { name, expr: body.parenthesized()?.rest_as_expr() });
    } else if body.eat(&["default"]) {
        column.default = Some(read_default(body)?);
    } else if body.eat(&["collate"]) {
        column.collate = Some(body.name()?);
    } else if body.at_word("references") {
        let key = read_references(body, name, vec![column.name.clone()])?;
        table.foreign_keys.push(key);
    } else if body.at_word("deferrable") || body.at_words(&["not", "deferrable"]) {
        let clause = read_deferrable(body);
        // SQLite takes it for the last foreign key, whichever column has that, and for none if there is none
        if let Some(key) = table.foreign_keys.last_mut() {
            key.deferrable = clause;
        }
    } else {
        body.eat(&["generated", "always"]);
        if !body.eat(&["as"]) {
            return Err(body.error("a column constraint"));
        }
        let expr = body.parenthesized()?.rest_as_expr();
        let stored = body.eat(&["stored"]);
        if !stored {
            body.eat(&["virtual"]);
        }
        column.generated = Some(Generated { expr, stored });
    }
    Ok(())
}

fn read_default(body: &mut Cursor<'_, '_>) -> Result<Expr, ReadError> {
    if body.peek().is_some_and(|token| token.kind == TokenKind::Open) {
        return Ok(body.parenthesized()?.rest_as_expr());
    }
    let start = body.position();
    if body.peek().is_some_and(|token| matches!(token.text, "-" | "+")) {
        body.next();
    }
    body.next().ok_or_else(|| body.error("a default"))?;
    Ok(Expr::new(body.since(start)))
}

/// Reads the constraints behind the columns, and whether the primary key is one of them.
fn read_table_constraints(body: &mut Cursor<'_, '_>, table: &mut Table) -> Result<bool, ReadError> {
    let mut name = None;
    let mut is_key_of_table = false;
    while !body.is_at_end() {
        if body.eat(&["constraint"]) {
            name = Some(body.name()?);
        } else if body.eat(&["primary", "key"]) {
            if table.primary_key.is_some() {
                return Err(ReadError::new("more than one primary key"));
            }
            let mut inner = body.parenthesized()?;
            let (parts, autoincrement) = read_key_parts(&mut inner)?;
            is_key_of_table = true;
            let conflict = read_conflict(body)?;
            table.primary_key = Some(PrimaryKey { name: name.take(), parts, autoincrement, conflict });
        } else if body.eat(&["unique"]) {
            let (parts, _) = read_key_parts(&mut body.parenthesized()?)?;
            let conflict = read_conflict(body)?;
            table.uniques.push(Unique { name: name.take(), parts, conflict });
        } else if body.eat(&["check"]) {
            let expr = body.parenthesized()?.rest_as_expr();
            // parsed and ignored by SQLite
            read_conflict(body)?;
            table.checks.push(Check { name: name.take(), expr });
        } else if body.eat(&["foreign", "key"]) {
            let columns = body.parenthesized()?.names()?;
            let mut key = read_references(body, name.take(), columns)?;
            if let Some(clause) = read_deferrable(body) {
                key.deferrable = Some(clause);
            }
            table.foreign_keys.push(key);
        } else {
            return Err(body.error("a table constraint"));
        }
        // SQLite takes table constraints without commas between them
        body.eat_kind(TokenKind::Comma);
    }
    Ok(is_key_of_table)
}

fn read_key_parts(inner: &mut Cursor<'_, '_>) -> Result<(Vec<KeyPart>, bool), ReadError> {
    let mut list = inner.remaining();
    let autoincrement = list.last().is_some_and(|last| last.is_word("autoincrement"));
    if autoincrement {
        list = &list[..list.len() - 1];
    }
    let parts = inner.over(list).split_at_commas();
    let part = |part: &Cursor<'_, '_>| {
        let (tokens, descending) = without_order(part.remaining());
        let (column, collate) = collated_column(tokens).ok_or_else(|| part.error("a column"))?;
        Ok(KeyPart { column, collate, descending })
    };
    Ok((parts.iter().map(part).collect::<Result<_, ReadError>>()?, autoincrement))
}

fn read_order(cursor: &mut Cursor<'_, '_>) -> bool {
    cursor.eat(&["desc"]) || {
        cursor.eat(&["asc"]);
        false
    }
}

fn read_conflict(cursor: &mut Cursor<'_, '_>) -> Result<Option<Conflict>, ReadError> {
    if !cursor.eat(&["on", "conflict"]) {
        return Ok(None);
    }
    let found = Conflict::ALL.into_iter().find(|conflict| cursor.eat(&[conflict.sql()]));
    found.map(Some).ok_or_else(|| cursor.error("ROLLBACK, ABORT, FAIL, IGNORE or REPLACE"))
}

fn read_references(
    cursor: &mut Cursor<'_, '_>,
    name: Option<Name>,
    columns: Vec<Name>,
) -> Result<ForeignKey, ReadError> {
    cursor.expect("references")?;
    let parent = cursor.qualified_name()?;
    let parent_columns = match cursor.peek() {
        Some(token) if token.kind == TokenKind::Open => cursor.parenthesized()?.names()?,
        _ => Vec::new(),
    };
    let mut key = ForeignKey {
        name,
        columns,
        parent,
        parent_columns,
        on_delete: ReferentialAction::NoAction,
        on_update: ReferentialAction::NoAction,
        match_name: None,
        deferrable: None,
    };
    loop {
        if cursor.eat(&["match"]) {
            key.match_name = Some(cursor.name()?);
        } else if cursor.eat(&["on", "delete"]) {
            key.on_delete = read_action(cursor)?;
        } else if cursor.eat(&["on", "update"]) {
            key.on_update = read_action(cursor)?;
        } else if cursor.eat(&["on", "insert"]) {
            // parsed and ignored by SQLite
            read_action(cursor)?;
        } else {
            return Ok(key);
        }
    }
}

fn read_action(cursor: &mut Cursor<'_, '_>) -> Result<ReferentialAction, ReadError> {
    ReferentialAction::ALL
        .into_iter()
        .find(|action| cursor.eat(&action.sql().split(' ').collect::<Vec<_>>()))
        .ok_or_else(|| cursor.error("NO ACTION, RESTRICT, SET NULL, SET DEFAULT or CASCADE"))
}

fn read_deferrable(cursor: &mut Cursor<'_, '_>) -> Option<Deferrable> {
    let negated = cursor.eat(&["not", "deferrable"]);
    if !negated && !cursor.eat(&["deferrable"]) {
        return None;
    }
    let deferred = cursor.eat(&["initially", "deferred"]);
    if !deferred {
        cursor.eat(&["initially", "immediate"]);
    }
    Some(match (negated, deferred) {
        (true, _) => Deferrable::Not,
        (false, true) => Deferrable::InitiallyDeferred,
        (false, false) => Deferrable::InitiallyImmediate,
    })
}
