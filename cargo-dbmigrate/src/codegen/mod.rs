//! A schema as annotated Rust structs: what `pull` writes.
//!
//! [`structs`] makes source text of a schema. `names` finds struct and field names, `types` Rust types, `table` and
//! `objects` turn the model into attributes, `layout` writes them as rustfmt would, `files` puts the structs into one
//! file or into one for each. The text is then read back by `verify` with the lowering that the derives use: an object
//! that does not come back as it was is an error that names it, so that no clause is ever lost between a database and
//! its structs.

mod defaults;
mod files;
mod homes;
mod layout;
mod names;
mod objects;
mod table;
mod types;
mod verify;

use std::collections::BTreeSet;

use dbmigrate_core::engine::ViewColumns;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::canonical::ObjectKind;
use dbmigrate_core::sql::Name;
use thiserror::Error;

use layout::Struct;
use names::StructNames;

pub use files::SourceFile;

/// What is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// The columns of its views.
    pub view_columns: &'a ViewColumns,
}

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

/// A schema in Rust.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    /// The structs: of tables, virtual tables and views, each in the order of their names.
    pub structs: Vec<RenderedStruct>,
    /// Everything that would not come back as it is.
    pub inexpressible: Vec<Inexpressible>,
}

/// A struct, with the types that only it uses.
#[derive(Debug, Clone)]
pub struct RenderedStruct {
    /// What it declares.
    pub kind: ObjectKind,
    /// The table or view.
    pub object: Name,
    /// The struct's name.
    pub ident: String,
    /// The text.
    text: String,
    /// What of the crate `dbmigrate` it uses.
    imports: BTreeSet<&'static str>,
    /// The other structs that its foreign keys refer to.
    refers_to: BTreeSet<String>,
}

/// The structs that declare a schema.
pub fn structs(request: &Request<'_>) -> Rendered {
    let Request { schema, view_columns } = *request;
    let names = StructNames::of(schema, view_columns);
    let mut rendered = Rendered::default();
    let mut push = |kind, object: &Name, one: Struct| {
        rendered.structs.push(RenderedStruct {
            kind,
            object: object.clone(),
            ident: one.name.clone(),
            text: one.write(),
            imports: BTreeSet::from([one.derive]),
            refers_to: one.refers_to,
        });
    };
    for table in &schema.tables {
        push(ObjectKind::Table, &table.name, table::render(schema, table, &names));
    }
    for table in &schema.virtual_tables {
        push(ObjectKind::VirtualTable, &table.name, objects::virtual_table(table, &names));
    }
    let mut errors = Vec::new();
    for view in &schema.views {
        match view_columns.get(&view.name).filter(|columns| !columns.is_empty()) {
            Some(columns) => push(ObjectKind::View, &view.name, objects::view(schema, view, columns, &names)),
            None => errors.push(Inexpressible {
                kind: ObjectKind::View,
                name: view.name.to_string(),
                reason: "its columns are not known: the query does not compile".to_owned(),
            }),
        }
    }
    for lost in verify::verify(&rendered.file(), schema) {
        // an object may have two reasons; the first is the better one
        if !errors.iter().any(|known| (known.kind, known.name.to_ascii_lowercase()) == (lost.kind, lost.name.clone())) {
            errors.push(lost);
        }
    }
    rendered.inexpressible = errors;
    rendered
}

/// The structs that declare a schema, as one source file.
///
/// # Errors
/// Every object that would not come back as it is.
pub fn render(schema: &Schema, view_columns: &ViewColumns) -> Result<String, Vec<Inexpressible>> {
    let rendered = structs(&Request { schema, view_columns });
    if rendered.inexpressible.is_empty() { Ok(rendered.file()) } else { Err(rendered.inexpressible) }
}
