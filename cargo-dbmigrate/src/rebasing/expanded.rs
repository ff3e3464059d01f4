//! Squashes of this branch that replace migrations which the others have, too, and not as one: in their place the
//! migrations that they replace are put behind the others, if their files are still to be found.

use dbmigrate_core::folder::heads::shared;
use dbmigrate_core::folder::{Lock, Migration};

use super::side::{Ours, Side};
use super::sources::Sources;

/// The first of the squashes that reach from what the others have into what they have not.
pub(super) fn straddling<'o>(ours: &'o Ours, onto: &Side) -> Option<&'o Migration> {
    let squash = ours.moved().first().filter(|first| !first.replaces.is_empty())?;
    let (_, there) = shared(&ours.side.migrations, &onto.migrations);
    let first = onto.migrations.get(there)?.originals();
    squash.originals().first()?.is_same(first.first()?).then_some(squash)
}

/// A history with what its squash replaces in the place of the squash; nothing if a file of that is nowhere.
pub(super) fn expanded(ours: &Ours, squash: &Migration, sources: &Sources) -> Option<Side> {
    let (before, rest) = ours.side.migrations.split_at(squash.index);
    let originals = squash.originals();
    let is_there = |migration: &&&Migration| sources.sql(migration).is_ok() && sources.snapshot(migration).is_ok();
    if originals.iter().filter(is_there).count() < originals.len() {
        return None;
    }
    let all = before.iter().chain(originals).chain(&rest[1..]).cloned().collect();
    Some(Side::new(ours.side.label.clone(), Lock::of(all).migrations().to_vec()))
}
