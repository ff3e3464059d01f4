//! The SQL reader: tokens, names, expressions, types and `CREATE` statements.

use dbmigrate_core::ddl::{Object, comments, read, render};
use dbmigrate_core::schema::canonical::{canonical_index, canonical_trigger, canonical_view, canonical_virtual_table};
use dbmigrate_core::schema::{Schema, Table};
use dbmigrate_core::sql::token::{significant, tokenize};
use dbmigrate_core::sql::{DeclType, Expr, Name, TokenKind};

/// Reads `text` as everything that SQL text can be.
pub fn check(text: &str) {
    tokens(text);
    name(text);
    expression(text);
    let _ = (DeclType::new(text).canonical(), comments(text));
    if let Ok(object) = read(text) {
        statement(&object);
    }
}

/// The tokens cover the text.
fn tokens(text: &str) {
    let mut end = 0;
    for token in tokenize(text) {
        assert_eq!(token.start, end);
        assert_eq!(token.text, &text[token.start..token.end()]);
        assert!(!token.text.is_empty());
        end = token.end();
    }
    assert_eq!(end, text.len());
}

/// A name is one token in SQL, and the same name when it is read back.
fn name(text: &str) {
    let name = Name::from(text);
    let sql = name.sql();
    match &significant(&sql)[..] {
        [only] => assert_eq!(only.identifier().as_deref(), Some(text)),
        tokens => panic!("{sql} is {tokens:?}"),
    }
}

/// What an expression is made of is the same expression, and its canonical text is canonical.
fn expression(text: &str) {
    let expr = Expr::new(text);
    assert_eq!(Expr::new(expr.as_str()).as_str(), expr.as_str());
    let script = Expr::script(text);
    assert_eq!(Expr::script(script.as_str()).as_str(), script.as_str());
    let canonical = expr.canonical();
    if !is_sql(text) {
        return;
    }
    assert_eq!(Expr::new(&canonical).canonical(), canonical);
    assert_eq!(Expr::script(script.indented()).as_str(), script.as_str());
    let (table, column, other) = (Name::from("t"), Name::from("a"), Name::from("b c"));
    let there = expr.with_column_renamed(&table, &column, &other);
    let _ = (there.canonical(), expr.with_qualifier_renamed(&table, &other).canonical());
    let _ = (expr.is_literal(), expr.is_null(), expr.as_column(), expr.mentions(&column));
}

/// Whether nothing in the text is illegal for any SQL.
fn is_sql(text: &str) -> bool {
    tokenize(text).all(|token| token.kind != TokenKind::Illegal)
}

/// A statement that was read is written as one that reads the same.
fn statement(object: &Object) {
    let written = write(object);
    let again = match read(&written) {
        Ok(again) => again,
        Err(error) => panic!("{error}\nin {written}\nof {object:#?}"),
    };
    assert_eq!(canonical(&again), canonical(object), "{written}");
    assert_eq!(write(&again), written);
}

fn write(object: &Object) -> String {
    match object {
        Object::Table(table) => render::create_table(table),
        Object::Index(table, index) => render::create_index(table, index),
        Object::View(view) => render::create_view(view),
        Object::Trigger(trigger) => render::create_trigger(trigger),
        Object::VirtualTable(table) => render::create_virtual_table(table),
    }
}

fn canonical(object: &Object) -> String {
    match object {
        Object::Table(table) => Schema::default().canonical_table(table),
        Object::Index(table, index) => {
            format!("{} {}", table.folded(), canonical_index(&Table::new(table.clone()), index))
        }
        Object::View(view) => canonical_view(view),
        Object::Trigger(trigger) => canonical_trigger(trigger),
        Object::VirtualTable(table) => canonical_virtual_table(table),
    }
}
