//! What git calls the branches that a lock has several heads of.

use std::path::Path;

use dbmigrate_core::folder::heads::{Branch, Heads};

use super::operation::{Operation, operation};
use super::{at, file_at, name_of, parents};

/// How many branches are looked at, the last ones that somebody has worked on.
const MOST_BRANCHES: &str = "20";

/// How each of them is named: by its branch, and by what git knows it as in the middle of a merge.
pub(crate) fn names(lock: &Path, branches: &[Branch]) -> Vec<Option<String>> {
    let mut names = vec![None; branches.len()];
    let (Some(folder), Some(file)) = (lock.parent(), lock.file_name().and_then(|name| name.to_str())) else {
        return names;
    };
    let file = format!("./{file}");
    let mut commits = vec![("HEAD".to_owned(), Some("HEAD"))];
    match operation(folder, &file) {
        Operation::Merge(merged) => {
            commits.extend(merged.into_iter().map(|commit| (commit, Some("MERGE_HEAD"))));
        }
        Operation::Replay { commit, is_rebase, .. } => {
            let word = if is_rebase { "REBASE_HEAD" } else { "CHERRY_PICK_HEAD" };
            commits.push((commit, Some(word)));
        }
        Operation::Revert(commit) => commits.push((commit, Some("REVERT_HEAD"))),
        Operation::None | Operation::SquashMerge | Operation::Stash => {
            commits.extend(parents(folder, "HEAD").into_iter().map(|commit| (commit, None)));
        }
    }
    name(folder, &file, branches, commits, &mut names);
    // which branch a merge has come from is nowhere, once it is committed
    if names.iter().any(Option::is_none) {
        let newest = ["for-each-ref", "--sort=-committerdate", "--count", MOST_BRANCHES, "--format=%(refname:short)"];
        let all = at(folder, &[&newest[..], &["refs/heads", "refs/remotes"]].concat()).unwrap_or_default();
        name(folder, &file, branches, all.lines().map(|branch| (branch.to_owned(), None)), &mut names);
    }
    names
}

/// Names those whose history one of these commits has.
fn name(
    folder: &Path,
    file: &str,
    branches: &[Branch],
    commits: impl IntoIterator<Item = (String, Option<&'static str>)>,
    names: &mut [Option<String>],
) {
    for (commit, word) in commits {
        if names.iter().all(Option::is_some) {
            return;
        }
        let Some(text) = file_at(folder, &commit, file).and_then(|text| String::from_utf8(text).ok()) else { continue };
        let histories = Heads::read(&text).histories;
        let [history] = &histories[..] else { continue };
        let ends = |branch: &Branch| {
            let last = history.iter().rev().map(|migration| &migration.name);
            !branch.added.is_empty()
                && branch.added.len() <= history.len()
                && last.zip(branch.added.iter().rev()).all(|(one, other)| one == other)
        };
        let found = branches.iter().zip(names.iter_mut()).find(|(branch, name)| name.is_none() && ends(branch));
        if let Some((_, name)) = found {
            let called = name_of(folder, &commit);
            *name = Some(match word {
                Some(word) if word != called => format!("`{called}` ({word})"),
                _ => format!("`{called}`"),
            });
        }
    }
}
