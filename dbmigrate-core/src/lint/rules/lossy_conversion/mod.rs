//! `lossy_conversion`.

use crate::lint::passage::Passage;
use crate::lint::{Finding, Group, Level, Migration, Probe, ProbeKind, Rule, refusal};
use crate::plan::{Preflight, Sought};
use crate::schema::validate::Place;
use crate::sql::path::path;
use crate::sql::token::{TokenKind, significant};
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
    let mut converted: Vec<(Name, Name, Expr)> = Vec::new();
    for ((table, column), expr) in &migration.decisions.conversions {
        converted.push((table.clone(), column.clone(), expr.clone()));
    }
    converted.extend(casts(migration));
    for preflight in migration.preflights() {
        let Some(part) = preflight.part(Sought::Changed) else { continue };
        let guarded = refusal::guard_of(migration, preflight).is_some();
        let is_converted = preflight.columns.first().is_some_and(|name| {
            let table = refusal::table_of(migration, preflight);
            converted.iter().any(|(on, column, _)| column == name && table.is_some_and(|table| table.name == *on))
        });
        if guarded || !is_converted {
            let finding = of_type(migration, preflight, part);
            found.extend(finding.map(|finding| migration.located(finding)));
        }
    }
    for (table, column, expr) in converted {
        let object = path([&table, &column]);
        if !found.iter().any(|finding| finding.rule.name == RULE.name && finding.object == object) {
            found.push(migration.located(of_expression(migration, &table, &column, &expr)));
        }
    }
    accepted(migration, found);
}

/// What was accepted because of the Rust type of a field, which no schema has, is accepted all the same.
fn accepted(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    for allow in migration.script.allows.iter().filter(|allow| allow.lint == RULE.name) {
        let Some((table, column)) = allow.column() else { continue };
        let diff = migration.diff.tables.iter().find(|diff| diff.name == table);
        let is_retyped = diff.is_some_and(|diff| {
            diff.options || diff.changed.iter().any(|change| change.name == column && change.decl_type)
        });
        let object = path([&table, &column]);
        if is_retyped && !found.iter().any(|finding| finding.rule.name == RULE.name && finding.object == object) {
            found.push(Finding::new(&RULE, object, "values may become others, or can no longer be read"));
        }
    }
}

/// The columns whose type changes and that a copy by hand converts by a `CAST`, whatever that makes of their values. What
/// another expression makes of them is meant.
fn casts(migration: &Migration<'_>) -> Vec<(Name, Name, Expr)> {
    let mut all = Vec::new();
    for diff in migration.diff.tables.iter().filter(|diff| diff.changed.iter().any(|change| change.decl_type)) {
        let old = migration.diff.renames.old_table(&diff.name);
        let way = migration.passages().iter().find(|passage| passage.old == *old).and_then(Passage::only_way);
        let (Some((_, copy)), Some(after)) = (way.and_then(<[_]>::last), migration.new.table(&diff.name)) else { continue };
        for change in diff.changed.iter().filter(|change| change.decl_type) {
            let Some(value) = copy.value(&change.name, &refusal::stored(after), &[]) else { continue };
            let tokens = significant(&value);
            let is_cast = matches!(&tokens[..], [cast, open, name, word, .., close]
                if cast.is_word("cast") && open.kind == TokenKind::Open && name.identifier().is_some()
                    && word.is_word("as") && close.kind == TokenKind::Close);
            all.extend(is_cast.then(|| (diff.name.clone(), change.name.clone(), Expr::new(value))));
        }
    }
    all
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
        format!("{change}: values may become others, or can no longer be read")
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

/// What an expression makes of the values, which are gone then. Of a `CAST`, only those matter that read otherwise.
fn of_expression(migration: &Migration<'_>, table: &Name, column: &Name, expr: &Expr) -> Finding {
    let object = path([table, column]);
    let renames = &migration.diff.renames;
    let (old, was) = (renames.old_table(table), renames.old_column(table, column));
    let value = expr.with_column_renamed(table, column, was).with_qualifier_renamed(table, old);
    let is_cast = significant(expr.as_str()).first().is_some_and(|first| first.is_word("cast"));
    let count = match is_cast {
        true => format!("SELECT count(*) FROM {0} WHERE CAST({value} AS TEXT) <> CAST({1} AS TEXT)", old.sql(), was.sql()),
        false => format!("SELECT count({}) FROM {}", was.sql(), old.sql()),
    };
    let probe = Probe {
        kind: ProbeKind::Loses,
        table: old.clone(),
        count,
        keys: String::new(),
        says: format!("values of `{object}` become others"),
        at_least: 1,
    };
    let message = format!("the values of `{object}` become `{}`, and are not kept as they were", expr.said());
    Finding::new(&RULE, object, message)
        .at(Place::Column(table.clone(), column.clone()))
        .help("keep them for a revert: `cargo dbmigrate generate --amend --keep`")
        .probe(probe)
}
