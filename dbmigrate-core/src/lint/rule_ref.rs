//! Which rule a finding is of.

use std::borrow::Cow;

use super::{Group, Level, Rule};

/// A rule by its name: one of ours, or a query of the project's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRef {
    /// Its name, by which [`super::rule`] finds it if it is one of ours.
    pub name: Cow<'static, str>,
    /// What it is about.
    pub group: Group,
    /// Its level unless somebody says otherwise.
    pub level: Level,
}

impl RuleRef {
    /// A query of the project's own.
    pub fn of_query(name: &str) -> Self {
        Self { name: Cow::Owned(name.to_owned()), group: Group::Style, level: Level::Warn }
    }
}

impl From<&Rule> for RuleRef {
    fn from(rule: &Rule) -> Self {
        Self { name: Cow::Borrowed(rule.name), group: rule.group, level: rule.level }
    }
}

impl From<&Self> for RuleRef {
    fn from(rule: &Self) -> Self {
        rule.clone()
    }
}
