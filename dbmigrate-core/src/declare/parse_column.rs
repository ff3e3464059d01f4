//! Reads `#[column(…)]`.

use super::ast::{At, DefaultClause, Field};
use super::docs;
use super::error::DeclareError;
use super::errors::{Errors, list};
use super::keys::{COLUMN_KEYS, TABLE_KEYS};
use super::parse_clause::{self as clause, name_value, sql_value, unknown_key};
use super::tokens::{Key, Tokens, set};
use crate::sql::{DeclType, Expr};

/// Reads a field of the struct `this`.
pub(super) fn parse(field: &syn::Field, this: &proc_macro2::Ident, errors: &mut Errors) -> Option<Field> {
    let ident = field.ident.clone()?;
    let before = errors.count();
    let mut parsed = Field::new(ident, field.ty.clone());
    parsed.docs = docs::text(&field.attrs);
    for attribute in &field.attrs {
        errors.add_misspelt(attribute, "column");
        for word in ["table", "view"] {
            if attribute.path().is_ident(word) {
                let span =
                    attribute.path().segments.last().map_or_else(|| parsed.ident.span(), |last| last.ident.span());
                errors.add_with_help(
                    span,
                    format!("`#[{word}(…)]` on a field"),
                    "it belongs to the struct; for the field write `#[column(…)]`",
                );
            }
        }
        if attribute.path().is_ident("column") {
            for mut argument in Tokens::of_attribute(attribute, "column", errors) {
                let Some(key) = errors.take(argument.key()) else { continue };
                if !read(&mut argument, &key, &mut parsed, this, errors) {
                    errors.push(unknown_column_key(&key));
                }
            }
        }
    }
    parsed.has_errors = errors.count() > before;
    check_combinations(&parsed, errors);
    Some(parsed)
}

fn unknown_column_key(key: &Key) -> DeclareError {
    let error = unknown_key(key, "#[column(…)]", &COLUMN_KEYS);
    if TABLE_KEYS.contains(&key.text.as_str()) {
        let table_key = &key.text;
        return error.help(format!(
            "`{table_key}` belongs to the struct: `#[table({table_key} …)]`; accepted: {}",
            list(&COLUMN_KEYS)
        ));
    }
    error
}

fn read(tokens: &mut Tokens, key: &Key, field: &mut Field, this: &proc_macro2::Ident, errors: &mut Errors) -> bool {
    match key.text.as_str() {
        "name" => set(&mut field.name, key, name_value(tokens, key), errors),
        "type" | "r#type" => set(&mut field.decl_type, key, type_value(tokens, key), errors),
        "primary_key" => {
            let value = clause::column_key(tokens, key, errors);
            set(&mut field.primary_key, key, value, errors);
        }
        "unique" => {
            let value = clause::column_key(tokens, key, errors);
            set(&mut field.unique, key, value, errors);
        }
        "not_null" => {
            let value = clause::column_key(tokens, key, errors);
            set(&mut field.not_null, key, value, errors);
        }
        "autoincrement" => set(&mut field.autoincrement, key, tokens.flag(key), errors),
        "index" | "unique_index" => {
            let ident = field.ident.clone();
            let value = clause::index(tokens, key, Some(&ident), errors);
            field.indexes.extend(errors.take(value).flatten());
        }
        "default" | "default_sql" => set(&mut field.default, key, default_value(tokens, key), errors),
        "collate" => set(&mut field.collate, key, clause::collation_value(tokens, key), errors),
        "check" => {
            let value = clause::check(tokens, key, errors);
            field.checks.extend(errors.take(value));
        }
        "generated" => set(&mut field.generated, key, sql_value(tokens, key), errors),
        "stored" => set(&mut field.stored, key, tokens.flag(key), errors),
        "virtual" => set(&mut field.is_virtual, key, tokens.flag(key), errors),
        "references" => {
            let value = clause::reference(tokens, key, this, errors);
            set(&mut field.reference, key, value, errors);
        }
        "renamed_from" => set(&mut field.renamed_from, key, name_value(tokens, key), errors),
        "unindexed" => set(&mut field.unindexed, key, tokens.flag(key), errors),
        "auxiliary" => set(&mut field.auxiliary, key, tokens.flag(key), errors),
        _ => return clause::reference_option(tokens, key, &mut field.reference_options, errors),
    }
    true
}

