//! That what follows rows for kept values can still do so behind a migration: the key is a key, of the same type, and the
//! triggers are there. Otherwise a new row could get the value of a deleted one, or the application's own writes fail.

use super::Failure;
use super::hidden::{filled_table, is_follower, renamed_table};
use super::statistics::kept_tables;
use crate::ddl::{Object, read};
use crate::engine::stored::StoredObject;
use crate::engine::tracker::Tracker;
use crate::kept::{Follower, key};
use crate::plan::copied;
use crate::schema::Table;
use crate::sql::{Expr, Name, Statement, StatementKind};

/// What follows rows before statements run, and is able to.
#[derive(Debug, Default)]
pub(super) struct Followers {
    sound: Vec<Follower>,
    /// Whether there is any trigger that follows rows.
    pub(super) are_there: bool,
}

impl Followers {
    /// Looks for them.
    pub(super) fn of(tracker: &Tracker) -> Self {
        let are_there = tracker.stored_texts().any(is_follower);
        let sound = if are_there {
            followers(tracker).filter(|one| fault(one, tracker).is_none()).collect()
        } else {
            Vec::new()
        };
        Self { sound, are_there }
    }

    /// Refuses statements behind which one of them is not able to any more.
    pub(super) fn check(&self, tracker: &Tracker, statements: &[Statement<'_>]) -> Result<(), Failure> {
        if self.sound.is_empty() {
            return Ok(());
        }
        let now: Vec<Follower> = followers(tracker).collect();
        let moves = kept_tables(statements);
        for before in self.sound.iter().filter(|one| hidden_table(&one.kept, tracker).is_some()) {
            let why = match now.iter().find(|one| one.kept == before.kept) {
                Some(follower) => fault(follower, tracker).or_else(|| rewritten(follower, statements)),
                // a table that is gone has no rows to follow
                None => moves
                    .iter()
                    .find(|(from, to)| *from == before.table && from != to)
                    .map(|(from, to)| format!("`{from}` is rebuilt as `{to}`")),
            };
            if let Some(why) = why {
                let (table, kept) = (before.table.to_string(), before.kept.to_string());
                return Err(Failure::KeptRows { table, kept, why });
            }
        }
        Ok(())
    }
}

/// The column of the key that a rebuild fills with other values, which no trigger sees.
fn rewritten(follower: &Follower, statements: &[Statement<'_>]) -> Option<String> {
    // what is inserted elsewhere, or by a statement that fires the triggers, is no rebuild
    let takes_its_place = |copy: &Name| {
        let renames = statements.iter().filter_map(renamed_table);
        renames.into_iter().any(|(from, to)| from == *copy && to == follower.table)
    };
    let copies = statements.iter().filter(|statement| statement.kind == StatementKind::Write);
    let copies = copies.filter(|statement| filled_table(statement).is_some_and(|copy| takes_its_place(&copy)));
    let copies = copies.filter_map(|statement| copied(statement.text)).filter(|(table, _)| *table == follower.table);
    let changed = |columns: &[(Name, String)], key: &Name| {
        let copy = columns.iter().find(|(column, _)| column == key);
        copy.is_some_and(|(_, value)| Expr::new(value).as_column().as_ref() != Some(key))
    };
    let mut found = copies.filter_map(|(_, columns)| {
        let mut key = follower.key.iter().map(|(_, column)| column);
        key.find(|column| changed(&columns, column)).cloned()
    });
    found.next().map(|column| format!("`{}.{column}` has other values", follower.table))
}

fn followers(tracker: &Tracker) -> impl Iterator<Item = Follower> {
    tracker.stored_texts().filter(|object| is_follower(object)).filter_map(|object| Follower::read(&object.sql))
}

fn hidden_table<'t>(kept: &Name, tracker: &'t Tracker) -> Option<&'t StoredObject> {
    tracker.stored_of(kept).find(|object| object.kind == "table" && object.name == *kept)
}

/// Why it cannot follow the rows, as far as that can be told.
fn fault(follower: &Follower, tracker: &Tracker) -> Option<String> {
    let table: &Table = tracker.schema().table(&follower.table)?;
    let Ok(Object::Table(hidden)) = read(&hidden_table(&follower.kept, tracker)?.sql) else { return None };
    key::lost(follower, &hidden, table)
}
