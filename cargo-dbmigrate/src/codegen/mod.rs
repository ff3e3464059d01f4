//! A schema as annotated Rust structs: what `pull` writes.
//!
//! [`render`] makes a source file of a schema. `names` finds struct and field names, `types` Rust types, `table` and
//! `objects` turn the model into attributes, `layout` writes them as rustfmt would. The file is then read back by
//! `verify` with the lowering that the derives use: an object that does not come back as it was is an error that names
//! it, so that no clause is ever lost between a database and its structs.

mod defaults;
mod layout;
mod names;
mod objects;
mod table;
mod types;
mod verify;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::canonical::ObjectKind;
use dbmigrate_core::sql::{DeclType, Name};
use thiserror::Error;

use names::StructNames;

/// The columns of each view, which only the engine knows, with the types that it gives them (empty for expressions).
pub type ViewColumns = BTreeMap<Name, Vec<(Name, DeclType)>>;

/// An object that the schema language cannot express.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{} `{name}` cannot be written as a struct: {reason}", kind.noun())]
pub struct Inexpressible {
    /// What it is.
    pub kind: ObjectKind,
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// The structs that declare `schema`, as a source file.
///
/// # Errors
/// Every object that would not come back as it is.
pub fn render(schema: &Schema, view_columns: &ViewColumns) -> Result<String, Vec<Inexpressible>> {
    let names = StructNames::of(schema, view_columns);
    let mut structs = Vec::new();
    let mut errors = Vec::new();
    for table in &schema.tables {
        structs.push(table::render(schema, table, &names));
    }
    for table in &schema.virtual_tables {
        structs.push(objects::virtual_table(table, &names));
    }
    for view in &schema.views {
        match view_columns.get(&view.name).filter(|columns| !columns.is_empty()) {
            Some(columns) => structs.push(objects::view(schema, view, columns, &names)),
            None => errors.push(Inexpressible {
                kind: ObjectKind::View,
                name: view.name.to_string(),
                reason: "its columns are not known: the query does not compile".to_owned(),
            }),
        }
    }
    let mut text = String::new();
    let derives: Vec<&str> = [
        ("Table", !(schema.tables.is_empty() && schema.virtual_tables.is_empty())),
        ("View", !schema.views.is_empty()),
    ]
    .into_iter()
    .filter_map(|(derive, used)| used.then_some(derive))
    .collect();
    match &derives[..] {
        [] => {}
        [only] => drop(writeln!(text, "use dbmigrate::{only};")),
        several => drop(writeln!(text, "use dbmigrate::{{{}}};", several.join(", "))),
    }
    for one in structs {
        text.push('\n');
        text.push_str(&one.write());
    }
    for lost in verify::verify(&text, schema) {
        // an object may have two reasons; the first is the better one
        if !errors.iter().any(|known| (known.kind, known.name.to_ascii_lowercase()) == (lost.kind, lost.name.clone())) {
            errors.push(lost);
        }
    }
    if errors.is_empty() { Ok(text) } else { Err(errors) }
}
