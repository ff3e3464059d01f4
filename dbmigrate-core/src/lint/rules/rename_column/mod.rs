//! `rename_column`.

use crate::lint::release::{AROUND, column_path, with_places};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::sql::Head;

pub(super) static RULE: Rule = Rule {
    name: "rename_column",
    group: Group::Compatibility,
    level: Level::Warn,
    summary: "a column is renamed while a release runs that knows the old name",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let renames = &migration.diff.renames;
    for (table, from, to) in &renames.columns {
        let was = renames.old_table(table);
        let Some(after) = migration.new.table(table) else { continue };
        // through a view with the name of the table the release reads the column as it was called
        let view = migration.new.views.get(was);
        let shows = |name| view.is_some_and(|view| view.columns.contains(name) || view.query.mentions(name));
        // a column that is new under the old name is there for that release
        let is_taken_by_other = renames.columns.iter().any(|(on, _, name)| on == table && name == from);
        let is_there = after.column(from).is_some() && !is_taken_by_other;
        if from == to || is_there || shows(from) || migration.target.unreleased.has_column(was, from) {
            continue;
        }
        if !is_taken_by_other && migration.target.facts.settle(was, Some(from)) {
            continue;
        }
        let object = column_path(table, from);
        let message = if is_taken_by_other {
            format!("`{object}` is renamed to `{to}`, and the running release reads another column as `{from}`")
        } else {
            format!("`{object}` is renamed to `{to}`, and the running release still asks for `{from}`")
        };
        let mut finding = Finding::new(&RULE, &object, message).at(Place::Column(table.clone(), to.clone()));
        finding.statement = migration.statement_where(|head| {
            matches!(head, Head::RenameColumn(on, old, new) if (old, new) == (from, to) && (on == was || on == table))
        });
        if !is_taken_by_other {
            let generated = format!("#[column(generated = {:?})]", to.sql());
            finding = finding
                .help(format!("if that release only reads it: add a field `{from}` with `{generated}` until it is gone"))
                .help(AROUND);
        }
        found.push(with_places(migration.located(finding), &migration.places_of(was, Some(from)), &object));
    }
}
