//! Makes a picture of a schema.

use std::collections::{BTreeMap, BTreeSet};

use dbmigrate_core::config::Engine;
use dbmigrate_core::ddl::render;
use dbmigrate_core::query::{Catalog, Output, resolve};
use dbmigrate_core::schema::{
    self, Deferrable, ForeignKey, IndexPart, KeyPart, ReferentialAction, Schema, TriggerEvent,
};
use dbmigrate_core::schema::{Comments, TriggerTiming};
use dbmigrate_core::sql::Name;

use super::model::{Card, CardKind, Clause, Column, Index, Link, LinkKind, Mark, Picture, Trigger};
use super::statements;

/// What there is to see of a schema. `docs` says of its tables what their structs do; `engine` is what the application
/// adds to the engine, for the columns of views.
pub(crate) fn picture(schema: &Schema, docs: &BTreeMap<Name, Comments>, engine: &Engine) -> Picture {
    part(schema, docs, engine, &names(schema))
}

/// The same of some names: their cards, and the links that lead from them.
pub(super) fn part(
    schema: &Schema,
    docs: &BTreeMap<Name, Comments>,
    engine: &Engine,
    names: &BTreeSet<Name>,
) -> Picture {
    let reader = Reader { schema, docs, catalog: Catalog::new(schema, engine) };
    let cards: Vec<Card> = names.iter().filter_map(|name| reader.card_of(name)).collect();
    let mut links: Vec<Link> = names.iter().flat_map(|name| reader.links_of(name)).collect();
    links.extend(Reader::writes(&cards));
    links.sort_by(|one, other| (&one.from, one.kind).cmp(&(&other.from, other.kind)));
    Picture { cards, links }
}

/// The names of everything that has a card.
pub(super) fn names(schema: &Schema) -> BTreeSet<Name> {
    let tables = schema.tables.iter().map(|table| &table.name);
    let virtual_tables = schema.virtual_tables.iter().map(|table| &table.name);
    tables.chain(virtual_tables).chain(schema.views.iter().map(|view| &view.name)).cloned().collect()
}

/// The name as it is declared, if a card has it.
pub(super) fn known(schema: &Schema, name: &Name) -> Option<Name> {
    let table = schema.tables.get(name).map(|table| &table.name);
    let other = || schema.virtual_tables.get(name).map(|table| &table.name);
    table.or_else(other).or_else(|| schema.views.get(name).map(|view| &view.name)).cloned()
}

struct Reader<'a> {
    schema: &'a Schema,
    docs: &'a BTreeMap<Name, Comments>,
    catalog: Catalog,
}

