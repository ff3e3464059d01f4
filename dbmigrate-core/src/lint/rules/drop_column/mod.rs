//! `drop_column`.

use crate::lint::{Finding, Group, Level, Migration, Probe, ProbeKind, Rule};
use crate::schema::validate::Place;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "drop_column",
    group: Group::DataLoss,
    level: Level::Warn,
    summary: "a column is dropped with all its values",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for table in &migration.diff.tables {
        let old = migration.diff.renames.old_table(&table.name);
        for column in &table.dropped {
            let dropped = migration.old.table(old).and_then(|old| old.column(column));
            // what is only computed can be computed again
            if dropped.is_none_or(|column| column.generated.is_some()) {
                continue;
            }
            let object = path([&table.name, column]);
            let (from, value) = (old.sql(), column.sql());
            let probe = Probe {
                kind: ProbeKind::Loses,
                table: old.clone(),
                count: format!("SELECT count({value}) FROM {from}"),
                keys: String::new(),
                says: format!("values of `{object}` are lost"),
                at_least: 1,
            };
            let place = Place::Column(table.name.clone(), column.clone());
            let finding = Finding::new(&RULE, &object, format!("`{object}` is dropped with all its values"))
                .at(place)
                .help("keep them for a revert: `cargo dbmigrate generate --amend --keep`")
                .probe(probe);
            found.push(migration.located(finding));
        }
    }
}
