//! `pull`: a database as annotated structs.

use std::path::{Path, PathBuf};

use clap::Args;
use dbmigrate_core::engine::{Introspected, ViewColumns, introspect_without, view_columns};
use dbmigrate_core::plan::decide::shell_quoted;
use pollster::block_on;
use serde_json::json;

use super::open::open;
use super::replay::engine_error;
use crate::codegen::{self, Inexpressible, Rendered};
use crate::context::Context;
use crate::error::{CommandError, Result};
use crate::report::counted;
use crate::tables::{self, TablePattern};
use crate::url::DatabaseUrl;
use crate::write::{self, Before, Wanted};
use crate::{exit, package, setup};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Without `--out` the structs go to the standard output. A file that says something else is only
overwritten with `--overwrite`; without it the exit code is 3 and nothing is written.")]
pub struct Pull {
    /// Database: a path or file: URL
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// File to write, or a folder for one file per table and a `mod.rs`
    #[arg(long, value_name = "FILE.rs|DIR/")]
    pub out: Option<PathBuf>,

    /// Overwrite files that are there
    #[arg(long, requires = "out")]
    pub overwrite: bool,

    /// Only tables and views of such a name, without them behind a `!`: `*` and `?` stand for characters
    #[arg(long, value_name = "[!]GLOB")]
    pub tables: Vec<TablePattern>,

    /// Also write the first migration, and record it in the database as applied
    #[arg(long)]
    pub baseline: bool,

    /// Take over the history of a database that drizzle-kit has managed, from its migrations folder
    #[arg(long, value_name = "DIR")]
    pub from_drizzle: Option<PathBuf>,
}

impl Pull {
    /// The flags that say what goes where, as they were typed.
    fn again(&self) -> String {
        let flag = |flag: &str, value: String| format!(" {flag} {}", shell_quoted(&value));
        let tables = self.tables.iter().map(|pattern| flag("--tables", pattern.to_string()));
        let out = self.out.iter().map(|out| flag("--out", out.display().to_string()));
        tables.chain(out).collect()
    }
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub fn run(context: &Context, arguments: &Pull) -> Result<u8> {
    let url = context.database(arguments.url.as_deref())?;
    context.printer.detail("Database", format!("{url} (from {})", url.source()));
    let pulled = read(context, arguments, &url)?;
    adopt(context, arguments, &url)?;
    let rendered =
        codegen::structs(&codegen::Request { schema: &pulled.found.schema, view_columns: &pulled.view_columns });
    refuse_inexpressible(&rendered.inexpressible)?;
    write_out(context, arguments, &url, &rendered)?;
    Ok(exit::DONE)
}

/// What is pulled of a database.
struct Pulled {
    found: Introspected,
    view_columns: ViewColumns,
}

fn read(context: &Context, arguments: &Pull, url: &DatabaseUrl) -> Result<Pulled> {
    if !url.path().exists() {
        return Err(CommandError::failed(format!("there is no database `{url}`"))
            .note(format!("its name is from {}", url.source()))
            .help("name the one to pull from: `cargo dbmigrate pull --url PATH`"));
    }
    let connection = open(context, url, false)?.into_connection();
    let engine = |error| engine_error("cannot read the schema", &error, &url.to_string()).note("nothing was written");
    let mut found = block_on(introspect_without(&connection, &context.config.ignore)).map_err(engine)?;
    tables::select(&mut found, &arguments.tables)?;
    let view_columns = block_on(view_columns(&connection, &found.schema));
    Ok(Pulled { found, view_columns })
}

/// `--baseline` and `--from-drizzle`, before anything is written.
fn adopt(_context: &Context, arguments: &Pull, _url: &DatabaseUrl) -> Result<()> {
    match arguments {
        Pull { baseline: false, from_drizzle: None, .. } => Ok(()),
        _ => Err(CommandError::failed("not built yet")),
    }
}

fn refuse_inexpressible(inexpressible: &[Inexpressible]) -> Result<()> {
    if inexpressible.is_empty() {
        return Ok(());
    }
    let message = format!("{} cannot be written as structs", counted(inexpressible.len(), "object"));
    let error = inexpressible.iter().fold(CommandError::failed(message), |error, one| error.note(one.to_string()));
    Err(error.note("nothing was written"))
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
        Err(CommandError::usage(format!("`--out {shown}` is neither a folder nor the name of a Rust file"))
            .help(format!("for one file: `--out {shown}.rs`"))
            .help(format!("for a folder with a file for each table: `--out {shown}/`")))
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

fn write_out(context: &Context, arguments: &Pull, url: &DatabaseUrl, rendered: &Rendered) -> Result<()> {
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
        let shown = package::for_display(&file.path).display().to_string();
        printer.status(before.verb(), &shown);
        printer.json("file", &json!({ "path": shown, "done": before.verb().to_ascii_lowercase() }));
    }
    let count = counted(rendered.structs.len(), "struct");
    for one in &rendered.structs {
        let object = json!({ "kind": one.kind.noun(), "name": one.object.as_str(), "struct": one.ident });
        printer.json("struct", &object);
    }
    if let Out::Stdout = out {
        let text = rendered.file();
        printer.result(text.trim_end());
        printer.json("pulled", &json!({ "database": url.to_string(), "text": text }));
    } else {
        printer.json("pulled", &json!({ "database": url.to_string() }));
    }
    printer.status("Pulled", format!("{count} from {url}"));
    let next = next_steps(context, &out)?;
    printer.next(&next);
    Ok(())
}

fn refuse_to_overwrite(arguments: &Pull, files: &[Wanted], before: &[Before]) -> Result<()> {
    let others: Vec<String> = files
        .iter()
        .zip(before)
        .filter(|(_, before)| **before == Before::Other)
        .map(|(file, _)| package::for_display(&file.path).display().to_string())
        .collect();
    let message = match &others[..] {
        [] => return Ok(()),
        [only] => format!("`{only}` is there already and says something else"),
        several => format!("{} are there already and say something else", counted(several.len(), "file")),
    };
    let mut error = CommandError::new(exit::DECISION, message);
    if others.len() > 1 {
        error = others.iter().fold(error, |error, file| error.note(format!("`{file}`")));
    }
    Err(error
        .note("nothing was written")
        .help(format!("overwrite: `cargo dbmigrate pull{} --overwrite`", arguments.again()))
        .help("or see what there is: `cargo dbmigrate pull`"))
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
        return Err(CommandError::failed(format!("there is no folder `{shown}`"))
            .note("nothing was written")
            .help(format!("make it: `mkdir -p {}`", shell_quoted(&shown))));
    }
    match folder.filter(|folder| !folder.is_dir()) {
        Some(folder) => std::fs::create_dir(folder).map_err(|error| CommandError::io("make", folder, &error)),
        None => Ok(()),
    }
}

/// What is left to be done by hand.
fn next_steps(context: &Context, out: &Out<'_>) -> Result<Vec<String>> {
    let mut next = Vec::new();
    let path = match out {
        Out::Stdout => return Ok(vec!["write them to a file: `cargo dbmigrate pull --out src/schema.rs`".to_owned()]),
        Out::File(path) | Out::Folder(path) => *path,
    };
    next.extend(setup::missing_dependencies(context, &[])?);
    let source = context.package.root.join("src");
    let absolute = std::path::absolute(path).map_err(|error| CommandError::io("find", path, &error))?;
    if absolute.parent() == Some(&source)
        && let Some(module) = absolute.file_stem().and_then(|stem| stem.to_str())
    {
        next.extend(setup::missing_module(&source, module));
    }
    Ok(next)
}
