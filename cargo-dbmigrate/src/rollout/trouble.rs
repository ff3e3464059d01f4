//! What is wrong with a member, such that members with the same reason are told together.

use std::collections::BTreeMap;

use dbmigrate_core::engine::apply::{ApplyError, Failure};
use dbmigrate_core::engine::error::{EngineError, ErrorKind};

use super::host::Went;
use crate::database::state::failure_of_run;
use crate::error::CommandError;
use crate::fleet::Member;
use crate::messages::{FailureOfMembers, MemberState};

/// How many members are named with a reason.
const NAMED: usize = 5;

/// The kind of what was left in the middle.
const INTERRUPTED: &str = "interrupted";

/// What stands for the member in a reason.
const MEMBER: &str = "…";

/// What is wrong with a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// Its kind.
    pub kind: &'static str,
    /// What is said, in a line.
    pub message: String,
    /// What is the same for all members with this reason, if that is not the line without the member.
    pub alike: Option<String>,
    /// What it says of the host.
    pub(super) went: Went,
}

impl Trouble {
    /// What kept a member from being opened.
    pub(super) fn of_opening(error: &CommandError) -> Self {
        Self { kind: "unreachable", message: error.message().to_owned(), alike: None, went: Went::Badly }
    }

    /// That its file is gone.
    pub(super) fn gone(member: &Member) -> Self {
        Self { kind: "unreachable", message: format!("`{}` does not exist", member.url), alike: None, went: Went::Well }
    }

    /// That it was not tried, since its host does not answer.
    pub(super) fn not_asked(host: &str) -> Self {
        let message = format!("`{host}` does not answer, so this one was not asked");
        Self { kind: "unreachable", alike: Some(message.clone()), message, went: Went::Silent }
    }

    /// Why a member was not migrated, or cannot be.
    pub(super) fn of(error: ApplyError, member: &Member) -> Self {
        let kind = kind(&error);
        let went = match kind {
            // what a server may have executed, with or without an error of the engine
            "lost" => Went::Silent,
            _ => engine_of(&error).map_or(Went::Well, |error| went(error.kind)),
        };
        let shown = failure_of_run(error, (&member.url).into());
        let mut message = shown.message().to_owned();
        // what a diagnostic says in its place
        if let Some(first) = shown.rendered().first().filter(|first| !message.contains(&first.message.message)) {
            message = format!("{message}: {}", first.message.message);
        }
        Self { kind, message, alike: None, went }
    }

    /// That it was left in the middle of a migration of several transactions.
    pub(super) fn interrupted(migration: &str) -> Self {
        let message = format!("interrupted in the middle of `{migration}`, which the next run continues");
        Self { kind: INTERRUPTED, message, alike: None, went: Went::Well }
    }

    /// Whether nobody knows what happened.
    pub(super) fn is_loss(&self) -> bool {
        self.kind == "lost"
    }

    /// Whether somebody wanted that, so that nothing is wrong.
    pub(super) fn is_interruption(&self) -> bool {
        self.kind == INTERRUPTED
    }

    /// Where a member stands that has this.
    pub(super) fn state(&self) -> MemberState {
        match self.kind {
            // a person has to say what its turn is
            "phase" => MemberState::Behind,
            "drift" => MemberState::Drifted,
            "history" | "not_empty" => MemberState::UnknownHistory,
            _ => MemberState::Unreachable,
        }
    }
}

/// What an error of the engine says of the host: whether it can be gone when the same is tried again.
fn went(kind: ErrorKind) -> Went {
    match kind {
        ErrorKind::Locked | ErrorKind::Stolen => Went::Busy,
        ErrorKind::NoSuchDatabase => Went::Absent,
        ErrorKind::Unreachable | ErrorKind::Lost | ErrorKind::StreamExpired => Went::Silent,
        _ => Went::Well,
    }
}

/// The error of the engine that is the reason, if one is.
fn engine_of(error: &ApplyError) -> Option<&EngineError> {
    match error {
        ApplyError::Engine { error, .. } => Some(error),
        ApplyError::Migration { failure, .. } => failure.engine_error(),
        _ => None,
    }
}

fn kind(error: &ApplyError) -> &'static str {
    match error {
        ApplyError::Engine { error, .. } => of_engine(error.kind),
        ApplyError::History(_) => "history",
        ApplyError::NotEmpty { .. } => "not_empty",
        ApplyError::Drift { .. } => "drift",
        ApplyError::Migration { failure, .. } => of_failure(failure),
        ApplyError::Folder(_) | ApplyError::Script(_) => "folder",
        ApplyError::BehindPhase { .. } => "phase",
        ApplyError::UnderWay { .. } => "under_way",
        _ => "other",
    }
}

fn of_engine(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Locked | ErrorKind::Stolen => "locked",
        ErrorKind::Lost => "lost",
        ErrorKind::DiskFull => "disk_full",
        ErrorKind::Constraint => "constraint",
        ErrorKind::Statement => "statement",
        _ => "unreachable",
    }
}

fn of_failure(failure: &Failure) -> &'static str {
    match failure {
        Failure::Statement { error, .. } | Failure::Engine { error, .. } => of_engine(error.kind),
        Failure::Preflight { .. } | Failure::PreflightExpressions { .. } | Failure::Contradicted { .. } => "preflight",
        Failure::Structure { .. } => "structure",
        Failure::TouchesDrift { .. } => "drift",
        Failure::NoStep { .. } | Failure::Step { .. } => "step",
        Failure::Broken { .. } => "broken",
        Failure::ForeignKeys { .. } => "foreign_keys",
        Failure::Lost { .. } => "lost",
        Failure::NotUndone(failure) | Failure::UnderWay { failure, .. } => of_failure(failure),
        _ => "other",
    }
}

/// The reasons of members, those that differ in nothing but the member together.
#[derive(Debug, Default)]
pub(super) struct Reasons(BTreeMap<(&'static str, String), FailureOfMembers>);

impl Reasons {
    /// Takes in what is wrong with a member.
    pub(super) fn add(&mut self, member: &Member, trouble: &Trouble) {
        let url = member.url.to_string();
        let without = || trouble.message.replace(&url, MEMBER).replace(&member.name, MEMBER);
        let key = trouble.alike.clone().unwrap_or_else(without);
        let one = self.0.entry((trouble.kind, key)).or_insert_with(|| FailureOfMembers {
            kind: trouble.kind.to_owned(),
            message: trouble.message.clone(),
            count: 0,
            members: Vec::new(),
        });
        one.count += 1;
        if one.members.len() < NAMED {
            one.members.push(member.name.clone());
        }
    }

    /// The reasons, that of the most members first.
    pub(super) fn sorted(self) -> Vec<FailureOfMembers> {
        let mut all: Vec<FailureOfMembers> = self.0.into_values().collect();
        all.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.message.cmp(&other.message)));
        all
    }
}