/// `type = "VARCHAR(10)"`; the empty text declares no type.
pub(super) fn type_value(tokens: &mut Tokens, key: &Key) -> Result<At<DeclType>, DeclareError> {
    tokens.equals(key, "\"TEXT\"")?;
    let text = tokens.string("an SQL type in quotes")?;
    tokens.end()?;
    if !is_type(&text.value) {
        return Err(DeclareError::new(text.span, format!("`{}` is not an SQL type", text.value))
            .help("words, with one or two numbers in parentheses: `\"VARCHAR(10)\"`"));
    }
    Ok(At::new(DeclType::new(&text.value), text.span))
}

/// Whether SQLite's grammar takes it (sqlite.org/syntax/type-name.html).
fn is_type(text: &str) -> bool {
    use crate::sql::token::{TokenKind, significant};
    let tokens = significant(text);
    let words = tokens.iter().take_while(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName)).count();
    let number = |part: &[crate::sql::Token<'_>]| match part {
        [number] => number.kind == TokenKind::Number,
        [sign, number] => matches!(sign.text, "+" | "-") && number.kind == TokenKind::Number,
        _ => false,
    };
    match &tokens[words..] {
        [] => true,
        [open, inner @ .., close] if words > 0 && open.kind == TokenKind::Open && close.kind == TokenKind::Close => {
            let numbers: Vec<_> = inner.split(|token| token.kind == TokenKind::Comma).collect();
            numbers.len() <= 2 && numbers.into_iter().all(number)
        }
        _ => false,
    }
}

fn default_value(tokens: &mut Tokens, key: &Key) -> Result<At<DefaultClause>, DeclareError> {
    const HELP: &str = "a literal, a const, or `default_sql = \"…\"` for an expression";
    if key.text == "default_sql" {
        return sql_value(tokens, key).map(|sql| At::new(DefaultClause::Sql(Expr::new(sql.value.as_str())), sql.span));
    }
    tokens.equals(key, "0")?;
    let span = tokens.span();
    let negative = tokens.take_minus();
    if let Some(literal) = tokens.literal() {
        let span = if negative { span } else { literal.span() };
        tokens.end().map_err(|error| error.help(HELP))?;
        return Ok(At::new(DefaultClause::Literal { literal: Box::new(literal), negative }, span));
    }
    let path = tokens.path("a literal or a const").map_err(|error| error.help(HELP))?;
    if negative {
        return Err(DeclareError::new(span, "a minus sign before a constant").help("make the constant negative"));
    }
    Ok(At::new(DefaultClause::Constant(path), span))
}

/// What one field's keys demand of each other.
fn check_combinations(field: &Field, errors: &mut Errors) {
    let mut needs = |span: Option<proc_macro2::Span>, word: &str, present: bool, needed: &str| {
        if let (Some(span), false) = (span, present || field.has_errors) {
            errors.add(span, format!("`{word}` needs `{needed}` on the same field"));
        }
    };
    let options = &field.reference_options;
    needs(field.stored, "stored", field.generated.is_some(), "generated = \"…\"");
    needs(field.is_virtual, "virtual", field.generated.is_some(), "generated = \"…\"");
    let has_reference = field.reference.is_some();
    needs(options.on_delete.as_ref().map(|at| at.span), "on_delete", has_reference, "references = …");
    needs(options.on_update.as_ref().map(|at| at.span), "on_update", has_reference, "references = …");
    needs(options.deferrable.as_ref().map(|at| at.span), "deferrable", has_reference, "references = …");
    needs(options.match_name.as_ref().map(|at| at.span), "match", has_reference, "references = …");
    if let (Some(_), Some(span)) = (field.stored, field.is_virtual) {
        errors.add(span, "a generated column is `stored` or `virtual`, not both");
    }
    if let (Some(_), Some(default)) = (&field.generated, &field.default) {
        errors.add(default.span, "a generated column has no default");
    }
}
