//! What can be wrong with a migrations folder, each with the next step to take.

mod words;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fmt, io};

use words::{accept_edit, name_of, quoted, write_branched};

use super::heads::{Branch, in_order_of_numbers};
use super::lock::LockProblem;
use super::name::MigrationName;
use super::{SNAPSHOT_FILE, snapshot};
use crate::shell::{shell_quoted, shell_word};

/// The command that makes one history of two.
const REBASE: &str = "cargo dbmigrate rebase";

/// An error of the migrations folder. Its text is one line; [`FolderError::help`] says what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum FolderError {
    /// A `migration.sql` is not the one that the lock lists.
    EditedSql {
        /// The file.
        path: PathBuf,
        /// Whether no migration comes after it.
        is_last: bool,
    },
    /// A `snapshot.json` is not the one that the lock lists.
    EditedSnapshot {
        /// The file.
        path: PathBuf,
    },
    /// A file or directory that the lock lists does not exist.
    Missing {
        /// The file or directory.
        path: PathBuf,
    },
    /// A directory that the lock lists has another name.
    Renamed {
        /// The directory.
        path: PathBuf,
        /// The name that the lock lists.
        name: String,
    },
    /// Two directories have the same number, and no lock says which one is first.
    SameNumber {
        /// One of them.
        path: PathBuf,
        /// The name of the other.
        other: String,
    },
    /// There are migrations, but no lock.
    MissingLock {
        /// The lock.
        path: PathBuf,
    },
    /// A directory that the lock does not list.
    Unlisted {
        /// The directory.
        path: PathBuf,
        /// The last migration that the lock lists.
        head: Option<MigrationName>,
    },
    /// Branches have each added migrations, and a merge has left the migrations of all of them.
    Branched {
        /// The lock.
        path: PathBuf,
        /// The last migration that they have in common, as far as it is known.
        since: Option<MigrationName>,
        /// What each has added.
        branches: Vec<Branch>,
        /// Whether the lock lists all of them; else the first one only.
        is_listed: bool,
    },
    /// An SQL file that is not in the directory of a migration.
    StrayFile {
        /// The file.
        path: PathBuf,
    },
    /// A merge has left its markers in a file.
    Conflict {
        /// The file.
        path: PathBuf,
        /// The line of the first marker, counted from 1.
        line: usize,
    },
    /// The lock was changed by hand.
    TamperedLock {
        /// The lock.
        path: PathBuf,
        /// The first line that does not fit, counted from 1.
        line: usize,
        /// What does not fit.
        problem: LockProblem,
    },
    /// A later version of the tool wrote a file.
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: u32,
        /// The newest format that can be read.
        newest: u32,
    },
    /// A file is not text.
    NotUtf8 {
        /// The file.
        path: PathBuf,
    },
    /// A snapshot that the lock vouches for cannot be read.
    BrokenSnapshot {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The snapshots of a program's migrations are not part of it.
    NotEmbedded {
        /// Where the file would be.
        path: PathBuf,
        /// Why the schema is not known in another way either.
        reason: Option<String>,
    },
    /// Somebody else has written to the folder since it was read.
    ChangedMeanwhile {
        /// The file or directory.
        path: PathBuf,
    },
    /// A file cannot be written.
    NotWritable {
        /// The migrations folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be read.
    NotReadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path().display();
        match self {
            Self::EditedSql { .. } => write!(f, "`{path}` was edited after it was recorded in `migrations.lock`"),
            Self::EditedSnapshot { .. } => {
                write!(f, "`{path}` was edited, but only cargo-dbmigrate writes snapshots")
            }
            Self::Missing { .. } => write!(f, "`{path}` is missing, but `migrations.lock` lists it"),
            Self::Renamed { name, .. } => write!(f, "`{path}` is `{name}` under another name"),
            Self::SameNumber { other, .. } => {
                write!(f, "`{path}` has the same number as `{other}`, so that their order is unknown without a lock")
            }
            Self::MissingLock { .. } => write!(f, "`{path}` is missing, but there are migrations next to it"),
            Self::Unlisted { .. } => write!(f, "`{path}` is not listed in `migrations.lock`"),
            Self::Branched { branches, is_listed, .. } => write_branched(f, &path, branches, *is_listed),
            Self::StrayFile { .. } => {
                write!(f, "`{path}` is not part of a migration: a migration is a directory made by `generate`")
            }
            Self::Conflict { line, .. } => {
                write!(f, "`{path}` has merge conflict markers at line {line}")
            }
            Self::TamperedLock { line, problem, .. } => {
                write!(f, "`{path}` was changed by hand, at line {line}: {problem}")
            }
            Self::Newer { format, newest, .. } => write!(
                f,
                "`{path}` was written by a newer version of cargo-dbmigrate (format {format}, this version reads up to \
                 {newest})"
            ),
            Self::NotUtf8 { .. } => write!(f, "`{path}` is not UTF-8 text"),
            Self::BrokenSnapshot { source, .. } => write!(f, "`{path}` cannot be read: {source}"),
            Self::NotEmbedded { reason: None, .. } => write!(f, "`{path}` is not embedded in the program"),
            Self::NotEmbedded { reason: Some(reason), .. } => {
                write!(
                    f,
                    "`{path}` is not embedded in the program and cannot be rebuilt from its migrations: \
                           {reason}"
                )
            }
            Self::ChangedMeanwhile { .. } => {
                write!(f, "another program changed `{path}` in the meantime; nothing was written")
            }
            Self::NotWritable { source, .. } => {
                write!(f, "cannot write to `{path}`: {source}; no partial file was left")
            }
            Self::NotReadable { source, .. } => write!(f, "cannot read `{path}`: {source}"),
        }
    }
}

