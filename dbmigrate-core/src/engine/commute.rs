//! Whether two orders of migrations come to the same: each executed in memory on the same rows, and compared.

use std::collections::BTreeSet;
use std::path::Path;

use thiserror::Error;

use super::connection::Connection;
use super::content::{all_rows, exact, rows};
use super::error::EngineError;
use super::introspect::introspect;
use super::populate::{clear, populate_restricted, restricted};
use super::prove::differences;
use crate::folder::Script;
use crate::merge::Edit;
use crate::plan::create_all;
use crate::schema::Schema;
use crate::sql::token::significant;
use crate::sql::{Name, StatementKind, split};

/// How often rows that are in the way are taken out.
const TRIES: usize = 16;

/// What two orders come to.
#[derive(Debug, Clone, Default)]
pub struct Commuting {
    /// How the schema of the second order differs from that of the first.
    pub schema: Vec<String>,
    /// Tables whose rows differ.
    pub tables: Vec<Name>,
    /// Tables of the common schema that had no rows, so that nothing is shown of them.
    pub empty: Vec<Name>,
    /// How many rows there were before.
    pub rows: usize,
}

impl Commuting {
    /// Whether both come to the same.
    pub fn is_commuting(&self) -> bool {
        self.schema.is_empty() && self.tables.is_empty()
    }
}

/// Why an order cannot be executed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CommuteError {
    /// A script cannot be read, or one of its checks or statements fails.
    #[error("migration {script} of {} fails: {message}", if *order == 0 { "the first order" } else { "the second order" })]
    Script {
        /// Which of the two orders, from 0.
        order: usize,
        /// Which script, counted from 1.
        script: usize,
        /// The statement, or the query of a check.
        statement: String,
        /// What is wrong.
        message: String,
    },
    /// A script has a step in Rust, which may do anything to rows.
    #[error("migration {script} has a step in Rust")]
    Step {
        /// Which script, counted from 1.
        script: usize,
    },
    /// The engine fails in a way that has nothing to do with them.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Executes two orders of migrations on generated rows of the schema that both start from. `edit` is the way from there
/// to what both are to come to, which says what rows they are meant for; the `orders` are the texts of their scripts.
///
/// Rows that a migration is right to refuse are taken out in both, and their tables are said to be empty.
///
/// # Errors
/// If one of them cannot be executed, however few rows there are.
pub async fn commute(edit: &Edit<'_>, orders: [&[&str]; 2]) -> Result<Commuting, CommuteError> {
    let mut cleared: BTreeSet<Name> = BTreeSet::new();
    for _ in 0..TRIES {
        let mut ends = Vec::new();
        let mut in_the_way = None;
        for (order, scripts) in orders.iter().enumerate() {
            match execute(edit, scripts, order, &cleared).await? {
                Run::Done(end) => ends.push(end),
                Run::Refused { tables, error } => {
                    in_the_way = Some((tables, error));
                    break;
                }
            }
        }
        let Some((tables, error)) = in_the_way else {
            let [first, second] = &ends[..] else { break };
            return compare(first, second).await;
        };
        let before = cleared.len();
        cleared.extend(tables);
        if cleared.len() == before {
            // whatever it was about
            cleared.extend(edit.from.tables.iter().map(|table| table.name.clone()));
        }
        if cleared.len() == before {
            return Err(error);
        }
    }
    Ok(Commuting { schema: vec!["no rows that both orders take".to_owned()], ..Commuting::default() })
}

/// A database behind an order.
struct End {
    connection: Connection,
    rows: usize,
    empty: Vec<Name>,
}

enum Run {
    Done(End),
    /// Rows of these tables may be the reason.
    Refused {
        tables: Vec<Name>,
        error: CommuteError,
    },
}

async fn execute(
    edit: &Edit<'_>,
    scripts: &[&str],
    order: usize,
    cleared: &BTreeSet<Name>,
) -> Result<Run, CommuteError> {
    let connection = Connection::in_memory().await?;
    let (rows, empty) = fill(&connection, edit, cleared).await?;
    for (at, text) in scripts.iter().enumerate() {
        let error = |statement: &str, message: String| CommuteError::Script {
            order,
            script: at + 1,
            statement: statement.to_owned(),
            message,
        };
        let script = Script::parse(text, Path::new("migration.sql")).map_err(|wrong| error("", wrong.to_string()))?;
        if script.rust.is_some() {
            return Err(CommuteError::Step { script: at + 1 });
        }
        for preflight in &script.preflights {
            let found = connection.first_row_shown(&preflight.query).await;
            if found.map_err(|failure| error(&preflight.query, failure.message))?.is_some() {
                let message = preflight.message.clone().unwrap_or_default();
                let tables = tables_in(edit.from, &preflight.query);
                return Ok(Run::Refused { tables, error: error(&preflight.query, message) });
            }
        }
        for statement in &script.statements {
            if let Err(failure) = connection.run(statement.text).await {
                let tables = tables_in(edit.from, statement.text);
                return Ok(Run::Refused { tables, error: error(statement.text, failure.message) });
            }
        }
    }
    Ok(Run::Done(End { connection, rows, empty }))
}

