//! `init --agents`: the rules for coding agents, as a section of the files that these read. The rest of a file is that of
//! somebody else.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{CommandError, Result};
use crate::messages::FileAction;
use crate::project::write::{self, Wanted};
use crate::project::{Context, path};

/// What most agents read.
const AGENTS: &str = "AGENTS.md";
/// What some read instead, if it is there.
const CLAUDE: &str = "CLAUDE.md";

/// The line that the section begins with.
const BEGIN: &str =
    "<!-- begin of cargo dbmigrate: written by `cargo dbmigrate init --agents`, which also updates it -->";
/// How that line begins, whatever a later version adds to it.
const BEGINS: &str = "<!-- begin of cargo dbmigrate";
/// The line that it ends with.
const END: &str = "<!-- end of cargo dbmigrate -->";

const RULES: &str = "\
## Database migrations: cargo dbmigrate

The structs with `#[derive(Table)]` are the schema. Migrations are generated from them, and never written first.

- After changing a struct: `cargo dbmigrate generate --message-format json`. Read the last line of the output: it has
  `exit_code`, `changed`, `decisions`, `pending`, `error` and `next`. Then read the new `migration.sql`, and commit both.
- Exit code 3: a decision is needed, and nothing was changed. `decisions[].answers[]` has all answers; run
  `cargo dbmigrate` with its `arguments`. For several decisions, add the `flags` of one answer to each to one command.
- Never give an answer with `\"consent\": true` on your own, and never `--accept all`, `--overwrite` or `--yes`: it loses
  data, or passes over what protects a database. Show the question to a person and wait for their answer.
- A field that you renamed is `--rename TABLE.OLD=NEW`; dropping and adding it would lose its values.
- Never edit, rename or delete a migration that a database has, nor `migrations.lock`, `snapshot.json` or the table
  `_dbmigrate_history`. Change the structs and generate the next one; `generate --undo` removes one that no database has.
- Exit code 5: histories or files are inconsistent. Do not delete or reset anything; show the error to a person.
- Run `migrate`, `push`, `reset`, `seed` and `baseline` only on databases of development, unless a person asked for
  another one. `databases` in the last line says which one a command was about.
- Before every commit: `cargo dbmigrate check --message-format json`.
";

/// Writes the section into the files, says so, and returns those that were changed.
///
/// # Errors
/// If a file cannot be read or written, or has only one end of the section.
pub(super) fn write(context: &Context) -> Result<Vec<PathBuf>> {
    let printer = &context.printer;
    let mut changed = Vec::new();
    for (file, text) in files(context) {
        let shown = path::for_display(&file);
        let before = text?;
        let after = with_section(before.as_deref(), &shown)?;
        let done = match &before {
            None => FileAction::Created,
            Some(before) if *before == after => FileAction::Unchanged,
            Some(_) => FileAction::Updated,
        };
        if done == FileAction::Unchanged {
            printer.status("Unchanged", shown.display());
            continue;
        }
        write::write(&Wanted { path: file, text: after })?;
        printer.status(if done == FileAction::Created { "Created" } else { "Updated" }, shown.display());
        printer.wrote(&shown, done);
        changed.push(shown);
    }
    Ok(changed)
}

/// A file for agents that is there and does not have the section.
pub(super) fn without_rules(context: &Context) -> Option<PathBuf> {
    let files = files(context).into_iter();
    let texts = files.filter_map(|(file, text)| Some((file, text.ok().flatten()?)));
    let mut without = texts.filter(|(_, text)| !text.contains(BEGINS));
    without.next().map(|(file, _)| file)
}

/// The files and their texts; no text, if a file is new.
fn files(context: &Context) -> Vec<(PathBuf, Result<Option<String>>)> {
    let root = &context.package.root;
    let agents = found(root, AGENTS);
    let claude = found(root, CLAUDE);
    let mut files = Vec::new();
    let text = |file: &Path| {
        let shown = path::for_display(file);
        fs::read_to_string(file).map(Some).map_err(|error| CommandError::io("read", &shown, &error))
    };
    let (agents, is_new) = match agents {
        Some(file) => (file, false),
        None => (repository(root).unwrap_or(root).join(AGENTS), true),
    };
    files.push((agents.clone(), if is_new { Ok(None) } else { text(&agents) }));
    if let Some(claude) = claude.filter(|claude| *claude != agents) {
        let text = text(&claude);
        // it reads the other one
        let imports = text.as_ref().is_ok_and(|text| text.as_deref().is_some_and(|text| text.contains("@AGENTS.md")));
        if !imports {
            files.push((claude, text));
        }
    }
    files
}

/// The nearest file of that name, from the package up to the repository's root; behind a link, the file itself.
fn found(root: &Path, name: &str) -> Option<PathBuf> {
    let end = repository(root).unwrap_or(root);
    let folders = root.ancestors().take_while(|folder| folder.starts_with(end));
    let mut files = folders.map(|folder| folder.join(name)).filter(|file| file.is_file());
    files.next().map(|file| file.canonicalize().unwrap_or(file))
}

/// The root of the repository.
fn repository(root: &Path) -> Option<&Path> {
    root.ancestors().find(|folder| folder.join(".git").exists())
}

/// The text with the section as it is now: in its place, or at the end.
fn with_section(text: Option<&str>, shown: &Path) -> Result<String> {
    let section = format!("{BEGIN}\n{RULES}{END}");
    let Some(text) = text else { return Ok(section + "\n") };
    let section = if text.contains("\r\n") { section.replace('\n', "\r\n") } else { section };
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let (begins, ends) = (text.matches(BEGINS).count(), text.matches(END).count());
    match (text.find(BEGINS), text.find(END)) {
        (Some(begin), Some(end)) if begin < end && begins == 1 && ends == 1 => {
            Ok(format!("{}{section}{}", &text[..begin], &text[end + END.len()..]))
        }
        (None, None) => {
            let gap = match text {
                "" => "",
                text if text.ends_with('\n') => line_end,
                _ => &[line_end, line_end].concat(),
            };
            Ok(format!("{text}{gap}{section}{line_end}"))
        }
        _ => Err(CommandError::failed(format!("`{}` does not have both ends of the section once", shown.display()))
            .note("nothing was written to it")
            .help(format!("remove what is left of it, from `{BEGINS}` to `{}`", END.trim_start_matches("<!-- ")))),
    }
}
