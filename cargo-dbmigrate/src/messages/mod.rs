//! What `--message-format json` prints: an object with a `reason` per line, each of a type of this room, and nothing
//! else. `docs/json` has a JSON Schema of each, made from these types by [`schemas`].
//!
//! This is an interface: fields and reasons are only added (docs/automation.md). To add a message, write its struct in
//! the file of its family, and its variant here; CONTRIBUTING.md has the steps.

mod applying;
mod branches;
mod common;
mod comparing;
mod copying;
mod files;
mod finished;
mod fleets;
mod generating;
mod keeping;
mod linting;
mod logging;
mod pipelines;
mod planning;
mod problems;
mod process;
mod queries;
mod rebasing;
mod rehearsing;
mod rollout;
#[cfg(test)]
mod schemas;
mod seeding;
mod targets;

use std::fmt::Write as _;

use serde::Serialize;

pub(crate) use applying::{
    Aborted, Adopted, AdoptedState, Advanced, Announced, Announcement, Applied, Drift, LeftAlone, Loss, Migrated,
    Pending, Push, Reset, Resumed, Retry, UnderWay, Waiting,
};
pub(crate) use branches::{Branch, Branched, Dropped, RestoredAt};
pub(crate) use common::{On, VERSION};
pub(crate) use comparing::{Diff, Difference, Migration, Sql, Status, Unreadable};
pub(crate) use copying::{Backup, Restored, Template};
pub(crate) use files::{File, FileAction, Init, Pulled, Struct, TakenOver};
pub(crate) use finished::{Answer, Decision, Finished, NextStep, PendingThere, Place};
pub(crate) use fleets::{FleetDifference, FleetStatus, MemberRun, MemberStatus};
pub(crate) use generating::{
    Assumed, Captured, Change, Changes, Checked, Generated, LeftBehind, Plan, Recorded, Repair, Repaired, Returned,
    Returns, Reverted, Undone,
};
pub(crate) use keeping::{Kept, KeptDropped, RestoredCounts, ValuesRestored};
pub(crate) use linting::{Asked, AskedMeaning, Lint, Linted};
pub(crate) use logging::{Diagram, LogEntry, LogKind, Page, Squashed};
pub(crate) use pipelines::{
    AcceptedLoss, Compared, DatabaseState, LostThere, NewMigration, Operation, Report, WouldWrite,
};
pub(crate) use planning::{
    ApprovedPlan, PLAN_FORMAT, Planned, PlannedChange, PlannedLoss, PlannedMigration, PlannedState,
};
pub use problems::Level;
pub(crate) use problems::{Diagnostic, Error, Location, Warning};
pub(crate) use process::{Completions, Help, Serving, Version};
pub(crate) use queries::{Against, BrokenQuery, FoundQuery, Queries, UsedTable};
pub(crate) use rebasing::{Rebased, RebasedHow};
pub(crate) use rehearsing::{
    Exceeded, HowCopied, LimitName, Rehearsal, Rehearsed, RehearsedMigration, RehearsedTable, Violation,
};
pub(crate) use rollout::{
    FailureOfMembers, Member, MemberOutcome, MemberState, MembersIn, RolledOut, SlowedHost, Survey, Wave,
};
pub(crate) use seeding::{Affected, Deletion, Seeded, SeededScript, SeededTable};
pub(crate) use targets::{Database, DatabaseSkipped, Ended, Skipped, Summary, Target, TargetOutcome};

/// The field with the package, where a run is for several.
pub(crate) const PACKAGE_NAME: &str = "package_name";

/// The field with the database, where the package has several.
pub(crate) const DATABASE_NAME: &str = "database_name";

