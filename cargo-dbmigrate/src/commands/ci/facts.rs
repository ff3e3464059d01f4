//! What a project says about its pipeline: where its package is, which branch is deployed, which databases and which
//! sets of rows there are.

use std::path::{Path, PathBuf};

use dbmigrate_core::shell::{shell_flag, shell_quoted};

use super::arguments::Write;
use super::fleets::{self, Fleet};
use super::phases::{self, Half, Phases};
use super::targets::{self, Target};
use crate::error::{CommandError, Result};
use crate::git;
use crate::project::Context;
use crate::project::path;
use crate::stepping;

/// The sets that `init` makes.
const SETS: [&str; 2] = ["full", "demo"];

/// What is filled into the files.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// The root of the repository, which the files are written to and the pipeline runs in.
    pub root: PathBuf,
    /// The flags that choose the package there, behind a space.
    pub selection: String,
    /// The migrations folder there, as a word of a shell; of several databases, the variable that the shell has it in.
    pub migrations: String,
    /// The branch whose pushes migrate the database.
    pub branch: String,
    /// The names of the sets of rows.
    pub sets: Vec<String>,
    /// The databases.
    pub targets: Vec<Target>,
    /// The databases of the package that have no target of any kind: their own variables name them.
    pub untargeted: Vec<Target>,
    /// The fleets.
    pub fleets: Vec<Fleet>,
    /// In how many parts fleets are migrated.
    pub shards: u32,
    /// How it goes around a deployment, if a migration waits for one.
    pub phases: Option<Phases>,
    /// The flag that names the program with the steps in Rust, behind a space; empty without one.
    pub with: String,
    /// Whether a migration has such a step, and no program was named.
    pub lacks_program: bool,
}

/// What a file says that was written before.
#[derive(Debug, Clone, Default)]
pub(super) struct Written {
    /// Which branch, where git does not know it, as in a shallow checkout.
    pub branch: Option<String>,
    /// In how many parts fleets are migrated.
    pub shards: Option<u32>,
    /// What deploys.
    pub deploy: Option<String>,
}

impl Facts {
    /// Looks at the project. `file` is the one that was written before, if it was, and `read` what reads it.
    ///
    /// # Errors
    /// If a name has something in it that no workflow can have.
    pub(super) fn of(
        context: &Context,
        arguments: &Write,
        file: &str,
        read: impl FnOnce(&str) -> Written,
    ) -> Result<Self> {
        let package = &context.package.root;
        let root = git::top_of(package).unwrap_or_else(|| package.clone());
        let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        let written = read(&text);
        let inside = |path: &Path| within(&root, path);
        let mut selection = String::new();
        if *package != root {
            selection.push_str(&flag("--manifest-path", &inside(&context.package.manifest)?));
        }
        let features: Vec<&str> = context.selection.feature_names().collect();
        if !features.is_empty() {
            selection.push_str(&flag("--features", &features.join(",")));
        }
        for (is_set, name) in [
            (context.selection.all_features, " --all-features"),
            (context.selection.no_default_features, " --no-default-features"),
        ] {
            selection.push_str(if is_set { name } else { "" });
        }
        let branch = arguments
            .branch
            .clone()
            .or_else(|| git::default_branch(&root))
            .or(written.branch)
            .or_else(|| git::usual_branch(&root).map(str::to_owned))
            .or_else(|| git::current_branch(&root))
            .unwrap_or_else(|| "main".to_owned());
        refuse_branch(&branch)?;
        let databases = context.with_migrations();
        let folder = |context: &Context| -> Result<String> {
            Ok(shell_quoted(&inside(&package.join(&context.config.migrations))?))
        };
        let (mut targets, mut untargeted) = (Vec::new(), Vec::new());
        for database in &databases {
            // of a package with one database, each target has the same folder
            let folder = if databases.len() > 1 { Some(folder(database)?) } else { None };
            targets.extend(targets::of(database, folder.as_deref()));
            untargeted.extend(targets::untargeted(database));
        }
        let migrations = match &databases[..] {
            [only] => folder(only)?,
            _ => "\"$migrations\"".to_owned(),
        };
        let program = arguments.with.clone().or_else(|| program_written(&text));
        let lacks_program = program.is_none() && databases.iter().any(has_step);
        let facts = Self {
            with: program.iter().map(|program| flag("--with", program)).collect(),
            lacks_program,
            selection,
            migrations,
            branch,
            sets: sets(&databases),
            targets,
            untargeted,
            fleets: databases.iter().flat_map(fleets::of).collect(),
            shards: arguments.shards.or(written.shards).unwrap_or(1),
            phases: phases::of(&databases, arguments.deploy.clone().or(written.deploy)),
            root,
        };
        facts.refuse_expressions()?;
        Ok(facts)
    }

