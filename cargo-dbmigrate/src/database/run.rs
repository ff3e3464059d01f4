//! A run of migrations on a database, for whoever plans it or tries it out first.

use std::path::Path;

use dbmigrate_core::engine::apply::Options;
use dbmigrate_core::folder::Folder;

use crate::project::Context;
use crate::project::url::DatabaseUrl;

/// What is to be run, and where.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    /// The package and its configuration.
    pub context: &'a Context,
    /// The migrations.
    pub folder: &'a Folder,
    /// The database.
    pub url: &'a DatabaseUrl,
    /// How the run is to go.
    pub options: Options<'a>,
    /// The folder for a copy, if one is made and the folder was named.
    pub place: Option<&'a Path>,
}
