//! `rename_table`.

use crate::lint::release::{AROUND, old_columns, with_places};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::sql::Head;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "rename_table",
    group: Group::Compatibility,
    level: Level::Warn,
    summary: "a table is renamed while a release runs that knows the old name",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let (old, new) = (migration.old, migration.new);
    for (from, to) in &migration.diff.renames.tables {
        let is_virtual = old.virtual_tables.contains(from);
        // a view with the old name is what the release reads now
        if from == to || !(is_virtual || old.tables.contains(from)) || new.views.contains(from) || migration.target.unreleased.has_table(from) {
            continue;
        }
        let (was, now) = (path([from]), path([to]));
        let is_taken = new.tables.contains(from) || new.virtual_tables.contains(from);
        if !is_taken && migration.target.facts.settle(from, None) {
            continue;
        }
        let message = if is_taken {
            format!("`{was}` is renamed to `{now}`, and the running release reads and writes another table as `{was}`")
        } else {
            format!("`{was}` is renamed to `{now}`, and the running release still asks for `{was}`")
        };
        let place = if is_virtual { Place::VirtualTable(to.clone()) } else { Place::Table(to.clone()) };
        let mut finding = Finding::new(&RULE, &was, message).at(place);
        finding.statement =
            migration.statement_where(|head| matches!(head, Head::RenameTable(old, new) if (old, new) == (from, to)));
        if is_virtual {
            finding = finding.help(format!("create `{now}` beside it, and drop `{was}` when that release is gone"));
        } else if !is_taken {
            let query = format!("SELECT {} FROM {}", old_columns(migration, to), to.sql());
            let declared = format!("#[view(name = {:?}, query = {query:?})]", from.as_str());
            finding = finding
                .help(AROUND)
                .help(format!("or declare a view with the old name until that release is gone: `{declared}`"));
        }
        found.push(with_places(migration.located(finding), &migration.places_of(from, None), &was));
    }
}
