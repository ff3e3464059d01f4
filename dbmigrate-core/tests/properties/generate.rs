//! Random models: every feature of the schema language, names that need quotes, expressions that look like trouble.

use dbmigrate_core::schema::{Conflict, Deferrable, ReferentialAction, TriggerTiming};
use dbmigrate_core::sql::Name;

use crate::gene::{Choices, SchemaGenes, TableGenes};
use crate::model::{
    ColumnModel, ForeignKeyModel, Id, IndexModel, KeyModel, Model, TableModel, Template, TriggerModel, ViewModel,
    VirtualModel,
};

const OBJECT_NAMES: [&str; 14] =
    ["t", "users", "Items", "order", "my table", "a", "Straße", "x\"y", "it's", "select", "T2", "1st", "length", "b"];
const COLUMN_NAMES: [&str; 22] = [
    "a", "b", "id", "Name", "c", "order", "x y", "q\"t", "rowid", "oid", "_rowid_", "null", "Größe", "1a", "end",
    "key", "value", "new", "length", "t", "it's", "a,b",
];
const CONSTRAINT_NAMES: [&str; 4] = ["one", "The Two", "check", "c\"3"];
const TYPES: [&str; 14] = [
    "TEXT",
    "INTEGER",
    "INT",
    "",
    "REAL",
    "BLOB",
    "NUMERIC",
    "BOOLEAN",
    "VARCHAR(10)",
    "integer",
    "DECIMAL(10, 2)",
    "DOUBLE PRECISION",
    "DATETIME",
    "ANY",
];
const DEFAULTS: [&str; 22] = [
    "0",
    "'x'",
    "NULL",
    "-1",
    "''",
    "1.5",
    "'it''s; -- no'",
    "x'00ff'",
    "TRUE",
    "1 + 2",
    "lower('ABC')",
    "CURRENT_TIMESTAMP",
    "unixepoch()",
    "abs(-3)",
    "-9223372036854775808",
    "1e3",
    "'007'",
    "2.0",
    "'/* , */'",
    "datetime('now')",
    "0x10",
    "CASE WHEN 1 THEN 'end' END",
];
const COLLATIONS: [&str; 3] = ["NOCASE", "RTRIM", "BINARY"];
const CHECKS: [&str; 12] = [
    "{0} <> 'forbidden'",
    "length({0}) < 1000",
    "{0} IS NULL OR {0} <> 'a, b); --'",
    "{t}.{0} <> 'x''y'",
    "{0} IS NOT NULL OR {1} IS NULL OR 1",
    "{0} > -1000 OR {0} <= -1000 OR {0} IS NULL",
    "CASE WHEN {0} IS NULL THEN 1 ELSE length({1}) IS NULL OR length({1}) >= 0 END",
    "{0} <> 42",
    "{0} /* why, (not */ IS NOT 'c'",
    "typeof({0}) <> 'blob'",
    "{0} IN (0, 1, 'a;b', 'END') OR {0} IS NULL",
    "(({0}) = {1} OR \"abs\"({1}) IS NOT 0.5)",
];
const GENERATED: [&str; 8] = [
    "{0} || 'x'",
    "coalesce({0}, 0)",
    "length({0})",
    "{0}",
    "CASE WHEN {0} IS NULL THEN NULL ELSE 'end' END",
    "upper({0})",
    "typeof({0}) || typeof({1})",
    "{0} /* , */ IS NULL",
];
const INDEXED: [&str; 5] = ["lower({0})", "{0} || ''", "coalesce({0}, {1})", "length({0})", "({0})"];
const PREDICATES: [&str; 5] =
    ["{0} IS NOT NULL", "{0} <> 'x; y'", "{0} > 0", "typeof({0}) = 'text'", "{0} IS NOT NULL AND {1} IS NULL"];
const VIEWS: [&str; 4] = [
    "SELECT {columns} FROM {from}",
    "SELECT {columns} -- all; of them\nFROM {from} WHERE 1",
    "SELECT {columns} FROM {from} WHERE 'a;b' <> ';'",
    "WITH q AS (SELECT * FROM {from}) SELECT {columns} FROM q",
];
const CONDITIONS: [&str; 3] =
    ["{value} IS NOT NULL", "{value} <> 'begin'", "CASE WHEN {value} IS NULL THEN 0 ELSE 1 END"];
