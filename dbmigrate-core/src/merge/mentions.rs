//! Which tables and columns of a schema the text of a view or a trigger names, and the text with other names for them.
//!
//! Names are looked up as SQLite does it: a qualifier says the table; a bare column is one of the nearest query around
//! it. Where the columns of a source are not known (a subquery, a common table expression, a view) the text does not
//! always tell, and says so.

use std::collections::BTreeSet;

use super::scopes::{Role, Scopes};
use crate::plan::Trace;
use crate::schema::{Schema, Trigger, TriggerEvent, View, VirtualTable};
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Expr, Name};

/// A table or column that a text names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mention {
    /// Where in the text, in bytes.
    start: usize,
    end: usize,
    /// The table.
    pub(super) table: Name,
    /// Its column, if it is one.
    pub(super) column: Option<Name>,
    /// Whether it is this and nothing else.
    is_sure: bool,
    /// Whether it is the whole of a result, which is called like it then.
    is_result: bool,
}

/// What a text names, by table and column.
pub(crate) type Named = BTreeSet<(Name, Option<Name>)>;

/// Everything of a schema that a text names. `on` is the table of the trigger that it belongs to.
pub(super) fn mentions(schema: &Schema, text: &Expr, on: Option<&Name>) -> Vec<Mention> {
    let tokens = significant(text.as_str());
    let scopes = Scopes::of(&tokens, &|name| has_object(schema, name));
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let mention = |table: &Name, column: Option<Name>, is_sure: bool| Mention {
            start: token.start,
            end: token.end(),
            table: table.clone(),
            column,
            is_sure,
            is_result: false,
        };
        let Some(name) = token.identifier().map(Name::from).filter(|_| token.kind != TokenKind::String) else {
            continue;
        };
        match scopes.role(at) {
            Role::Table => {
                if has_object(schema, &name) {
                    found.push(mention(&name, None, true));
                }
            }
            Role::Qualifier => {
                let source = scopes.source(at, &name);
                if let Some(table) = source.filter(|table| **table == name) {
                    found.push(mention(table, None, true));
                }
            }
            Role::Qualified(qualifier) => {
                let is_row = on.is_some() && (*qualifier == *"new" || *qualifier == *"old");
                let table = if is_row { on } else { scopes.source(at, qualifier) };
                if let Some(table) = table.filter(|table| has_column(schema, table, &name)) {
                    found.push(Mention { is_result: scopes.is_result(at), ..mention(table, Some(name), true) });
                }
            }
            Role::ColumnOf(table) => {
                if has_column(schema, table, &name) {
                    found.push(mention(table, Some(name), true));
                }
            }
            Role::Bare => {
                let (tables, is_sure) = scopes.tables_with(at, &name, &|table| has_column(schema, table, &name));
                let is_sure = is_sure && tables.len() == 1;
                for table in tables {
                    let one = mention(&table, Some(name.clone()), is_sure);
                    found.push(Mention { is_result: scopes.is_result(at), ..one });
                }
            }
            Role::None => {}
        }
    }
    found
}

/// The text with the names that `names` leads to. An error is what the text may or may not name.
fn followed(
    schema: &Schema,
    text: &Expr,
    on: Option<&Name>,
    names: &Trace,
    keeps_results: bool,
) -> Result<Expr, Mention> {
    let mut found = mentions(schema, text, on);
    found.sort();
    let mut changed = String::with_capacity(text.as_str().len());
    let mut copied = 0;
    let mut at = 0;
    while let Some(first) = found.get(at) {
        let same = found[at..].iter().take_while(|one| one.start == first.start).count();
        let group = &found[at..at + same];
        at += same;
        let targets: BTreeSet<Option<String>> = group.iter().map(|one| new_name(one, names)).collect();
        if let Some(unsure) = group.iter().find(|one| !one.is_sure && new_name(one, names).is_some())
            && (targets.len() > 1 || group.len() == 1)
        {
            return Err(unsure.clone());
        }
        let Some(Some(target)) = targets.into_iter().next() else { continue };
        changed.push_str(&text.as_str()[copied..first.start]);
        changed.push_str(&Name::from(target.as_str()).sql());
        if keeps_results
            && first.is_result
            && let Some(column) = &first.column
        {
            changed.push_str(" AS ");
            changed.push_str(&column.sql());
        }
        copied = first.end;
    }
    if copied == 0 {
        return Ok(text.clone());
    }
    changed.push_str(&text.as_str()[copied..]);
    Ok(Expr::script(changed))
}

/// An expression over the rows of a table with the names that `names` leads to. An error says why there is none.
pub(super) fn follow_expression(schema: &Schema, table: &Name, expr: &Expr, names: &Trace) -> Result<Expr, String> {
    let query = |table: &Name, expr: &str| format!("SELECT {expr} FROM {}", table.sql());
    let text = Expr::script(query(table, expr.as_str()));
    let gone = |mention: &&Mention| match &mention.column {
        Some(column) => schema.tables.contains(&mention.table) && names.column(&mention.table, column).is_none(),
        None => !schema.views.contains(&mention.table) && names.table(&mention.table).is_none(),
    };
    if let Some(gone) = mentions(schema, &text, None).iter().find(gone) {
        return Err(format!("it reads `{}`, which the other side drops", said(gone)));
    }
    let unsure = |mention: Mention| format!("it may read `{}`, which has another name now", said(&mention));
    let followed = followed(schema, &text, None, names, false).map_err(unsure)?;
    let from = query(table_now(table, names), "");
    let (start, end) = from.split_at("SELECT ".len());
    let inner = followed.as_str().strip_prefix(start).and_then(|text| text.strip_suffix(end));
    Ok(Expr::new(inner.unwrap_or(expr.as_str())))
}

