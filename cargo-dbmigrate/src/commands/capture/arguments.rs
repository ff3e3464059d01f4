//! What can be typed after `capture`.

use std::fmt::Write as _;

use clap::Args;
use dbmigrate_core::shell::shell_flag;

use crate::decisions::answers::Answers;
use crate::drafting::CAPTURE;
use crate::fleet::Where;
use crate::project::Yes;
use crate::project::url::Connect;

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  cargo dbmigrate capture --dry-run
  cargo dbmigrate capture --write
  cargo dbmigrate capture -t production --yes --name add_phone
  cargo dbmigrate capture --rename users.nick=handle
  cargo dbmigrate capture --backfill users.age=0

For a database whose schema was changed by hand: the change becomes a migration,
recorded as applied there without being run. Every other database gets it with
`cargo dbmigrate migrate`. A database with the same change records it instead of
running it: `cargo dbmigrate capture` there as well.")]
pub(crate) struct Capture {
    /// Name of the migration [default: named after the changes]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Print the migration without writing or recording it
    #[arg(long)]
    pub dry_run: bool,

    /// Change the structs as well, where that is mechanical
    #[arg(long)]
    pub write: bool,

    /// What is decided, for the databases that get the migration.
    #[command(flatten)]
    pub answers: Answers,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,

    /// Which members of a fleet.
    #[command(flatten)]
    pub which: Where,

    /// Consent.
    #[command(flatten)]
    pub consent: Yes,
}

impl Capture {
    /// The command that plans the same again, on one line: with the answers, and without what says what to do with it.
    pub(super) fn command_again(&self) -> String {
        let mut again = Self { dry_run: false, write: false, ..self.clone() }.command();
        self.answers.push_to(&mut again, |_| true);
        // a comment ends at the line
        again.lines().collect::<Vec<_>>().join(" ")
    }

    /// The command as it was typed, with the answers.
    pub(super) fn command_line(&self) -> String {
        let mut text = self.command();
        self.answers.push_to(&mut text, |_| true);
        text
    }

    /// The command as it was typed, without the answers.
    pub(super) fn command(&self) -> String {
        let mut text = CAPTURE.to_owned();
        if let Some(name) = &self.name {
            // writing to a string cannot fail
            let _ = write!(text, " {}", shell_flag("--name", name));
        }
        for (set, flag) in [(self.dry_run, " --dry-run"), (self.write, " --write")] {
            text.push_str(if set { flag } else { "" });
        }
        text
    }
}
