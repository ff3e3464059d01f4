//! One of the two releases: the schema that it knows, and a database of its own beside the one in between.

use std::collections::BTreeSet;

use super::{BetweenError, creates_trigger};
use crate::diff::Diff;
use crate::engine::connection::{Connection, text};
use crate::engine::content::{exact, rows};
use crate::engine::error::EngineError;
use crate::plan::create_all;
use crate::schema::{Schema, Table};
use crate::sql::Name;
use crate::sql::name::sql_list;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// The one that runs.
    Old,
    /// The one that comes.
    New,
}

impl Which {
    /// The word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Old => "running",
            Self::New => "new",
        }
    }
}

/// A release.
pub(super) struct Side<'a> {
    pub(super) which: Which,
    schema: &'a Schema,
    connection: Connection,
    triggers: Vec<String>,
    /// The tables that differ, which its statements write, by the names that it knows.
    written: Vec<Name>,
    /// Those, and all that foreign keys connect with them.
    reached: Vec<Name>,
    /// Whether triggers do what is another thing each time.
    is_fickle: bool,
}

impl<'a> Side<'a> {
    /// Its own database, empty.
    pub(super) async fn new(which: Which, schema: &'a Schema, diff: &Diff) -> Result<Self, EngineError> {
        let renames = &diff.renames;
        let renamed = renames.tables.iter().map(|(_, to)| to).chain(renames.columns.iter().map(|(table, _, _)| table));
        let changed: BTreeSet<&Name> = diff.tables.iter().map(|table| &table.name).chain(renamed).collect();
        let own_name = |name: &'_ Name| match which {
            Which::Old => diff.renames.old_table(name).clone(),
            Which::New => name.clone(),
        };
        let written: Vec<Name> =
            changed.into_iter().map(own_name).filter(|name| schema.tables.contains(name)).collect();
        let (objects, triggers): (Vec<String>, Vec<String>) =
            create_all(schema).into_iter().partition(|statement| !creates_trigger(statement));
        let connection = Connection::in_memory().await?;
        connection.run_all(&objects).await?;
        connection.run_all(&triggers).await?;
        let reached = connected(schema, &written);
        let fickle = ["now", "random", "current_", "unixepoch"];
        let is_fickle =
            triggers.iter().map(|one| one.to_ascii_lowercase()).any(|one| fickle.iter().any(|word| one.contains(word)));
        Ok(Self { which, schema, connection, triggers, written, reached, is_fickle })
    }

    /// The tables that its statements write.
    pub(super) fn tables(&self) -> impl Iterator<Item = &Name> {
        self.written.iter()
    }

    /// Runs a statement on its own database.
    pub(super) async fn own(&self, statement: &str) -> Result<(), EngineError> {
        self.connection.run(statement).await
    }

    /// Fills its database with all that it reads in between.
    pub(super) async fn load_all(&self, between: &Connection) -> Result<(), EngineError> {
        let all: Vec<Name> = self.schema.tables.iter().map(|table| table.name.clone()).collect();
        self.load_tables(between, &all).await
    }

    /// The same for what its statements can reach.
    pub(super) async fn load(&self, between: &Connection) -> Result<(), EngineError> {
        self.load_tables(between, &self.reached).await
    }

    async fn load_tables(&self, between: &Connection, names: &[Name]) -> Result<(), EngineError> {
        let own = &self.connection;
        own.run("PRAGMA foreign_keys = OFF").await?;
        for trigger in &self.schema.triggers {
            own.run(&format!("DROP TRIGGER {}", trigger.name.sql())).await?;
        }
        let mut result = Ok(());
        for table in names.iter().filter_map(|name| self.schema.table(name)) {
            result = copy(between, own, table).await;
            if result.is_err() {
                break;
            }
        }
        own.run_all(&self.triggers).await?;
        own.run("PRAGMA foreign_keys = ON").await?;
        result
    }

    /// Compares what it reads in its own database and in between.
    pub(super) async fn compare(&self, between: &Connection, statement: &str) -> Result<(), BetweenError> {
        if self.is_fickle {
            return Ok(());
        }
        for table in self.reached.iter().filter_map(|name| self.schema.table(name)) {
            let columns: Vec<String> = table.columns.iter().map(|column| exact(&column.name.sql())).collect();
            let own = rows(&self.connection, &table.name, &columns).await?;
            let there = rows(between, &table.name, &columns).await.map_err(|error| BetweenError::Fails {
                release: self.which.word(),
                statement: format!("SELECT … FROM {}", table.name.sql()),
                message: error.message,
            })?;
            if own != there {
                let place = format!("`{}`", table.name);
                return Err(BetweenError::Differs {
                    release: self.which.word(),
                    statement: statement.to_owned(),
                    place,
                });
            }
        }
        Ok(())
    }

    /// Compares what its views show.
    pub(super) async fn compare_views(&self, between: &Connection) -> Result<(), BetweenError> {
        for view in self.schema.views.iter().filter(|view| !view.unchecked) {
            let query = format!("SELECT * FROM {} LIMIT 0", view.name.sql());
            let own: Vec<Name> = self.connection.column_names(&query).await?.into_iter().map(Name::from).collect();
            let statement = format!("SELECT {} FROM {}", sql_list(&own), view.name.sql());
            let fails = |message: String| BetweenError::Fails {
                release: self.which.word(),
                statement: statement.clone(),
                message,
            };
            let there = between.column_names(&query).await.map_err(|error| fails(error.message))?;
            if let Some(missing) = own.iter().find(|name| !there.iter().any(|other| **name == **other)) {
                return Err(fails(format!("the view `{}` has no column `{missing}` yet", view.name)));
            }
            between.run(&statement).await.map_err(|error| fails(error.message))?;
        }
        Ok(())
    }
}

