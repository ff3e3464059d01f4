//! `lossy_conversion`.

use crate::lint::{Finding, Group, Level, Migration, Probe, ProbeKind, Rule, refusal};
use crate::plan::{Preflight, Sought};
use crate::schema::validate::Place;
use crate::sql::path::path;
use crate::sql::{Expr, Name};

pub(super) static RULE: Rule = Rule {
    name: "lossy_conversion",
    group: Group::DataLoss,
    level: Level::Warn,
    summary: "a column changes its type, by which values may become others or unreadable",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let mut objects: Vec<String> = Vec::new();
    for preflight in migration.preflights() {
        let Some(part) = preflight.part(Sought::Changed) else { continue };
        let finding = of_type(migration, preflight, part);
        objects.extend(finding.as_ref().map(|finding| finding.object.clone()));
        found.extend(finding.map(|finding| migration.located(finding)));
    }
    for ((table, column), expr) in &migration.decisions.conversions {
        let object = path([table, column]);
        if !objects.contains(&object) {
            found.push(migration.located(of_expression(migration, table, column, expr)));
        }
    }
}

/// What the new type does to values that nobody converts.
fn of_type(migration: &Migration<'_>, preflight: &Preflight, part: &Preflight) -> Option<Finding> {
    let Place::Column(table, column) = preflight.place.as_ref()? else { return None };
    let object = path([table, column]);
    let (renames, guard) = (&migration.diff.renames, refusal::guard_of(migration, preflight));
    let after = migration.new.table(table)?;
    let before = migration.old.table(renames.old_table(table))?;
    let (to, from) = (after.column(column)?, before.column(renames.old_column(table, column))?);
    let is_allowed = migration.allows(&RULE, &object);
    // a type of the same affinity stores what is there as it is
    let changes = before.affinity(from) != after.affinity(to);
    if guard.is_none() && !is_allowed && (!changes || refusal::is_tended(migration, preflight)) {
        return None;
    }
    let types = [from, to].map(|column| match column.decl_type.as_str() {
        "" => "no type".to_owned(),
        declared => declared.to_owned(),
    });
    let change = format!("`{object}` changes from {} to {}", types[0], types[1]);
    let mut probe = Probe::of_preflight(part, format!("values of `{object}` become others or cannot be read as {}", types[1]));
    let message = if guard.is_some() {
        format!("{change}: `migrate` refuses while values would become others, or could not be read")
    } else {
        probe.kind = ProbeKind::Loses;
        format!("{change}: values may become others, or cannot be read any more")
    };
    let mut finding = Finding::new(&RULE, object, message).at(preflight.place.clone()?).probe(probe);
    for (words, flag) in guard.unwrap_or_default() {
        finding = finding.help(format!("{words}: `cargo dbmigrate generate --amend {flag}`"));
    }
    if guard.is_none() {
        let line = part.directive_on_a_line();
        let help = line.map(|line| format!("to have `migrate` refuse before it touches anything, add: {line}"));
        finding.help.extend(help);
    }
    Some(finding)
}

/// What an expression makes of the values, which are gone then.
fn of_expression(migration: &Migration<'_>, table: &Name, column: &Name, expr: &Expr) -> Finding {
    let object = path([table, column]);
    let renames = &migration.diff.renames;
    let (old, was) = (renames.old_table(table), renames.old_column(table, column));
    let probe = Probe {
        kind: ProbeKind::Loses,
        table: old.clone(),
        count: format!("SELECT count({}) FROM {}", was.sql(), old.sql()),
        keys: String::new(),
        says: format!("values of `{object}` are converted"),
        at_least: 1,
    };
    let message = format!("the values of `{object}` are converted by `{}`, and are not kept as they were", expr.said());
    Finding::new(&RULE, object, message)
        .at(Place::Column(table.clone(), column.clone()))
        .help("keep them for a revert: `cargo dbmigrate generate --amend --keep`")
        .probe(probe)
}
