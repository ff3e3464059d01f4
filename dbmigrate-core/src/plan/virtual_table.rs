//! Virtual tables: replaced as a whole when they change, with their rows carried over where they hold any, and indexed
//! anew where what they read changes.

use std::collections::BTreeMap;

use super::reading::{everything_read, sources};
use super::{Cost, Input, PlanError, Step, helper_name};
use crate::ddl::render;
use crate::schema::VirtualTable;
use crate::sql::Name;

/// Modules whose tables can be read, written and renamed like ordinary ones, so that their rows can be carried over.
const MODULES_WITH_ROWS: [&str; 5] = ["fts5", "fts4", "fts3", "rtree", "rtree_i32"];

/// Drops those that are gone.
pub(super) fn drops(input: &Input<'_>) -> Vec<Step> {
    // a rename comes later, so what is dropped still has its old name
    let names = &input.diff.virtual_tables.dropped;
    names
        .iter()
        .map(|name| Step {
            title: format!("drop virtual table {name}"),
            cost: Cost::Instant,
            statements: vec![format!("DROP TABLE {}", name.sql())],
            rebuilds: None,
        })
        .collect()
}

/// The steps that create those that are new, replace those that changed, and fill those anew whose source did, by the
/// table's name.
pub(super) fn changes(input: &Input<'_>) -> Result<BTreeMap<Name, Step>, PlanError> {
    let mut steps = BTreeMap::new();
    for table in &input.new.virtual_tables {
        let step = if input.diff.virtual_tables.created.contains(&table.name) {
            let mut statements = vec![render::create_virtual_table_with(table, input.new.docs(&table.name))];
            let fills = has_external_content(table);
            statements.extend(fills.then(|| rebuild_index(table)));
            let cost = if fills { Cost::Scan } else { Cost::Instant };
            Some(Step { title: format!("create virtual table {}", table.name), cost, statements, rebuilds: None })
        } else if input.diff.virtual_tables.changed.contains(&table.name) {
            let before = input.diff.renamed.virtual_tables.get(&table.name);
            before.map(|before| replace(input, before, table)).transpose()?
        } else if has_external_content(table) && reads_other_values(input, table) {
            let title = format!("reindex {}", table.name);
            Some(Step { title, cost: Cost::Scan, statements: vec![rebuild_index(table)], rebuilds: None })
        } else {
            None
        };
        steps.extend(step.map(|step| (table.name.clone(), step)));
    }
    Ok(steps)
}

/// Whether an index over the rows of others finds other values in them after the change: it holds what it has read, and
/// would go on finding what is no longer there (sqlite.org/fts5.html#external_content_tables).
fn reads_other_values(input: &Input<'_>, index: &VirtualTable) -> bool {
    let read = everything_read(index, input.new);
    let directly = sources(index);
    let columns = index.column_names();
    let key = index.option("content_rowid").map(Name::from);
    read.iter().any(|name| {
        let is_view_anew = input.diff.views.changed.contains(name) || input.diff.views.created.contains(name);
        let table = input.diff.tables.iter().find(|diff| diff.name == *name);
        is_view_anew
            || table.is_some_and(|table| {
                let is_indexed = |column: &Name| columns.contains(column) || key.as_ref() == Some(column);
                // through a view, nobody can tell what is read
                let through_view = !directly.contains(name);
                let mut names = table.changed.iter().map(|change| &change.name).chain(&table.added);
                names.any(|column| through_view || is_indexed(column)) || table.primary_key
            })
    })
}

fn replace(input: &Input<'_>, before: &VirtualTable, after: &VirtualTable) -> Result<Step, PlanError> {
    let name = &after.name;
    let title = format!("replace virtual table {name}");
    let docs = input.new.docs(name);
    if has_external_content(after) {
        let statements = vec![
            format!("DROP TABLE {}", name.sql()),
            render::create_virtual_table_with(after, docs),
            rebuild_index(after),
        ];
        return Ok(Step { title, cost: Cost::Scan, statements, rebuilds: None });
    }
    let known = |table: &VirtualTable| MODULES_WITH_ROWS.iter().any(|module| table.module == **module);
    let old_columns = before.column_names();
    let shared: Vec<Name> = after.column_names().into_iter().filter(|column| old_columns.contains(column)).collect();
    let is_tree = |table: &VirtualTable| table.module.folded().starts_with("rtree");
    let has_same_rows = is_tree(before) == is_tree(after) && !shared.is_empty();
    if !has_same_rows
        || !known(before)
        || !known(after)
        || before.option("content").is_some()
        || after.option("content").is_some()
    {
        return Err(PlanError::Unsupported(format!(
            "virtual table `{name}` using `{}` changed, and its rows cannot be copied: write a migration \
             with `cargo dbmigrate generate --custom`",
            after.module
        )));
    }
    let helper = helper_name(input, name);
    let mut created = after.clone();
    created.name = helper.clone();
    // the first column of an R-Tree is its rowid
    let rowid = (!is_tree(after)).then(|| Name::from("rowid"));
    let columns = crate::sql::name::sql_list(rowid.iter().chain(&shared));
    let statements = vec![
        render::create_virtual_table_with(&created, docs),
        format!("INSERT INTO {} ({columns})\nSELECT {columns}\nFROM {}", helper.sql(), name.sql()),
        format!("DROP TABLE {}", name.sql()),
        format!("ALTER TABLE {} RENAME TO {}", helper.sql(), name.sql()),
    ];
    Ok(Step { title, cost: Cost::Rewrite, statements, rebuilds: None })
}

/// Whether it is a full-text index over the rows of another table (sqlite.org/fts5.html#external_content_tables).
fn has_external_content(table: &VirtualTable) -> bool {
    let is_index = table.module == *"fts5" || table.module == *"fts4";
    is_index && table.option("content").is_some_and(|content| !content.is_empty())
}

fn rebuild_index(table: &VirtualTable) -> String {
    let name = table.name.sql();
    format!("INSERT INTO {name} ({name}) VALUES ('rebuild')")
}