    /// The shell that migrates all but the fleets, with `flags`; `notice` stands before what is said.
    pub(super) fn migrate(&self, half: Half, flags: &str, notice: &str) -> String {
        let phase = half.argument(self.phases.as_ref());
        let command = format!("cargo-dbmigrate migrate{}{}{flags}{phase}", self.selection, self.with);
        let mut lines = String::new();
        if !self.targets.is_empty() {
            lines.push_str(&command);
            lines.extend(self.targets.iter().map(Target::argument));
            lines.push('\n');
        }
        lines + &targets::migrate_untargeted(&self.untargeted, &command, notice)
    }

    /// What to do about steps in Rust that no program is named for.
    pub(super) fn program_step(&self, command: &str) -> Option<String> {
        self.lacks_program
            .then(|| format!("a migration has a step in Rust: name the program with it: `{command} --with BIN`"))
    }

    /// What GitHub would evaluate before a shell sees it, and what would end a line.
    fn refuse_expressions(&self) -> Result<()> {
        let folders = self.targets.iter().filter_map(|target| target.migrations.as_ref());
        for text in [&self.selection, &self.migrations].into_iter().chain(folders) {
            if text.contains("${{") || text.chars().any(char::is_control) {
                let message = format!("`{}` cannot be part of a workflow", text.trim().escape_default());
                return Err(CommandError::usage(message).help("rename it: pipelines evaluate `${{`"));
            }
        }
        Ok(())
    }
}

/// Whether a migration has a step in Rust. What is wrong with the folder is for `check` to say.
fn has_step(context: &Context) -> bool {
    context.folder().and_then(|folder| stepping::with_step(&folder)).is_ok_and(|found| !found.is_empty())
}

/// The program with the steps in Rust that a file names which was written before.
fn program_written(text: &str) -> Option<String> {
    let (_, rest) =
        text.lines().find_map(|line| line.split_once("cargo-dbmigrate migrate")?.1.split_once(" --with "))?;
    rest.split_whitespace().next().map(str::to_owned)
}

/// Refuses what git does not take for the name of a branch (git-scm.com/docs/git-check-ref-format).
fn refuse_branch(name: &str) -> Result<()> {
    let is_wrong = |char: char| char.is_control() || " ~^:?*[\\".contains(char);
    if name.is_empty()
        || name.starts_with('-')
        || name.contains("..")
        || name.contains("@{")
        || name.contains("${{")
        || name.contains(is_wrong)
    {
        return Err(CommandError::usage(format!("`{}` is not the name of a branch", name.escape_default())));
    }
    Ok(())
}

fn flag(name: &str, value: &str) -> String {
    format!(" {}", shell_flag(name, value))
}

/// A path within the repository, as every system and git writes it.
pub(super) fn within(root: &Path, path: &Path) -> Result<String> {
    let inside = path.strip_prefix(root).map_err(|_| {
        let message = format!("`{}` is outside the repository `{}`", path::for_display(path).display(), root.display());
        CommandError::usage(message)
    })?;
    let parts: Option<Vec<&str>> = inside.iter().map(|part| part.to_str()).collect();
    let parts =
        parts.ok_or_else(|| CommandError::usage(format!("the path `{}` is not UTF-8 text", inside.display())))?;
    Ok(parts.join("/"))
}

/// The sets of rows, those that `init` makes first.
fn sets(databases: &[Context]) -> Vec<String> {
    let seeds = databases.iter().map(|context| context.package.root.join(&context.config.seeds));
    let entries = seeds.flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten());
    let folders = entries.filter(|entry| entry.path().is_dir());
    let names = folders.filter_map(|folder| folder.file_name().into_string().ok());
    let is_plain = |name: &String| {
        !name.starts_with(['-', '_', '.'])
            && name.chars().all(|char| char.is_ascii_alphanumeric() || "-_".contains(char))
    };
    let mut found: Vec<String> = names.filter(is_plain).collect();
    if found.is_empty() {
        return SETS.map(str::to_owned).to_vec();
    }
    let place = |name: &String| SETS.iter().position(|set| set == name).unwrap_or(SETS.len());
    found.sort_by(|one, other| (place(one), one).cmp(&(place(other), other)));
    found.dedup();
    found
}
