//! What this process knows of databases that it has looked at closely: what a glance at each showed then.
//!
//! An entry is trusted for the same runner (migrations and options), the same database ([`Place`]), and only while a
//! glance shows the same: the last record of the history with its time, the lowest position, SQLite's counter of schema
//! changes. Nothing is trusted for a time.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, OnceLock};

use dbmigrate_core::engine::apply::glance::Glance;

use super::place::Place;
use crate::thread::lock;

/// How many databases are known at most: a few megabytes. One that is not known is looked at closely.
const MOST: usize = 65_536;

/// A runner and a database.
pub(crate) type Key = (u64, Place);

struct Known {
    hasher: RandomState,
    seen: Mutex<HashMap<Key, u64>>,
}

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| Known { hasher: RandomState::new(), seen: Mutex::default() })
}

/// Whether a database with this at a glance was found to be ready.
pub(crate) fn is_ready(key: &Key, glance: &Glance) -> bool {
    let known = known();
    key.1.is_identity() && lock(&known.seen).get(key) == Some(&known.hasher.hash_one(glance))
}

/// Remembers that it was.
pub(crate) fn remember(key: Key, glance: &Glance) {
    if !key.1.is_identity() {
        return;
    }
    let known = known();
    let hash = known.hasher.hash_one(glance);
    let mut seen = lock(&known.seen);
    if seen.len() >= MOST && !seen.contains_key(&key) {
        seen.clear();
    }
    seen.insert(key, hash);
}
