//! The clauses that stand on structs and fields alike: keys, indexes, checks, references and triggers.

use proc_macro2::Span;

use super::ast::{
    At, CheckClause, ColumnKey, ColumnWord, EventClause, ForeignKeyClause, IndexClause, KeyClause, PartClause,
    Reference, ReferenceOptions, TriggerClause,
};
use super::error::DeclareError;
use super::errors::{Errors, suggest};
use super::naming::unraw;
use super::tokens::{Key, Tokens, set};
use crate::schema::{Conflict, Deferrable, ReferentialAction, TriggerTiming};
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Expr, Name};

type Result<T> = std::result::Result<T, DeclareError>;

pub(super) const CONFLICTS: [(&str, Conflict); 5] = [
    ("rollback", Conflict::Rollback),
    ("abort", Conflict::Abort),
    ("fail", Conflict::Fail),
    ("ignore", Conflict::Ignore),
    ("replace", Conflict::Replace),
];

pub(super) const ACTIONS: [(&str, ReferentialAction); 5] = [
    ("cascade", ReferentialAction::Cascade),
    ("restrict", ReferentialAction::Restrict),
    ("set_null", ReferentialAction::SetNull),
    ("set_default", ReferentialAction::SetDefault),
    ("no_action", ReferentialAction::NoAction),
];

pub(super) const DEFERRABLES: [(&str, Deferrable); 3] = [
    ("initially_deferred", Deferrable::InitiallyDeferred),
    ("initially_immediate", Deferrable::InitiallyImmediate),
    ("not", Deferrable::Not),
];

const REFERENCE_EXAMPLE: &str = "write `User::id`, or `\"users(id)\"` for a table that has no struct";

/// An error for a key that is not among `accepted`.
pub(super) fn unknown_key(key: &Key, owner: &str, accepted: &[&str]) -> DeclareError {
    DeclareError::new(key.span, format!("unknown key `{}` in `{owner}`", key.text)).help(suggest(&key.text, accepted))
}

/// `key = "name"`.
pub(super) fn name_value(tokens: &mut Tokens, key: &Key) -> Result<At<Name>> {
    tokens.equals(key, "\"…\"")?;
    let name = tokens.name("a name in quotes")?;
    tokens.end()?;
    Ok(name)
}

/// `key = "SQL expression"`.
pub(super) fn sql_value(tokens: &mut Tokens, key: &Key) -> Result<At<Expr>> {
    tokens.equals(key, "\"…\"")?;
    let sql = tokens.sql("SQL in quotes")?;
    tokens.end()?;
    Ok(sql)
}

/// `key = word`.
pub(super) fn choice_value<T: Copy>(
    tokens: &mut Tokens,
    key: &Key,
    what: &str,
    choices: &[(&str, T)],
) -> Result<At<T>> {
    tokens.equals(key, choices.first().map_or("…", |(word, _)| word))?;
    let value = tokens.choice(what, choices)?;
    tokens.end()?;
    Ok(value)
}

/// A field's or column's name on its own.
pub(super) fn column(tokens: &mut Tokens) -> Result<At<ColumnWord>> {
    let word = column_word(tokens)?;
    tokens.end()?;
    Ok(word)
}

fn column_word(tokens: &mut Tokens) -> Result<At<ColumnWord>> {
    if tokens.is_literal() {
        let text = tokens.string("a field, or a column's name in quotes")?;
        return Ok(At::new(ColumnWord::Text(text.value), text.span));
    }
    let ident = tokens.ident("a field, or a column's name in quotes")?;
    Ok(At::new(ColumnWord::Word(unraw(&ident)), ident.span()))
}

/// `a collate nocase desc`, in an index also `"expression" desc`.
fn part(tokens: &mut Tokens, is_index: bool) -> Result<PartClause> {
    let target = if is_index && tokens.is_literal() {
        let sql = tokens.sql("an SQL expression in quotes")?;
        At::new(ColumnWord::Text(sql.value.as_str().to_owned()), sql.span)
    } else {
        column_word(tokens)?
    };
    let mut part = PartClause { target, collate: None, descending: false };
    if tokens.take_word("collate").is_some() {
        part.collate = Some(tokens.name_or_word("a collation: `nocase`, `rtrim`, `binary`")?.value);
    }
    if tokens.take_word("desc").is_some() {
        part.descending = true;
    } else {
        tokens.take_word("asc");
    }
    match tokens.end() {
        Ok(()) => Ok(part),
        Err(error) => Err(error.help("a column can be followed by `collate name`, then `desc` or `asc`")),
    }
}

