//! Which level a rule has, after the configuration and the command line.

use super::{Group, Level, Rule, rule};

/// The levels that were set, by name or group: of two that concern a rule, the later one counts, as with rustc's flags.
/// In a configuration, where there is no order, groups come before names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels {
    set: Vec<(Named, Level)>,
}

/// What a level is set for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Named {
    Group(Group),
    Rule(&'static str),
}

impl Levels {
    /// Sets the level of a rule or a group. `false` if there is none of that name.
    #[must_use]
    pub fn set(&mut self, name: &str, level: Level) -> bool {
        let named = match name.parse::<Group>() {
            Ok(group) => Some(Named::Group(group)),
            Err(()) => rule(name).map(|rule| Named::Rule(rule.name)),
        };
        named.map(|named| self.set.push((named, level))).is_some()
    }

    /// The level of a rule.
    pub fn of(&self, rule: &Rule) -> Level {
        let concerns = |named: &Named| match named {
            Named::Group(group) => *group == rule.group,
            Named::Rule(name) => *name == rule.name,
        };
        let last = self.set.iter().rev().find(|(named, _)| concerns(named));
        last.map_or(rule.level, |(_, level)| *level)
    }
}
