//! `summary merge`: one summary of runs on the shards of a fleet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Deserialize;

use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages::RolledOut;
use crate::project::path;
use crate::report::Printer;
use crate::rollout::{Shard, concluded, merged};

/// The arguments.
#[derive(Debug, Clone, Args)]
pub(crate) struct Summary {
    /// What is done.
    #[command(subcommand)]
    pub command: SummaryCommand,
}

/// What can be done with summaries.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum SummaryCommand {
    /// Merge the summaries of runs with `--shard` into one
    Merge(Merge),
}

/// The arguments of `summary merge`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Merge {
    /// What `migrate --shard … --summary FILE` has written, a file a shard; or
    /// what it has printed as JSON, or the outputs of the jobs of a workflow
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// Exit code 2 for files that are no such summaries, or of several fleets; 6 if members or shards are missing.
pub(crate) fn run(printer: &Printer, arguments: &Summary) -> Result<u8> {
    let SummaryCommand::Merge(Merge { files }) = &arguments.command;
    let mut parts: Vec<(String, RolledOut)> = Vec::new();
    for file in files {
        let shown = path::for_display(file).display().to_string();
        for (shown, part) in read(file, &shown)? {
            if let Some((first, other)) = parts.first().filter(|(_, other)| other.target != part.target) {
                let message = format!("`{first}` is about `{}`, and `{shown}` about `{}`", other.target, part.target);
                return Err(CommandError::usage(message).help("merge the runs of one fleet"));
            }
            parts.push((shown, part));
        }
    }
    let missing = missing(&parts)?;
    let parts: Vec<RolledOut> = parts.into_iter().map(|(_, part)| part).collect();
    let sums = merged(&parts);
    let error = concluded(&printer.on_target(&sums.target), &sums, (None, None));
    if missing.is_empty() {
        return error.map_or(Ok(exit::DONE), Err);
    }
    let message = format!("no summary of the shards {} of `{}`", missing.join(", "), sums.target);
    let error = error.unwrap_or_else(|| CommandError::new(exit::MEMBERS, message.clone())).note(message);
    Err(error.help(format!("run them: `cargo dbmigrate migrate -t {} --shard {}`", sums.target, missing[0])))
}

/// A line of a run.
#[derive(Deserialize)]
struct Line {
    reason: String,
}

/// The summary in what a run has printed, which is the last one, or those in the outputs of the jobs of a matrix, which
/// are texts with names. Each with where it is.
fn read(file: &Path, shown: &str) -> Result<Vec<(String, RolledOut)>> {
    let text = std::fs::read_to_string(file).map_err(|error| CommandError::io("read", file, &error))?;
    if let Ok(outputs) = serde_json::from_str::<BTreeMap<String, String>>(&text)
        && !outputs.is_empty()
    {
        // a job that was killed has none
        let said = outputs.iter().filter(|(_, text)| !text.trim().is_empty());
        return said.map(|(name, text)| Ok((format!("{shown}: {name}"), last(text, shown)?))).collect();
    }
    Ok(vec![(shown.to_owned(), last(&text, shown)?)])
}

fn last(text: &str, shown: &str) -> Result<RolledOut> {
    let is_summary = |line: &&str| serde_json::from_str::<Line>(line).is_ok_and(|line| line.reason == "rolled_out");
    let line = text.lines().rev().find(is_summary);
    line.and_then(|line| serde_json::from_str(line).ok()).ok_or_else(|| {
        CommandError::usage(format!("`{shown}` has no summary of a roll-out in it"))
            .note("it is the line with `\"reason\":\"rolled_out\"`, near the end")
            .help("a run writes one: `cargo dbmigrate migrate -t FLEET --shard 1/16 --summary FILE`")
    })
}

/// The shards of which there is no summary.
///
/// # Errors
/// Exit code 2 if one is there twice, or they are not those of one partition.
fn missing(parts: &[(String, RolledOut)]) -> Result<Vec<String>> {
    let mut seen: BTreeMap<u64, &str> = BTreeMap::new();
    let mut of = None;
    for (shown, part) in parts {
        let Some(shard) = part.shard.as_deref().and_then(|shard| shard.parse::<Shard>().ok()) else {
            if parts.len() == 1 {
                return Ok(Vec::new());
            }
            return Err(CommandError::usage(format!("`{shown}` is about all members, and not about a shard"))
                .help("merge what runs with `--shard K/N` have printed"));
        };
        let all = *of.get_or_insert(shard.of());
        if shard.of() != all {
            return Err(CommandError::usage(format!("`{shown}` is about one of {} shards, not of {all}", shard.of()))
                .help("merge the runs of one roll-out"));
        }
        if let Some(other) = seen.insert(shard.number(), shown) {
            return Err(CommandError::usage(format!("`{other}` and `{shown}` are both about the shard {shard}"))
                .help("name one of them"));
        }
    }
    let of = of.unwrap_or(0);
    Ok((1..=of).filter(|number| !seen.contains_key(number)).map(|number| format!("{number}/{of}")).collect())
}