/// `primary_key(a, b desc, name = "…", on_conflict = …)` and `unique(…)`.
pub(super) fn key(tokens: &mut Tokens, key: &Key, errors: &mut Errors) -> Result<Option<KeyClause>> {
    const ACCEPTED: [&str; 2] = ["name", "on_conflict"];
    let before = errors.count();
    let mut clause = KeyClause { span: key.span, name: None, parts: Vec::new(), conflict: None };
    for mut argument in tokens.list(key, &format!("{}(a, b)", key.text), errors)? {
        if !argument.is_keyed() {
            clause.parts.extend(errors.take(part(&mut argument, false)));
            continue;
        }
        let inner = argument.key()?;
        match inner.text.as_str() {
            "name" => set(&mut clause.name, &inner, name_value(&mut argument, &inner), errors),
            "on_conflict" => set(
                &mut clause.conflict,
                &inner,
                choice_value(&mut argument, &inner, "conflict clause", &CONFLICTS),
                errors,
            ),
            _ => errors.push(unknown_key(&inner, &format!("{}(…)", key.text), &ACCEPTED)),
        }
    }
    if clause.parts.is_empty() && errors.count() == before {
        return Err(DeclareError::new(key.span, format!("`{}` names no columns", key.text))
            .help(format!("write `{}(a, b)`", key.text)));
    }
    Ok(Some(clause))
}

/// `primary_key`, `unique` or `not_null` of a column, with `(desc, name = "…", on_conflict = …)` or without.
pub(super) fn column_key(tokens: &mut Tokens, key: &Key, errors: &mut Errors) -> Result<At<ColumnKey>> {
    let mut clause = ColumnKey::default();
    let takes_order = key.text == "primary_key";
    let accepted: &[&str] = if takes_order { &["desc", "name", "on_conflict"] } else { &["name", "on_conflict"] };
    if !tokens.is_list() {
        tokens.flag(key)?;
        return Ok(At::new(clause, key.span));
    }
    for mut argument in tokens.list(key, &key.text, errors)? {
        if takes_order && argument.is_flag("desc") {
            clause.descending = true;
            continue;
        }
        let inner = argument.key()?;
        match inner.text.as_str() {
            "name" => set(&mut clause.name, &inner, name_value(&mut argument, &inner), errors),
            "on_conflict" => set(
                &mut clause.conflict,
                &inner,
                choice_value(&mut argument, &inner, "conflict clause", &CONFLICTS),
                errors,
            ),
            _ => errors.push(unknown_key(&inner, &format!("{}(…)", key.text), accepted)),
        }
    }
    Ok(At::new(clause, key.span))
}

/// `index(…)` or `unique_index(…)`. On a column (`field`) its parts are the field, and it may be a bare word.
pub(super) fn index(
    tokens: &mut Tokens,
    key: &Key,
    field: Option<&proc_macro2::Ident>,
    errors: &mut Errors,
) -> Result<Option<IndexClause>> {
    const OF_TABLE: [&str; 3] = ["name", "unique", "where"];
    const OF_COLUMN: [&str; 5] = ["name", "unique", "where", "desc", "collate"];
    let before = errors.count();
    let mut clause = IndexClause {
        span: key.span,
        name: None,
        unique: key.text == "unique_index",
        parts: Vec::new(),
        predicate: None,
    };
    let mut descending = None;
    let mut collate = None;
    let arguments = if field.is_some() && !tokens.is_list() {
        tokens.flag(key)?;
        Vec::new()
    } else {
        tokens.list(key, &format!("{}(a, b)", key.text), errors)?
    };
    for mut argument in arguments {
        if argument.is_flag("unique") {
            clause.unique = true;
        } else if field.is_some() && argument.is_flag("desc") {
            descending = Some(());
        } else if field.is_none() && !argument.is_keyed() {
            clause.parts.extend(errors.take(part(&mut argument, true)));
        } else {
            let inner = argument.key()?;
            match inner.text.as_str() {
                "name" => set(&mut clause.name, &inner, name_value(&mut argument, &inner), errors),
                "where" => set(&mut clause.predicate, &inner, sql_value(&mut argument, &inner), errors),
                "collate" if field.is_some() => {
                    set(&mut collate, &inner, collation_value(&mut argument, &inner), errors);
                }
                // `index(columns(a, b))`, as other tools say it
                _ if field.is_none() => {
                    let help = suggest(&inner.text, &OF_TABLE);
                    let help = format!("{help}; columns stand by themselves: `{}(a, b desc)`", key.text);
                    errors.push(unknown_key(&inner, &format!("{}(…)", key.text), &OF_TABLE).help(help));
                }
                _ => errors.push(unknown_key(&inner, &format!("{}(…)", key.text), &OF_COLUMN)),
            }
        }
    }
    if let Some(field) = field {
        clause.parts.push(PartClause {
            target: At::new(ColumnWord::Word(unraw(field)), field.span()),
            collate: collate.map(|collate| collate.value),
            descending: descending.is_some(),
        });
    } else if clause.parts.is_empty() && errors.count() == before {
        return Err(DeclareError::new(key.span, format!("`{}` names no columns", key.text))
            .help(format!("write `{0}(a, b desc)`, or `{0}(\"lower(a)\")` for an expression", key.text)));
    }
    Ok(Some(clause))
}

