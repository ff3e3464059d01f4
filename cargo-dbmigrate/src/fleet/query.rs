//! The members of a fleet that a query on another target returns: a row each, with the columns `url` and `name`, and
//! labels.

use std::collections::BTreeMap;

use dbmigrate_core::engine::connection::{Value, display};
use pollster::block_on;

use super::entry::{Entries, Entry, EntryAt};
use crate::database::failure::engine_error;
use crate::database::{file, open};
use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::project::config::FILE_NAME;
use crate::project::url::Connect;

/// How a query begins that changes nothing.
const BEGINNINGS: [&str; 3] = ["SELECT", "WITH", "VALUES"];

/// Runs the query.
///
/// # Errors
/// Exit code 2 for what is no query, or returns no member; 1 if the target cannot be read.
pub(super) fn entries(
    context: &Context,
    connect: &Connect,
    (sql, target): (&str, &str),
    fleet: &str,
) -> Result<Entries> {
    let wrong = |message: String| {
        CommandError::usage(message).at(FILE_NAME).note(format!("it lists the members of the fleet `{fleet}`"))
    };
    let first = sql.trim_start().split(|char: char| !char.is_ascii_alphabetic()).next().unwrap_or_default();
    if !BEGINNINGS.iter().any(|word| first.eq_ignore_ascii_case(word)) {
        let error = wrong(format!("`query` of `[targets.{fleet}]` is no `SELECT`"));
        return Err(error.help("such as `query = \"SELECT name, url FROM tenants\"`"));
    }
    // the list of tenants is in the database that is none of theirs
    let context = &context.of_target(target);
    let url = context.target(target, connect)?;
    if !file::exists(&url)? {
        return Err(CommandError::failed(format!("`{url}` does not exist"))
            .note(format!("the target `{target}` lists the members of the fleet `{fleet}`"))
            .help(format!("apply its migrations: `cargo dbmigrate migrate -t {target}`")));
    }
    let database = open(context, &url, false)?;
    let connection = database.connection();
    let failed = |error| {
        engine_error("cannot list the members", &error, (&url).into())
            .note(format!("`query` of `[targets.{fleet}]` in `{FILE_NAME}` asks for them"))
    };
    if connection.is_local() {
        // a query that changes something is refused
        block_on(connection.run("PRAGMA query_only = 1")).map_err(failed)?;
    }
    let columns = block_on(connection.column_names(sql)).map_err(failed)?;
    let is = |wanted: &str| columns.iter().position(|column| column.eq_ignore_ascii_case(wanted));
    let (of_url, of_name) = (is("url"), is("name"));
    if of_url.is_none() && of_name.is_none() {
        let message = format!("`query` of `[targets.{fleet}]` returns no column `url`");
        return Err(wrong(message)
            .note(format!("it returns `{}`", columns.join("`, `")))
            .help("name it: `SELECT address AS url FROM tenants`"));
    }
    let rows = block_on(connection.rows_shown(sql)).map_err(failed)?;
    let all = rows.into_iter().zip(1..).map(|(row, number)| {
        let mut entry = Entry { number, ..Entry::default() };
        let mut labels = BTreeMap::new();
        for (at, value) in row.iter().enumerate() {
            let text = match value {
                Value::Null => continue,
                Value::Text(text) => text.clone(),
                other => display(other),
            };
            if Some(at) == of_url {
                entry.at = EntryAt::Url(text);
            } else if Some(at) == of_name {
                entry.name = Some(text);
            } else if let Some(column) = columns.get(at) {
                labels.insert(column.clone(), text);
            }
        }
        Entry { labels, ..entry }
    });
    let (base, place) = (context.package.root.clone(), (format!("row # of the query on `{target}`"), false));
    let nothing = format!("the query on `{target}` returns no row");
    Ok(Entries { all: all.collect(), base, place, named_in: None, nothing })
}