/// A database with the common schema and rows in it. Triggers come last, so that none fires for what is filled.
async fn fill(
    connection: &Connection,
    edit: &Edit<'_>,
    cleared: &BTreeSet<Name>,
) -> Result<(usize, Vec<Name>), EngineError> {
    connection.run("PRAGMA foreign_keys = OFF").await?;
    let creates_trigger = |statement: &String| {
        split(statement).first().is_some_and(|statement| statement.kind == StatementKind::CreateTrigger)
    };
    let (triggers, others): (Vec<String>, Vec<String>) = create_all(edit.from).into_iter().partition(creates_trigger);
    connection.run_all(&others).await?;
    let wanted = restricted(edit.from, edit.to, edit.renames);
    let populated = populate_restricted(connection, edit.from, wanted.as_ref()).await?;
    for table in cleared {
        clear(connection, table).await?;
    }
    connection.run_all(&triggers).await?;
    let mut empty = populated.empty;
    empty.extend(cleared.iter().filter(|table| !empty.contains(table)).cloned().collect::<Vec<_>>());
    Ok((populated.rows, empty))
}

/// The tables of a schema that a text names.
fn tables_in(schema: &Schema, text: &str) -> Vec<Name> {
    let names: BTreeSet<Name> =
        significant(text).iter().filter_map(crate::sql::Token::identifier).map(Name::from).collect();
    schema.tables.iter().map(|table| table.name.clone()).filter(|name| names.contains(name)).collect()
}

async fn compare(first: &End, second: &End) -> Result<Commuting, CommuteError> {
    let schemas = [introspect(&first.connection).await?.schema, introspect(&second.connection).await?.schema];
    let mut found = Commuting {
        schema: differences(&schemas[1], &schemas[0]),
        rows: first.rows,
        empty: first.empty.clone(),
        ..Commuting::default()
    };
    // the columns by the names that they have in both, since their order is no matter
    for table in schemas[0].tables.iter().filter(|table| {
        let other = schemas[1].table(&table.name);
        other.is_some_and(|other| table.columns.iter().all(|column| other.column(&column.name).is_some()))
    }) {
        if all_rows(&first.connection, table).await? != all_rows(&second.connection, table).await? {
            found.tables.push(table.name.clone());
        }
    }
    for table in schemas[0].virtual_tables.iter().filter(|table| schemas[1].virtual_tables.contains(&table.name)) {
        let columns: Vec<String> = table.column_names().iter().map(|column| exact(&column.sql())).collect();
        let of = async |end: &End| rows(&end.connection, &table.name, &columns).await;
        // one that cannot be read has no rows of its own
        if let (Ok(one), Ok(two)) = (of(first).await, of(second).await)
            && one != two
        {
            found.tables.push(table.name.clone());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::*;
    use crate::ddl::read::schema_of;
    use crate::diff::Renames;

    const COMMON: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT NOT NULL);
        CREATE TABLE posts (id INTEGER PRIMARY KEY, author INT NOT NULL REFERENCES users, title TEXT);";

    fn both(after: &str, orders: [&[&str]; 2]) -> Result<Commuting, CommuteError> {
        let (from, to, renames) = (schema_of(COMMON), schema_of(after), Renames::default());
        block_on(commute(&Edit { from: &from, to: &to, renames: &renames }, orders))
    }

    #[test]
    fn orders_that_touch_different_rows_commute() {
        let (one, two) = ("UPDATE users SET nick = nick || '!';", "UPDATE posts SET title = upper(title);");
        let found = both(COMMON, [&[one, two], &[two, one]]).expect("both run");
        assert!(found.is_commuting() && found.rows >= 4 && found.empty.is_empty(), "{found:?}");
        let (add, index) = ("ALTER TABLE users ADD COLUMN bio TEXT;", "CREATE INDEX i ON users (nick);");
        assert!(both(COMMON, [&[add, index], &[index, add]]).expect("both run").is_commuting());
    }

    #[test]
    fn orders_that_touch_the_same_rows_name_the_tables() {
        let (one, two) = ("UPDATE users SET nick = nick || '!';", "UPDATE users SET nick = substr(nick, 1, 1);");
        let found = both(COMMON, [&[one, two], &[two, one]]).expect("both run");
        assert_eq!((found.is_commuting(), &found.tables[..]), (false, &[Name::from("users")][..]));
        // rows of both, which get other keys
        let insert = |title: &str| format!("INSERT INTO posts (author, title) SELECT min(id), '{title}' FROM users;");
        let (one, two) = (insert("a"), insert("b"));
        let found = both(COMMON, [&[&one, &two], &[&two, &one]]).expect("both run");
        assert_eq!(found.tables, [Name::from("posts")]);
    }

    #[test]
    fn orders_that_lead_to_different_schemas_say_how() {
        let (one, two) = ("ALTER TABLE users ADD COLUMN a TEXT;", "ALTER TABLE users ADD COLUMN b TEXT;");
        let found = both(COMMON, [&[one, two], &[one]]).expect("both run");
        assert_eq!(found.schema, ["add column users.b"]);
    }

    #[test]
    fn rows_that_are_refused_are_taken_out_and_what_always_fails_is_an_error() {
        let refuses = "-- dbmigrate: expect-none \"there are titles\" SELECT 1 FROM posts\nSELECT 1;";
        let found = both(COMMON, [&[refuses], &[refuses]]).expect("both run");
        assert!(found.is_commuting() && found.empty == [Name::from("posts")], "{found:?}");
        let unique = "CREATE UNIQUE INDEX one ON posts (author > 0);";
        assert_eq!(both(COMMON, [&[unique], &[unique]]).expect("both run").empty, [Name::from("posts")]);
        let error = both(COMMON, [&["SELECT 1;"], &["SELECT 1;", "DROP TABLE missing;"]]).expect_err("it fails");
        assert_eq!(error.to_string(), "migration 2 of the second order fails: no such table: missing");
    }
}
