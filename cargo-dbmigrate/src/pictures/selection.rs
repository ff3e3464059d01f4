//! Parts of a picture: what was asked for, and what is next to it.

use std::collections::BTreeSet;

use dbmigrate_core::sql::Name;

use super::model::{Card, Link, Mark, Picture};

impl Picture {
    /// The cards of these names, with what is at most so many links away from one of them.
    pub(crate) fn around(&self, names: &[Name], distance: usize) -> Self {
        let mut shown: BTreeSet<Name> = names.iter().cloned().collect();
        for _ in 0..distance {
            let next = self.links.iter().filter_map(|link| next_to(link, &shown)).collect::<Vec<_>>();
            shown.extend(next);
        }
        self.only(&shown)
    }

    /// The same with only the keys of all cards but those that `is_whole` says.
    pub(crate) fn with_keys_of_others(mut self, is_whole: impl Fn(&Card) -> bool) -> Self {
        for card in self.cards.iter_mut().filter(|card| !is_whole(card)) {
            card.columns.retain(|column| column.primary || column.foreign);
        }
        self
    }

    /// What differs, with what is next to it.
    pub(crate) fn touched(&self) -> Self {
        let cards = self.cards.iter().filter(|card| card.is_touched()).map(|card| &card.name);
        let links = self.links.iter().filter(|link| link.mark != Mark::Same).map(|link| &link.from);
        let names: Vec<Name> = cards.chain(links).cloned().collect();
        self.around(&names, 1)
    }

    /// These cards, and the links between them.
    fn only(&self, names: &BTreeSet<Name>) -> Self {
        let cards = self.cards.iter().filter(|card| names.contains(&card.name)).cloned();
        let links = self.links.iter().filter(|link| names.contains(&link.from) && names.contains(&link.to)).cloned();
        Self { cards: cards.collect(), links: links.collect() }
    }
}

/// The other end of a link of which one end is shown.
fn next_to(link: &Link, shown: &BTreeSet<Name>) -> Option<Name> {
    match (shown.contains(&link.from), shown.contains(&link.to)) {
        (true, false) => Some(link.to.clone()),
        (false, true) => Some(link.from.clone()),
        _ => None,
    }
}
