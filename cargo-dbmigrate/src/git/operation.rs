//! What git is in the middle of: which commit is merged into which.

use std::path::{Path, PathBuf};

use super::{at, commit, file_in_index, parents};

/// What git is in the middle of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Nothing that it knows of.
    None,
    /// A merge of these commits into what is checked out.
    Merge(Vec<String>),
    /// A merge that will be no merge commit: of what it merges, the index has the files only.
    SquashMerge,
    /// A rebase or a cherry-pick: the commit that is applied to what is checked out, and the one before it.
    Replay {
        /// The commit.
        commit: String,
        /// The one that it came after.
        before: Option<String>,
        /// Whether it is a rebase.
        is_rebase: bool,
    },
    /// A revert of a commit.
    Revert(String),
    /// Changes that were in no commit are applied to what is checked out.
    Stash,
}

impl Operation {
    /// The command that goes on with it.
    pub(crate) fn resume(&self) -> Option<&'static str> {
        Some(match self {
            Self::None | Self::Stash => return None,
            Self::Merge(_) => "git merge --continue",
            Self::SquashMerge => "git commit",
            Self::Replay { is_rebase: true, .. } => "git rebase --continue",
            Self::Replay { is_rebase: false, .. } => "git cherry-pick --continue",
            Self::Revert(_) => "git revert --continue",
        })
    }
}

/// What git is in the middle of in the repository of a folder; `file` is one of its files that may be in conflict.
pub(crate) fn operation(folder: &Path, file: &str) -> Operation {
    let merged = merge_heads(folder);
    if !merged.is_empty() {
        return Operation::Merge(merged);
    }
    if let Some(reverted) = commit(folder, "REVERT_HEAD") {
        return Operation::Revert(reverted);
    }
    let is_rebase =
        ["rebase-merge", "rebase-apply"].iter().any(|name| git_path(folder, name).is_some_and(|it| it.exists()));
    let names = if is_rebase { &["REBASE_HEAD", "CHERRY_PICK_HEAD"][..] } else { &["CHERRY_PICK_HEAD"] };
    if let Some(commit) = names.iter().find_map(|name| commit(folder, name)) {
        let before = parents(folder, &commit).into_iter().next();
        return Operation::Replay { commit, before, is_rebase };
    }
    let is_unmerged = file_in_index(folder, 3, file).is_some();
    let is_squash = git_path(folder, "SQUASH_MSG").is_some_and(|path| path.exists());
    match (is_squash, is_unmerged) {
        (true, _) => Operation::SquashMerge,
        (false, true) => Operation::Stash,
        (false, false) => Operation::None,
    }
}

/// The commits that are merged: more than one if several are at once.
fn merge_heads(folder: &Path) -> Vec<String> {
    let text = git_path(folder, "MERGE_HEAD").and_then(|path| std::fs::read_to_string(path).ok());
    text.map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
}

/// A file of the repository itself.
fn git_path(folder: &Path, name: &str) -> Option<PathBuf> {
    Some(folder.join(at(folder, &["rev-parse", "--git-path", name])?))
}
