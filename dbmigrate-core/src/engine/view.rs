//! The columns of views, which only the engine knows.

use std::collections::BTreeMap;

use super::connection::{Connection, text};
use crate::schema::Schema;
use crate::sql::{DeclType, Name};

/// The columns of each view that compiles, with the types that the engine gives them (empty for expressions).
pub type ViewColumns = BTreeMap<Name, Vec<(Name, DeclType)>>;

/// Asks the engine for the columns of the views of `schema`. A view that does not compile has none.
pub async fn view_columns(connection: &Connection, schema: &Schema) -> ViewColumns {
    let mut columns = ViewColumns::new();
    for view in &schema.views {
        let query = format!("PRAGMA table_xinfo({})", view.name.sql());
        let Ok(rows) = connection.rows(&query).await else { continue };
        if !rows.is_empty() {
            let of_view = rows.iter().map(|row| (Name::from(text(&row[1])), DeclType::new(text(&row[2]))));
            columns.insert(view.name.clone(), of_view.collect());
        }
    }
    columns
}
