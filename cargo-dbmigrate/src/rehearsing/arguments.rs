//! The flags of commands that can rehearse.

use std::path::PathBuf;

use clap::Args;

/// Whether to rehearse, and where.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Rehearse {
    /// Run the migrations on a copy of the database with its rows first
    #[arg(long)]
    pub rehearse: bool,

    /// Folder for the copy [default: the database's if that shares its pages,
    /// else the temporary folder]
    #[arg(long, value_name = "DIR")]
    pub rehearse_in: Option<PathBuf>,
}