impl Error for FolderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::BrokenSnapshot { source, .. } => Some(source),
            Self::NotWritable { source, .. } | Self::NotReadable { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl FolderError {
    /// Whether the files contradict each other, as opposed to a file that could not be read or written.
    pub fn is_inconsistency(&self) -> bool {
        !matches!(self, Self::NotWritable { .. } | Self::NotReadable { .. } | Self::NotEmbedded { .. })
    }

    /// The file or directory that it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::EditedSql { path, .. }
            | Self::EditedSnapshot { path }
            | Self::Missing { path }
            | Self::Renamed { path, .. }
            | Self::SameNumber { path, .. }
            | Self::MissingLock { path }
            | Self::Unlisted { path, .. }
            | Self::Branched { path, .. }
            | Self::StrayFile { path }
            | Self::Conflict { path, .. }
            | Self::TamperedLock { path, .. }
            | Self::Newer { path, .. }
            | Self::NotUtf8 { path }
            | Self::BrokenSnapshot { path, .. }
            | Self::ChangedMeanwhile { path }
            | Self::NotWritable { path, .. }
            | Self::NotReadable { path, .. }
            | Self::NotEmbedded { path, .. } => path,
        }
    }

    /// What to do about it, one line each; commands are in backticks and can be typed as they stand, if git has the
    /// files.
    pub fn help(&self) -> Vec<String> {
        let unmerged = matches!(self, Self::Conflict { .. });
        let known = |path: &Path| match unmerged {
            true => InGit::Unmerged,
            false => InGit::Restorable(format!("git restore {}", shell_word(path))),
        };
        self.help_knowing(known)
    }

    /// The same where it is known what git has of a file.
    pub fn help_knowing(&self, git: impl Fn(&Path) -> InGit) -> Vec<String> {
        let path = shell_word(self.path());
        match self {
            Self::EditedSql { path: file, is_last: true } => vec![
                "if no database has it yet, record the edit: `cargo dbmigrate generate --custom`".to_owned(),
                match git(file) {
                    InGit::Restorable(command) => {
                        format!("otherwise undo the edit: `{command}`, then write a new migration")
                    }
                    InGit::Same => format!("otherwise undo the edit by hand; to see it: `git log -p -- {path}`"),
                    _ => "or remove the migration and the edit, which is not in git: `cargo dbmigrate generate --undo \
                          --accept edits`"
                        .to_owned(),
                },
                accept_edit(file),
            ],
            Self::EditedSql { path: file, is_last: false } => vec![
                match git(file) {
                    InGit::Restorable(command) => format!("undo the edit: `{command}`"),
                    InGit::Same => format!("undo the edit by hand; to see it: `git log -p -- {path}`"),
                    _ => "undo the edit by hand: git has no other version of the file".to_owned(),
                },
                "write a new migration instead: `cargo dbmigrate generate --custom`".to_owned(),
                accept_edit(file),
            ],
            Self::TamperedLock { problem: LockProblem::Twice(_), .. } => {
                vec![format!("if a merge did it, write the lock again: `{REBASE}`")]
            }
            Self::TamperedLock { path: file, problem: LockProblem::Gap { name, .. }, .. } => vec![
                match git(file) {
                    InGit::Restorable(command) => format!("restore the line: `{command}`"),
                    InGit::Unmerged => "if `git revert` did it, undo that: `git revert --abort`".to_owned(),
                    _ => format!("restore the line; to see it: `git log -p -- {path}`"),
                },
                format!("to take a migration back while `{name}` stays: `cargo dbmigrate revert NAME`"),
            ],
            Self::MissingLock { path: file } | Self::TamperedLock { path: file, .. } => vec![
                match git(file) {
                    InGit::Restorable(command) => format!("restore it: `{command}`"),
                    InGit::Same => format!("undo the change by hand; to see it: `git log -p -- {path}`"),
                    _ => "it is not in git: copy it from another checkout or a backup".to_owned(),
                },
                "or make it again from the directories: `cargo dbmigrate repair --lock`".to_owned(),
            ],
            Self::EditedSnapshot { path: file }
            | Self::Missing { path: file }
            | Self::NotUtf8 { path: file }
            | Self::BrokenSnapshot { path: file, .. } => {
                let mut lines = match git(file) {
                    InGit::Restorable(command) => vec![format!("restore it: `{command}`")],
                    InGit::Same => vec![format!("undo the change by hand; to see it: `git log -p -- {path}`")],
                    _ => vec![
                        "it is not in git: copy it from another checkout or a backup".to_owned(),
                        "if it belongs to the last migration, remove that: `cargo dbmigrate generate --undo`"
                            .to_owned(),
                    ],
                };
                if file.ends_with(SNAPSHOT_FILE)
                    && let Some(name) = name_of(file)
                {
                    lines
                        .push(format!("or write it again: `cargo dbmigrate repair --snapshot {}`", shell_quoted(name)));
                }
                lines
            }
            Self::Renamed { path: file, name } => {
                let back = file.with_file_name(name);
                let new = file.file_name().unwrap_or_default().to_string_lossy();
                vec![
                    format!("give it its name back: `mv {path} {}`", shell_word(&back)),
                    format!("or keep the new one: `cargo dbmigrate repair --renamed {}`", shell_quoted(&new)),
                ]
            }
            Self::SameNumber { .. } => {
                vec!["restore the lock from version control, another checkout or a backup".to_owned()]
            }
            Self::Unlisted { .. } => vec![
                format!(
                    "if it is left from an interrupted `generate`, delete it: `rm -r {path}`, then generate \
                         again"
                ),
                format!("if it came with a merge, put one branch's migrations behind the other's: `{REBASE}`"),
            ],
            Self::Branched { .. } => {
                vec![format!("put the migrations of this branch behind the others: `{REBASE}`")]
            }
            Self::StrayFile { .. } => {
                vec!["move the statements to a new migration: `cargo dbmigrate generate --custom`".to_owned()]
            }
            Self::Conflict { path, .. } if path.ends_with(super::lock::FILE_NAME) => {
                vec![format!("write the lock again: `{REBASE}`")]
            }
            Self::Conflict { path: file, line } if git(file) != InGit::Unmerged => {
                vec![format!("edit the file: keep one side of each conflict, from line {line} on")]
            }
            Self::Conflict { .. } => vec![format!(
                "keep the file of the branch whose `migrations.lock` you keep: `git checkout --ours {path}` or `git \
                 checkout --theirs {path}`"
            )],
            Self::Newer { .. } => vec!["update the tool: `cargo install cargo-dbmigrate`".to_owned()],
            Self::ChangedMeanwhile { .. } => vec!["run the command again".to_owned()],
            Self::NotEmbedded { .. } => {
                vec!["compare with cargo-dbmigrate, which reads the folder: `cargo dbmigrate status`".to_owned()]
            }
            Self::NotWritable { source, .. } | Self::NotReadable { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied => vec![format!("see its owner and permissions: `ls -ld {path}`")],
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    vec!["free up disk space, then run again".to_owned()]
                }
                io::ErrorKind::NotADirectory => vec![
                    "move the file that is in the folder's place, or set another folder in `dbmigrate.toml`: \
                     `migrations = \"db\"`"
                        .to_owned(),
                ],
                _ => Vec::new(),
            },
        }
    }

    /// Background, a line each.
    pub fn notes(&self) -> Vec<String> {
        self.notes_knowing(|_, _| Vec::new())
    }

    /// The same by somebody who knows names for the branches that the lock at a path has heads of.
    pub fn notes_knowing(&self, names: impl FnOnce(&Path, &[Branch]) -> Vec<Option<String>>) -> Vec<String> {
        let Self::Branched { path, since, branches, .. } = self else { return Vec::new() };
        let names = names(path, branches);
        let after = since.as_ref().map_or_else(String::new, |name| format!(" after `{name}`"));
        let note = |(at, branch): (usize, &Branch)| match &branch.added[..] {
            [] => None,
            added => {
                let name = names.get(at).cloned().flatten().unwrap_or_else(|| format!("branch {}", at + 1));
                Some(format!("{name} adds {}{after}", quoted(added)))
            }
        };
        branches.iter().enumerate().filter_map(note).collect()
    }

    /// That directories which the lock does not list are of other branches than its last migration: of several where
    /// they have the same numbers.
    pub fn beside(lock: PathBuf, head: MigrationName, unlisted: Vec<MigrationName>) -> Self {
        let mut branches = vec![Branch { added: vec![head] }];
        branches.extend(in_order_of_numbers(unlisted).into_iter().map(|added| Branch { added }));
        Self::Branched { path: lock, since: None, branches, is_listed: false }
    }

    pub(super) fn lock(path: PathBuf, error: super::lock::LockError) -> Self {
        let line = error.line;
        match error.problem {
            LockProblem::Conflict => Self::Conflict { path, line },
            LockProblem::Newer(format) => Self::Newer { path, format, newest: super::lock::FORMAT },
            problem => Self::TamperedLock { path, line, problem },
        }
    }

    pub(super) fn snapshot(path: PathBuf, error: snapshot::SnapshotError) -> Self {
        match error {
            snapshot::SnapshotError::Newer { format } => Self::Newer { path, format, newest: snapshot::FORMAT },
            snapshot::SnapshotError::Malformed(source) => Self::BrokenSnapshot { path, source },
        }
    }

    /// A file that should be there could not be read.
    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::NotReadable { path, source },
        }
    }
}

/// What git has of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InGit {
    /// Nothing, or there is no git.
    Nothing,
    /// Another version, and the command that brings it back.
    Restorable(String),
    /// The file as it is.
    Same,
    /// The sides of a merge that is going on.
    Unmerged,
}
