//! What databases say of the picture: when each migration was applied to them, and how many rows their tables have.

use dbmigrate_core::engine::apply::Target as _;
use dbmigrate_core::engine::apply::history::{Record, common};
use dbmigrate_core::engine::value::{integer, text};
use dbmigrate_core::engine::{Connection, EngineError};
use dbmigrate_core::folder::Folder;
use dbmigrate_core::sql::Name;
use pollster::block_on;

use super::page::data::{Applied, Moment, Size, Target};
use crate::database::failure::engine_error;
use crate::database::{file, open};
use crate::error::Result;
use crate::project::Context;
use crate::project::url::{Connect, DatabaseUrl};
use crate::report::duration::Elapsed;

/// Tables as they are in the database, without the engine's and ours.
const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
                      AND name NOT LIKE '\\_dbmigrate\\_%' ESCAPE '\\' ORDER BY name";

/// The bytes of tables with their indexes. Some servers cannot say it.
const BYTES: &str = "SELECT coalesce(i.tbl_name, s.name), sum(s.pgsize) FROM dbstat s \
                     LEFT JOIN sqlite_schema i ON i.type = 'index' AND i.name = s.name WHERE s.aggregate = 1 GROUP BY 1";

/// What a database has said.
#[derive(Debug)]
pub(crate) struct Answered {
    name: String,
    history: Vec<Record>,
    tables: Vec<Size>,
}

/// Asks the databases of the arguments.
///
/// # Errors
/// If one cannot be opened or asked.
pub(crate) fn all(context: &Context, connect: &Connect) -> Result<Vec<Answered>> {
    if !connect.names_one() {
        return Ok(Vec::new());
    }
    context.databases(connect)?.urls().map(|url| ask(context, url)).collect()
}

fn ask(context: &Context, url: &DatabaseUrl) -> Result<Answered> {
    let name = url.target().map_or_else(|| url.to_string(), |target| target.name.clone());
    if !file::exists(url)? {
        return Ok(Answered { name, history: Vec::new(), tables: Vec::new() });
    }
    let mut database = open(context, url, false)?;
    let history =
        block_on(database.history()).map_err(|error| engine_error("cannot read the history", &error, url.into()))?;
    let tables = block_on(rows(context, database.connection()))
        .map_err(|error| engine_error("cannot count the rows", &error, url.into()))?;
    Ok(Answered { name, history, tables })
}

/// Notes for each migration when it was applied to a database, and returns what else that has said.
pub(crate) fn noted(answered: &Answered, folder: &Folder, moments: &mut [Moment]) -> Target {
    let Answered { name, history, tables } = answered;
    let records = common(history, folder.migrations()).records;
    for (at, moment) in moments.iter_mut().enumerate().take(folder.migrations().len()) {
        let record = records.get(at).and_then(|records| history[records.clone()].last());
        moment.applied.push(Applied {
            target: name.clone(),
            at: record.map(|record| record.applied_at.clone()),
            took: record.map(|record| took(record.duration_ms)),
        });
    }
    Target { name: name.clone(), tables: tables.clone() }
}

async fn rows(context: &Context, connection: &Connection) -> std::result::Result<Vec<Size>, EngineError> {
    let names: Vec<Name> = connection.rows(TABLES).await?.iter().map(|row| Name::from(text(&row[0]))).collect();
    let names: Vec<&Name> = names.iter().filter(|name| context.config.ignore.pattern_for(name).is_none()).collect();
    let mut queries: Vec<String> = names.iter().map(|name| format!("SELECT count(*) FROM {}", name.sql())).collect();
    queries.push(BYTES.to_owned());
    let mut answers = connection.ask_all(&queries).await?;
    let bytes = answers.pop().and_then(std::result::Result::ok).unwrap_or_default();
    let known = |name: &Name| bytes.iter().find(|row| *name == *text(&row[0])).map(|row| integer(&row[1]));
    // a virtual table may need a module that is not here
    let counted = names.into_iter().zip(answers).filter_map(|(name, answer)| {
        let rows = integer(answer.ok()?.first()?.first()?);
        Some(Size { name: name.to_string(), rows, bytes: known(name) })
    });
    Ok(counted.collect())
}

/// How long a migration took.
fn took(milliseconds: i64) -> String {
    match u64::try_from(milliseconds).unwrap_or_default() {
        few @ 0..1000 => format!("{few} ms"),
        more => Elapsed(more).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_times_are_said_in_milliseconds() {
        assert_eq!([0, 12, 999, 1000, 61_000].map(took), ["0 ms", "12 ms", "999 ms", "1.00s", "1m 01s"]);
    }
}
