//! Reads the `CREATE` statements of a schema into the model.

use super::cursor::{self, Cursor};
use super::error::ReadError;
use super::phrase::{collated_column, is_operand, object_name, without_order};
use super::read_table;
use crate::schema::table::IndexPart;
use crate::schema::{Index, Table, Trigger, TriggerEvent, TriggerTiming, View, VirtualTable};
use crate::sql::token::{Token, TokenKind};
use crate::sql::{Expr, Name};

/// What one `CREATE` statement declares.
#[derive(Debug, Clone)]
pub enum Object {
    /// `CREATE TABLE`.
    Table(Table),
    /// `CREATE INDEX`, with the table that it is on.
    Index(Name, Index),
    /// `CREATE VIEW`.
    View(View),
    /// `CREATE TRIGGER`.
    Trigger(Trigger),
    /// `CREATE VIRTUAL TABLE`.
    VirtualTable(VirtualTable),
}

/// Reads one `CREATE TABLE`, `INDEX`, `VIEW`, `TRIGGER` or `VIRTUAL TABLE` statement.
///
/// # Errors
/// If it is another statement, or has a clause that the model does not know.
pub fn read(sql: &str) -> Result<Object, ReadError> {
    let tokens = cursor::tokens(sql);
    if let Some(illegal) = tokens.iter().find(|token| token.kind == TokenKind::Illegal) {
        return Err(ReadError::new(format!("`{}` is not SQL", illegal.text)));
    }
    let mut cursor = Cursor::new(sql, &tokens);
    cursor.expect("create")?;
    if cursor.at_word("temp") || cursor.at_word("temporary") {
        return Err(ReadError::new("temporary objects are not part of a schema"));
    }
    let unique = cursor.eat(&["unique"]);
    if cursor.eat(&["index"]) {
        return read_index(&mut cursor, unique);
    }
    if cursor.eat(&["table"]) {
        return read_table::read_table(&mut cursor).map(Object::Table);
    }
    if cursor.eat(&["view"]) {
        return read_view(&mut cursor).map(Object::View);
    }
    if cursor.eat(&["trigger"]) {
        return read_trigger(&mut cursor).map(Object::Trigger);
    }
    if cursor.eat(&["virtual", "table"]) {
        return read_virtual_table(&mut cursor).map(Object::VirtualTable);
    }
    Err(cursor.error("TABLE, INDEX, VIEW, TRIGGER or VIRTUAL TABLE"))
}

fn read_index(cursor: &mut Cursor<'_, '_>, unique: bool) -> Result<Object, ReadError> {
    let name = object_name(cursor)?;
    cursor.expect("on")?;
    let table = cursor.name()?;
    let parts = cursor.parenthesized()?.split_at_commas().iter().map(read_index_part).collect::<Result<_, _>>()?;
    let predicate = cursor.eat(&["where"]).then(|| cursor.rest_as_expr());
    if predicate.is_none() && !cursor.is_at_end() {
        return Err(cursor.error("WHERE or the end"));
    }
    Ok(Object::Index(table, Index { name, unique, parts, predicate }))
}

fn read_index_part(part: &Cursor<'_, '_>) -> Result<IndexPart, ReadError> {
    let (mut tokens, descending) = without_order(part.remaining());
    if let Some((column, collate)) = collated_column(tokens) {
        return Ok(IndexPart { expr: Expr::new(column.sql()), collate, descending });
    }
    let mut collate = None;
    // behind a longer expression, COLLATE may belong to its last operand only, and stays part of the text
    if let [front @ .., keyword, collation] = tokens
        && keyword.is_word("collate")
        && is_operand(front)
    {
        collate = collation.identifier().map(Name::from);
        tokens = front;
    }
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
        return Err(part.error("a column or an expression"));
    };
    Ok(IndexPart { expr: Expr::new(&part.sql()[first.start..last.end()]), collate, descending })
}

fn read_view(cursor: &mut Cursor<'_, '_>) -> Result<View, ReadError> {
    let name = object_name(cursor)?;
    let columns = match cursor.peek() {
        Some(token) if token.kind == TokenKind::Open => cursor.parenthesized()?.names()?,
        _ => Vec::new(),
    };
    cursor.expect("as")?;
    Ok(View { name, columns, query: Expr::script(cursor.rest()), unchecked: false })
}

fn read_trigger(cursor: &mut Cursor<'_, '_>) -> Result<Trigger, ReadError> {
    let name = object_name(cursor)?;
    let timing = if cursor.eat(&["after"]) {
        TriggerTiming::After
    } else if cursor.eat(&["instead", "of"]) {
        TriggerTiming::InsteadOf
    } else {
        cursor.eat(&["before"]);
        TriggerTiming::Before
    };
    let event = if cursor.eat(&["insert"]) {
        TriggerEvent::Insert
    } else if cursor.eat(&["delete"]) {
        TriggerEvent::Delete
    } else {
        cursor.expect("update")?;
        let mut columns = Vec::new();
        if cursor.eat(&["of"]) {
            columns.push(cursor.name()?);
            while cursor.eat_kind(TokenKind::Comma) {
                columns.push(cursor.name()?);
            }
        }
        TriggerEvent::Update(columns)
    };
    cursor.expect("on")?;
    let on = cursor.qualified_name()?;
    cursor.eat(&["for", "each", "row"]);
    let mut when = None;
    if cursor.eat(&["when"]) {
        let start = cursor.position();
        while !cursor.is_at_end() && !cursor.at_word("begin") {
            cursor.next();
        }
        when = Some(Expr::new(cursor.since(start)));
    }
    let begin = cursor.peek().map_or(0, Token::end);
    cursor.expect("begin")?;
    // comments before the first statement are a part of the body
    let body = match cursor.remaining() {
        [.., end] if end.is_word("end") => &cursor.sql()[begin..end.start],
        _ => return Err(ReadError::new("expected END at the end of the trigger")),
    };
    Ok(Trigger { name, on, timing, event, when, body: Expr::script(body), unchecked: false })
}

fn read_virtual_table(cursor: &mut Cursor<'_, '_>) -> Result<VirtualTable, ReadError> {
    let name = object_name(cursor)?;
    cursor.expect("using")?;
    let module = cursor.name()?;
    let arguments = if cursor.is_at_end() {
        Vec::new()
    } else {
        let parts = cursor.parenthesized()?.split_at_commas();
        parts.iter().map(Cursor::rest_as_expr).filter(|argument| !argument.as_str().is_empty()).collect()
    };
    Ok(VirtualTable { name, module, arguments })
}

/// The schema that a script makes, for tests.
#[cfg(test)]
pub(crate) fn schema_of(script: &str) -> crate::schema::Schema {
    let mut schema = crate::schema::Schema::default();
    for statement in crate::sql::split(script) {
        match read(statement.text).expect("the statement is right") {
            Object::Table(table) => drop(schema.tables.insert(table)),
            Object::Index(table, index) => {
                drop(schema.tables.get_mut(&table).expect("the table comes first").indexes.insert(index));
            }
            Object::View(view) => drop(schema.views.insert(view)),
            Object::Trigger(trigger) => drop(schema.triggers.insert(trigger)),
            Object::VirtualTable(table) => drop(schema.virtual_tables.insert(table)),
        }
    }
    schema
}
