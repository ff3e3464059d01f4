//! What of a picture has to be drawn again when a schema becomes another one: what is declared anew, and what is shown
//! otherwise because of that. In a history of many migrations, most of which change one table, the rest is not looked at.

use std::collections::BTreeSet;

use dbmigrate_core::schema::{Named, NamedMap, Schema};
use dbmigrate_core::sql::Name;

use super::model::{Card, CardKind, Link};

/// The names whose cards, or the links that lead from them, may be others. `drawn` is what is drawn of the old schema.
pub(super) fn again<'p>(
    (old, new): (&Schema, &Schema),
    drawn: impl Iterator<Item = (&'p Card, &'p [Link])> + Clone,
) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    let came_or_went = differing(&old.tables, &new.tables, &mut names)
        | differing(&old.virtual_tables, &new.virtual_tables, &mut names)
        | differing(&old.views, &new.views, &mut names);
    let triggers = old.triggers.unshared(&new.triggers).into_iter().flat_map(|(one, other)| [one, other]).flatten();
    names.extend(triggers.map(|trigger| trigger.on.clone()));
    if came_or_went {
        // what did not know a name may know it now, and the other way round
        names.extend(new.views.iter().map(|view| view.name.clone()));
        names.extend(new.triggers.iter().map(|trigger| trigger.on.clone()));
    }
    // the columns of a view are those of what it reads, which may be views
    let views = drawn.clone().filter(|(card, _)| card.kind == CardKind::View);
    loop {
        let found: Vec<Name> = views
            .clone()
            .filter(|(card, links)| !names.contains(&card.name) && lead_to(links, &names))
            .map(|(card, _)| card.name.clone())
            .collect();
        if found.is_empty() {
            break;
        }
        names.extend(found);
    }
    // a foreign key shows the columns that it refers to, and every link the name as it is declared
    let near = drawn.filter(|(card, links)| lead_to(links, &names) || has_trigger_to(card, &names));
    let near: Vec<Name> = near.map(|(card, _)| card.name.clone()).collect();
    names.extend(near);
    names
}

/// Collects what two collections do not share, and says whether only one of them has some of it.
fn differing<T: Named>(old: &NamedMap<T>, new: &NamedMap<T>, names: &mut BTreeSet<Name>) -> bool {
    let mut came_or_went = false;
    for (one, other) in old.unshared(new) {
        came_or_went |= one.is_none() || other.is_none();
        names.extend([one, other].into_iter().flatten().map(|object| object.name().clone()));
    }
    came_or_went
}

fn lead_to(links: &[Link], names: &BTreeSet<Name>) -> bool {
    links.iter().any(|link| names.contains(&link.to))
}

fn has_trigger_to(card: &Card, names: &BTreeSet<Name>) -> bool {
    card.triggers.iter().any(|trigger| trigger.reads.iter().chain(&trigger.writes).any(|name| names.contains(name)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use dbmigrate_core::config::Engine;
    use dbmigrate_core::ddl::{Object, read};
    use dbmigrate_core::diff::{Renames, diff};

    use super::super::changes::{compared, compared_in};
    use super::super::layout::Numbers;
    use super::super::model::Picture;
    use super::super::read::{part, picture};
    use super::*;

    /// Makes one object of a schema another one, or drops it.
    fn change(schema: &mut Schema, numbers: &mut Numbers) {
        let mut number = |below: usize| numbers.below(below);
        let names = ["a", "b", "c", "d", "e", "v", "w", "x"];
        let (at, other, third) = (number(8), names[number(8)], names[number(8)]);
        let own = names[at];
        let key = Name::from(own);
        let spelled = if number(9) == 0 { own.to_uppercase() } else { own.to_owned() };
        schema.tables.remove(&key);
        schema.views.remove(&key);
        for trigger in schema.triggers.clone().iter().filter(|trigger| trigger.on == key || number(4) == 0) {
            schema.triggers.remove(&trigger.name);
        }
        let sql = match (number(6), at) {
            (0, _) => return,
            (_, 5..) => format!(
                "CREATE VIEW {spelled} AS SELECT * FROM {other}{}",
                if number(2) == 0 { format!(", {third}") } else { String::new() }
            ),
            _ => format!(
                "CREATE TABLE {spelled} (id{} INTEGER PRIMARY KEY, p{} REFERENCES {other}, q TEXT{})",
                number(2),
                number(2),
                if number(2) == 0 { " NOT NULL" } else { "" }
            ),
        };
        let trigger = format!(
            "CREATE TRIGGER t{at} AFTER INSERT ON {own} BEGIN DELETE FROM {third} WHERE q IN (SELECT q FROM {other}); END"
        );
        for text in [sql, trigger] {
            match read(&text) {
                Ok(Object::Table(table)) => drop(schema.tables.insert(table)),
                Ok(Object::View(view)) => drop(schema.views.insert(view)),
                Ok(Object::Trigger(trigger)) if at < 3 => drop(schema.triggers.insert(trigger)),
                _ => {}
            }
        }
    }

    /// The picture with what is drawn again in it.
    fn patched(picture: &Picture, again: &Picture, names: &BTreeSet<Name>) -> Picture {
        let mut next = picture.clone();
        next.cards.retain(|card| !names.contains(&card.name));
        next.links.retain(|link| !names.contains(&link.from));
        next.cards.extend_from_slice(&again.cards);
        next.links.extend_from_slice(&again.links);
        next.cards.sort_by(|one, other| one.name.cmp(&other.name));
        next.links.sort_by(|one, other| (&one.from, one.kind).cmp(&(&other.from, other.kind)));
        next
    }

    #[test]
    fn what_is_drawn_again_makes_the_picture_that_would_be_drawn_anew() {
        let (docs, engine) = (BTreeMap::new(), Engine::default());
        let (mut spared, mut all) = (0, 0);
        for seed in 1..=150 {
            let mut numbers = Numbers(seed);
            let (mut old, mut drawn) = (Schema::default(), Picture::default());
            for _ in 0..12 {
                let mut new = old.clone();
                for _ in 0..=numbers.below(2) {
                    change(&mut new, &mut numbers);
                }
                let bundles = drawn.cards.iter().map(|card| (card, drawn.links_from(&card.name)));
                let names = again((&old, &new), bundles);
                let whole = picture(&new, &docs, &engine);
                let next = patched(&drawn, &part(&new, &docs, &engine, &names), &names);
                // with the case of names, which says nothing about whether they are the same
                assert_eq!(format!("{next:?}"), format!("{whole:?}"), "seed {seed}");

                let difference = diff(&old, &new, &Renames::default()).expect("there are no renames");
                let mut both = compared(&old, &new, &difference, &engine);
                both.cards.retain(|card| names.contains(&card.name));
                both.links.retain(|link| names.contains(&link.from));
                let spare = compared_in(&old, &new, &difference, &engine, &names);
                assert_eq!(format!("{spare:?}"), format!("{both:?}"), "seed {seed}");
                let left = compared(&old, &new, &difference, &engine);
                let is_marked = |card: &Card| card.is_touched() && !names.contains(&card.name);
                assert!(!left.cards.iter().any(is_marked), "seed {seed}");

                spared += whole.cards.len() - whole.cards.iter().filter(|card| names.contains(&card.name)).count();
                all += whole.cards.len();
                (old, drawn) = (new, whole);
            }
        }
        assert!(spared * 4 > all, "of {all} cards only {spared} stayed as they were");
    }
}
