//! The columns of views, which only the engine knows.

use std::collections::BTreeMap;

use super::connection::{Connection, text};
use crate::schema::{Schema, View};
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
            let of_view = rows.iter().map(|row| (column_name(view, text(&row[1])), DeclType::new(text(&row[2]))));
            columns.insert(view.name.clone(), of_view.collect());
        }
    }
    columns
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
