//! `init`: prepares a package. Asks nothing, changes nothing that is there, can be run again.

mod agents;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::Args;
use dbmigrate_core::config::Database;
use dbmigrate_core::shell::shell_flag;

use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages::{self, FileAction};
use crate::project::Context;
use crate::project::{path, setup};
use crate::structs;
use crate::tools::argument::{From, typed};
use crate::tools::found::{Found, Search, is_same};

const FIRST_STRUCT: &str = "\
//! The tables of the database. `cargo dbmigrate generate` turns changes in here into migrations.

use dbmigrate::Table;

/// A person who can sign in.
#[derive(Table)]
#[table(name = \"users\", strict)]
pub struct User {
    #[column(primary_key, autoincrement)]
    pub id: i64,
    #[column(unique, collate = nocase)]
    pub email: String,
    // `Option` makes a column nullable
    pub name: Option<String>,
    #[column(default_sql = \"unixepoch()\")]
    pub created_at: i64,
}
";

/// The same for a further database of the package: its name, and what the struct says about that.
const FIRST_OF_ANOTHER: &str = "\
//! The tables of the database `NAME`. `cargo dbmigrate generate --database NAME` turns changes in here into migrations.

use dbmigrate::Table;

/// A note with a title.
#[derive(Table)]
#[table(name = \"notes\", strictWHICH)]
pub struct Note {
    #[column(primary_key, autoincrement)]
    pub id: i64,
    pub title: String,
    // `Option` makes a column nullable
    pub text: Option<String>,
    #[column(default_sql = \"unixepoch()\")]
    pub created_at: i64,
}
";

/// Rows for it.
const SETS_OF_ANOTHER: [(&str, &str); 1] = [(
    "full",
    "\
# Rows for development: `cargo dbmigrate seed --database NAME`. A second run changes nothing.
# More tables: a file for each, as .toml, .json, .csv or .sql.

# a row with a name: others can refer to it, `note_id = { ref = \"notes.first\" }`
[notes.first]
title = \"First note\"
",
)];

