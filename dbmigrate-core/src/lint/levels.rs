//! Which level a rule has, after the configuration and the command line.

use std::sync::OnceLock;

use super::{Group, Level, RULES, Rule, RuleRef, rule};
use crate::config::Rules;

/// The name for all rules that would warn, as rustc has it.
const WARNINGS: &str = "warnings";

/// The levels that were set, by name or group: of two that concern a rule, the later one counts, as with rustc's flags.
/// In a configuration, where there is no order, groups come before names. `warnings` is whatever would be a warning after
/// all others, wherever it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels {
    set: Vec<(Named, Level)>,
    /// The names of the project's own queries.
    queries: Vec<String>,
    resolved: Resolved,
}

/// The levels of all rules of ours, once somebody has asked for them: they are looked up for each of a thousand migrations.
#[derive(Debug, Clone, Default)]
struct Resolved(OnceLock<Vec<Level>>);

// it follows from the others
impl PartialEq for Resolved {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Resolved {}

/// What a level is set for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Named {
    Group(Group),
    Rule(String),
    Warnings,
}

impl Levels {
    /// No levels, in a project that has these rules of its own.
    pub fn of_project(rules: &Rules) -> Self {
        let queries = rules.queries.iter().map(|query| query.name.clone()).collect();
        Self { queries, ..Self::default() }
    }

    /// The names of the project's own queries.
    pub fn queries(&self) -> &[String] {
        &self.queries
    }

    fn named(&self, name: &str) -> Option<Named> {
        let is_rule = || rule(name).is_some() || self.queries.iter().any(|query| query == name);
        match name.parse::<Group>() {
            Ok(group) => Some(Named::Group(group)),
            Err(()) if name == WARNINGS => Some(Named::Warnings),
            Err(()) => is_rule().then(|| Named::Rule(name.to_owned())),
        }
    }

    /// Sets the level of a rule or a group. `false` if there is none of that name.
    #[must_use]
    pub fn set(&mut self, name: &str, level: Level) -> bool {
        self.resolved = Resolved::default();
        self.named(name).map(|named| self.set.push((named, level))).is_some()
    }

    /// Whether a level can be set for a name.
    pub fn knows(&self, name: &str) -> bool {
        self.named(name).is_some()
    }

    /// Whether a name is that of several rules.
    pub fn is_group(name: &str) -> bool {
        name == WARNINGS || name.parse::<Group>().is_ok()
    }

    /// The names that levels can be set for in every project: groups, then rules.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let groups = Group::ALL.into_iter().map(Group::name).chain([WARNINGS]);
        groups.chain(RULES.iter().map(|rule| rule.name))
    }

    /// All rules of ours with their levels.
    pub(super) fn of_all(&self) -> impl Iterator<Item = (&'static Rule, Level)> {
        let levels = self.resolved.0.get_or_init(|| RULES.iter().map(|rule| self.of(*rule)).collect());
        RULES.iter().copied().zip(levels.iter().copied())
    }

    /// The level of a rule.
    pub fn of(&self, rule: impl Into<RuleRef>) -> Level {
        self.decided(rule).0
    }

    /// The level of a rule, and which of the levels that were set, counted from 0, has decided it; `None` if none did.
    pub fn decided(&self, rule: impl Into<RuleRef>) -> (Level, Option<usize>) {
        let rule = rule.into();
        let own = self.own(&rule).unwrap_or((rule.level, None));
        match own.0 {
            Level::Warn => self.last(|named| *named == Named::Warnings).unwrap_or(own),
            Level::Allow | Level::Deny => own,
        }
    }

    /// Whether somebody has set the level of a rule, or of its group.
    pub fn is_set(&self, rule: impl Into<RuleRef>) -> bool {
        self.own(&rule.into()).is_some()
    }

    /// The last level that was set for a rule or its group.
    fn own(&self, rule: &RuleRef) -> Option<(Level, Option<usize>)> {
        self.last(|named| match named {
            Named::Group(group) => *group == rule.group,
            Named::Rule(name) => *name == rule.name,
            Named::Warnings => false,
        })
    }

    fn last(&self, concerns: impl Fn(&Named) -> bool) -> Option<(Level, Option<usize>)> {
        let mut set = self.set.iter().enumerate().rev();
        set.find(|(_, (named, _))| concerns(named)).map(|(at, (_, level))| (*level, Some(at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(set: &[(&str, Level)], name: &str) -> (Level, Option<usize>) {
        let mut levels = Levels::default();
        assert!(set.iter().all(|(name, level)| levels.set(name, *level)));
        levels.decided(rule(name).expect("there is such a rule"))
    }

    #[test]
    fn of_two_levels_the_later_one_counts_and_warnings_are_what_would_warn() {
        use Level::{Allow, Deny, Warn};
        let name = "drop_column";
        assert_eq!(level(&[], name), (Warn, None));
        assert_eq!(level(&[("data_loss", Deny), (name, Allow)], name), (Allow, Some(1)));
        assert_eq!(level(&[(name, Allow), ("data_loss", Deny)], name), (Deny, Some(1)));
        assert_eq!(level(&[("performance", Deny)], name), (Warn, None));
        assert_eq!(level(&[("warnings", Deny)], name), (Deny, Some(0)));
        assert_eq!(level(&[("warnings", Deny), (name, Warn)], name), (Deny, Some(0)));
        assert_eq!(level(&[("warnings", Deny), (name, Allow)], name), (Allow, Some(1)));
        assert!(
            !Levels::default().set("drop_colum", Deny)
                && Levels::default().knows("style")
                && !Levels::default().knows("styl")
        );
    }
}
