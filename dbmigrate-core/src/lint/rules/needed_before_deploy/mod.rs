//! `needed_before_deploy`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "needed_before_deploy",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a migration for after the deployment adds what the new release may ask for before it",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    if migration.script.after_deploy.is_none() {
        return;
    }
    let diff = migration.diff;
    let mut add = |place: Place, what: String, object: String| {
        let message = format!("{what} is added after the deployment, and the new release may ask for it before");
        let finding = Finding::new(&RULE, object, message)
            .at(place)
            .help("add it in a migration before this one, without `-- dbmigrate: after-deploy`");
        found.push(migration.located(finding));
    };
    for name in &diff.created_tables {
        let object = path([name]);
        add(Place::Table(name.clone()), format!("table `{object}`"), object);
    }
    for name in &diff.views.created {
        let object = path([name]);
        add(Place::View(name.clone()), format!("view `{object}`"), object);
    }
    for (_, name) in &diff.renames.tables {
        let object = path([name]);
        add(Place::Table(name.clone()), format!("the name `{object}`"), object);
    }
    for table in &diff.tables {
        for column in &table.added {
            let object = path([&table.name, column]);
            add(Place::Column(table.name.clone(), column.clone()), format!("column `{object}`"), object);
        }
    }
    for (table, _, column) in &diff.renames.columns {
        let object = path([table, column]);
        add(Place::Column(table.clone(), column.clone()), format!("the name `{object}`"), object);
    }
}
