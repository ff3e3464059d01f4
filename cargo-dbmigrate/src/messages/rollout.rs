//! Messages of `migrate` on a fleet.

use serde::{Deserialize, Serialize};

/// Every member of a fleet was asked where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Survey {
    /// The name of the fleet.
    pub(crate) target: String,
    /// The part of it that this run is for: `3/16`.
    pub(crate) shard: Option<String>,
    /// How many members were asked.
    pub(crate) members: usize,
    /// The migration that they are to be at.
    pub(crate) head: Option<String>,
    /// How many are in each state.
    pub(crate) states: Vec<MembersIn>,
    /// How long it took.
    pub(crate) milliseconds: u64,
}

/// Members in one state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct MembersIn {
    /// The state.
    pub(crate) state: MemberState,
    /// How many migrations they lack, where that is known.
    pub(crate) pending: Option<usize>,
    /// How many they are.
    pub(crate) members: usize,
}

/// Where a member stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum MemberState {
    /// It has all migrations.
    AtHead,
    /// It lacks some.
    Behind,
    /// It was changed by hand.
    Drifted,
    /// Its history is not the one of the folder, or it has none but tables.
    UnknownHistory,
    /// It could not be asked.
    Unreachable,
}

/// A wave of a roll-out is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[expect(clippy::struct_field_names, reason = "the fields are those of the message")]
pub(crate) struct Wave {
    /// The name of the fleet.
    pub(crate) target: String,
    /// Which one, counted from 0.
    pub(crate) wave: usize,
    /// How many there are.
    pub(crate) of: usize,
    /// What it is called: `canary`, `10%`, `plan=free`.
    pub(crate) name: String,
    /// How many members are in it.
    pub(crate) members: usize,
    /// How many of them were migrated.
    pub(crate) migrated: usize,
    /// How many failed.
    pub(crate) failed: usize,
    /// How many are worked on at once by now.
    pub(crate) parallel: usize,
    /// How long it took.
    pub(crate) milliseconds: u64,
}

/// What became of a member of a fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[expect(clippy::struct_field_names, reason = "the fields are those of the message")]
pub(crate) struct Member {
    /// The name of the fleet.
    pub(crate) target: String,
    /// Its name.
    pub(crate) member: String,
    /// Its database.
    pub(crate) database: String,
    /// What became of it.
    pub(crate) outcome: MemberOutcome,
    /// How many migrations it had before; `null` if nobody knows.
    pub(crate) before: Option<usize>,
    /// How many were applied.
    pub(crate) applied: usize,
    /// How many it lacks now; `null` if nobody knows.
    pub(crate) pending: Option<usize>,
    /// The kind of what is wrong: `statement`, `preflight`, `unreachable`.
    pub(crate) kind: Option<String>,
    /// What is wrong.
    pub(crate) error: Option<String>,
    /// How long its migrations took.
    pub(crate) milliseconds: u64,
}

/// What became of a member, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum MemberOutcome {
    /// Migrations were applied, and it lacks none now.
    Migrated,
    /// It had all of them.
    Unchanged,
    /// A migration failed, or would.
    Failed,
    /// It was changed by hand, and is left alone.
    Drifted,
    /// Its history is not the one of the folder, and it is left alone.
    UnknownHistory,
    /// It could not be asked.
    Unreachable,
    /// The roll-out had stopped before.
    NotTried,
}

/// What became of a fleet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RolledOut {
    /// The name of the fleet.
    pub(crate) target: String,
    /// The part of it that this run was for: `3/16`.
    pub(crate) shard: Option<String>,
    /// How many members it has.
    pub(crate) members: usize,
    /// How many were migrated.
    pub(crate) migrated: usize,
    /// How many had all migrations.
    pub(crate) unchanged: usize,
    /// How many failed.
    pub(crate) failed: usize,
    /// How many were changed by hand, and left alone.
    pub(crate) drifted: usize,
    /// How many have another history, and were left alone.
    pub(crate) unknown_history: usize,
    /// How many could not be asked.
    pub(crate) unreachable: usize,
    /// How many were not tried, because it had stopped before.
    pub(crate) not_tried: usize,
    /// How many migrations were applied to all of them.
    pub(crate) applied: usize,
    /// Why it has stopped before its end: `canary`, `max_failures`, `preflight`, `interrupted`, `waves`.
    pub(crate) stopped: Option<String>,
    /// What went wrong, those of a kind together.
    pub(crate) failures: Vec<FailureOfMembers>,
    /// The servers that had something against so much at once, those with the most first.
    #[serde(default)]
    pub(crate) slowed: Vec<SlowedHost>,
    /// How long it took.
    pub(crate) milliseconds: u64,
}

/// A server that had something against so much at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SlowedHost {
    /// Its address, without what differs from member to member.
    pub(crate) host: String,
    /// How many members were worked on at once when it was worst.
    pub(crate) least: usize,
    /// The same in the end.
    pub(crate) parallel: usize,
    /// How many requests it refused with 429 or 503.
    pub(crate) refused: usize,
    /// How many tries of a member failed because it did not answer, or refused.
    pub(crate) unanswered: usize,
    /// How often fewer at once were no slower, because answers waited for each other.
    pub(crate) late: usize,
    /// How often a member was put off until later.
    pub(crate) put_off: usize,
    /// For how many milliseconds it was left alone, by its own wish or because it did not answer.
    pub(crate) rested: u64,
    /// Whether it was given up, with the members on it that were left.
    pub(crate) given_up: bool,
}

/// What is wrong with members for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FailureOfMembers {
    /// Its kind.
    pub(crate) kind: String,
    /// What is said of one of them.
    pub(crate) message: String,
    /// How many they are.
    pub(crate) count: usize,
    /// The names of some.
    pub(crate) members: Vec<String>,
}
