//! What git has of a file, asked only where something went wrong: a command that is suggested has to work as typed.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use dbmigrate_core::folder::error::InGit;
use dbmigrate_core::shell::{shell_quoted, shell_word};

/// What git has of a file or directory, be it on the disk or not.
pub(crate) fn look(path: &Path) -> InGit {
    let Some(status) = run(&["status", "--porcelain", "-z", "--"], path) else { return InGit::Nothing };
    let codes: Vec<(u8, u8)> = status
        .split(|byte| *byte == 0)
        .filter(|entry| entry.len() > 3 && entry[2] == b' ')
        .map(|entry| (entry[0], entry[1]))
        .collect();
    let word = shell_word(path);
    if codes.iter().any(|code| matches!(code, (b'U', _) | (_, b'U') | (b'A', b'A') | (b'D', b'D'))) {
        return InGit::Unmerged;
    }
    if codes.iter().any(|(_, in_tree)| b"MDT".contains(in_tree)) {
        return InGit::Restorable(format!("git restore {word}"));
    }
    if codes.iter().any(|(in_index, _)| b"MDT".contains(in_index)) {
        return InGit::Restorable(format!("git restore --source=HEAD --staged --worktree {word}"));
    }
    let is_committed = codes.is_empty() && run(&["ls-files", "--error-unmatch", "-z", "--"], path).is_some();
    if is_committed && has_log(path) { InGit::Same } else { InGit::Nothing }
}

/// Whether everything that lies there is in a commit.
pub(crate) fn is_committed(path: &Path) -> bool {
    look(path) == InGit::Same
}

/// Whether git has a commit that is about a path.
pub(crate) fn has_log(path: &Path) -> bool {
    run(&["log", "-1", "--format=%h", "--"], path).is_some_and(|log| !log.is_empty())
}

/// Where to read what became of a migration: a command that shows something, if there is one.
pub(crate) fn log_of(migration: &str) -> Option<String> {
    let pathspec = format!(":/*{migration}/*");
    let arguments = ["log", "--all", "-1", "--format=%h", "--"];
    run(&arguments, pathspec.as_ref()).filter(|log| !log.is_empty())?;
    Some(format!("git log --all -p -- {}", shell_quoted(&pathspec)))
}

/// Whether there is something that `git pull` would pull from.
pub(crate) fn has_upstream() -> bool {
    output(Command::new("git").args(["rev-parse", "--abbrev-ref", "@{upstream}"])).is_some()
}

/// The output of git about a path, if it has one.
fn run(arguments: &[&str], path: &Path) -> Option<Vec<u8>> {
    output(Command::new("git").args(arguments).arg(path)).map(|output| output.stdout)
}

fn output(command: &mut Command) -> Option<Output> {
    // nothing is written, the index included
    let command = command.env("GIT_OPTIONAL_LOCKS", "0").stdin(Stdio::null()).stderr(Stdio::null());
    command.output().ok().filter(|output| output.status.success())
}
