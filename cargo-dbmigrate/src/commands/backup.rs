//! `backup`: a verified copy of a database, as of one moment.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::backups;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::fleet::{self, Where};
use crate::project::Context;
use crate::project::path;
use crate::project::url::{Connect, DatabaseUrl, databases_help};

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = concat!("\
The copy has everything that the database had at one moment. It is compared with
the database row by row before it gets its name. Its manifest lies beside it,
and `cargo dbmigrate restore PATH` needs it. In a folder, the newest 5 backups
of each database are kept (`keep_backups` in dbmigrate.toml).

", databases_help!()))]
pub(crate) struct Backup {
    /// File to write, or a folder [default: `backups` of dbmigrate.toml,
    /// else backups]
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,

    /// Which database.
    #[command(flatten)]
    pub connect: Connect,

    /// Which members of a fleet.
    #[command(flatten)]
    pub which: Where,
}

/// Runs it and returns the exit code.
///
/// # Errors
/// What went wrong.
pub(crate) fn run(context: &Context, arguments: &Backup) -> Result<u8> {
    let databases = fleet::databases(context, &arguments.connect, &arguments.which)?;
    let place = match &arguments.path {
        None => Place::Default,
        // of a fleet, there is one for each member
        Some(path) if is_folder(path) || (databases.are_members() && !path.exists()) => Place::Folder(path.clone()),
        Some(path) => Place::File(path.clone()),
    };
    if let (Place::File(path), true) = (&place, databases.urls().nth(1).is_some()) {
        return Err(CommandError::usage(format!(
            "several databases cannot be backed up to the file `{}`",
            path.display()
        ))
        .help("name a folder, with a slash at its end: `cargo dbmigrate backup FOLDER/`"));
    }
    let code = databases.each(context, |context, url| {
        context.printer.detail("Database", format!("{url} (from {})", url.source()));
        one(context, &place, url)
    })?;
    // of many, no line says where each of them is
    if let (true, Some(url)) = (databases.are_members(), databases.urls().next()) {
        let folder = match &place {
            Place::Folder(folder) | Place::File(folder) => folder.clone(),
            Place::Default => backups::folder(context, url),
        };
        context.printer.status("Backed up", format!("to `{}`", path::for_display(&folder).display()));
    }
    Ok(code)
}

/// Where backups go.
enum Place {
    /// The folder that is configured.
    Default,
    File(PathBuf),
    Folder(PathBuf),
}

fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().to_string_lossy().ends_with(std::path::is_separator)
}

fn one(context: &Context, place: &Place, url: &DatabaseUrl) -> Result<u8> {
    match place {
        Place::File(path) => backups::make(context, url, path)?,
        Place::Default => drop(backups::make_in(context, url, &backups::folder(context, url))?),
        Place::Folder(folder) => drop(backups::make_in(context, url, folder)?),
    }
    Ok(exit::DONE)
}
