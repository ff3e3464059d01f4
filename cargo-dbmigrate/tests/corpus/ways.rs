//! The two ways to change a database, and how a change ends: `generate` and `migrate`, or `pull` and `push`.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::fmt;

use cargo_dbmigrate::exit;
use dbmigrate_core::engine::Connection;
use pollster::block_on;

use crate::project::{Loaded, Project, structs};
use crate::support::{Change, run_script};

/// A way to change a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Structs are rendered; `generate`, `migrate`. The database is one that migrations have made.
    Migrate,
    /// Structs are pulled from a database; `push`. The database was made by whatever made it.
    Push,
}

/// A command that did not do what it was asked for.
pub(crate) struct Refusal {
    pub(crate) code: u8,
    /// Everything that it said.
    pub(crate) said: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl Refusal {
    fn declared_wrongly(said: String) -> Self {
        Self { code: exit::FAILED, said }
    }
}

/// How a change ended.
pub(crate) enum Ending {
    Applied,
    /// The database is as it was.
    Refused(Refusal),
}

impl Way {
    /// Makes the database that a change starts from, without rows.
    pub(crate) fn begin(self, project: &Project, sql: &str, current: &Loaded) -> Result<(), Refusal> {
        match self {
            Self::Migrate if current.schema.is_empty() => drop(project.place.connect()),
            Self::Migrate => {
                project.write_structs(&structs(current).map_err(Refusal::declared_wrongly)?);
                let create = Change { desired: current.schema.clone(), accept_all: true, ..Change::default() };
                project.attempt(&generate(&create))?;
                project.attempt(&migrate(project))?;
            }
            Self::Push => {
                project.place.run_script(sql).map_err(Refusal::declared_wrongly)?;
            }
        }
        Ok(())
    }

    /// Makes the structs what is wanted.
    pub(crate) fn declare(self, project: &Project, sql: &str, desired: &Loaded) -> Result<(), Refusal> {
        match self {
            Self::Migrate => project.write_structs(&structs(desired).map_err(Refusal::declared_wrongly)?),
            Self::Push => {
                pull(project, sql)?;
                if desired.schema.is_empty() {
                    // of nothing, nothing is written
                    project.write_structs("");
                }
            }
        }
        Ok(())
    }

    /// Makes the database what the structs say.
    pub(crate) fn apply(self, project: &Project, change: &Change) -> Result<(), Refusal> {
        match self {
            Self::Migrate => {
                project.attempt(&generate(change))?;
                project.attempt(&migrate(project))
            }
            Self::Push => project.attempt(&push(project, change)),
        }
    }

    /// The same once more: it does nothing, and has nothing to ask.
    pub(crate) fn again(self, project: &Project) -> Result<(), String> {
        let (count, content) = (project.migrations(), project.place.content());
        self.apply(project, &Change::default()).map_err(|refusal| format!("a second time: {refusal}"))?;
        if project.migrations() != count {
            return Err("a second `generate` writes a migration".to_owned());
        }
        if project.place.content() != content {
            return Err(format!("a second time changes the database ({self:?})"));
        }
        Ok(())
    }
}

/// The structs of the database that a script makes, written into the project.
pub(crate) fn pull(project: &Project, sql: &str) -> Result<(), Refusal> {
    let (database, structs) = (project.path("wanted.db"), project.path("src/lib.rs"));
    for stale in [&database, &structs] {
        let _ = std::fs::remove_file(stale);
    }
    let connection = block_on(Connection::open(&database, true)).expect("a database");
    block_on(connection.run("PRAGMA synchronous = OFF")).expect("a database");
    block_on(run_script(&connection, sql)).map_err(Refusal::declared_wrongly)?;
    drop(connection);
    pull_into(project, &database.display().to_string(), "src/lib.rs")
}

/// The structs of a database, written into a file of the project that is not there yet.
pub(crate) fn pull_into(project: &Project, database: &str, file: &str) -> Result<(), Refusal> {
    let file = project.path(file).display().to_string();
    project.attempt(&["pull", "--url", database, "--out", &file].map(str::to_owned))
}

/// The structs of a database with enums, written into a folder of the project that is not there yet.
pub(crate) fn pull_enums_into(project: &Project, database: &str, folder: &str) -> Result<(), Refusal> {
    let folder = project.path(folder).display().to_string();
    project.attempt(&["pull", "--enums", "--url", database, "--out", &folder].map(str::to_owned))
}

fn migrate(project: &Project) -> Vec<String> {
    vec!["migrate".to_owned(), "--url".to_owned(), project.place.url()]
}

fn generate(change: &Change) -> Vec<String> {
    let mut arguments = vec!["generate".to_owned()];
    arguments.extend(answers(change));
    arguments
}

fn push(project: &Project, change: &Change) -> Vec<String> {
    let mut arguments = vec!["push".to_owned(), "--url".to_owned(), project.place.url()];
    arguments.extend(answers(change));
    arguments
}

/// Everything that the change needs said.
fn answers(change: &Change) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut add = |flag: &str, value: String| arguments.extend([flag.to_owned(), value]);
    for (from, to) in &change.renames.tables {
        add("--rename", format!("{from}={to}"));
    }
    for (table, from, to) in &change.renames.columns {
        add("--rename", format!("{table}.{from}={to}"));
    }
    for ((table, column), value) in &change.backfills {
        add("--backfill", format!("{table}.{column}={value}"));
    }
    if change.accept_all {
        add("--accept", "all".to_owned());
    }
    arguments
}
