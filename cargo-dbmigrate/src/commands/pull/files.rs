//! Where pulled structs go: the standard output, a file, or a folder.

use std::path::Path;

use dbmigrate_core::shell::{shell_flag, shell_word};

use super::arguments::Pull;
use crate::codegen::Rendered;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages::{self, On};
use crate::project::Context;
use crate::project::write::{self, Before, Wanted};
use crate::project::{path, setup};
use crate::report::counted;

/// Writes the structs, and returns what is left to be done by hand.
///
/// # Errors
/// If they cannot be written, or if a file is there already that says something else: exit code 3.
pub(super) fn write(context: &Context, arguments: &Pull, from: &On, rendered: &Rendered) -> Result<Vec<String>> {
    let printer = &context.printer;
    let out = Out::of(arguments.out.as_deref())?;
    let files = out.files(rendered);
    let before = files.iter().map(write::look).collect::<Result<Vec<Before>>>()?;
    if !arguments.overwrite {
        refuse_to_overwrite(arguments, &files, &before)?;
    }
    make_folder(&out)?;
    for (file, before) in files.iter().zip(&before) {
        if *before != Before::Same {
            write::write(file)?;
        }
        let shown = path::for_display(&file.path).display().to_string();
        if *before == Before::Same && files.len() > 1 {
            printer.detail(before.verb(), &shown);
        } else {
            printer.status(before.verb(), &shown);
        }
        printer.message(|| messages::File { path: shown, done: before.action() });
    }
    for one in &rendered.structs {
        printer.message(|| messages::Struct {
            kind: one.kind.noun().to_owned(),
            name: one.object.as_str().to_owned(),
            ident: one.ident().to_owned(),
        });
    }
    let count = counted(rendered.structs.len(), "struct");
    if let Out::Stdout = out {
        let text = rendered.file();
        printer.result(text.trim_end());
        printer.message(|| messages::Pulled { on: from.clone(), text: Some(text) });
    } else {
        printer.message(|| messages::Pulled { on: from.clone(), text: None });
    }
    let same = before.iter().filter(|before| **before == Before::Same).count();
    let unchanged =
        if files.len() > 1 && same > 0 { format!(" ({} unchanged)", counted(same, "file")) } else { String::new() };
    printer.status("Pulled", format!("{count} from {}{unchanged}", from.database));
    if let Out::Folder(folder) = out {
        warn_of_others(context, folder, &files);
    }
    next_steps(context, arguments, &out, rendered)
}

/// Where the structs go.
enum Out<'a> {
    Stdout,
    File(&'a Path),
    Folder(&'a Path),
}

impl<'a> Out<'a> {
    fn of(out: Option<&'a Path>) -> Result<Self> {
        let Some(path) = out else { return Ok(Self::Stdout) };
        let ends_as_folder = path.as_os_str().to_string_lossy().ends_with(std::path::is_separator);
        if path.is_dir() || (ends_as_folder && !path.exists()) {
            return Ok(Self::Folder(path));
        }
        if path.extension().is_some_and(|extension| extension == "rs") && !ends_as_folder {
            return Ok(Self::File(path));
        }
        let shown = path.display();
        let message = format!("`--out {shown}` is neither a folder nor a Rust file");
        if path.exists() {
            return Err(CommandError::usage(message));
        }
        Err(CommandError::usage(message)
            .help(format!("for one file: `{}`", shell_flag("--out", &format!("{shown}.rs"))))
            .help(format!("for a folder with one file per table: `{}`", shell_flag("--out", &format!("{shown}/")))))
    }

    fn files(&self, rendered: &Rendered) -> Vec<Wanted> {
        match self {
            Self::Stdout => Vec::new(),
            Self::File(path) => vec![Wanted { path: path.to_path_buf(), text: rendered.file() }],
            Self::Folder(folder) => {
                let files = rendered.files().into_iter();
                files.map(|file| Wanted { path: folder.join(file.name), text: file.text }).collect()
            }
        }
    }
}

fn refuse_to_overwrite(arguments: &Pull, files: &[Wanted], before: &[Before]) -> Result<()> {
    let others: Vec<String> = files
        .iter()
        .zip(before)
        .filter(|(_, before)| **before == Before::Other)
        .map(|(file, _)| path::for_display(&file.path).display().to_string())
        .collect();
    let message = match &others[..] {
        [] => return Ok(()),
        [only] => format!("`{only}` already exists with other content"),
        several => format!("{} already exist with other content", counted(several.len(), "file")),
    };
    let mut error = CommandError::new(exit::DECISION, message);
    if others.len() > 1 {
        error = others.iter().fold(error, |error, file| error.note(format!("`{file}`")));
    }
    let mode = arguments.mode();
    Err(error
        .note("nothing was written")
        .help(format!("overwrite: `cargo dbmigrate pull{mode}{} --overwrite`", arguments.again()))
        .help("or print the structs: `cargo dbmigrate pull`"))
}

/// Makes the folder of the files; not the one that it is in, which may be a slip.
fn make_folder(out: &Out<'_>) -> Result<()> {
    let (parent, folder) = match out {
        Out::Stdout => return Ok(()),
        Out::File(path) => (path.parent(), None),
        Out::Folder(path) => (path.parent(), Some(*path)),
    };
    if let Some(parent) = parent.filter(|parent| !parent.as_os_str().is_empty() && !parent.is_dir()) {
        let shown = parent.display().to_string();
        return Err(CommandError::failed(format!("no such folder: `{shown}`"))
            .note("nothing was written")
            .help(format!("create it: `mkdir -p {}`", shell_word(parent))));
    }
    match folder.filter(|folder| !folder.is_dir()) {
        Some(folder) => std::fs::create_dir(folder).map_err(|error| CommandError::io("make", folder, &error)),
        None => Ok(()),
    }
}

/// Files with structs that were not written, of a table that is gone perhaps: `mod.rs` does not declare them any more.
fn warn_of_others(context: &Context, folder: &Path, files: &[Wanted]) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut others: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| files.iter().all(|file| file.path != *path))
        .filter(|path| std::fs::read_to_string(path).is_ok_and(|text| setup::mentions_derive(&text)))
        .collect();
    others.sort();
    for path in others {
        let shown = path::for_display(&path).display().to_string();
        let text = format!("`{shown}` has structs, but was not pulled: `mod.rs` does not declare it");
        context.printer.warning(&text, &[]);
    }
}

/// What is left to be done by hand.
fn next_steps(context: &Context, arguments: &Pull, out: &Out<'_>, rendered: &Rendered) -> Result<Vec<String>> {
    let path = match out {
        Out::Stdout => {
            let flags = arguments.again();
            return Ok(vec![format!("write them to a file: `cargo dbmigrate pull{flags} --out src/schema.rs`")]);
        }
        Out::File(path) | Out::Folder(path) => *path,
    };
    let mut next: Vec<String> = setup::missing_dependencies(context, &rendered.dependencies())?.into_iter().collect();
    let source = context.package.root.join("src");
    let absolute = std::path::absolute(path).map_err(|error| CommandError::io("find", path, &error))?;
    let is_root = |module: &&str| matches!(*module, "lib" | "main" | "mod");
    if absolute.parent() == Some(&source)
        && let Some(module) = absolute.file_stem().and_then(|stem| stem.to_str()).filter(|module| !is_root(module))
    {
        next.extend(setup::missing_module(&source, module));
    }
    Ok(next)
}
