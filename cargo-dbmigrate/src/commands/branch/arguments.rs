//! The arguments of `branch`.

use clap::{Args, Subcommand};

use crate::project::Yes;
use crate::project::url::{Connect, databases_help};

/// What needs a database of Turso Cloud.
pub(super) const WHAT: &str = "`branch`";

/// The arguments.
#[derive(Debug, Clone, Args)]
pub(crate) struct Branch {
    /// What to do.
    #[command(subcommand)]
    pub kind: Kind,
}

/// What can be done.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Kind {
    /// List the branches that were made by this tool
    List(List),
    /// Drop branches that were made by this tool
    Drop(Drop),
}

/// The arguments of `branch list`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = concat!("\
Needs TURSO_API_TOKEN, a platform token (`turso auth api-tokens mint NAME`).

", databases_help!()))]
pub(crate) struct List {
    /// Which database.
    #[command(flatten)]
    pub connect: Connect,
}

/// The arguments of `branch drop`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = concat!("\
Drops copies that `migrate --branch` and `restore --at` have made, and nothing
else. Needs TURSO_API_TOKEN, a platform token with the right db:delete.

", databases_help!()))]
pub(crate) struct Drop {
    /// Names of the branches
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,

    /// Consent.
    #[command(flatten)]
    pub consent: Yes,
}
