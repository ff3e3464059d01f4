//! Runs the rules on a migration, and takes out what its file allows.

use super::{Finding, Group, Level, Levels, Migration, Rule, RuleRef, rule};
use crate::folder::script::Allow;
use crate::plan::Lint;
use crate::sql::path::parse_path;

/// What the rules say of a migration.
#[derive(Debug, Default)]
pub struct Report<'a> {
    /// What was found and is not allowed, in the order of the statements, with the level of its rule.
    pub findings: Vec<(Level, Finding)>,
    /// Directives that allow nothing.
    pub unused: Vec<UnusedAllow<'a>>,
}

/// A directive that allows nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnusedAllow<'a> {
    /// There is no rule of that name.
    Unknown(&'a Allow),
    /// The rule finds nothing there.
    Nothing(&'a Allow),
}

/// What `allow` names besides rules: a view or trigger that need not compile.
const UNCHECKED: &str = "unchecked";

/// Runs all rules that are not allowed altogether. `queried` is what the queries of the project's own have found.
pub fn lint<'a>(migration: &Migration<'a>, levels: &Levels, queried: Vec<Finding>) -> Report<'a> {
    let allows = &migration.script.allows;
    let mut used = vec![false; allows.len()];
    let mut report = Report::default();
    let mut found = queried;
    // no release that does not know of it runs any more when such a migration is applied
    let concerns = |rule: &Rule| migration.script.after_deploy.is_none() || rule.group != Group::Compatibility;
    for (rule, _) in levels.of_all().filter(|(rule, level)| *level > Level::Allow && concerns(rule)) {
        (rule.find)(migration, &mut found);
    }
    for mut finding in found {
        let level = levels.of(&finding.rule);
        if level == Level::Allow {
            continue;
        }
        let is_kept = is_kept(migration, &finding);
        finding.only_with_rows &= !levels.is_set(&finding.rule);
        let allowing = allows.iter().position(|allow| allows_finding(allow, &finding));
        if let Some(at) = allowing {
            used[at] = true;
            if level < Level::Deny || is_kept || allows[at].because.is_some() {
                continue;
            }
            let line = allows[at].line;
            finding = finding.note(format!("line {line} allows it without a reason, which a denied lint requires"));
        }
        report.findings.extend((!is_kept).then_some((level, finding)));
    }
    report.findings.sort_by_key(|(_, finding)| finding.statement.unwrap_or(usize::MAX));
    for (allow, used) in allows.iter().zip(used) {
        let query = || levels.queries().contains(&allow.lint).then(|| RuleRef::of_query(&allow.lint));
        match rule(&allow.lint).map(RuleRef::from).or_else(query) {
            _ if used || allow.lint == UNCHECKED => {}
            None => report.unused.push(UnusedAllow::Unknown(allow)),
            Some(rule) if levels.of(&rule) > Level::Allow => report.unused.push(UnusedAllow::Nothing(allow)),
            Some(_) => {}
        }
    }
    report
}

/// Whether a finding is of a loss that the migration keeps.
fn is_kept(migration: &Migration<'_>, finding: &Finding) -> bool {
    let is_loss = finding.rule.name.parse::<Lint>().is_ok();
    is_loss && migration.script.keeps.iter().any(|keep| is_same(&keep.object(), &finding.object))
}

/// Whether a directive is about a finding. Names are compared as SQL compares them.
fn allows_finding(allow: &Allow, finding: &Finding) -> bool {
    allow.lint == finding.rule.name && is_same(&allow.object, &finding.object)
}

fn is_same(one: &str, other: &str) -> bool {
    let parts = |text: &str| parse_path(text).and_then(|(parts, rest)| rest.is_none().then_some(parts));
    match (parts(one), parts(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}
