//! What the branch that is compared with has: the lock, as it was where both have parted.

use dbmigrate_core::folder::Lock;
use dbmigrate_core::folder::lock;

use crate::commands::ci::facts::within;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::git::{self, Missing};
use crate::linting::scope::VARIABLES;
use crate::project::Context;

/// A commit, and the migrations that it has.
pub(super) struct Since {
    /// Its name.
    pub commit: String,
    /// The lock; empty if it had none.
    pub lock: Lock,
}

/// Finds it.
///
/// # Errors
/// Exit code 2 if there is nothing to compare with, 1 if the history does not reach that far.
pub(super) fn find(context: &Context, base: Option<&str>) -> Result<Since> {
    let package = &context.package.root;
    let root = git::top_of(package).ok_or_else(|| {
        CommandError::usage(format!("`{}` is not in a git repository", package.display()))
            .help("create one: `git init`")
    })?;
    let named = |(variable, before): (&str, &str)| {
        std::env::var(variable).ok().filter(|value| !value.trim().is_empty()).map(|value| format!("{before}{value}"))
    };
    let base = base
        .map(str::to_owned)
        .or_else(|| VARIABLES.into_iter().find_map(named))
        .or_else(|| git::default_branch(&root).map(|branch| format!("origin/{branch}")))
        .or_else(|| git::usual_branch(&root).map(str::to_owned))
        .ok_or_else(|| {
            CommandError::usage("which branch to compare with? `origin` has no default branch, and no branch is `main`")
                .help("name it: `cargo dbmigrate ci report --base BRANCH`")
        })?;
    let commit = git::merge_base(&root, &base).map_err(|missing| match missing {
        Missing::Commit => CommandError::usage(format!("git has no commit `{base}`"))
            .help("name another branch or commit, or fetch it: `git fetch origin`"),
        Missing::Depth => {
            CommandError::failed(format!("the history does not reach to where this branch and `{base}` part"))
                .help("fetch all of it: `git fetch --unshallow`")
                .help("in GitHub Actions, set `fetch-depth: 0` for `actions/checkout`")
        }
        Missing::Ancestor => CommandError::usage(format!("this branch and `{base}` have no commit in common")),
    })?;
    let file = within(&root, &package.join(&context.config.migrations))? + "/" + lock::FILE_NAME;
    let lock = match git::file_at(&root, &commit, &file) {
        None => Lock::default(),
        Some(bytes) => Lock::parse(&String::from_utf8_lossy(&bytes)).map_err(|error| {
            let message =
                format!("`{file}` of commit `{}` is wrong in line {}", &commit[..commit.len().min(12)], error.line);
            CommandError::new(exit::INCONSISTENT, message)
        })?,
    };
    Ok(Since { commit, lock })
}