impl Reader<'_> {
    fn known(&self, name: &Name) -> Option<Name> {
        known(self.schema, name)
    }

    fn card_of(&self, name: &Name) -> Option<Card> {
        let table = self.schema.tables.get(name).map(|table| self.table(table));
        let other = || self.schema.virtual_tables.get(name).map(|table| self.virtual_table(table));
        table.or_else(other).or_else(|| self.schema.views.get(name).map(|view| self.view(view)))
    }

    /// The foreign keys of a table, what a view reads, and where a virtual table has its content.
    fn links_of(&self, name: &Name) -> Vec<Link> {
        if let Some(table) = self.schema.tables.get(name) {
            return table.foreign_keys.iter().map(|key| self.foreign_key(table, key)).collect();
        }
        let reads = |from: &Name, to: Vec<Name>| to.iter().map(|to| link(LinkKind::Reads, from, to)).collect();
        if let Some(table) = self.schema.virtual_tables.get(name) {
            let content = table.option("content").and_then(|content| self.known(&Name::from(content)));
            return reads(&table.name, content.into_iter().collect());
        }
        let Some(view) = self.schema.views.get(name) else { return Vec::new() };
        reads(&view.name, statements::of_view(&self.catalog, &view.query, |name| self.known(name)))
    }

    fn table(&self, table: &schema::Table) -> Card {
        let docs = self.docs.get(&table.name);
        let autoincrement = (table.is_autoincrement(), "autoincrement");
        let options = [
            (table.strict, "strict"),
            (table.without_rowid, "without rowid"),
            (table.random_rowid, "random rowid"),
            autoincrement,
        ];
        Card {
            options: options.into_iter().filter(|(is_set, _)| *is_set).map(|(_, option)| option).collect(),
            columns: table.columns.iter().map(|one| column(table, one, docs)).collect(),
            primary_key: table.primary_key.iter().flat_map(|key| &key.parts).map(|part| part.column.clone()).collect(),
            uniques: table.uniques.iter().map(unique).collect(),
            checks: table.checks.iter().map(check).collect(),
            indexes: table.indexes.iter().map(|one| index(&table.name, one)).collect(),
            sql: render::create_table_as(table, &table.name, docs),
            ..self.card(&table.name, CardKind::Table)
        }
    }

    /// What every kind of card has.
    fn card(&self, name: &Name, kind: CardKind) -> Card {
        let on = self.schema.triggers.iter().filter(|trigger| trigger.on == *name);
        Card {
            name: name.clone(),
            kind,
            module: None,
            doc: self.docs.get(name).and_then(|docs| docs.table.clone()),
            options: Vec::new(),
            columns: Vec::new(),
            primary_key: Vec::new(),
            uniques: Vec::new(),
            checks: Vec::new(),
            indexes: Vec::new(),
            triggers: on.map(|trigger| self.trigger(trigger)).collect(),
            sql: String::new(),
            mark: Mark::Same,
            was: None,
        }
    }

    fn virtual_table(&self, table: &schema::VirtualTable) -> Card {
        let docs = self.docs.get(&table.name);
        let columns = table.column_names().into_iter().map(|name| bare_column(name, docs)).collect();
        Card {
            module: Some(table.module.to_string()),
            columns,
            sql: render::create_virtual_table_with(table, docs),
            ..self.card(&table.name, CardKind::VirtualTable)
        }
    }

    fn view(&self, view: &schema::View) -> Card {
        let docs = self.docs.get(&view.name);
        let found = resolve(&self.catalog, &format!("SELECT * FROM {}", view.name.sql())).ok();
        let columns = match found {
            Some(query) if !query.has_more_columns => query.columns.iter().map(|one| output(one, docs)).collect(),
            // at least those that are named
            _ => view.columns.iter().map(|name| bare_column(name.clone(), docs)).collect(),
        };
        Card { columns, sql: render::create_view_with(view, docs), ..self.card(&view.name, CardKind::View) }
    }

    fn trigger(&self, trigger: &schema::Trigger) -> Trigger {
        let timing = match trigger.timing {
            TriggerTiming::Before => "before",
            TriggerTiming::After => "after",
            TriggerTiming::InsteadOf => "instead of",
        };
        let event = match &trigger.event {
            TriggerEvent::Insert => "insert".to_owned(),
            TriggerEvent::Delete => "delete".to_owned(),
            TriggerEvent::Update(columns) if columns.is_empty() => "update".to_owned(),
            TriggerEvent::Update(columns) => {
                let columns: Vec<&str> = columns.iter().map(Name::as_str).collect();
                format!("update of {}", columns.join(", "))
            }
        };
        let mut text = trigger.body.as_str().to_owned();
        if let Some(when) = &trigger.when {
            // as a statement of its own, so that what it reads is found too
            text = format!("SELECT {when}; {text}");
        }
        let access = statements::of_statements(&text, |name| self.known(name));
        Trigger {
            name: trigger.name.clone(),
            fires: format!("{timing} {event}"),
            reads: access.reads,
            writes: access.writes,
            sql: render::create_trigger(trigger),
            mark: Mark::Same,
        }
    }

    fn foreign_key(&self, table: &schema::Table, key: &ForeignKey) -> Link {
        let is_in_key = |column: &Name| key.columns.contains(column);
        let may_be_null = |name: &Name| table.column(name).is_some_and(|column| !table.rejects_null(column));
        Link {
            columns: key.columns.clone(),
            parent_columns: self.schema.referenced_columns(key).unwrap_or_default(),
            one: table.unique_keys().any(|unique| unique.iter().all(is_in_key)),
            optional: key.columns.iter().any(may_be_null),
            on_delete: action(key.on_delete),
            on_update: action(key.on_update),
            deferred: key.deferrable == Some(Deferrable::InitiallyDeferred),
            ..link(LinkKind::ForeignKey, &table.name, &self.known(&key.parent).unwrap_or_else(|| key.parent.clone()))
        }
    }

    /// What triggers write besides the table that they are on.
    fn writes(cards: &[Card]) -> Vec<Link> {
        let of_trigger = |card: &Card, trigger: &Trigger| -> Vec<Link> {
            let others = trigger.writes.iter().filter(|table| **table != card.name);
            others
                .map(|table| Link { by: Some(trigger.name.clone()), ..link(LinkKind::Writes, &card.name, table) })
                .collect()
        };
        cards.iter().flat_map(|card| card.triggers.iter().flat_map(move |trigger| of_trigger(card, trigger))).collect()
    }
}

