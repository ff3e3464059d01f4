//! Reads `#[table(…)]` and `#[view(…)]`.

use super::ast::Item;
use super::declaration::Derive;
use super::error::DeclareError;
use super::errors::{Errors, list};
use super::keys::{COLUMN_KEYS, TABLE_KEYS, VIEW_KEYS};
use super::parse_clause::{self as clause, name_value, unknown_key};
use super::tokens::{Key, Tokens, set};

/// Reads the attributes of the struct itself.
pub(super) fn parse(attributes: &[syn::Attribute], item: &mut Item, errors: &mut Errors) {
    let (word, other) = match item.derive {
        Derive::Table => ("table", "view"),
        Derive::View => ("view", "table"),
    };
    for attribute in attributes {
        errors.add_misspelt(attribute, word);
        let span = attribute.path().segments.last().map(|segment| segment.ident.span());
        if let (Some(span), true) = (span, attribute.path().is_ident(other)) {
            errors.add_with_help(span, format!("`#[{other}(…)]` on a {word}"), format!("write `#[{word}(…)]`"));
        }
        if let (Some(span), true) = (span, attribute.path().is_ident("column")) {
            errors.add_with_help(
                span,
                "`#[column(…)]` on a struct",
                format!("it belongs to a field; for the struct write `#[{word}(…)]`"),
            );
        }
        if attribute.path().is_ident(word) {
            for mut argument in Tokens::of_attribute(attribute, word, errors) {
                let Some(key) = errors.take(argument.key()) else { continue };
                let known = match item.derive {
                    Derive::Table => table_key(&mut argument, &key, item, errors),
                    Derive::View => view_key(&mut argument, &key, item, errors),
                };
                if !known {
                    errors.push(match item.derive {
                        Derive::Table => unknown_table_key(&key),
                        Derive::View => unknown_key(&key, "#[view(…)]", &VIEW_KEYS),
                    });
                }
            }
        }
    }
}

fn unknown_table_key(key: &Key) -> DeclareError {
    let error = unknown_key(key, "#[table(…)]", &TABLE_KEYS);
    match key.text.as_str() {
        known if COLUMN_KEYS.contains(&known) => {
            error.help(format!("`{known}` belongs to a field: `#[column({known} …)]`; accepted: {}", list(&TABLE_KEYS)))
        }
        "query" | "sql" => error.help("a table has no query: for a view write `#[derive(View)]`"),
        _ => error,
    }
}

fn table_key(tokens: &mut Tokens, key: &Key, item: &mut Item, errors: &mut Errors) -> bool {
    match key.text.as_str() {
        "strict" => set(&mut item.strict, key, tokens.flag(key), errors),
        "without_rowid" => set(&mut item.without_rowid, key, tokens.flag(key), errors),
        "random_rowid" => set(&mut item.random_rowid, key, tokens.flag(key), errors),
        "renamed_from" => set(&mut item.renamed_from, key, name_value(tokens, key), errors),
        "primary_key" => {
            if let Some(value) = clause::key(tokens, key, errors).transpose() {
                set(&mut item.primary_key, key, value, errors);
            }
        }
        "unique" => {
            let value = clause::key(tokens, key, errors);
            item.uniques.extend(errors.take(value).flatten());
        }
        "index" | "unique_index" => {
            let value = clause::index(tokens, key, None, errors);
            item.indexes.extend(errors.take(value).flatten());
        }
        "check" => {
            let value = clause::check(tokens, key, errors);
            item.checks.extend(errors.take(value));
        }
        "foreign_key" => {
            let value = clause::foreign_key(tokens, key, &item.ident, errors);
            item.foreign_keys.extend(errors.take(value).flatten());
        }
        "using" => {
            let value = tokens.equals(key, "fts5").and_then(|()| {
                let module = tokens.name_or_word("a module: `fts5`, `rtree`, or a name in quotes")?;
                tokens.end()?;
                Ok(module)
            });
            set(&mut item.module, key, value, errors);
        }
        "options" => {
            let value = tokens.list(key, "options(\"content='posts'\")", errors);
            for mut argument in errors.take(value).unwrap_or_default() {
                let value = argument.sql_script("an option in quotes").and_then(|sql| argument.end().map(|()| sql));
                item.options.extend(errors.take(value));
            }
        }
        _ => return common_key(tokens, key, item, errors),
    }
    true
}

fn view_key(tokens: &mut Tokens, key: &Key, item: &mut Item, errors: &mut Errors) -> bool {
    match key.text.as_str() {
        "query" | "sql" => {
            let value = tokens.equals(key, "\"SELECT …\"").and_then(|()| {
                let query = tokens.query()?;
                tokens.end()?;
                Ok(query)
            });
            set(&mut item.query, key, value, errors);
        }
        "unchecked" => set(&mut item.unchecked, key, tokens.flag(key), errors),
        "columns" => {
            let value = tokens.list(key, "columns(a, b)", errors);
            for mut argument in errors.take(value).unwrap_or_default() {
                item.view_columns.extend(errors.take(clause::column(&mut argument)));
            }
        }
        _ => return common_key(tokens, key, item, errors),
    }
    true
}

fn common_key(tokens: &mut Tokens, key: &Key, item: &mut Item, errors: &mut Errors) -> bool {
    match key.text.as_str() {
        "name" => set(&mut item.name, key, name_value(tokens, key), errors),
        "database" => {
            let value = tokens.equals(key, "\"…\"").and_then(|()| {
                let name = tokens.string("the name of a database in quotes")?;
                tokens.end()?;
                Ok(name)
            });
            set(&mut item.database, key, value, errors);
        }
        "trigger" => {
            let value = clause::trigger(tokens, key, errors);
            item.triggers.extend(errors.take(value).flatten());
        }
        "crate" => {
            let value = tokens.equals(key, "dbmigrate").and_then(|()| tokens.path("a path to the crate"));
            set(&mut item.crate_path, key, value, errors);
        }
        _ => return false,
    }
    true
}
