//! What was found of the state of a schema, followed to the schema that later migrations lead to: what they have answered
//! is no finding any more, so that nobody must edit a migration which others may have applied.

use std::path::Path;

use super::{Finding, Migration, Prepared, RULES, Target};
use crate::config::Rules;
use crate::folder::Script;
use crate::schema::Schema;
use crate::sql::Name;
use crate::sql::path::parse_path;

/// Findings about the state of a schema, by numbers of the caller.
#[derive(Debug, Default)]
pub struct Standing(Vec<(usize, &'static str, String)>);

impl Standing {
    /// Adds what was found in a migration, if it is about the state that it leads to.
    pub fn add(&mut self, number: usize, finding: &Finding) {
        let rule = RULES.iter().find(|rule| finding.of_state && finding.rule.name == rule.name);
        self.0.extend(rule.map(|rule| (number, rule.name, finding.object.to_ascii_lowercase())));
    }

    /// Follows everything through a later migration, which may rename what it is about.
    pub fn follow(&mut self, migration: &Migration<'_>) {
        if !migration.diff.renames.is_empty() {
            self.0.iter_mut().for_each(|(_, _, object)| *object = migration.renamed(object));
        }
    }

    /// The numbers of what is not found in the schema behind the last migration. Each table is looked at as if it were new
    /// there, beside those that nothing was found of.
    /// `rules` are those of the project's own.
    pub fn answered(self, head: &Schema, rules: &Rules) -> Vec<usize> {
        let table = |object: &str| parse_path(object).and_then(|(parts, _)| parts.into_iter().next());
        let tables: Vec<Name> = self.0.iter().filter_map(|(_, _, object)| table(object)).collect();
        let mut old = head.clone();
        for table in &tables {
            old.tables.remove(table);
        }
        let Ok(script) = Script::parse("", Path::new("")) else { return Vec::new() };
        let prepared = Prepared::of(&old, head, &script);
        let target = Target::default();
        let migration = Migration::new(&old, head, &prepared, &script, &target).under(rules);
        let mut found = Vec::new();
        for rule in RULES.iter().filter(|rule| self.0.iter().any(|(_, name, _)| *name == rule.name)) {
            (rule.find)(&migration, &mut found);
        }
        let stands = |name: &str, object: &str| {
            found.iter().any(|finding| finding.rule.name == name && finding.object.eq_ignore_ascii_case(object))
        };
        self.0.iter().filter(|(_, name, object)| !stands(name, object)).map(|(number, ..)| *number).collect()
    }
}