/// Rows for it: a few for development, and one account to sign in with.
const FIRST_SETS: [(&str, &str); 2] = [
    (
        "full",
        "\
# Rows for development: `cargo dbmigrate seed`. A second run changes nothing.
# More tables: a file for each, as .toml, .json, .csv or .sql.

# a row with a name: others can refer to it, `user_id = { ref = \"users.ada\" }`
[users.ada]
email = \"ada@example.com\"
name = \"Ada Lovelace\"

[users.bob]
email = \"bob@example.com\"
",
    ),
    (
        "demo",
        "\
# One account to sign in with: `cargo dbmigrate seed demo`

[users.admin]
# from the environment or `.env`, and never shown
email = { env = \"ADMIN_EMAIL\", default = \"admin@example.com\" }
name = \"Admin\"
",
    ),
];

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Init {
    /// Write the rules for coding agents into AGENTS.md, and into an existing CLAUDE.md
    #[arg(long)]
    pub agents: bool,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// If a file cannot be read or written.
pub(crate) fn run(context: &Context, arguments: &Init) -> Result<u8> {
    let printer = &context.printer;
    let mut created: Vec<PathBuf> = Vec::new();
    let mut next: Vec<String> = Vec::new();

    let mut folder = context.folder()?;
    let other = if folder.migrations().is_empty() { other_tool(context)? } else { None };
    // where its migrations are, ours cannot be
    let is_taken = other
        .as_ref()
        .is_some_and(|found| found.folder.as_ref().is_some_and(|folder| is_same(folder, &context.folder_path)));
    let is_new = !is_taken && folder.create()?;
    if is_new {
        printer.status("Created", folder.lock_path().display());
        printer.wrote(&folder.lock_path(), FileAction::Created);
        created.push(folder.lock_path());
    }
    next.extend(setup::missing_dependencies(context, &[])?);
    let own = context.config.own_table();
    let (declared, file) = match &context.config.root {
        _ if own.is_some() => {
            let file = context.package.root.join(context.config.structs_file());
            let is_there = file.exists() || file.with_extension("").join("mod.rs").exists();
            let declared = structs::glance(context).is_some_and(|declared| !declared.schema.is_empty());
            (is_there || declared, file)
        }
        // nothing else is read, so a struct in `src` would be of no use
        Some(root) => (false, context.package.root.join(root)),
        None => (declares_table(&context.package.root), context.package.root.join("src/schema.rs")),
    };
    // what another tool has migrated is no place for an example
    if !declared && other.is_none() && file.parent().is_some_and(Path::is_dir) {
        if write_new(&file, &first_struct(own))? {
            let shown = path::for_display(&file);
            printer.status("Created", format!("{} (an example table to edit)", shown.display()));
            printer.wrote(&shown, FileAction::Created);
            created.push(shown);
            created.extend(first_sets(context, own)?);
        }
        if let (true, Some(folder), Some(module)) =
            (own.is_some() || context.config.root.is_none(), file.parent(), file.file_stem().and_then(OsStr::to_str))
        {
            next.extend(setup::missing_module(folder, module));
        }
    }
    created.extend(context.ignore_in_git(None)?);
    if arguments.agents {
        created.extend(agents::write(context)?);
    } else if let Some(file) = agents::without_rules(context) {
        let file = path::for_display(&file);
        next.push(format!(
            "write the rules for coding agents into {}: `cargo dbmigrate init --agents`",
            file.display()
        ));
    }
    if created.is_empty() && next.is_empty() {
        printer.status("Ready", format!("{} is set up already, nothing to do", context.package.name));
    }
    if let Some(found) = other {
        let about = found.tool.about();
        let from = typed(about, found.folder.map(|folder| folder.display().to_string()).as_deref());
        let pull = format!("`cargo dbmigrate pull {} --out src/schema.rs`", shell_flag("--from", &from));
        next.push(format!("import the migrations of {}: {pull}", about.title()));
    } else if folder.migrations().is_empty() {
        next.push("`cargo dbmigrate generate`".to_owned());
        next.push("`cargo dbmigrate migrate`".to_owned());
    }
    printer.next(&next);
    let next: Vec<String> = next.iter().map(|step| printer.typed(step)).collect();
    printer
        .message(|| messages::Init { created: created.iter().map(|path| path.display().to_string()).collect(), next });
    Ok(exit::DONE)
}

/// The text of the file with the first struct.
fn first_struct(own: Option<&Database>) -> String {
    let Some(own) = own else { return FIRST_STRUCT.to_owned() };
    let is_by_attribute = own.structs.is_empty() && own.root.is_none();
    let which = if is_by_attribute { format!(", database = \"{}\"", own.name) } else { String::new() };
    FIRST_OF_ANOTHER.replace("WHICH", &which).replace("NAME", &own.name)
}

/// The tool that has migrated before, as far as the package tells.
fn other_tool(context: &Context) -> Result<Option<Found>> {
    let search = Search::new(&context.package.root, &context.folder_path, &From::default(), None)?;
    match search.without_database() {
        None if search.is_any() => search.otherwise().map(Some),
        found => Ok(found),
    }
}

/// Writes rows for the first struct, if the package has no sets. Returns the files.
fn first_sets(context: &Context, own: Option<&Database>) -> Result<Vec<PathBuf>> {
    let seeds = context.package.root.join(&context.config.seeds);
    if seeds.exists() {
        return Ok(Vec::new());
    }
    let mut created = Vec::new();
    let (sets, table): (Vec<(&str, String)>, _) = match own {
        Some(own) => (SETS_OF_ANOTHER.map(|(set, text)| (set, text.replace("NAME", &own.name))).to_vec(), "notes"),
        None => (FIRST_SETS.map(|(set, text)| (set, text.to_owned())).to_vec(), "users"),
    };
    for (set, text) in &sets {
        let folder = seeds.join(set);
        std::fs::create_dir_all(&folder).map_err(|error| CommandError::io("create", &folder, &error))?;
        let file = folder.join(table).with_extension("toml");
        if write_new(&file, text)? {
            created.push(path::for_display(&file));
        }
    }
    let names = created.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ");
    context.printer.status("Created", format!("{names} (rows for `cargo dbmigrate seed`)"));
    Ok(created)
}

/// Writes a file unless there is one; returns whether it did.
fn write_new(path: &Path, text: &str) -> Result<bool> {
    use std::io::Write as _;
    let written = std::fs::File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(CommandError::io("write", &path::for_display(path), &error)),
    }
}

/// Whether a source file already declares a table. A glance is enough: all that depends on it is whether there is a
/// first struct to start from.
fn declares_table(root: &Path) -> bool {
    let mut pending = vec![root.join("src")];
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && path.file_name().is_some_and(|name| name != "schema.rs")
                && std::fs::read_to_string(path).is_ok_and(|text| setup::mentions_derive(&text))
            {
                return true;
            }
        }
    }
    false
}
