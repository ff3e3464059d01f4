//! Simulated fleets: many databases that look alike, some of which do not, and everything that can happen on the way to
//! them. Thousands of members take seconds.
//!
//! | module | has |
//! |---|---|
//! | [`files`] | members as files: copies of a template, changed by hand, of another history, unreadable, gone |
//! | [`server`] | the same files as databases of one server, which speaks Hrana on one port, each at its host name |
//! | [`weather`] | how requests to that server fail, and how long they take |
//! | [`look`] | what is in a member's file: its rows, its history, and whether it is whole |
//! | [`chance`] | numbers that a seed decides |
//!
//! What happens to a member depends on the seed, its name, and how many requests came for it before, and so not on the
//! order in which members are visited: a run can be repeated, however many threads it has.
//!
//! The server does what the product needs, in the way in which a libSQL server does it: streams with batons, batches
//! with conditions, a queue for the lock, transactions that are rolled back when somebody waits and they are old. It
//! does not refuse what such a server refuses, does not say at which byte of a statement an error is, and knows no
//! tokens. `tests/fleet.rs` compares the two.

pub mod chance;
pub mod files;
mod hrana;
pub mod look;
mod member;
pub mod server;
pub mod weather;

/// The names of so many members, in their order: `t0000`, `t0001` and so on.
pub fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("t{number:04}")).collect()
}
