//! What can be typed after `rebase`.

use std::fmt::Write as _;
use std::path::Path;

use clap::Args;
use dbmigrate_core::shell::shell_flag;

use crate::decisions::answers::Answers;
use crate::project::Yes;
use crate::project::url::Connect;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate rebase
  cargo dbmigrate rebase --onto main
  cargo dbmigrate rebase --onto ../other/migrations/migrations.lock
  cargo dbmigrate rebase --take ours:users.email
  cargo dbmigrate rebase --dry-run
  cargo dbmigrate rebase --deployed -t staging

In the middle of a merge, this branch's migrations go behind those of the branch
that is merged; in a `git rebase` or `git cherry-pick`, those of the commit that
is applied go behind those that are there. `--onto HEAD` does it the other way
round, for migrations of this branch that a database has already. Where each way
round is wrong for some database, --moved-on lets migrations move all the same;
--deployed then brings that database along, with its rows.

Exits with 3 if both branches have changed the same, with 5 if a database has a
migration that would move.")]
pub(crate) struct Rebase {
    /// Branch, commit, head or lock file whose migrations come first
    #[arg(long, value_name = "REF")]
    pub onto: Option<String>,

    /// Print the migrations without writing them
    #[arg(long)]
    pub dry_run: bool,

    /// Of what both branches have changed, take one side: `ours:users.email`,
    /// `theirs:users.email`; `theirs:0003_fill` leaves a migration out
    #[arg(long, value_name = "SIDE:OBJECT")]
    pub take: Vec<String>,

    /// What is decided.
    #[command(flatten)]
    pub answers: Answers,

    /// Target that has this branch's migrations, as it cannot be asked
    #[arg(long, value_name = "NAME")]
    pub applied_on: Vec<String>,

    /// Target that has this branch's migrations and is brought along afterwards
    #[arg(long, value_name = "NAME")]
    pub moved_on: Vec<String>,

    /// Apply to a database what it lacks behind the migrations that it has as they
    /// were before a rebase, and record the new order there
    #[arg(long, conflicts_with_all = ["onto", "applied_on", "moved_on", "offline"])]
    pub deployed: bool,

    /// Do not ask servers whether they have the migrations
    #[arg(long)]
    pub offline: bool,

    /// The database that is asked first.
    #[command(flatten)]
    pub connect: Connect,

    /// Consent.
    #[command(flatten)]
    pub consent: Yes,
}

impl Rebase {
    /// Whether something of it means one database of the package: a decision, a target, a migration or its lock.
    pub(crate) fn is_for_one(&self) -> bool {
        let is_lock = |onto: &str| Path::new(onto).extension().is_some_and(|extension| extension == "lock");
        let is_of_one = |onto: &String| onto.starts_with(|first: char| first.is_ascii_digit()) || is_lock(onto);
        self.onto.as_ref().is_some_and(is_of_one)
            || !self.take.is_empty()
            || !self.applied_on.is_empty()
            || !self.moved_on.is_empty()
            || self.deployed
            || self.answers.are_any()
            || self.connect.names_one()
    }

    /// The command as it was typed, so that a flag can be put behind it.
    pub(super) fn command_line(&self) -> String {
        let mut text = "cargo dbmigrate rebase".to_owned();
        let mut push = |flag: &str, value: &str| {
            // writing to a string cannot fail
            let _ = write!(text, " {}", shell_flag(flag, value));
        };
        self.onto.iter().for_each(|onto| push("--onto", onto));
        self.take.iter().for_each(|take| push("--take", take));
        self.applied_on.iter().for_each(|name| push("--applied-on", name));
        self.moved_on.iter().for_each(|name| push("--moved-on", name));
        for (set, flag) in [(self.deployed, " --deployed"), (self.dry_run, " --dry-run"), (self.offline, " --offline")]
        {
            if set {
                text.push_str(flag);
            }
        }
        self.answers.push_to(&mut text, |_| true);
        text
    }
}
