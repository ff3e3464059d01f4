//! Which migrations are looked at: those that the base branch does not have.

use std::path::Path;

use dbmigrate_core::config::is_blank;
use dbmigrate_core::engine::remote::RemoteUrl;
use dbmigrate_core::folder::{Folder, Lock, Migration, lock};
use dbmigrate_core::lint::Target;

use crate::error::{CommandError, Result};
use crate::git::{self, Missing};
use crate::project::Context;
use crate::{exit, report};

/// The lock within the folder, as git takes it.
const LOCK: &str = "./migrations.lock";

/// Where pipelines say what a pull or merge request goes to, and what stands before it.
pub(crate) const VARIABLES: [(&str, &str); 2] =
    [("CI_MERGE_REQUEST_DIFF_BASE_SHA", ""), ("GITHUB_BASE_REF", "origin/")];

/// What migrations are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Since {
    /// What another branch, commit or lock has.
    Base {
        /// How it is called.
        label: String,
        /// Its migrations.
        migrations: Vec<Migration>,
    },
    /// Nothing: all are new.
    Nothing,
}

impl Since {
    /// What was typed: a lock, or what git calls a commit.
    ///
    /// # Errors
    /// Exit code 2 if it is neither, 5 if its lock cannot be read.
    pub(crate) fn typed(folder: &Folder, typed: &str) -> Result<Self> {
        let path = Path::new(typed);
        if path.is_file() {
            let text = std::fs::read_to_string(path).map_err(|error| CommandError::io("read", path, &error))?;
            return Self::of_lock(typed, Some(&text));
        }
        let Some(commit) = git::commit(folder.path(), typed) else {
            let error = CommandError::usage(format!("`--since {typed}` is no commit and no file"));
            return Err(error
                .help("a branch, as git knows it: `cargo dbmigrate check --since NAME`")
                .help("if it was not fetched: `git fetch origin`"));
        };
        Self::at(folder, &commit, typed)
    }

    /// What nobody typed: the commit from which this branch and the one that it goes to have parted.
    ///
    /// # Errors
    /// Exit code 5 if the lock of that commit cannot be read.
    pub(crate) fn parted(context: &Context, folder: &Folder) -> Result<Self> {
        if !git::is_inside(folder.path()) {
            return Ok(Self::Nothing);
        }
        let named = |(variable, before): (&str, &str)| {
            std::env::var(variable).ok().filter(|value| !is_blank(value)).map(|value| format!("{before}{value}"))
        };
        let of_pipeline = VARIABLES.into_iter().find_map(named);
        let base = of_pipeline
            .or_else(|| git::default_branch(folder.path()).map(|branch| format!("origin/{branch}")))
            .or_else(|| git::usual_branch(folder.path()).map(str::to_owned));
        // a repository without a commit, or with branches of other names
        let Some(base) = base else { return Ok(Self::Nothing) };
        match git::merge_base(folder.path(), &base) {
            Ok(commit) => Self::at(folder, &commit, &base),
            // what was fetched of it says what it has
            Err(Missing::Depth | Missing::Ancestor) => Self::at(folder, &base, &base),
            Err(Missing::Commit) => {
                context.printer.warning(
                    &format!("git has no commit `{base}`, so all migrations are linted"),
                    &[
                        "fetch it: `git fetch origin`".to_owned(),
                        "or name what this branch is compared with: `cargo dbmigrate check --since NAME`".to_owned(),
                    ],
                );
                Ok(Self::Nothing)
            }
        }
    }

    /// What a commit has.
    fn at(folder: &Folder, commit: &str, label: &str) -> Result<Self> {
        let text = git::file_at(folder.path(), commit, LOCK);
        let text = text.map(|text| String::from_utf8_lossy(&text).into_owned());
        Self::of_lock(label, text.as_deref())
    }

    fn of_lock(label: &str, text: Option<&str>) -> Result<Self> {
        let lock = Lock::parse(text.unwrap_or_default()).map_err(|error| {
            let message = format!("`{}` of `{label}` cannot be read: {}", lock::FILE_NAME, error.problem);
            CommandError::new(exit::INCONSISTENT, message)
        });
        let migrations = match text {
            Some(_) => lock?.migrations().to_vec(),
            None => Vec::new(),
        };
        Ok(Self::Base { label: label.to_owned(), migrations })
    }

    /// The migrations that it does not have, as they are now.
    pub(crate) fn new_ones<'f>(&self, folder: &'f Folder) -> Vec<&'f Migration> {
        let all = folder.migrations().iter();
        match self {
            Self::Nothing => all.collect(),
            Self::Base { migrations, .. } => all.filter(|one| !has(migrations, one)).collect(),
        }
    }

    /// How what it is compared with is called.
    pub(crate) fn label(&self) -> Option<&str> {
        match self {
            Self::Base { label, .. } => Some(label),
            Self::Nothing => None,
        }
    }

    /// `2 migrations that main does not have`, of as many.
    pub(crate) fn said(&self, count: usize) -> String {
        let migrations = report::counted(count, "migration");
        match self {
            Self::Base { label, .. } => format!("{migrations} that `{label}` does not have"),
            Self::Nothing => migrations,
        }
    }
}

/// Whether a branch has a migration: itself, or all that it replaces, which databases then have been through.
fn has(migrations: &[Migration], one: &Migration) -> bool {
    let originals: Vec<&Migration> = migrations.iter().flat_map(Migration::with_replaced).collect();
    let is_there = |wanted: &Migration| originals.iter().any(|other| other.is_same(wanted));
    is_there(one) || (!one.replaces.is_empty() && one.originals().into_iter().all(is_there))
}

/// What is known of the databases that the migrations are for, without asking them: whether one is on a server. Of one
/// whose URL is in a variable that is not set here, that is what is most likely.
///
/// # Errors
/// Exit code 2 if a variable or `.env` cannot be read.
pub(crate) fn target(context: &Context) -> Result<Target> {
    let is_remote = |url: &str| RemoteUrl::is_remote(url.trim());
    let config = &context.config;
    let of_variable =
        |name: &str| -> Result<Option<String>> { Ok(context.variable(name)?.filter(|url| !is_blank(url))) };
    let own = of_variable(config.url_variable())?.or_else(|| config.url.clone());
    let mut is_server = own.as_deref().is_some_and(is_remote);
    for target in &config.targets {
        is_server |= match (&target.url, target.url_variable()) {
            (Some(url), _) => is_remote(url),
            (None, Some(variable)) => of_variable(variable)?.is_none_or(|url| is_remote(&url)),
            (None, None) => false,
        };
    }
    Ok(Target { is_server, ..Target::default() })
}
