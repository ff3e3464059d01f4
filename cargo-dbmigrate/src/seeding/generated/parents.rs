//! Which rows foreign keys refer to.

use std::collections::BTreeSet;

use dbmigrate_core::schema::{Schema, Table};
use dbmigrate_core::sql::{Expr, Name};

use super::draw::{Key, Share};
use super::plan::{Choice, InputTable, KeyPlan, places};
use super::settings::Settings;

/// The tables in an order in which each comes behind those that it refers to, and the keys that close a circle, by table
/// and number of the key.
pub(super) fn order(inputs: &[InputTable]) -> (Vec<usize>, BTreeSet<(usize, usize)>) {
    let mut walk = Walk { inputs, order: Vec::new(), open: Vec::new(), closing: BTreeSet::new() };
    for table in 0..inputs.len() {
        walk.visit(table);
    }
    (walk.order, walk.closing)
}

struct Walk<'a> {
    inputs: &'a [InputTable],
    order: Vec<usize>,
    open: Vec<usize>,
    closing: BTreeSet<(usize, usize)>,
}

impl Walk<'_> {
    fn visit(&mut self, table: usize) {
        if self.order.contains(&table) {
            return;
        }
        self.open.push(table);
        let own = &self.inputs[table].table;
        // those that must refer to something go first, so that a circle is broken where it may be
        let mut keys: Vec<usize> = (0..own.foreign_keys.len()).collect();
        keys.sort_by_key(|key| is_nullable(own, *key));
        for key in keys {
            let parent = &own.foreign_keys[key].parent;
            let Some(parent) = self.inputs.iter().position(|input| input.table.name == *parent) else { continue };
            if parent == table {
                continue;
            }
            if self.open.contains(&parent) {
                self.closing.insert((table, key));
            } else {
                self.visit(parent);
            }
        }
        self.open.pop();
        self.order.push(table);
    }
}

fn is_nullable(table: &Table, key: usize) -> bool {
    let columns = &table.foreign_keys[key].columns;
    columns.iter().filter_map(|name| table.column(name)).any(|column| !table.rejects_null(column))
}

/// Whether a key can refer to nothing because a column of its own can be NULL.
pub(super) fn can_be_null(table: &Table, columns: &[usize]) -> bool {
    columns.iter().any(|column| {
        !table.rejects_null(&table.columns[*column]) && !table.is_primary_key(&table.columns[*column].name)
    })
}

/// What is known of the tables that keys refer to.
pub(super) struct Around<'a> {
    pub(super) schema: &'a Schema,
    pub(super) seed: u64,
    /// The place of a table in the plan, if it is in there; the table itself has the next one.
    pub(super) place: &'a dyn Fn(&Name) -> Option<usize>,
    /// How many rows a table of the plan has.
    pub(super) count: &'a dyn Fn(usize) -> u64,
    /// Whether a key of the table closes a circle.
    pub(super) closes: &'a dyn Fn(usize) -> bool,
}

/// A key for which there is nothing to refer to, or no way to choose it, by its place among the table's keys.
pub(super) struct Unmet {
    pub(super) key: usize,
    /// The columns that it is computed of, if it is.
    pub(super) computed_of: Option<Vec<Name>>,
}

/// What is decided of the keys of a table; the one that rows are counted by is decided to be so by the caller.
pub(super) fn keys(
    table: &Table,
    settings: &Settings,
    own: usize,
    per: Option<usize>,
    around: &Around<'_>,
) -> (Vec<(usize, KeyPlan)>, Vec<Unmet>) {
    let mut unmet = Vec::new();
    let mut plans: Vec<(usize, KeyPlan)> = Vec::new();
    let mut order: Vec<usize> = (0..table.foreign_keys.len()).collect();
    // the one that counts first, then those of many columns, which decide about those of few
    order.sort_by_key(|key| (per != Some(*key), std::cmp::Reverse(table.foreign_keys[*key].columns.len()), *key));
    for at in order {
        let key = &table.foreign_keys[at];
        let Some(columns) = places(table, &key.columns) else { continue };
        let computed = columns.iter().filter_map(|column| table.columns[*column].generated.as_ref());
        let computed: Vec<&Expr> = computed.map(|generated| &generated.expr).collect();
        if !computed.is_empty() {
            let of: Vec<usize> = (0..table.columns.len())
                .filter(|at| computed.iter().any(|expr| expr.mentions(&table.columns[*at].name)))
                .collect();
            if !of.iter().any(|column| settings.columns.contains_key(column)) {
                let names = of.iter().map(|column| table.columns[*column].name.clone()).collect();
                unmet.push(Unmet { key: at, computed_of: Some(names) });
            }
            continue;
        }
        // what the set says is taken as it is
        if columns.iter().any(|column| settings.columns.get(column).is_some_and(|one| one.maker.is_some())) {
            continue;
        }
        let skew =
            columns.iter().filter_map(|column| settings.columns.get(column)).map(|one| one.skew).max().unwrap_or(1);
        let said_null = columns.iter().filter_map(|column| settings.columns.get(column)).find_map(|one| one.null);
        let nullable = can_be_null(table, &columns);
        let null = match (nullable, said_null.or(settings.null)) {
            (false, _) => Share::NONE,
            (true, Some(share)) => share,
            (true, None) => Share::thousandths(if key.parent == table.name { 300 } else { 100 }),
        };
        let name = columns.iter().map(|column| table.columns[*column].name.folded()).collect::<Vec<_>>().join(",");
        let draws = Key::new(settings.seed.unwrap_or(around.seed), &table.name, &name, "parent");
        let nothing = |parent| KeyPlan {
            columns: columns.clone(),
            parent,
            parent_columns: Vec::new(),
            choice: Choice::Nothing,
            null,
            key: draws,
        };
        let Some(parent) = (around.place)(&key.parent) else {
            if nullable {
                plans.push((at, nothing(own)));
            } else {
                unmet.push(Unmet { key: at, computed_of: None });
            }
            continue;
        };
        let parent_table = around.schema.table(&key.parent);
        let referenced = around.schema.referenced_columns(key);
        let Some(parent_columns) = parent_table.zip(referenced).and_then(|(table, names)| places(table, &names)) else {
            continue;
        };
        if parent_columns.len() != columns.len() {
            continue;
        }
        let before: Vec<(usize, usize)> = shared(&plans, &columns);
        let choice = if per == Some(at) {
            Choice::Per
        } else if nullable && (around.closes)(at) {
            Choice::Nothing
        } else if before.len() == columns.len() {
            Choice::Implied
        } else if !before.is_empty() {
            Choice::Joined(before.iter().map(|(index, _)| *index).collect())
        } else if parent == own {
            Choice::Earlier
        } else if (around.count)(parent) == 0 && !(around.closes)(at) {
            if !nullable {
                unmet.push(Unmet { key: at, computed_of: None });
                continue;
            }
            Choice::Nothing
        } else {
            Choice::Any(skew)
        };
        plans.push((at, KeyPlan { columns, parent, parent_columns, choice, null, key: draws }));
    }
    (plans, unmet)
}

/// The columns that keys before have chosen already: their index in this key, and the key.
fn shared(plans: &[(usize, KeyPlan)], columns: &[usize]) -> Vec<(usize, usize)> {
    let owner = |column: &usize| {
        plans.iter().position(|(_, plan)| !matches!(plan.choice, Choice::Nothing) && plan.columns.contains(column))
    };
    columns.iter().enumerate().filter_map(|(index, column)| owner(column).map(|owner| (index, owner))).collect()
}
