//! Parts of attributes that several of them have, and triggers.

use std::fmt::Write as _;

use dbmigrate_core::schema::{Check, Conflict, KeyPart, Trigger, TriggerEvent, TriggerTiming};
use dbmigrate_core::sql::Name;

use super::arguments::Argument;
use super::idents::word;
use super::literal::string;
use super::names::StructName;

/// The field of a column, else the column itself in quotes.
pub(super) fn field_word(own: Option<&StructName>, column: &Name) -> String {
    own.and_then(|own| own.field(column)).map_or_else(|| string(column.as_str()), str::to_owned)
}

/// The only part of a key that can be said on its field.
pub(super) fn single(parts: &[KeyPart], may_descend: bool) -> Option<&KeyPart> {
    match parts {
        [part] if part.collate.is_none() && (may_descend || !part.descending) => Some(part),
        _ => None,
    }
}

/// A column in the list of a key or an index.
pub(super) fn ordered(mut column: String, collate: Option<&Name>, descending: bool) -> String {
    if let Some(collate) = collate {
        let _ = write!(column, " collate {}", collation(collate));
    }
    if descending {
        column.push_str(" desc");
    }
    column
}

/// A collation as it is named.
pub(super) fn collation(name: &Name) -> String {
    let folded = name.folded();
    if ["nocase", "rtrim", "binary"].contains(&folded.as_str()) { folded } else { string(name.as_str()) }
}

/// What a key says behind its columns.
pub(super) fn key_options(name: Option<&Name>, conflict: Option<Conflict>) -> Vec<Argument> {
    let name = name.map(|name| Argument::text("name", name.as_str()));
    let conflict =
        conflict.map(|conflict| Argument::Plain(format!("on_conflict = {}", conflict.sql().to_ascii_lowercase())));
    name.into_iter().chain(conflict).collect()
}

/// `check(name, "condition")` on a struct.
pub(super) fn check_argument(check: &Check) -> Argument {
    let name = check.name.as_ref().map(|name| Argument::Plain(name_word(name)));
    let condition = Argument::Plain(string(check.expr.as_str()));
    Argument::List("check", name.into_iter().chain([condition]).collect())
}

/// A name as a word where it is one.
pub(super) fn name_word(name: &Name) -> String {
    word(name.as_str()).map_or_else(|| string(name.as_str()), str::to_owned)
}

/// `trigger(…)` on the struct of what it is on.
pub(super) fn trigger(trigger: &Trigger, own: Option<&StructName>) -> Argument {
    let timing = match trigger.timing {
        TriggerTiming::Before => "before",
        TriggerTiming::After => "after",
        TriggerTiming::InsteadOf => "instead_of",
    };
    let (event, columns): (&str, &[Name]) = match &trigger.event {
        TriggerEvent::Insert => ("insert", &[]),
        TriggerEvent::Delete => ("delete", &[]),
        TriggerEvent::Update(columns) => ("update", columns),
    };
    let mut arguments = vec![Argument::Plain(name_word(&trigger.name)), Argument::Plain(format!("{timing} = {event}"))];
    if !columns.is_empty() {
        let columns = columns.iter().map(|column| Argument::Plain(field_word(own, column)));
        arguments.push(Argument::List("update_of", columns.collect()));
    }
    if trigger.unchecked {
        arguments.push(Argument::Plain("unchecked".to_owned()));
    }
    arguments.extend(trigger.when.as_ref().map(|when| Argument::text("when", when.as_str())));
    arguments.push(Argument::text("body", trigger.body.as_str()));
    Argument::List("trigger", arguments)
}
