//! Where the databases stand that are named: what is pending there.

use dbmigrate_core::engine::apply::{Standing, inspect};
use dbmigrate_core::folder::Folder;
use pollster::block_on;
use serde::Serialize;

use crate::commands::ci::arguments::Report;
use crate::database::state::failure;
use crate::database::{file, open};
use crate::error::{CommandError, Result};
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
}

/// Asks those that are named. What one cannot be read for is in its state, and is what the second value says: the worst
/// exit code, or the error of the only one.
///
/// # Errors
/// If they are no databases.
pub(super) fn ask(context: &Context, arguments: &Report, folder: &Folder) -> Result<(Vec<State>, Result<u8>)> {
    let mut states = Vec::new();
    if !arguments.connect.names_one() {
        return Ok((states, Ok(exit::DONE)));
    }
    let databases = context.databases(&arguments.connect)?;
    let code = databases.each(context, |context, url| {
        let name = url.target().map_or_else(|| url.to_string(), |target| target.name.clone());
        let found = look(context, url, folder);
        states.push(state(name, found.as_ref().map_err(CommandError::message), folder));
        found.map(|_| exit::DONE)
    });
    Ok((states, code))
}

fn state(name: String, found: std::result::Result<&Option<(usize, Standing)>, &str>, folder: &Folder) -> State {
    let mut state = State { name, pending: Vec::new(), differences: 0, is_foreign: false, error: None };
    let names = |from: usize| folder.migrations().iter().skip(from).map(|one| one.name.to_string()).collect();
    match found {
        Ok(None) => state.pending = names(0),
        Ok(Some((applied, standing))) => {
            state.pending = names(*applied);
            match standing {
                Standing::Drifted(drifted) => state.differences = drifted.details().len() + drifted.unreadable.len(),
                Standing::NotEmpty(_) => state.is_foreign = true,
                Standing::AsRecorded => {}
            }
        }
        Err(error) => state.error = Some(error.to_owned()),
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
