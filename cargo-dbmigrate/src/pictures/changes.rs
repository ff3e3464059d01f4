//! Two schemas in one picture: what either has, with what differs marked.

use std::collections::BTreeSet;

use dbmigrate_core::config::Engine;
use dbmigrate_core::diff::{Diff, TableDiff};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::Name;

use super::model::{Card, Clause, Column, Index, Link, LinkKind, Mark, Picture, Trigger};
use super::read::{known, names, part};

/// What either of two schemas has, each with how it differs, as `diff` says of them. What is new stands where it is
/// declared, and what is gone behind what was in front of it.
pub(crate) fn compared(old: &Schema, new: &Schema, diff: &Diff, engine: &Engine) -> Picture {
    let mut both = names(old);
    both.extend(names(new));
    compared_in(old, new, diff, engine, &both)
}

/// The same of some names, which nothing else differs in.
pub(super) fn compared_in(old: &Schema, new: &Schema, diff: &Diff, engine: &Engine, names: &BTreeSet<Name>) -> Picture {
    let docs = &new.docs;
    let before = part(&diff.renamed, docs, engine, names);
    let mut both = part(new, docs, engine, names);
    for card in &mut both.cards {
        mark_card(card, before.card(&card.name), diff);
    }
    let of_old = if diff.renames.is_empty() { None } else { Some(part(old, docs, engine, names)) };
    let of_old = of_old.as_ref().unwrap_or(&before);
    let dropped = diff.dropped_tables.iter().chain(&diff.views.dropped).chain(&diff.virtual_tables.dropped);
    let gone: Vec<&Card> = dropped.filter_map(|name| of_old.card(name)).collect();
    // of two with one name the new one stands for both
    let gone = gone.into_iter().filter(|card| both.card(&card.name).is_none()).map(|card| all(card, Mark::Dropped));
    let gone: Vec<Card> = gone.collect();
    both.cards.extend(gone);
    both.cards.sort_by(|one, other| one.name.cmp(&other.name));
    // what does not differ may not be among the cards
    let is_drawn = |name: &Name| both.card(name).is_some() || known(new, name).is_some();
    both.links = links(&before.links, of_old, &both, is_drawn);
    both
}

/// A part of a card that may differ.
trait Part: Clone {
    /// Whether it is the same one, however it is declared.
    fn is(&self, other: &Self) -> bool;
    /// How it differs.
    fn mark(&mut self) -> &mut Mark;
}

impl Part for Column {
    fn is(&self, other: &Self) -> bool {
        self.name == other.name
    }
    fn mark(&mut self) -> &mut Mark {
        &mut self.mark
    }
}

impl Part for Clause {
    fn is(&self, other: &Self) -> bool {
        self.name == other.name && self.text == other.text
    }
    fn mark(&mut self) -> &mut Mark {
        &mut self.mark
    }
}

impl Part for Index {
    fn is(&self, other: &Self) -> bool {
        self.name == other.name
    }
    fn mark(&mut self) -> &mut Mark {
        &mut self.mark
    }
}

impl Part for Trigger {
    fn is(&self, other: &Self) -> bool {
        self.name == other.name
    }
    fn mark(&mut self) -> &mut Mark {
        &mut self.mark
    }
}

fn mark_all<T: Part>(parts: &mut [T], mark: Mark) {
    for part in parts {
        *part.mark() = mark;
    }
}

/// A card that is new or gone with everything in it.
fn all(card: &Card, mark: Mark) -> Card {
    let mut card = card.clone();
    card.mark = mark;
    mark_all(&mut card.columns, mark);
    mark_all(&mut card.uniques, mark);
    mark_all(&mut card.checks, mark);
    mark_all(&mut card.indexes, mark);
    mark_all(&mut card.triggers, mark);
    card
}

fn mark_card(card: &mut Card, before: Option<&Card>, diff: &Diff) {
    let whole = |names: [&Vec<Name>; 3]| names.into_iter().any(|names| names.contains(&card.name));
    let is_new = whole([&diff.created_tables, &diff.views.created, &diff.virtual_tables.created]);
    let Some(before) = before.filter(|_| !is_new) else {
        *card = all(card, Mark::Added);
        return;
    };
    let table = diff.tables.iter().find(|table| table.name == card.name);
    let is_changed = diff.views.changed.contains(&card.name) || diff.virtual_tables.changed.contains(&card.name);
    if let Some(table) = table {
        mark_table(card, before, table);
    } else if is_changed {
        mark_columns_by_name(card, before);
    }
    for (_, from, to) in diff.renames.columns.iter().filter(|(table, ..)| *table == card.name) {
        if let Some(column) = card.columns.iter_mut().find(|column| column.name == *to) {
            column.mark = Mark::Renamed;
            column.was = Some(from.to_string());
        }
    }
    mark_triggers(card, before, diff);
    let renamed = diff.renames.tables.iter().find(|(_, to)| *to == card.name).map(|(from, _)| from);
    let is_touched = is_changed || table.is_some() || card.is_touched();
    card.mark = match renamed {
        Some(_) => Mark::Renamed,
        None if is_touched => Mark::Changed,
        None => Mark::Same,
    };
    card.was = renamed.map(ToString::to_string);
}