const BODIES: [&str; 7] = [
    "SELECT 1;",
    "UPDATE {t} SET {0} = {0} WHERE 0;",
    "DELETE FROM {t} WHERE 0; SELECT CASE WHEN {value} = 'END; no' THEN 1 END;",
    "SELECT CASE WHEN {value} = 'never; END' THEN RAISE(ABORT, 'no; END') END;",
    "INSERT OR IGNORE INTO {t} ({0}) SELECT {value} WHERE {value} = 'never';",
    "INSERT OR IGNORE INTO {t} ({0}) VALUES ({value});",
    "SELECT {0} AS \"end\" FROM {t} /* ; */ WHERE {0} = {value};",
];

/// A name that nothing else has.
pub(crate) fn free_name(choices: &mut Choices<'_>, from: &[&'static str], taken: &[Name]) -> String {
    let base = choices.one(from);
    let numbered = (2..).map(|number| format!("{base}{number}"));
    std::iter::once(base.to_owned())
        .chain(numbered)
        .find(|name| !taken.contains(&Name::from(name.as_str())))
        .unwrap_or_default()
}

/// A model from its genes.
pub(crate) fn model(genes: &SchemaGenes) -> Model {
    let mut model = Model::default();
    for genes in &genes.tables {
        add_table(&mut model, genes);
    }
    for (table, genes) in genes.tables.iter().enumerate() {
        for constraint in &genes.constraints {
            add_constraint(&mut model, table, &mut Choices::of(constraint));
        }
    }
    for object in &genes.objects {
        add_object(&mut model, &mut Choices::of(object));
    }
    model.repair();
    model
}

pub(crate) fn add_table(model: &mut Model, genes: &TableGenes) {
    let mut choices = Choices::of(&genes.table);
    let name = free_name(&mut choices, &OBJECT_NAMES, &model.names());
    let mut table = TableModel {
        id: model.new_id(),
        name,
        columns: Vec::new(),
        primary_key: None,
        autoincrement: false,
        uniques: Vec::new(),
        foreign_keys: Vec::new(),
        checks: Vec::new(),
        strict: false,
        without_rowid: false,
        random_rowid: false,
        indexes: Vec::new(),
    };
    for column in &genes.columns {
        add_column(model, &mut table, &mut Choices::of(column));
    }
    set_primary_key(&mut table, &mut choices);
    table.strict = choices.chance(20);
    table.without_rowid = choices.chance(20);
    table.random_rowid = choices.chance(10);
    model.tables.push(table);
}

/// A primary key of one of the usual kinds, or none.
pub(crate) fn set_primary_key(table: &mut TableModel, choices: &mut Choices<'_>) {
    let kind = choices.below(8);
    let stored = table.stored();
    let Some(first) = stored.first().copied() else { return };
    table.primary_key = None;
    table.autoincrement = false;
    if kind == 0 {
        return;
    }
    let parts = if kind <= 4 {
        let part = if kind == 4 { choices.one(&stored) } else { first };
        vec![(part, None, kind == 3 && choices.chance(30))]
    } else {
        let columns = choices.several(3, &stored);
        columns.into_iter().map(|column| (column, choices.maybe(15, &COLLATIONS), choices.chance(25))).collect()
    };
    if kind <= 3
        && let Some(column) = table.columns.iter_mut().find(|column| column.id == first)
    {
        column.decl_type = "INTEGER";
        column.default = None;
    }
    table.autoincrement = kind == 2;
    let name = choices.maybe(15, &CONSTRAINT_NAMES);
    table.primary_key = Some(KeyModel { name, parts, conflict: conflict(choices) });
}

fn conflict(choices: &mut Choices<'_>) -> Option<Conflict> {
    choices.maybe(12, &Conflict::ALL)
}

