//! A schema as tables of a database in memory, for the queries of a project's own.

mod rows;

pub use self::rows::TABLES;
use self::rows::moved;
use super::connection::{Connection, Value, display};
use super::error::EngineError;
use crate::config::Query;
use crate::lint::query::{Row, introduced};
use crate::lint::{Finding, Migration};
use crate::schema::Schema;

/// What is wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// Line and column of the query in the configuration.
    pub place: (usize, usize),
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// The queries of a project's own, and a database with the schema that they were last asked about.
pub struct Catalogue<'q> {
    queries: &'q [Query],
    open: Option<Open>,
}

/// What the database has.
struct Open {
    connection: Connection,
    schema: Schema,
    found: Vec<Vec<Row>>,
}

impl<'q> Catalogue<'q> {
    /// A catalogue for these queries. Nothing is opened before something is asked.
    pub fn new(queries: &'q [Query]) -> Self {
        Self { queries, open: None }
    }

    /// What the queries find of a migration that was not so before it.
    ///
    /// # Errors
    /// If a query is wrong.
    pub async fn find(&mut self, migration: &Migration<'_>) -> Result<Vec<Finding>, QueryError> {
        if self.queries.is_empty() || migration.diff.is_empty() {
            return Ok(Vec::new());
        }
        let before = self.ask(migration.old).await?;
        let after = self.ask(migration.new).await?;
        let rows = self.queries.iter().zip(before.iter().zip(&after));
        Ok(rows.flat_map(|(query, (before, after))| introduced(migration, query, before, after)).collect())
    }

    /// What each query finds in a schema.
    async fn ask(&mut self, schema: &Schema) -> Result<Vec<Vec<Row>>, QueryError> {
        let queries = self.queries;
        let open = match &mut self.open {
            Some(open) => open,
            closed => closed.insert(Open::new(queries).await?),
        };
        open.ask(queries, schema).await
    }
}

impl Open {
    async fn new(queries: &[Query]) -> Result<Self, QueryError> {
        let of_first = |error| refused(&queries[0], &error);
        let connection = Connection::in_memory().await.map_err(of_first)?;
        connection.run_all(&TABLES.map(str::to_owned)).await.map_err(of_first)?;
        let texts: Vec<&str> = queries.iter().map(|query| query.sql.as_str()).collect();
        let described = connection.describe_all(&texts).await.map_err(of_first)?;
        for (query, columns) in queries.iter().zip(described) {
            let width = columns.map_err(|error| refused(query, &error))?.len();
            if width > 2 || (width == 1 && query.message.is_none()) {
                let message = match width {
                    1 => format!("the query `{}` says what it finds, and not what is wrong with it", query.name),
                    _ => format!("the query `{}` returns {width} columns", query.name),
                };
                let help = match width {
                    1 => "return the message in a second column, or set it: `message = \"…\"`",
                    _ => "return an object and a message: `SELECT path, 'has no comment' FROM …`",
                };
                return Err(QueryError { place: query.place, message, help: Some(help.to_owned()) });
            }
        }
        let found = vec![Vec::new(); queries.len()];
        let mut open = Self { connection, schema: Schema::default(), found };
        open.found = open.answers(queries).await?;
        Ok(open)
    }

    async fn ask(&mut self, queries: &[Query], schema: &Schema) -> Result<Vec<Vec<Row>>, QueryError> {
        let statements = moved(&self.schema, schema);
        if !statements.is_empty() {
            self.connection.run_all(&statements).await.map_err(|error| refused(&queries[0], &error))?;
            self.schema = schema.clone();
            self.found = self.answers(queries).await?;
        }
        Ok(self.found.clone())
    }

    async fn answers(&self, queries: &[Query]) -> Result<Vec<Vec<Row>>, QueryError> {
        let mut all = Vec::new();
        for query in queries {
            let rows = self.connection.rows(&query.sql).await.map_err(|error| refused(query, &error))?;
            let row = |values: Vec<Value>| match (values.first(), values.get(1)) {
                (Some(Value::Text(object)), second) => {
                    let said = second.filter(|value| !matches!(value, Value::Null)).map(display);
                    let message = said.or_else(|| query.message.clone()).unwrap_or_default();
                    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
                    Some(Ok(Row { object: object.clone(), message }))
                }
                // an aggregate over nothing
                (None | Some(Value::Null), _) => None,
                (Some(other), _) => Some(Err(QueryError {
                    place: query.place,
                    message: format!("the query `{}` returns `{}` as an object", query.name, display(other)),
                    help: Some("return a path: `SELECT path FROM tables`".to_owned()),
                })),
            };
            all.push(rows.into_iter().filter_map(row).collect::<Result<Vec<Row>, QueryError>>()?);
        }
        Ok(all)
    }
}

/// A query that the engine refuses.
fn refused(query: &Query, error: &EngineError) -> QueryError {
    let message = error.to_string();
    let is_missing = message.contains("no such table") || message.contains("no such column");
    let help = is_missing.then(|| {
        "the tables are `tables`, `columns`, `indexes`, `index_columns`, `constraints`, `foreign_keys`, `views` and \
         `triggers`; their columns are in docs/lints.md"
            .to_owned()
    });
    QueryError { place: query.place, message: format!("the query `{}` fails: {message}", query.name), help }
}
