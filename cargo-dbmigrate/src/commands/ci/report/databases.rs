//! Where the databases stand that are named: what is pending there.

use dbmigrate_core::engine::apply::{Standing, inspect};
use dbmigrate_core::folder::Folder;
use pollster::block_on;
use serde::Serialize;

use crate::commands::ci::arguments::Report;
use crate::database::state::failure;
use crate::database::{file, open};
use crate::error::Result;
use crate::exit;
use crate::project::Context;
use crate::project::url::DatabaseUrl;

/// Where a database stands.
#[derive(Debug, Clone, Serialize)]
pub(super) struct State {
    /// How it is called.
    pub name: String,
    /// The names of the migrations that it does not have.
    pub pending: Vec<String>,
    /// How many differences there are between it and its last migration.
    pub differences: usize,
    /// Whether it has tables, but no history.
    pub is_foreign: bool,
    /// Why it could not be read.
    pub error: Option<String>,
    /// What the command ends with because of that.
    #[serde(skip)]
    pub exit_code: u8,
}

/// Asks those that are named.
///
/// # Errors
/// If they are no databases.
pub(super) fn ask(context: &Context, arguments: &Report, folder: &Folder) -> Result<Vec<State>> {
    if arguments.connect.url.is_none() {
        return Ok(Vec::new());
    }
    let url = context.database(&arguments.connect)?;
    Ok(vec![state(context, &url, url.to_string(), folder)])
}

fn state(context: &Context, url: &DatabaseUrl, name: String, folder: &Folder) -> State {
    let mut state =
        State { name, pending: Vec::new(), differences: 0, is_foreign: false, error: None, exit_code: exit::DONE };
    let names = |from: usize| folder.migrations()[from..].iter().map(|one| one.name.to_string()).collect();
    match look(context, url, folder) {
        Ok(None) => state.pending = names(0),
        Ok(Some((applied, standing))) => {
            state.pending = names(applied.min(folder.migrations().len()));
            match standing {
                Standing::Drifted(drifted) => state.differences = drifted.details().len() + drifted.unreadable.len(),
                Standing::NotEmpty(_) => state.is_foreign = true,
                _ => {}
            }
        }
        Err(error) => {
            state.error = Some(error.message().to_owned());
            state.exit_code = error.exit_code();
        }
    }
    state
}

/// How many migrations it has, and how it stands; `None` if it is not there.
fn look(context: &Context, url: &DatabaseUrl, folder: &Folder) -> Result<Option<(usize, Standing)>> {
    if !file::exists(url)? {
        return Ok(None);
    }
    let mut target = open(context, url, false)?;
    let found = block_on(inspect(&mut target, folder)).map_err(|error| failure(error, url.into()))?;
    Ok(Some((found.0.history.len(), found.1)))
}
