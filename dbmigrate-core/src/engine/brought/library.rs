//! Libraries that are loaded into connections.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Brought;
use crate::engine::driver::now;
use crate::engine::error::EngineError;

/// Loads libraries into a connection; with an error, says which of them.
pub(super) fn load<'l>(
    connection: &libsql::Connection,
    libraries: &'l [PathBuf],
) -> Result<(), (Option<&'l PathBuf>, EngineError)> {
    if libraries.is_empty() {
        return Ok(());
    }
    connection.load_extension_enable().map_err(|error| (None, error.into()))?;
    for library in libraries {
        connection.load_extension(library, None).map_err(|error| (Some(library), error.into()))?;
    }
    // no statement may load others
    connection.load_extension_disable().map_err(|error| (None, error.into()))
}

/// The functions of a database that has these libraries, in lower case.
pub(super) fn functions_of(libraries: &[PathBuf]) -> Result<BTreeSet<String>, Brought> {
    let database = now(libsql::Builder::new_local(":memory:").build()).map_err(EngineError::from)?;
    let connection = database.connect().map_err(EngineError::from)?;
    load(&connection, libraries).map_err(|(library, error)| match library {
        Some(file) => Brought::Library { file: file.clone(), error },
        None => Brought::Engine(error),
    })?;
    let names = now(async {
        let mut names = BTreeSet::new();
        let mut rows = connection.query("SELECT DISTINCT lower(name) FROM pragma_function_list", ()).await?;
        while let Some(row) = rows.next().await? {
            names.insert(row.get::<String>(0)?);
        }
        Ok::<_, libsql::Error>(names)
    });
    names.map_err(|error| Brought::Engine(error.into()))
}