/// Everything that can be printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "reason", rename_all = "snake_case")]
pub(crate) enum Message {
    Aborted(Aborted),
    Adopted(Adopted),
    Advanced(Advanced),
    Against(Against),
    Announcement(Announcement),
    Applied(Applied),
    Assumed(Assumed),
    Backup(Backup),
    Branch(Branch),
    Branched(Branched),
    Captured(Captured),
    Changes(Changes),
    Checked(Checked),
    Compared(Compared),
    Completions(Completions),
    Database(Database),
    DatabaseSkipped(DatabaseSkipped),
    Deletion(Deletion),
    Diagnostic(Diagnostic),
    Diagram(Diagram),
    Diff(Diff),
    Difference(Difference),
    Drift(Drift),
    Dropped(Dropped),
    Error(Error),
    File(File),
    Finished(Box<Finished>),
    FleetDifference(FleetDifference),
    FleetStatus(FleetStatus),
    Generated(Generated),
    Help(Help),
    Init(Init),
    Kept(Kept),
    KeptDropped(KeptDropped),
    Lint(Lint),
    Linted(Linted),
    LogEntry(LogEntry),
    Serving(Serving),
    Loss(Loss),
    Member(Member),
    MemberRun(MemberRun),
    MemberStatus(MemberStatus),
    Migrated(Migrated),
    Migration(Migration),
    Page(Page),
    Pending(Pending),
    Plan(Plan),
    Planned(Box<Planned>),
    Pulled(Pulled),
    Push(Push),
    Queries(Queries),
    Rebased(Rebased),
    Recorded(Recorded),
    Rehearsed(Box<Rehearsed>),
    Repair(Repair),
    Repaired(Repaired),
    Report(Report),
    Reset(Reset),
    RestoredAt(RestoredAt),
    Restored(Restored),
    Resumed(Resumed),
    Retry(Retry),
    Reverted(Reverted),
    RolledOut(RolledOut),
    Seeded(Seeded),
    Skipped(Skipped),
    Sql(Sql),
    Squashed(Squashed),
    Status(Status),
    Struct(Struct),
    Summary(Summary),
    Survey(Survey),
    TakenOver(TakenOver),
    Target(Target),
    Template(Template),
    UnderWay(UnderWay),
    Undone(Undone),
    Unreadable(Unreadable),
    ValuesRestored(ValuesRestored),
    Version(Version),
    Waiting(Waiting),
    Warning(Warning),
    Wave(Wave),
    WouldWrite(WouldWrite),
}

/// Makes a message of each of these.
macro_rules! into_message {
    ($($name:ident),* $(,)?) => {
        $(impl From<$name> for Message {
            fn from(message: $name) -> Self {
                Self::$name(message)
            }
        })*
    };
}

into_message!(
    Member,
    RolledOut,
    Survey,
    Wave,
    Rebased,
    Backup,
    Restored,
    Branch,
    Branched,
    Dropped,
    RestoredAt,
    Compared,
    Deletion,
    Report,
    Seeded,
    Serving,
    WouldWrite,
    Completions,
    Database,
    DatabaseSkipped,
    Template,
    Skipped,
    Summary,
    Target,
    Aborted,
    Adopted,
    Advanced,
    Against,
    Announcement,
    Applied,
    Assumed,
    Captured,
    Changes,
    Checked,
    Diagnostic,
    Diagram,
    Diff,
    Difference,
    Drift,
    Error,
    File,
    FleetDifference,
    FleetStatus,
    MemberRun,
    MemberStatus,
    Generated,
    Help,
    Init,
    Kept,
    KeptDropped,
    Lint,
    Linted,
    LogEntry,
    Loss,
    Migrated,
    Migration,
    Page,
    Pending,
    Plan,
    Pulled,
    Push,
    Queries,
    Recorded,
    Repair,
    Repaired,
    Reset,
    Resumed,
    Retry,
    Reverted,
    Sql,
    Squashed,
    Status,
    Struct,
    TakenOver,
    UnderWay,
    Undone,
    Unreadable,
    ValuesRestored,
    Version,
    Waiting,
    Warning,
);

impl From<Finished> for Message {
    fn from(finished: Finished) -> Self {
        Self::Finished(Box::new(finished))
    }
}

impl From<Planned> for Message {
    fn from(planned: Planned) -> Self {
        Self::Planned(Box::new(planned))
    }
}

impl From<Rehearsed> for Message {
    fn from(rehearsed: Rehearsed) -> Self {
        Self::Rehearsed(Box::new(rehearsed))
    }
}

impl Message {
    /// Says which target it is about, where it does not say so by its database.
    pub(crate) fn about(&mut self, name: Option<&str>) {
        let (Self::Announcement(Announcement { target, .. })
        | Self::Diagnostic(Diagnostic { target, .. })
        | Self::Difference(Difference { target, .. })
        | Self::Error(Error { target, .. })
        | Self::Linted(Linted { target, .. })
        | Self::Loss(Loss { target, .. })
        | Self::Unreadable(Unreadable { target, .. })
        | Self::Warning(Warning { target, .. })) = self
        else {
            return;
        };
        if target.is_none() {
            *target = name.map(str::to_owned);
        }
    }

    /// The line that is printed, without its end.
    pub(crate) fn line(&self) -> String {
        // strings, numbers and lists of them: there is nothing in it that JSON could not hold
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The same with the package, if it is one of several, and the database, if the package has several.
    pub(crate) fn line_of(&self, package: Option<&str>, database: Option<&str>) -> String {
        let mut line = self.line();
        for (field, name) in [(PACKAGE_NAME, package), (DATABASE_NAME, database)] {
            if let (Some(name), true) = (name, line.ends_with('}')) {
                line.pop();
                // letters, digits, `-` and `_`
                let _ = write!(line, ",\"{field}\":\"{name}\"}}");
            }
        }
        line
    }
}
