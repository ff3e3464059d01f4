//! Which tool it is, and where its folder is, as far as nobody has said it: by the folder, by the tables of the database,
//! and by what else the package has.

use std::path::{Path, PathBuf};

use dbmigrate_core::engine::EngineError;
use dbmigrate_core::engine::apply::Database;

use super::TOOLS;
use super::about::Sign;
use super::argument::From;
use super::listing::Listing;
use super::tool::Tool;
use crate::error::{CommandError, Result};
use crate::project::path;

/// A tool, and its folder unless only databases tell of it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The tool.
    pub tool: &'static dyn Tool,
    /// The folder, as it can be shown.
    pub folder: Option<PathBuf>,
    /// The table in which it records what it has applied, if that is not the usual one.
    pub table: Option<String>,
}

/// What the package and its folders tell.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    /// Where the package is.
    root: &'a Path,
    /// What is possible, with what speaks for it.
    candidates: Vec<(Found, Sign)>,
    /// What was said.
    said: From,
    /// The table that was said.
    table: Option<String>,
}

impl<'a> Search<'a> {
    /// Looks at the package in `root`, whose own migrations are in `own`.
    ///
    /// # Errors
    /// If a folder cannot be read.
    pub(crate) fn new(root: &'a Path, own: &Path, said: &From, table: Option<&str>) -> Result<Self> {
        let mut candidates = Vec::new();
        let asked = TOOLS.iter().copied().filter(|tool| said.tool.is_none_or(|said| name(said) == name(*tool)));
        for tool in asked {
            let settings = tool.settings(root);
            let folders = match (&said.folder, &settings.folder) {
                (Some(folder), _) => vec![folder.clone()],
                (None, Some(folder)) => vec![root.join(folder)],
                (None, None) => tool.about().folders.iter().map(|folder| root.join(folder)).collect(),
            };
            let mut best: Option<(Found, Sign)> = None;
            for folder in folders {
                let listing = Listing::read(&folder)?;
                // what this tool has written itself
                let is_ours = listing.has(dbmigrate_core::folder::lock::FILE_NAME) && is_same(&folder, own);
                let sign = if is_ours { Sign::No } else { tool.sign(&listing) };
                if sign > best.as_ref().map_or(Sign::No, |(_, sign)| *sign) {
                    let table = table_of(tool, root, table);
                    best = Some((Found { tool, folder: Some(path::for_display(&folder)), table }, sign));
                }
            }
            candidates.extend(best);
        }
        Ok(Self { root, candidates, said: said.clone(), table: table.map(str::to_owned) })
    }

    /// What was said, or what the folders tell without a doubt.
    pub(crate) fn without_database(&self) -> Option<Found> {
        if let From { tool: Some(tool), folder } = &self.said {
            let by_databases = tool.about().folders.is_empty();
            let known = || self.candidates.first().and_then(|(found, _)| found.folder.clone());
            let set = || tool.settings(self.root).folder.map(|folder| path::for_display(&self.root.join(folder)));
            let usual = || tool.about().folders.first().map(|folder| path::for_display(&self.root.join(folder)));
            let folder = folder.clone();
            let folder = folder.or_else(|| if by_databases { None } else { known().or_else(set).or_else(usual) });
            return Some(Found { tool: *tool, folder, table: table_of(*tool, self.root, self.table.as_deref()) });
        }
        let sure = self.candidates.iter().filter(|(_, sign)| *sign == Sign::Sure);
        only(sure.map(|(found, _)| found))
    }

    /// Whether any folder is one of a tool.
    pub(crate) fn is_any(&self) -> bool {
        !self.candidates.is_empty()
    }

    /// What the tables of a database tell.
    ///
    /// # Errors
    /// If the engine fails.
    pub(crate) fn in_database(&self, database: &mut Database) -> std::result::Result<Option<Found>, EngineError> {
        let mut recorded = Vec::new();
        for (found, _) in &self.candidates {
            // a number in the header is no name
            if found.tool.about().table.is_some() && found.recorded(database, None)?.rows.is_some() {
                recorded.push(found);
            }
        }
        if let Some(found) = only(recorded.iter().copied()) {
            return Ok(Some(found));
        }
        if self.said.folder.is_none() {
            for tool in TOOLS.iter().filter(|tool| tool.about().folders.is_empty()) {
                let found = Found { tool: *tool, folder: None, table: self.table.clone() };
                if found.recorded(database, None)?.rows.is_some() {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }

    /// What is left if no database tells: what else the package has, else the plainest one.
    ///
    /// # Errors
    /// If there is nothing; what was looked for.
    pub(crate) fn otherwise(&self) -> Result<Found> {
        self.by_marks().ok_or_else(|| self.nothing())
    }

    fn by_marks(&self) -> Option<Found> {
        let manifest = std::fs::read_to_string(self.root.join("Cargo.toml")).unwrap_or_default();
        let manifest: toml::Table = manifest.parse().unwrap_or_default();
        let depends = |name: &&str| {
            let sections = ["dependencies", "dev-dependencies", "build-dependencies"];
            sections.iter().any(|section| manifest.get(*section).is_some_and(|section| section.get(*name).is_some()))
        };
        let is_marked = |(found, _): &&(Found, Sign)| {
            let marks = found.tool.about().marks;
            marks.files.iter().any(|file| self.root.join(file).exists()) || marks.crates.iter().any(depends)
        };
        let marked = self.candidates.iter().filter(is_marked).map(|(found, _)| found);
        let plainest = || self.candidates.iter().max_by_key(|(_, sign)| *sign).map(|(found, _)| found.clone());
        let plain = || self.candidates.last().map(|(found, _)| found.clone()).filter(|found| name(found.tool) == "sql");
        only(marked).or_else(plain).or_else(plainest)
    }

    fn nothing(&self) -> CommandError {
        let help = "name it: `cargo dbmigrate pull --from TOOL=DIR`";
        let names = TOOLS.iter().map(|tool| tool.about().name).collect::<Vec<_>>().join(", ");
        let error = match &self.said.folder {
            Some(folder) if !folder.is_dir() => CommandError::failed(format!("no such folder: `{}`", folder.display())),
            Some(folder) => {
                let message = format!("`{}` is not a migrations folder of a known tool", folder.display());
                CommandError::usage(message).note(format!("known: {names}"))
            }
            None => CommandError::usage("found no migrations of another tool").note(format!("known: {names}")),
        };
        error
            .help(help)
            .help("for a database without migrations: `cargo dbmigrate pull --baseline --out src/schema.rs`")
    }
}

/// The table in which a tool records, if that is not the usual one: what was said, or what its configuration says.
fn table_of(tool: &dyn Tool, root: &Path, said: Option<&str>) -> Option<String> {
    let table = said.map(str::to_owned).or_else(|| tool.settings(root).table)?;
    // a schema has no other name here
    let table = table.strip_prefix("main.").map(str::to_owned).unwrap_or(table);
    let is_usual = tool.about().table.is_some_and(|usual| usual.eq_ignore_ascii_case(&table));
    (!is_usual).then_some(table)
}

/// Whether two paths are of the same folder.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).ok();
    whole(one).is_some_and(|one| Some(one) == whole(other))
}

fn name(tool: &dyn Tool) -> &'static str {
    tool.about().name
}

/// The one that there is, if it is the only one.
fn only<'a>(mut found: impl Iterator<Item = &'a Found>) -> Option<Found> {
    let first = found.next()?;
    found.next().is_none().then(|| first.clone())
}
