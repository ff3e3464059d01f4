//! `type_change`.

use crate::lint::release::column_path;
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Column, Table};
use crate::sql::expr::Affinity;

pub(super) static RULE: Rule = Rule {
    name: "type_change",
    group: Group::Compatibility,
    level: Level::Warn,
    summary: "a column holds other values than the release that runs reads and writes",
    explanation: include_str!("explanation.md"),
    find,
};

/// What can be done about one that is generated.
const APART: &str = "add a column with another name, write both for one release, and drop the old one in a later one";

/// And about one that changes its type: that command says how.
const CARRIED: &str = "give the column another name, and have values carried over both ways, which this helps with: \
                       `cargo dbmigrate generate --amend --phased`";

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for table in migration.kept_tables() {
        for change in table.diff.changed.iter().filter(|change| !table.is_unknown(&change.name)) {
            let (Some(before), Some(after)) = (table.column(&change.name), table.after.column(&change.name)) else {
                continue;
            };
            let object = column_path(&table.after.name, &change.name);
            let is_generated = before.generated.is_none() && after.generated.is_some();
            let message = if is_generated {
                format!("`{object}` becomes generated, and each write of the running release to it fails")
            } else if change.decl_type && class(table.before, before) != class(table.after, after) {
                let said = |text: &str| if text.is_empty() { "without a type".to_owned() } else { format!("`{text}`") };
                let (was, now) = (said(before.decl_type.as_str()), said(after.decl_type.as_str()));
                format!("`{object}` was {was} and is {now} now, and the running release reads and writes what it was")
            } else {
                continue;
            };
            let finding = Finding::new(&RULE, &object, message)
                .at(Place::Column(table.after.name.clone(), change.name.clone()))
                .help(if is_generated { APART } else { CARRIED });
            found.push(migration.located(finding));
        }
    }
}

/// What is read of the values of a column: integers, whatever their type is called, are the same, and so are dates and
/// times as text.
fn class(table: &Table, column: &Column) -> Affinity {
    let declared = column.decl_type.as_str().to_ascii_uppercase();
    match table.affinity(column) {
        Affinity::Numeric if ["DATE", "TIME"].iter().any(|word| declared.contains(word)) => Affinity::Text,
        Affinity::Numeric => Affinity::Integer,
        other => other,
    }
}
