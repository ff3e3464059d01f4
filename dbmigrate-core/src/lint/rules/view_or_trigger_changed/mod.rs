//! `view_or_trigger_changed`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::merge::Reader;
use crate::plan::Trace;
use crate::schema::canonical::{canonical_trigger, canonical_view};
use crate::schema::validate::Place;
use crate::schema::{Trigger, View};
use crate::sql::path::path;
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Expr, Name};

pub(super) static RULE: Rule = Rule {
    name: "view_or_trigger_changed",
    group: Group::Compatibility,
    level: Level::Warn,
    summary: "a view or trigger that the release that runs depends on is dropped, or is another one",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let (diff, old, new) = (migration.diff, migration.old, migration.new);
    if [&diff.views, &diff.triggers].iter().all(|objects| objects.changed.is_empty() && objects.dropped.is_empty()) {
        return;
    }
    let names = Trace::between(old, new, &diff.renames);
    let unreleased = &migration.target.unreleased;
    for name in diff.views.changed.iter().filter(|name| !unreleased.has_view(name)) {
        let (Some(before), Some(after)) = (old.views.get(name), new.views.get(name)) else { continue };
        let followed = before.follow(old, &names).ok();
        if followed.is_some_and(|followed| shows_the_same(&followed, after)) {
            continue;
        }
        let object = path([name]);
        let message = format!("view `{object}` is another one now, and the running release reads it as it was");
        let finding = Finding::new(&RULE, &object, message)
            .at(Place::View(name.clone()))
            .help("give the new one another name, and drop the old one in a later release");
        found.push(migration.located(finding));
    }
    // a table of that name is read in the same way
    for name in diff.views.dropped.iter().filter(|name| !new.tables.contains(name) && !unreleased.has_view(name)) {
        let object = path([name]);
        let finding = Finding::new(&RULE, &object, format!("view `{object}` is dropped, and the running release may read it"))
            .at(Place::View(name.clone()))
            .help("release a version that does not read it first, and drop it in a later one");
        found.push(migration.located(finding));
    }
    for name in diff.triggers.changed.iter().filter(|name| !unreleased.has_trigger(name)) {
        let (Some(before), Some(after)) = (old.triggers.get(name), new.triggers.get(name)) else { continue };
        let followed = before.follow(old, &names).ok();
        if followed.is_some_and(|followed| canonical_trigger(&followed) == canonical_trigger(after)) {
            continue;
        }
        let (object, on) = (path([name]), path([&after.on]));
        let message = format!("trigger `{object}` is another one now, for writes of the running release to `{on}` too");
        let finding = Finding::new(&RULE, &object, message)
            .at(Place::Trigger(name.clone()))
            .help("make sure that it does what the running release expects as well, or change it in a later release");
        found.push(migration.located(finding));
    }
    for name in diff.triggers.dropped.iter().filter(|name| !unreleased.has_trigger(name)) {
        let Some(before) = old.triggers.get(name).filter(|before| is_missed(migration, before, &names)) else { continue };
        let (object, on) = (path([name]), path([&before.on]));
        let message = format!("trigger `{object}` is dropped, and the running release still writes to `{on}`");
        let finding = Finding::new(&RULE, &object, message)
            .at(Place::Trigger(name.clone()))
            .help("release a version that does without it first, and drop it in a later one");
        found.push(migration.located(finding));
    }
}

/// Whether what a trigger did is not done any more, where it can still be done: what it was on is there, so is all that
/// it names, and no other one does the same.
fn is_missed(migration: &Migration<'_>, trigger: &Trigger, names: &Trace) -> bool {
    let (old, new) = (migration.old, migration.new);
    let is_there = |(table, column): (Name, Option<Name>)| match column {
        Some(column) => names.column(&table, &column).is_some(),
        None => names.table(&table).is_some() || new.views.contains(&table),
    };
    if !trigger.names(old).into_iter().all(is_there) {
        return false;
    }
    let same = |other: &Trigger| {
        let followed = trigger.follow(old, names).unwrap_or_else(|_| trigger.clone());
        canonical_trigger(&Trigger { name: other.name.clone(), ..followed }) == canonical_trigger(other)
    };
    !new.triggers.iter().any(same)
}

/// Whether whoever reads the one view by the names of its columns finds the same in the other, and perhaps more.
fn shows_the_same(before: &View, after: &View) -> bool {
    canonical_view(before) == canonical_view(after)
        || (before.columns.is_empty() && after.columns.is_empty() && has_more_results(&before.query, &after.query))
}

/// Whether a query is another one with more results behind its own.
fn has_more_results(before: &Expr, after: &Expr) -> bool {
    let (before, after) = (significant(before.as_str()), significant(after.as_str()));
    let is_same = |(one, other): &(&Token<'_>, &Token<'_>)| one.kind == other.kind && one.text.eq_ignore_ascii_case(other.text);
    let same = before.iter().zip(&after).take_while(is_same).count();
    let is_behind = |tokens: &[Token<'_>]| {
        let depth = tokens[..same].iter().fold(0_i32, |depth, token| match token.kind {
            TokenKind::Open => depth + 1,
            TokenKind::Close => depth - 1,
            _ => depth,
        });
        depth == 0 && tokens.first().is_some_and(|first| first.is_word("select"))
    };
    let rest = before.len() - same;
    // of a query alone, not of one that others follow
    let is_one = !before.iter().any(|token| ["union", "except", "intersect"].iter().any(|word| token.is_word(word)));
    is_one
        && is_behind(&before)
        && before.get(same).is_some_and(|token| token.is_word("from"))
        && after.get(same).is_some_and(|token| token.kind == TokenKind::Comma)
        && after.len() > before.len()
        && before[same..].iter().zip(&after[after.len() - rest..]).all(|pair| is_same(&pair))
}