/// The other name of what is mentioned, if it has another one.
fn new_name(mention: &Mention, names: &Trace) -> Option<String> {
    let (was, now) = match &mention.column {
        Some(column) => (column, &names.column(&mention.table, column)?.1),
        None => (&mention.table, names.table(&mention.table)?),
    };
    (was != now).then(|| now.as_str().to_owned())
}

/// The new name of a table, if it has another one.
fn table_now<'n>(table: &'n Name, names: &'n Trace) -> &'n Name {
    names.table(table).filter(|now| *now != table).unwrap_or(table)
}

fn column_now<'n>(table: &Name, column: &'n Name, names: &'n Trace) -> &'n Name {
    names.column(table, column).map(|(_, now)| now).filter(|now| *now != column).unwrap_or(column)
}

/// An object whose text names others.
pub(crate) trait Reader: Clone {
    /// What it names.
    fn names(&self, schema: &Schema) -> Named;

    /// It with other names for that. An error is what it may or may not name.
    fn follow(&self, schema: &Schema, names: &Trace) -> Result<Self, String>;
}

/// What a statement names beyond doubt: a text that is not known to belong to this schema.
#[cfg(feature = "lint")]
pub(crate) fn surely_named(schema: &Schema, statement: &str) -> Named {
    let mut found = mentions(schema, &Expr::script(statement), None);
    found.retain(|mention| mention.is_sure);
    set(found)
}

fn set(mentions: Vec<Mention>) -> Named {
    mentions.into_iter().map(|one| (one.table, one.column)).collect()
}

fn said(mention: &Mention) -> String {
    let path = std::iter::once(&mention.table).chain(&mention.column);
    crate::sql::path::path(path)
}

impl Reader for View {
    fn names(&self, schema: &Schema) -> Named {
        set(mentions(schema, &self.query, None))
    }

    fn follow(&self, schema: &Schema, names: &Trace) -> Result<Self, String> {
        // what reads the view goes by the names that its columns had
        let query = followed(schema, &self.query, None, names, self.columns.is_empty()).map_err(|one| said(&one))?;
        Ok(Self { query, ..self.clone() })
    }
}

impl Reader for Trigger {
    fn names(&self, schema: &Schema) -> Named {
        let mut found = set(mentions(schema, &self.body, Some(&self.on)));
        found.extend(self.when.iter().flat_map(|when| set(mentions(schema, when, Some(&self.on)))));
        found.insert((self.on.clone(), None));
        if let TriggerEvent::Update(columns) = &self.event {
            found.extend(columns.iter().map(|column| (self.on.clone(), Some(column.clone()))));
        }
        found
    }

    fn follow(&self, schema: &Schema, names: &Trace) -> Result<Self, String> {
        let text = |expr: &Expr| followed(schema, expr, Some(&self.on), names, false).map_err(|one| said(&one));
        let mut trigger = self.clone();
        trigger.body = text(&self.body)?;
        trigger.when = self.when.as_ref().map(text).transpose()?;
        trigger.on = table_now(&self.on, names).clone();
        if let TriggerEvent::Update(columns) = &mut trigger.event {
            for column in columns {
                *column = column_now(&self.on, column, names).clone();
            }
        }
        Ok(trigger)
    }
}

impl Reader for VirtualTable {
    fn names(&self, schema: &Schema) -> Named {
        let Some(content) = self.content(schema) else { return Named::new() };
        let columns = self.column_names().into_iter().chain(self.option("content_rowid").map(Name::from));
        let columns = columns.filter(|column| has_column(schema, &content, column));
        let columns = columns.map(|column| (content.clone(), Some(column)));
        columns.chain([(content.clone(), None)]).collect()
    }

    fn follow(&self, schema: &Schema, names: &Trace) -> Result<Self, String> {
        let Some(content) = self.content(schema) else { return Ok(self.clone()) };
        // its columns are those of the table, by name
        let renamed = self.column_names().into_iter().find(|column| column_now(&content, column, names) != column);
        if let Some(column) = renamed {
            return Err(crate::sql::path::path([&content, &column]));
        }
        let mut table = self.clone();
        for argument in &mut table.arguments {
            let Some((key, _)) = argument.as_str().split_once('=') else { continue };
            let (was, now) = match key.trim().to_ascii_lowercase().as_str() {
                "content" => (content.clone(), table_now(&content, names).clone()),
                "content_rowid" => {
                    let Some(rowid) = self.option("content_rowid").map(Name::from) else { continue };
                    let now = column_now(&content, &rowid, names).clone();
                    (rowid, now)
                }
                _ => continue,
            };
            if was != now {
                *argument = Expr::new(format!("{key}={}", crate::sql::name::quote_string(now.as_str())));
            }
        }
        Ok(table)
    }
}

impl VirtualTable {
    /// The table whose rows it indexes.
    fn content(&self, schema: &Schema) -> Option<Name> {
        let content = Name::from(self.option("content").filter(|content| !content.is_empty())?);
        has_object(schema, &content).then_some(content)
    }
}

fn has_object(schema: &Schema, name: &Name) -> bool {
    schema.tables.contains(name) || schema.virtual_tables.contains(name) || schema.views.contains(name)
}

fn has_column(schema: &Schema, table: &Name, column: &Name) -> bool {
    match schema.table(table) {
        Some(table) => table.column(column).is_some(),
        None => schema.virtual_tables.get(table).is_some_and(|table| table.column_names().contains(column)),
    }
}

#[cfg(test)]
mod tests;