/// A link without anything else.
fn link(kind: LinkKind, from: &Name, to: &Name) -> Link {
    Link {
        kind,
        from: from.clone(),
        to: to.clone(),
        columns: Vec::new(),
        parent_columns: Vec::new(),
        one: false,
        optional: false,
        on_delete: None,
        on_update: None,
        deferred: false,
        by: None,
        mark: Mark::Same,
    }
}

fn action(action: ReferentialAction) -> Option<String> {
    (action != ReferentialAction::NoAction).then(|| action.sql().to_ascii_lowercase())
}

fn column(table: &schema::Table, column: &schema::Column, docs: Option<&Comments>) -> Column {
    let is_alone = |parts: &[KeyPart]| matches!(parts, [part] if part.column == column.name);
    let is_only = |parts: &[IndexPart]| matches!(parts, [part] if part.expr.as_column().as_ref() == Some(&column.name));
    let by_constraint = table.uniques.iter().any(|unique| is_alone(&unique.parts));
    let mut indexes = table.indexes.iter();
    let by_index = indexes.any(|index| index.unique && index.predicate.is_none() && is_only(&index.parts));
    Column {
        ty: column.decl_type.as_str().to_owned(),
        nullable: !table.rejects_null(column),
        primary: table.is_primary_key(&column.name),
        unique: by_constraint || by_index,
        foreign: table.foreign_keys.iter().any(|key| key.columns.contains(&column.name)),
        default: column.effective_default().map(ToString::to_string),
        generated: column.generated.as_ref().map(|generated| generated.expr.to_string()),
        stored: column.generated.as_ref().is_some_and(|generated| generated.stored),
        collate: column.collate.as_ref().map(ToString::to_string),
        ..bare_column(column.name.clone(), docs)
    }
}

/// A column of which only the name is known.
fn bare_column(name: Name, docs: Option<&Comments>) -> Column {
    Column {
        doc: docs.and_then(|docs| docs.column(&name)).map(str::to_owned),
        name,
        ty: String::new(),
        nullable: true,
        primary: false,
        unique: false,
        foreign: false,
        default: None,
        generated: None,
        stored: false,
        collate: None,
        mark: Mark::Same,
        was: None,
    }
}

/// A column of a view.
fn output(output: &Output, docs: Option<&Comments>) -> Column {
    let typed = output.ty.clone().unwrap_or_default();
    Column {
        ty: typed.declared.map(|declared| declared.as_str().to_owned()).unwrap_or_default(),
        nullable: typed.nullable.unwrap_or(true),
        ..bare_column(Name::from(output.name.as_str()), docs)
    }
}

fn unique(unique: &schema::Unique) -> Clause {
    Clause { name: unique.name.clone(), text: parts_of(&unique.parts), mark: Mark::Same }
}

/// The columns of a key, as SQL.
pub(super) fn parts_of(parts: &[KeyPart]) -> String {
    let part = |part: &KeyPart| {
        let collate = part.collate.as_ref().map(|name| format!(" COLLATE {name}")).unwrap_or_default();
        format!("{}{collate}{}", part.column, if part.descending { " DESC" } else { "" })
    };
    parts.iter().map(part).collect::<Vec<_>>().join(", ")
}

fn check(check: &schema::Check) -> Clause {
    Clause { name: check.name.clone(), text: check.expr.to_string(), mark: Mark::Same }
}

fn index(table: &Name, index: &schema::Index) -> Index {
    let part = |part: &IndexPart| {
        let expr = part.expr.as_column().map_or_else(|| part.expr.to_string(), |name| name.to_string());
        let collate = part.collate.as_ref().map(|name| format!(" COLLATE {name}")).unwrap_or_default();
        format!("{expr}{collate}{}", if part.descending { " DESC" } else { "" })
    };
    Index {
        name: index.name.clone(),
        unique: index.unique,
        parts: index.parts.iter().map(part).collect(),
        predicate: index.predicate.as_ref().map(ToString::to_string),
        sql: render::create_index(table, index),
        mark: Mark::Same,
    }
}