/// `collate = nocase` or `collate = "name"`.
pub(super) fn collation_value(tokens: &mut Tokens, key: &Key) -> Result<At<Name>> {
    tokens.equals(key, "nocase")?;
    let name = tokens.name_or_word("a collation: `nocase`, `rtrim`, `binary`")?;
    tokens.end()?;
    Ok(name)
}

/// `check("condition")`, `check(name, "condition")` or `check = "condition"`.
pub(super) fn check(tokens: &mut Tokens, key: &Key, errors: &mut Errors) -> Result<CheckClause> {
    if !tokens.is_list() {
        return Ok(CheckClause { name: None, expr: sql_value(tokens, key)? });
    }
    let mut arguments = tokens.list(key, "check(name, \"a > 0\")", errors)?.into_iter();
    let (first, second, third) = (arguments.next(), arguments.next(), arguments.next());
    if let Some(extra) = third {
        return Err(DeclareError::new(extra.span(), "`check` takes a name and a condition")
            .help("write `check(name, \"a > 0\")`"));
    }
    let (name, condition) = match (first, second) {
        (Some(mut name), Some(condition)) => {
            let parsed = name.name_or_word("the name of the check")?;
            name.end()?;
            (Some(parsed), condition)
        }
        (Some(condition), None) => (None, condition),
        _ => {
            return Err(DeclareError::new(key.span, "`check` needs a condition").help("write `check(name, \"a > 0\")`"));
        }
    };
    let mut condition = condition;
    let expr = condition.sql("a condition in quotes")?;
    condition.end()?;
    Ok(CheckClause { name, expr })
}

/// `references = User::id`, `User(a, b)` or `"users(a, b)"`. `Self` stands for `this`.
pub(super) fn reference(
    tokens: &mut Tokens,
    key: &Key,
    this: &proc_macro2::Ident,
    errors: &mut Errors,
) -> Result<At<Reference>> {
    tokens.equals(key, "User::id")?;
    let span = tokens.span();
    if tokens.is_literal() {
        let text = tokens.string("a table in quotes")?;
        tokens.end()?;
        return match table_and_columns(&text.value) {
            Some((table, columns)) => Ok(At::new(Reference::Table(table, columns), text.span)),
            None => Err(DeclareError::new(text.span, format!("`{}` is not a table with columns", text.value))
                .help(REFERENCE_EXAMPLE)),
        };
    }
    if tokens.has_list() {
        let parent = with_self(tokens.path_before_list("a struct")?, this);
        let mut paths = Vec::new();
        for mut argument in tokens.list(key, "references = User(a, b)", errors)? {
            let field = argument.ident("a field")?;
            argument.end()?;
            let mut path = parent.clone();
            path.segments.push(field.into());
            paths.push(path);
        }
        if paths.is_empty() {
            return Err(DeclareError::new(span, "the reference names no fields").help(REFERENCE_EXAMPLE));
        }
        return Ok(At::new(Reference::Fields(paths), span));
    }
    let path = tokens.path("a field of another struct").map_err(|error| error.help(REFERENCE_EXAMPLE))?;
    if path.segments.len() < 2 {
        let message = "a reference needs a struct and a field";
        return Err(DeclareError::new(span, message).help(REFERENCE_EXAMPLE));
    }
    Ok(At::new(Reference::Fields(vec![with_self(path, this)]), span))
}

