//! The arguments of `ci`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::project::url::Connect;
use crate::rehearsing::Rehearse;

/// The arguments.
#[derive(Debug, Clone, Args)]
#[command(disable_help_subcommand = true)]
pub(crate) struct Ci {
    /// What for.
    #[command(subcommand)]
    pub kind: Kind,
}

/// The pipelines, and what they say.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Kind {
    /// Write workflows for GitHub Actions: check, report, migrate, seed
    Github(Write),
    /// Write a pipeline for GitLab to include: check, report, migrate, seed
    Gitlab(Write),
    /// Report which migrations a branch adds, as Markdown
    Report(Report),
}

/// The arguments of those that write files.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Files that were edited by hand are not overwritten without --overwrite: exit
code 3. With --check, exits with 4 if a file is missing or differs.")]
pub(crate) struct Write {
    /// Print the files, write nothing
    #[arg(long, conflicts_with = "check")]
    pub dry_run: bool,

    /// Compare the files with what would be written, write nothing
    #[arg(long)]
    pub check: bool,

    /// Overwrite files that were edited by hand
    #[arg(long, alias = "force", conflicts_with_all = ["check", "dry_run"])]
    pub overwrite: bool,

    /// Branch whose pushes migrate the database [default: that of `origin`]
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,

    /// In how many parts fleets are migrated, each by a job of its own [default: 1]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub shards: Option<u32>,

    /// What deploys, for phased changes: a workflow, or a job of GitLab [default: as written]
    #[arg(long, value_name = "NAME")]
    pub deploy: Option<String>,

    /// Program with the steps in Rust [default: as written]
    #[arg(long, value_name = "BIN", value_parser = program)]
    pub with: Option<String>,
}

/// The name of a program, as cargo takes it: nothing in it means anything to a shell.
fn program(text: &str) -> Result<String, String> {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
    let is_name = text.starts_with(|char: char| char.is_ascii_alphanumeric()) && text.chars().all(is_plain);
    if is_name { Ok(text.to_owned()) } else { Err("not the name of a program".to_owned()) }
}

/// The arguments of the report.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Without --base, the branch that a pull or merge request goes to in CI, else the
default branch of `origin`, else main or master. Databases are only asked if they
are named.")]
pub(crate) struct Report {
    /// Branch or commit to compare with, from where both have parted
    #[arg(long, value_name = "REF")]
    pub base: Option<String>,

    /// File to write instead of the standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Rehearsal.
    #[command(flatten)]
    pub rehearse: Rehearse,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,
}