fn mark_table(card: &mut Card, before: &Card, diff: &TableDiff) {
    for column in &mut card.columns {
        let was = before.columns.iter().find(|one| one.name == column.name);
        if diff.added.contains(&column.name) {
            column.mark = Mark::Added;
        } else if diff.changed.iter().any(|change| change.name == column.name) {
            column.mark = Mark::Changed;
            column.was = was.map(Column::declaration);
        }
    }
    keep_gone(&mut card.columns, &before.columns, |column| diff.dropped.contains(&column.name));
    for (clauses, old, is_new, is_gone) in [
        (&mut card.uniques, &before.uniques, diff.added_uniques.len(), diff.dropped_uniques.len()),
        (&mut card.checks, &before.checks, diff.added_checks.len(), diff.dropped_checks.len()),
    ] {
        // where nothing differs, other spellings of the same are no difference
        if is_new > 0 || is_gone > 0 {
            mark_clauses(clauses, old);
        }
    }
    for index in &mut card.indexes {
        if diff.created_indexes.contains(&index.name) {
            index.mark = Mark::Added;
        } else if diff.changed_indexes.contains(&index.name) {
            index.mark = Mark::Changed;
        }
    }
    keep_gone(&mut card.indexes, &before.indexes, |index| diff.dropped_indexes.contains(&index.name));
}

/// Marks columns of a view or virtual table, which nothing else tells apart.
fn mark_columns_by_name(card: &mut Card, before: &Card) {
    for column in &mut card.columns {
        match before.columns.iter().find(|one| one.name == column.name) {
            None => column.mark = Mark::Added,
            Some(was) if was.declaration() != column.declaration() => {
                column.mark = Mark::Changed;
                column.was = Some(was.declaration());
            }
            Some(_) => {}
        }
    }
    let now = card.columns.clone();
    keep_gone(&mut card.columns, &before.columns, |column| !now.iter().any(|one| one.is(column)));
}

fn mark_clauses(clauses: &mut Vec<Clause>, before: &[Clause]) {
    for clause in clauses.iter_mut().filter(|clause| !before.iter().any(|one| one.is(clause))) {
        clause.mark = Mark::Added;
    }
    let now = clauses.clone();
    keep_gone(clauses, before, |clause| !now.iter().any(|one| one.is(clause)));
}

fn mark_triggers(card: &mut Card, before: &Card, diff: &Diff) {
    for trigger in &mut card.triggers {
        if diff.triggers.created.contains(&trigger.name) {
            trigger.mark = Mark::Added;
        } else if diff.triggers.changed.contains(&trigger.name) {
            trigger.mark = Mark::Changed;
        }
    }
    let now = card.triggers.clone();
    // one that is on another table now is gone from here
    keep_gone(&mut card.triggers, &before.triggers, |trigger| !now.iter().any(|one| one.is(trigger)));
}

/// Puts what is gone behind what was in front of it.
fn keep_gone<T: Part>(now: &mut Vec<T>, before: &[T], is_gone: impl Fn(&T) -> bool) {
    let mut front: Option<&T> = None;
    for one in before {
        if is_gone(one) {
            let mut kept = one.clone();
            *kept.mark() = Mark::Dropped;
            let place = front.and_then(|front| now.iter().position(|one| one.is(front)));
            now.insert(place.map_or(0, |place| place + 1), kept);
        }
        front = Some(one);
    }
}

/// The links of both, with what differs.
fn links(before: &[Link], of_old: &Picture, both: &Picture, is_drawn: impl Fn(&Name) -> bool) -> Vec<Link> {
    let card = |name: &Name| both.card(name).map_or(Mark::Same, |card| card.mark);
    let mut links = both.links.clone();
    for link in &mut links {
        if !before.contains(link) {
            let was = before.iter().any(|one| ends(one) == ends(link));
            link.mark = if was { Mark::Changed } else { Mark::Added };
        }
    }
    let now: Vec<_> = links
        .iter()
        .map(|link| ends(link))
        .map(|(kind, from, to, columns, by)| (kind, from.clone(), to.clone(), columns.to_vec(), by.cloned()))
        .collect();
    let is_there = |link: &Link| {
        now.iter().any(|(kind, from, to, columns, by)| ends(link) == (*kind, from, to, &columns[..], by.as_ref()))
    };
    let of_kept = before.iter().filter(|link| !is_there(link) && both.card(&link.from).is_some());
    // those of tables that are gone are called as they were
    let of_gone = of_old.links.iter().filter(|link| card(&link.from) == Mark::Dropped);
    let mut gone: Vec<Link> = Vec::new();
    for link in of_kept.chain(of_gone) {
        let link = Link { mark: Mark::Dropped, ..link.clone() };
        if is_drawn(&link.to) && !gone.contains(&link) {
            gone.push(link);
        }
    }
    links.extend(gone);
    links.sort_by(|one, other| (&one.from, one.kind).cmp(&(&other.from, other.kind)));
    links
}

/// What makes two links the same one, however they are declared.
fn ends(link: &Link) -> (LinkKind, &Name, &Name, &[Name], Option<&Name>) {
    (link.kind, &link.from, &link.to, &link.columns, link.by.as_ref())
}