fn with_self(mut path: syn::Path, this: &proc_macro2::Ident) -> syn::Path {
    if let Some(first) = path.segments.first_mut().filter(|first| first.ident == "Self") {
        let span = first.ident.span();
        first.ident = this.clone();
        first.ident.set_span(span);
    }
    path
}

/// Reads `users` or `users(a, b)`, the names quoted or not.
fn table_and_columns(text: &str) -> Option<(Name, Vec<Name>)> {
    let tokens = significant(text);
    let (table, rest) = tokens.split_first()?;
    let table = Name::from(table.identifier()?);
    match rest {
        [] => Some((table, Vec::new())),
        [open, columns @ .., close] if open.kind == TokenKind::Open && close.kind == TokenKind::Close => {
            let columns: Option<Vec<Name>> = columns
                .split(|token| token.kind == TokenKind::Comma)
                .map(|column| match column {
                    [only] => only.identifier().map(Name::from),
                    _ => None,
                })
                .collect();
            Some((table, columns?))
        }
        _ => None,
    }
}

/// `on_delete`, `on_update`, `deferrable` and `match`. Whether `key` was one of them.
pub(super) fn reference_option(
    tokens: &mut Tokens,
    key: &Key,
    options: &mut ReferenceOptions,
    errors: &mut Errors,
) -> bool {
    match key.text.as_str() {
        "on_delete" => set(&mut options.on_delete, key, choice_value(tokens, key, "action", &ACTIONS), errors),
        "on_update" => set(&mut options.on_update, key, choice_value(tokens, key, "action", &ACTIONS), errors),
        "deferrable" => {
            // as in SQL, the bare word is INITIALLY IMMEDIATE
            let value = if tokens.is_empty() {
                Ok(At::new(Deferrable::InitiallyImmediate, key.span))
            } else {
                choice_value(tokens, key, "deferrable clause", &DEFERRABLES)
            };
            set(&mut options.deferrable, key, value, errors);
        }
        "match" => {
            let value = tokens.equals(key, "\"simple\"").and_then(|()| tokens.name_or_word("a word"));
            set(&mut options.match_name, key, value, errors);
        }
        _ => return false,
    }
    true
}

/// `foreign_key(a, b, references = Parent(x, y), on_delete = …)`.
pub(super) fn foreign_key(
    tokens: &mut Tokens,
    key: &Key,
    this: &proc_macro2::Ident,
    errors: &mut Errors,
) -> Result<Option<ForeignKeyClause>> {
    const EXAMPLE: &str = "foreign_key(a, b, references = Parent(x, y))";
    const ACCEPTED: [&str; 6] = ["references", "on_delete", "on_update", "deferrable", "match", "name"];
    let before = errors.count();
    let mut columns = Vec::new();
    let mut found = None;
    let mut name = None;
    let mut options = ReferenceOptions::default();
    for mut argument in tokens.list(key, EXAMPLE, errors)? {
        if argument.is_flag("deferrable") {
            let inner = argument.key()?;
            reference_option(&mut argument, &inner, &mut options, errors);
        } else if argument.is_keyed() {
            let inner = argument.key()?;
            match inner.text.as_str() {
                "references" => {
                    let value = reference(&mut argument, &inner, this, errors);
                    set(&mut found, &inner, value, errors);
                }
                "name" => set(&mut name, &inner, name_value(&mut argument, &inner), errors),
                _ if reference_option(&mut argument, &inner, &mut options, errors) => {}
                _ => errors.push(unknown_key(&inner, "foreign_key(…)", &ACCEPTED)),
            }
        } else {
            columns.extend(errors.take(column(&mut argument)));
        }
    }
    if errors.count() > before {
        // what seems to be missing may be what has just been reported
        return Ok(None);
    }
    let error = |span: Span, message: String| Err(DeclareError::new(span, message).help(format!("write `{EXAMPLE}`")));
    let Some(reference) = found else {
        return error(key.span, "`foreign_key` needs `references`".to_owned());
    };
    let referenced = match &reference.value {
        Reference::Fields(paths) => paths.len(),
        Reference::Table(_, names) => names.len(),
    };
    if columns.is_empty() {
        return error(key.span, "`foreign_key` names no columns".to_owned());
    }
    if referenced != columns.len() && referenced != 0 {
        return error(reference.span, format!("{} columns reference {referenced}", columns.len()));
    }
    Ok(Some(ForeignKeyClause { span: key.span, name, columns, reference, options }))
}

