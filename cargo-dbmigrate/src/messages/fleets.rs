//! Messages of commands other than `migrate` on a fleet.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Ended, MemberState, MembersIn};

/// Where a member stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct MemberStatus {
    /// The name of the fleet.
    pub(crate) target: String,
    /// The name of the member.
    pub(crate) member: String,
    /// Its database as it can be shown.
    pub(crate) database: String,
    /// In a word.
    pub(crate) state: MemberState,
    /// How many migrations it has, if that is known.
    pub(crate) applied: Option<u32>,
    /// How many it lacks, if that is known.
    pub(crate) pending: Option<u32>,
    /// How many of these wait until their release runs everywhere: `migrate --phase after`.
    pub(crate) waiting: Option<u32>,
    /// What its source says of it.
    pub(crate) labels: BTreeMap<String, String>,
    /// What is wrong with it.
    pub(crate) error: Option<String>,
}

/// Where the members of a fleet stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FleetStatus {
    /// The name of the fleet.
    pub(crate) target: String,
    /// How many members were meant.
    pub(crate) members: usize,
    /// The migration that they are to be at.
    pub(crate) head: Option<String>,
    /// How many are in each state.
    pub(crate) states: Vec<MembersIn>,
    /// How many lack nothing but what waits until their release runs everywhere: `migrate --phase after`.
    pub(crate) waiting: usize,
}

/// Members of a fleet that were changed by hand in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FleetDifference {
    /// The name of the fleet.
    pub(crate) target: String,
    /// The last migration that they have.
    pub(crate) migration: String,
    /// Their names.
    pub(crate) members: Vec<String>,
    /// What differs from what that migration left, a line each.
    pub(crate) changes: Vec<String>,
}

/// What became of a member of a fleet that a command was run on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct MemberRun {
    /// The name of the fleet.
    pub(crate) target: String,
    /// The name of the member.
    pub(crate) member: String,
    /// Its database as it can be shown.
    pub(crate) database: String,
    /// What became of it.
    pub(crate) outcome: Ended,
    /// The exit code that a run on it alone has.
    pub(crate) exit_code: u8,
}
