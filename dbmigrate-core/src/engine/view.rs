//! The columns of views, which only the engine knows.

use std::collections::{BTreeMap, BTreeSet};

use super::connection::{Connection, text};
use super::error::EngineError;
use crate::ddl::render;
use crate::plan::{create_all, in_order_of_mention};
use crate::schema::{Schema, View};
use crate::sql::token::{TokenKind, tokenize};
use crate::sql::{DeclType, Expr, Name};

/// The columns of views, with the types that the engine gives them (empty for expressions).
pub type ViewColumns = BTreeMap<Name, Vec<(Name, DeclType)>>;

/// A function with any number of arguments, in the place of one that only the application has.
const STAND_IN: &str = "json_array";

/// Asks the engine for the columns of the views of `schema`.
///
/// Those of a view that does not compile are found as well if nothing is missing but functions of the application;
/// otherwise they are the ones that `CREATE VIEW v(a, b)` names, or the view is left out.
///
/// # Errors
/// If there is no database in memory.
pub async fn view_columns(connection: &Connection, schema: &Schema) -> Result<ViewColumns, EngineError> {
    let mut columns = ViewColumns::new();
    let mut lost = Vec::new();
    for view in &schema.views {
        match columns_of(connection, view).await {
            Ok(found) => drop(columns.insert(view.name.clone(), found)),
            Err(_) => lost.push(view),
        }
    }
    if lost.is_empty() {
        return Ok(columns);
    }
    let stand_in = with_stand_ins(schema).await?;
    for view in lost {
        let named = || view.columns.iter().map(|column| (column.clone(), DeclType::default())).collect::<Vec<_>>();
        let found = columns_of(&stand_in, view).await.unwrap_or_else(|_| named());
        if !found.is_empty() {
            columns.insert(view.name.clone(), found);
        }
    }
    Ok(columns)
}

async fn columns_of(connection: &Connection, view: &View) -> Result<Vec<(Name, DeclType)>, EngineError> {
    let rows = connection.rows(&format!("PRAGMA table_xinfo({})", view.name.sql())).await?;
    Ok(rows.iter().map(|row| (column_name(view, text(&row[1])), DeclType::new(text(&row[2])))).collect())
}

/// The schema in memory, as far as it can be there, with a stand-in for every function that is missing in its views.
async fn with_stand_ins(schema: &Schema) -> Result<Connection, EngineError> {
    let connection = Connection::in_memory().await?;
    let tables =
        Schema { tables: schema.tables.clone(), virtual_tables: schema.virtual_tables.clone(), ..Schema::default() };
    for statement in create_all(&tables) {
        // what it takes to create it may be missing as well: then so are the columns of what reads it
        let _ = connection.run(&statement).await;
    }
    let mut missing: BTreeSet<Name> = BTreeSet::new();
    for view in in_order_of_mention(&schema.views) {
        loop {
            let query = without_functions(&view.query, &missing);
            connection.run(&render::create_view(&View { query, ..view.clone() })).await?;
            let Err(error) = columns_of(&connection, &view).await else { break };
            let function = error.message.strip_prefix("no such function: ").map(Name::from);
            let is_news = function.is_some_and(|function| missing.insert(function));
            if !is_news {
                break;
            }
            connection.run(&format!("DROP VIEW {}", view.name.sql())).await?;
        }
    }
    Ok(connection)
}

/// A query with the calls of these functions replaced.
fn without_functions(query: &Expr, functions: &BTreeSet<Name>) -> Expr {
    let tokens: Vec<_> = tokenize(query.as_str()).collect();
    let is_call = |at: usize| {
        let next = tokens[at + 1..].iter().find(|token| token.is_significant());
        next.is_some_and(|next| next.kind == TokenKind::Open)
            && tokens[at].identifier().is_some_and(|name| functions.contains(&Name::from(name)))
    };
    let words = tokens.iter().enumerate().map(|(at, token)| if is_call(at) { STAND_IN } else { token.text });
    Expr::script(words.collect::<String>())
}

/// The name of a view's column, on one line if it is the text of an expression.
fn column_name(view: &View, name: &str) -> Name {
    let given = Name::from(name);
    if view.columns.contains(&given) || view.query.mentions(&given) { given } else { on_one_line(&given) }
}

/// The name on one line. An expression without a name is called as it is written, and where its lines break is no part
/// of a schema.
pub(super) fn on_one_line(name: &Name) -> Name {
    name.as_str().split_whitespace().collect::<Vec<_>>().join(" ").into()
}