/// Replaces the rows of a table by those that another database shows under its name.
async fn copy(from: &Connection, to: &Connection, table: &Table) -> Result<(), EngineError> {
    to.run(&format!("DELETE FROM {}", table.name.sql())).await?;
    let columns: Vec<&Name> =
        table.columns.iter().filter(|column| column.generated.is_none()).map(|column| &column.name).collect();
    let quoted = columns.iter().map(|name| literal(name)).collect::<Vec<_>>().join(", ");
    let list = sql_list(columns.iter().copied());
    for row in from.rows(&format!("SELECT {quoted} FROM {}", table.name.sql())).await? {
        let values = row.iter().map(|value| text(value).to_owned()).collect::<Vec<_>>().join(", ");
        to.run(&format!("INSERT INTO {} ({list}) VALUES ({values})", table.name.sql())).await?;
    }
    Ok(())
}

/// SQL for the literal of a column's value. `quote` ends a text at its first NUL.
pub(super) fn literal(column: &Name) -> String {
    let column = column.sql();
    format!(
        "CASE WHEN typeof({column}) = 'text' AND instr(CAST({column} AS BLOB), x'00') > 0 THEN 'CAST(x''' || hex({column}) || ''' AS TEXT)' \
         ELSE quote({column}) END"
    )
}

/// These tables, and all that foreign keys connect with them, in both directions.
fn connected(schema: &Schema, tables: &[Name]) -> Vec<Name> {
    let mut found: BTreeSet<Name> = tables.iter().cloned().collect();
    loop {
        let before = found.len();
        for table in &schema.tables {
            for key in &table.foreign_keys {
                let parent = schema.table(&key.parent).map(|parent| parent.name.clone());
                if found.contains(&table.name) {
                    found.extend(parent);
                } else if parent.is_some_and(|parent| found.contains(&parent)) {
                    found.insert(table.name.clone());
                }
            }
        }
        if found.len() == before {
            return found.into_iter().collect();
        }
    }
}
