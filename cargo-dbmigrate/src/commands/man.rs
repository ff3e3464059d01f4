//! `man`: the manual pages, made of what can be typed. Hidden: packagers call it, and release archives have the pages.

use std::path::PathBuf;

use clap::Args;

use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages::FileAction;
use crate::report::{Printer, counted};

/// The arguments.
#[derive(Debug, Clone, Args)]
pub(crate) struct Man {
    /// Folder to write the pages to
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// Writes a page for the program and one for each command, and returns the exit code.
///
/// # Errors
/// If the folder or a page cannot be written.
pub(crate) fn run(printer: &Printer, arguments: &Man, definition: clap::Command) -> Result<u8> {
    let folder = &arguments.folder;
    std::fs::create_dir_all(folder).map_err(|error| CommandError::io("make", folder, &error))?;
    // pages are named after the binary, as `man` and `cargo help` look for them
    let definition = definition.bin_name("cargo-dbmigrate").disable_help_subcommand(true);
    let mut pages = vec![("cargo-dbmigrate", definition.clone())];
    for command in definition.get_subcommands().filter(|command| !command.is_hide_set()) {
        // clap keeps names for as long as the program runs
        let name: &str = format!("cargo-dbmigrate-{}", command.get_name()).leak();
        let typed = format!("cargo dbmigrate {}", command.get_name());
        let page = command.clone().name(name).bin_name(typed).version(env!("CARGO_PKG_VERSION"));
        pages.push((name, page));
    }
    let count = pages.len();
    for (name, command) in pages {
        let file = folder.join(format!("{name}.1"));
        let mut text = Vec::new();
        let manual = format!("cargo-dbmigrate {}", env!("CARGO_PKG_VERSION"));
        let page = clap_mangen::Man::new(command).title(name.to_uppercase()).manual(manual);
        let rendered = page.render(&mut text).and_then(|()| std::fs::write(&file, text));
        rendered.map_err(|error| CommandError::io("write", &file, &error))?;
        printer.wrote(&file, FileAction::Created);
    }
    printer.status("Created", format!("{} in {}", counted(count, "page"), folder.display()));
    Ok(exit::DONE)
}
