//! Whether an SQL expression can be what existing rows get: compiled where the old tables are, without their rows.

use dbmigrate_core::engine::Connection;
use dbmigrate_core::plan::create_all;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::Name;
use pollster::block_on;

/// The old tables in memory.
pub(super) struct OldTables(Option<Connection>);

impl OldTables {
    /// Makes them. What cannot be made in memory (a table of a module that is not there) is left out.
    pub(super) fn of(schema: &Schema) -> Self {
        let connection = block_on(Connection::in_memory()).ok();
        if let Some(connection) = &connection {
            for statement in create_all(schema) {
                let _ = block_on(connection.run(&statement));
            }
        }
        Self(connection)
    }

    /// What is wrong with the expression for the rows of a table, in libSQL's words.
    pub(super) fn check(&self, table: &Name, expression: &str) -> Result<(), String> {
        if expression.trim().is_empty() {
            return Err("an SQL expression is needed".to_owned());
        }
        let Some(connection) = &self.0 else { return Ok(()) };
        // a line comment ends at the line
        let query = format!("SELECT (\n{expression}\n) FROM {}", table.sql());
        let columns = block_on(connection.column_names(&query)).map_err(|error| explained(&error.to_string()))?;
        if columns.len() != 1 {
            return Err("one SQL expression is needed".to_owned());
        }
        // of no rows, one that looks at all of them together has a value all the same
        let rows = block_on(connection.rows(&query)).map_or(0, |rows| rows.len());
        if rows > 0 {
            return Err("it has one value for all rows, not one per row".to_owned());
        }
        Ok(())
    }
}

/// What is most often meant by a name that there is not.
fn explained(message: &str) -> String {
    match message.split_once("no such column: ") {
        Some((_, name)) if name.chars().all(|letter| letter.is_alphanumeric() || letter == '_') => {
            format!("{message}; put text in single quotes: '{name}'")
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmigrate_core::schema::{Column, Table};

    #[test]
    fn an_expression_is_compiled_over_the_columns_that_there_are() {
        let mut table = Table::new("a table");
        table.columns.push(Column::new("name", "TEXT"));
        let mut schema = Schema::default();
        schema.tables.insert(table);
        let (old, name) = (OldTables::of(&schema), Name::from("a table"));
        for right in ["0", "'de'", "lower(name)", "(SELECT max(name) FROM \"a table\")", "1 -- one", "rowid"] {
            assert_eq!(old.check(&name, right), Ok(()), "{right}");
        }
        let wrong = |expression: &str| old.check(&name, expression).expect_err("it is wrong");
        assert_eq!(wrong("de"), "no such column: de; put text in single quotes: 'de'");
        assert!(wrong("lower(").contains("syntax error") || wrong("lower(").contains("incomplete"));
        assert_eq!(wrong(" "), "an SQL expression is needed");
        assert_eq!(wrong("1), (2"), "one SQL expression is needed");
        assert!(wrong("1, 2").contains("row value"), "{}", wrong("1, 2"));
        assert_eq!(wrong("max(name)"), "it has one value for all rows, not one per row");
        assert!(wrong("nope(1)").contains("no such function"));
    }
}