pub(crate) fn add_column(model: &mut Model, table: &mut TableModel, choices: &mut Choices<'_>) -> Id {
    let taken: Vec<Name> = table.columns.iter().map(|column| Name::from(column.name.as_str())).collect();
    let name = free_name(choices, &COLUMN_NAMES, &taken);
    let mut column = ColumnModel {
        id: model.new_id(),
        name,
        decl_type: choices.one(&TYPES),
        not_null: choices.chance(30),
        not_null_name: choices.maybe(5, &CONSTRAINT_NAMES),
        not_null_conflict: choices.maybe(5, &Conflict::ALL),
        default: choices.maybe(40, &DEFAULTS),
        collate: choices.maybe(15, &COLLATIONS),
        generated: None,
    };
    if choices.chance(15) {
        set_generated(table, &mut column, choices);
    }
    let id = column.id;
    table.columns.push(column);
    id
}

/// Makes a column generated from columns that are not.
pub(crate) fn set_generated(table: &TableModel, column: &mut ColumnModel, choices: &mut Choices<'_>) {
    let sources: Vec<Id> = table.stored().into_iter().filter(|id| *id != column.id).collect();
    if let Some(template) = template(choices, &GENERATED, &sources) {
        column.generated = Some((template, choices.chance(50)));
        column.default = None;
    }
}

fn template(choices: &mut Choices<'_>, texts: &[&'static str], columns: &[Id]) -> Option<Template> {
    let text = choices.one(texts);
    let (first, second) = (choices.pick(columns).copied()?, choices.pick(columns).copied()?);
    let both = text.contains("{1}");
    Some(Template { text, columns: if both { vec![first, second] } else { vec![first] } })
}

/// Adds a constraint or an index to the table at a place.
pub(crate) fn add_constraint(model: &mut Model, at: usize, choices: &mut Choices<'_>) {
    let kind = choices.below(4);
    let taken = model.names();
    let Some(table) = model.tables.get(at) else { return };
    let (all, stored) = (table.all(), table.stored());
    match kind {
        0 => {
            let index = index(choices, &all, &taken);
            model.tables[at].indexes.extend(index);
        }
        1 => {
            let unique = unique(choices, &all);
            model.tables[at].uniques.push(unique);
        }
        2 => {
            if let Some(template) = template(choices, &CHECKS, &all) {
                let name = choices.maybe(25, &CONSTRAINT_NAMES);
                model.tables[at].checks.push((name, template));
            }
        }
        _ => {
            if let Some(key) = foreign_key(model, choices, &stored) {
                model.tables[at].foreign_keys.push(key);
            }
        }
    }
}

pub(crate) fn unique(choices: &mut Choices<'_>, columns: &[Id]) -> KeyModel {
    let columns = choices.several(2, columns);
    let parts =
        columns.into_iter().map(|column| (column, choices.maybe(15, &COLLATIONS), choices.chance(15))).collect();
    KeyModel { name: choices.maybe(25, &CONSTRAINT_NAMES), parts, conflict: conflict(choices) }
}

pub(crate) fn index(choices: &mut Choices<'_>, columns: &[Id], taken: &[Name]) -> Option<IndexModel> {
    let name = free_name(choices, &OBJECT_NAMES, taken);
    let unique = choices.chance(30);
    let mut parts = Vec::new();
    for column in choices.several(2, columns) {
        let plain = Template { text: "{0}", columns: vec![column] };
        let expression = if choices.chance(20) { template(choices, &INDEXED, columns) } else { None };
        parts.push((expression.unwrap_or(plain), choices.maybe(15, &COLLATIONS), choices.chance(20)));
    }
    let predicate = if choices.chance(25) { template(choices, &PREDICATES, columns) } else { None };
    (!parts.is_empty()).then_some(IndexModel { name, unique, parts, predicate })
}