/// `trigger(name, after = insert, when = "…", body = "…")`.
pub(super) fn trigger(tokens: &mut Tokens, key: &Key, errors: &mut Errors) -> Result<Option<TriggerClause>> {
    const EXAMPLE: &str = "trigger(name, after = insert, body = \"…;\")";
    const ACCEPTED: [&str; 7] = ["before", "after", "instead_of", "update_of", "when", "body", "unchecked"];
    const TIMINGS: [(&str, TriggerTiming); 3] =
        [("before", TriggerTiming::Before), ("after", TriggerTiming::After), ("instead_of", TriggerTiming::InsteadOf)];
    #[derive(Clone, Copy, PartialEq)]
    enum Event {
        Insert,
        Update,
        Delete,
    }
    const EVENTS: [(&str, Event); 3] =
        [("insert", Event::Insert), ("update", Event::Update), ("delete", Event::Delete)];
    let before = errors.count();
    let mut name = None;
    let mut event: Option<(TriggerTiming, At<Event>)> = None;
    let mut columns: Option<(Span, Vec<At<ColumnWord>>)> = None;
    let (mut when, mut body, mut unchecked) = (None, None, None);
    for mut argument in tokens.list(key, EXAMPLE, errors)? {
        // the first word is the name
        if name.is_some() && argument.is_flag("unchecked") {
            let inner = argument.key()?;
            let flag = argument.flag(&inner);
            set(&mut unchecked, &inner, flag, errors);
            continue;
        }
        if !argument.is_keyed() {
            let inner = Key { text: "name".to_owned(), span: argument.span() };
            let parsed =
                argument.name_or_word("the name of the trigger").and_then(|name| argument.end().map(|()| name));
            set(&mut name, &inner, parsed, errors);
            continue;
        }
        let inner = argument.key()?;
        if let Some((_, timing)) = TIMINGS.iter().find(|(word, _)| *word == inner.text) {
            let value = choice_value(&mut argument, &inner, "event", &EVENTS).map(|value| (*timing, value));
            set(&mut event, &inner, value, errors);
            continue;
        }
        match inner.text.as_str() {
            "update_of" => {
                let mut list = Vec::new();
                for mut word in argument.list(&inner, "update_of(a, b)", errors)? {
                    list.extend(errors.take(column(&mut word)));
                }
                set(&mut columns, &inner, Ok((inner.span, list)), errors);
            }
            "when" => set(&mut when, &inner, sql_value(&mut argument, &inner), errors),
            "body" => {
                let value =
                    argument.equals(&inner, "\"…;\"").and_then(|()| argument.sql_script("SQL statements in quotes"));
                set(&mut body, &inner, value, errors);
            }
            _ => errors.push(unknown_key(&inner, "trigger(…)", &ACCEPTED)),
        }
    }
    if errors.count() > before {
        return Ok(None);
    }
    let missing = |what: &str| {
        Err(DeclareError::new(key.span, format!("`trigger` needs {what}")).help(format!("write `{EXAMPLE}`")))
    };
    let Some(name) = name else { return missing("a name") };
    let Some((timing, event)) = event else { return missing("an event") };
    let Some(body) = body else { return missing("a body") };
    let event = match (event.value, columns) {
        (Event::Update, columns) => EventClause::Update(columns.map(|(_, columns)| columns).unwrap_or_default()),
        (_, Some((span, _))) => {
            return Err(DeclareError::new(span, "`update_of` belongs to `update`").help("write `after = update`"));
        }
        (Event::Insert, None) => EventClause::Insert,
        (Event::Delete, None) => EventClause::Delete,
    };
    Ok(Some(TriggerClause { name, timing, event, when, body, unchecked }))
}
