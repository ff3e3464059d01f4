//! A history in which records are missing between others: the same with those that the folder has in their places.

use super::history::Record;
use crate::folder::Migration;

/// What is recorded at one place of a history.
#[derive(Debug, Clone, Copy)]
pub enum Slot<'a> {
    /// The record that was at this place of the old one, counted from 0.
    Recorded(usize),
    /// This migration, of which there was no record.
    Added(&'a Migration),
}

/// All that a database has if it has what is recorded and every migration before that, and at least up to `last`, counted
/// from 0; with the last migration. `None` if what is recorded is not what the folder has, in its order.
pub fn filled<'a>(
    history: &[Record],
    migrations: &'a [Migration],
    last: usize,
) -> Option<(Vec<Slot<'a>>, &'a Migration)> {
    let is_record = |at: usize, migration: &Migration| {
        let record = history.get(at);
        record.is_some_and(|one| one.name == migration.name.as_str() && one.checksum == migration.sql.to_hex())
    };
    let (mut slots, mut at, mut end) = (Vec::new(), 0, None);
    for (index, listed) in migrations.iter().enumerate() {
        if at == history.len() && index > last {
            break;
        }
        let originals = listed.originals();
        // one that replaces others is recorded as itself, or as all of them
        let is_replaced = !is_record(at, listed) && originals.iter().any(|one| is_record(at, one));
        let expected = if is_replaced { originals } else { vec![listed] };
        for one in expected {
            if is_record(at, one) {
                slots.push(Slot::Recorded(at));
                at += 1;
            } else {
                slots.push(Slot::Added(one));
            }
        }
        end = Some(listed);
    }
    (at == history.len()).then_some((slots, end?))
}
