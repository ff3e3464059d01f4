//! Virtual tables: replaced as a whole when they change, with their rows carried over where they hold any.

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
        })
        .collect()
}

/// Creates those that are new and replaces those that changed.
pub(super) fn changes(input: &Input<'_>, steps: &mut Vec<Step>) -> Result<(), PlanError> {
    for table in &input.new.virtual_tables {
        if input.diff.virtual_tables.created.contains(&table.name) {
            let mut statements = vec![render::create_virtual_table_with(table, input.new.docs(&table.name))];
            let fills = has_external_content(table);
            statements.extend(fills.then(|| rebuild_index(table)));
            let cost = if fills { Cost::Scan } else { Cost::Instant };
            steps.push(Step { title: format!("create virtual table {}", table.name), cost, statements });
        } else if input.diff.virtual_tables.changed.contains(&table.name) {
            let Some(before) = input.diff.renamed.virtual_tables.get(&table.name) else { continue };
            steps.push(replace(input, before, table)?);
        }
    }
    Ok(())
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
        return Ok(Step { title, cost: Cost::Scan, statements });
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
            "virtual table `{name}` using `{}` changed, and its rows cannot be carried over: write a migration with `cargo dbmigrate generate --custom`",
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
    Ok(Step { title, cost: Cost::Rewrite, statements })
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
