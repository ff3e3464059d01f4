//! Which level a rule has, after the configuration and the command line.

use super::{Group, Level, RuleRef, rule};
use crate::config::Rules;

/// The levels that were set, by name or group: of two that concern a rule, the later one counts, as with rustc's flags.
/// In a configuration, where there is no order, groups come before names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels {
    set: Vec<(Named, Level)>,
    /// The names of the project's own queries.
    queries: Vec<String>,
}

/// What a level is set for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Named {
    Group(Group),
    Rule(String),
}

impl Levels {
    /// No levels, in a project that has these rules of its own.
    pub fn of_project(rules: &Rules) -> Self {
        Self { set: Vec::new(), queries: rules.queries.iter().map(|query| query.name.clone()).collect() }
    }

    /// The names of the project's own queries.
    pub fn queries(&self) -> &[String] {
        &self.queries
    }

    /// Whether there is a rule of that name.
    pub fn knows(&self, name: &str) -> bool {
        rule(name).is_some() || self.queries.iter().any(|query| query == name)
    }

    /// Sets the level of a rule or a group. `false` if there is none of that name.
    #[must_use]
    pub fn set(&mut self, name: &str, level: Level) -> bool {
        let named = match name.parse::<Group>() {
            Ok(group) => Some(Named::Group(group)),
            Err(()) => self.knows(name).then(|| Named::Rule(name.to_owned())),
        };
        named.map(|named| self.set.push((named, level))).is_some()
    }

    /// The level of a rule.
    pub fn of(&self, rule: impl Into<RuleRef>) -> Level {
        let rule = rule.into();
        self.last_set(&rule).unwrap_or(rule.level)
    }

    /// Whether somebody has set the level of a rule, or of its group.
    pub fn is_set(&self, rule: &RuleRef) -> bool {
        self.last_set(rule).is_some()
    }

    fn last_set(&self, rule: &RuleRef) -> Option<Level> {
        let concerns = |named: &Named| match named {
            Named::Group(group) => *group == rule.group,
            Named::Rule(name) => *name == rule.name,
        };
        self.set.iter().rev().find(|(named, _)| concerns(named)).map(|(_, level)| *level)
    }
}
