//! What was found of the state of a schema, followed to the schema that later migrations lead to: what they have answered
//! is no finding any more, so that nobody must edit a migration which others may have applied.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Finding, Migration, Prepared, RULES, Target};
use crate::config::Rules;
use crate::folder::Script;
use crate::schema::Schema;
use crate::sql::Name;
use crate::sql::path::parse_path;

/// Findings about the state of a schema, by numbers of the caller.
#[derive(Debug, Default)]
pub struct Standing(Vec<One>);

#[derive(Debug)]
struct One {
    number: usize,
    rule: &'static str,
    object: String,
    /// The table that the object is, or is a part of.
    table: Option<Name>,
}

impl Standing {
    /// Adds what was found in a migration, if it is about the state that it leads to.
    pub fn add(&mut self, number: usize, finding: &Finding) {
        let rule = RULES.iter().find(|rule| finding.of_state && finding.rule.name == rule.name);
        self.0.extend(rule.map(|rule| {
            let object = finding.object.to_ascii_lowercase();
            One { number, rule: rule.name, table: table_of(&object), object }
        }));
    }

    /// Follows everything through a later migration, which may rename what it is about.
    pub fn follow(&mut self, migration: &Migration<'_>) {
        let renames = &migration.diff.renames;
        if renames.is_empty() {
            return;
        }
        let of_columns = renames.columns.iter().map(|(table, ..)| renames.old_table(table));
        let moved: BTreeSet<&Name> = renames.tables.iter().map(|(from, _)| from).chain(of_columns).collect();
        for one in self.0.iter_mut().filter(|one| one.table.as_ref().is_some_and(|table| moved.contains(table))) {
            one.object = migration.renamed(&one.object);
            one.table = table_of(&one.object);
        }
    }

    /// The numbers of what is not found in the schema behind the last migration. Each table is looked at as if it were new
    /// there, beside those that nothing was found of.
    /// `rules` are those of the project's own.
    pub fn answered(self, head: &Schema, rules: &Rules) -> Vec<usize> {
        let mut old = head.clone();
        for table in self.0.iter().filter_map(|one| one.table.as_ref()) {
            old.tables.remove(table);
        }
        let Ok(script) = Script::parse("", Path::new("")) else { return Vec::new() };
        let prepared = Prepared::of(&old, head, &script);
        let target = Target::default();
        let migration = Migration::new(&old, head, &prepared, &script, &target).under(rules);
        let mut found = Vec::new();
        for rule in RULES.iter().filter(|rule| self.0.iter().any(|one| one.rule == rule.name)) {
            (rule.find)(&migration, &mut found);
        }
        let key = |finding: &Finding| (finding.rule.name.to_string(), finding.object.to_ascii_lowercase());
        let standing: BTreeSet<(String, String)> = found.iter().map(key).collect();
        let is_answered = |one: &One| !standing.contains(&(one.rule.to_owned(), one.object.to_ascii_lowercase()));
        self.0.iter().filter(|one| is_answered(one)).map(|one| one.number).collect()
    }
}

/// The table that an object is, or is a part of.
fn table_of(object: &str) -> Option<Name> {
    parse_path(object).and_then(|(parts, _)| parts.into_iter().next())
}