/// A foreign key to one of the keys that the tables have.
pub(crate) fn foreign_key(model: &Model, choices: &mut Choices<'_>, columns: &[Id]) -> Option<ForeignKeyModel> {
    let parent = choices.pick(&model.tables)?;
    let keys = parent_keys(parent);
    let mut parent_columns = choices.pick(&keys)?.clone();
    let mut referring = Vec::new();
    for _ in &parent_columns {
        let free: Vec<Id> = columns.iter().copied().filter(|column| !referring.contains(column)).collect();
        referring.push(*choices.pick(&free)?);
    }
    let is_primary = parent
        .primary_key
        .as_ref()
        .is_some_and(|key| key.parts.iter().map(|(column, _, _)| *column).collect::<Vec<_>>() == parent_columns);
    if is_primary && choices.chance(50) {
        parent_columns.clear();
    } else if choices.chance(30) {
        parent_columns.reverse();
    }
    Some(ForeignKeyModel {
        name: choices.maybe(20, &CONSTRAINT_NAMES),
        columns: referring,
        parent: parent.id,
        parent_columns,
        on_delete: choices.one(&ReferentialAction::ALL),
        on_update: choices.one(&ReferentialAction::ALL),
        deferrable: choices
            .maybe(25, &[Deferrable::InitiallyDeferred, Deferrable::InitiallyImmediate, Deferrable::Not]),
    })
}

/// The sets of columns that a foreign key may refer to.
pub(crate) fn parent_keys(table: &TableModel) -> Vec<Vec<Id>> {
    let own = |key: &&KeyModel| key.parts.iter().all(|(_, collate, _)| collate.is_none()) && !key.parts.is_empty();
    let keys = table.primary_key.iter().chain(&table.uniques).filter(own);
    keys.map(|key| key.parts.iter().map(|(column, _, _)| *column).collect()).collect()
}

/// Adds a view, a trigger or a virtual table.
pub(crate) fn add_object(model: &mut Model, choices: &mut Choices<'_>) {
    match choices.below(5) {
        0 | 1 => add_view(model, choices),
        2 | 3 => add_trigger(model, choices),
        _ => add_virtual(model, choices),
    }
}

pub(crate) fn add_view(model: &mut Model, choices: &mut Choices<'_>) {
    let name = free_name(choices, &OBJECT_NAMES, &model.names());
    let over_view = choices.chance(30);
    let views: Vec<Id> = model.views.iter().map(|view| view.id).collect();
    let tables: Vec<Id> = model.tables.iter().map(|table| table.id).collect();
    let Some(from) = choices.pick(if over_view && !views.is_empty() { &views } else { &tables }).copied() else {
        return;
    };
    let columns = model.table(from).map(|table| choices.several(3, &table.all())).unwrap_or_default();
    let id = model.new_id();
    model.views.push(ViewModel { id, name, from, columns, text: choices.one(&VIEWS), named: choices.chance(30) });
}

pub(crate) fn add_trigger(model: &mut Model, choices: &mut Choices<'_>) {
    let name = free_name(choices, &OBJECT_NAMES, &model.names());
    let views: Vec<Id> = model.views.iter().map(|view| view.id).collect();
    let tables: Vec<Id> = model.tables.iter().map(|table| table.id).collect();
    let on_view = choices.chance(25) && !views.is_empty();
    let timing = match on_view {
        true => TriggerTiming::InsteadOf,
        false => choices.one(&[TriggerTiming::After, TriggerTiming::Before]),
    };
    let on = choices.one(if on_view { &views } else { &tables });
    let target = choices.one(&tables);
    let stored = model.table(target).map(TableModel::stored).unwrap_or_default();
    let event = choices.below(4);
    let when = choices.maybe(30, &CONDITIONS).map(|text| Template { text, columns: Vec::new() });
    let Some(body) = template(choices, &BODIES, &stored) else { return };
    model.triggers.push(TriggerModel { name, on, timing, event, when, target, body });
}

pub(crate) fn add_virtual(model: &mut Model, choices: &mut Choices<'_>) {
    let name = free_name(choices, &["search", "Full Text", "geo"], &model.names());
    let is_text = choices.chance(70);
    let (module, columns, option) = match is_text {
        true => ("fts5", choices.several(3, &["title", "body", "Tag"]), choices.maybe(40, &["tokenize = 'porter'"])),
        false => ("rtree", choices.one(&[&["id", "x0", "x1"][..], &["id", "x0", "x1", "y0", "y1"][..]]).to_vec(), None),
    };
    model.virtuals.push(VirtualModel { name, module, columns, option });
}
