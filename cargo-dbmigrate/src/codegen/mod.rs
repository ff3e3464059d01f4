//! A schema as annotated Rust structs: what `pull` writes.
//!
//! [`structs`] makes source text of a schema. `names` finds struct and field names, `types` Rust types, `table` and
//! `objects` turn the model into attributes, `layout` writes them as rustfmt would, `files` puts the structs into one
//! file or into one for each. The text is then read back by `verify` with the lowering that the derives use: an object
//! that does not come back as it was is an error that names it, so that no clause is ever lost between a database and
//! its structs.

mod arguments;
mod clauses;
mod conditions;
mod defaults;
mod docs;
mod enums;
mod files;
mod homes;
mod idents;
mod imports;
mod inexpressible;
mod layout;
mod literal;
mod module_columns;
mod names;
mod objects;
mod order;
mod parts;
mod query;
mod rendered;
mod table;
mod types;
mod verify;

use std::collections::BTreeMap;

use dbmigrate_core::ddl::Comments;
use dbmigrate_core::engine::ViewColumns;
use dbmigrate_core::engine::introspect::{StoredObject, Unreadable};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::canonical::ObjectKind;
use dbmigrate_core::sql::Name;

use layout::Struct;
use names::StructNames;

pub use files::SourceFile;
pub use inexpressible::Inexpressible;
pub(crate) use parts::{FieldParts, StructParts, parts};
pub use rendered::{Rendered, RenderedStruct};

/// What is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// The columns of its views.
    pub view_columns: &'a ViewColumns,
    /// What is said of its tables and views.
    pub comments: &'a BTreeMap<Name, Comments>,
    /// What is no part of the schema, because it cannot be read.
    pub unreadable: &'a [Unreadable],
    /// Whether columns that hold one of a few texts become enums.
    pub enums: bool,
}

/// The structs that declare a schema.
pub fn structs(request: &Request<'_>) -> Rendered {
    let Request { schema, view_columns, comments, unreadable, enums } = *request;
    let names = StructNames::of(schema, view_columns, enums);
    let mut rendered = Rendered { unreadable: unreadable.iter().map(verbatim).collect(), ..Rendered::default() };
    let mut push = |kind, object: &Name, one: &Struct| {
        rendered.structs.push(RenderedStruct::new(kind, object, one, &names));
    };
    for table in &schema.tables {
        push(ObjectKind::Table, &table.name, &table::render(schema, table, &names, comments.get(&table.name)));
    }
    for table in &schema.virtual_tables {
        let one = objects::virtual_table(table, &names, comments.get(&table.name));
        push(ObjectKind::VirtualTable, &table.name, &one);
    }
    for view in &schema.views {
        let columns = view_columns.get(&view.name).map(Vec::as_slice).unwrap_or_default();
        let one = objects::view(schema, view, columns, &names, comments.get(&view.name));
        push(ObjectKind::View, &view.name, &one);
    }
    rendered.inexpressible = verify::verify(&rendered.structs, &names, schema);
    rendered
}

/// What cannot be read, as a comment.
fn verbatim(unreadable: &Unreadable) -> String {
    let StoredObject { kind, name, sql, .. } = &unreadable.object;
    let reason = format!("No struct for the {kind} `{name}`: {}", unreadable.reason);
    docs::comment(&format!("{reason}\n\n{sql}"))
}

/// The structs that declare a schema, as one source file without documentation.
///
/// # Errors
/// Every object that would not come back as it is.
pub fn render(schema: &Schema, view_columns: &ViewColumns) -> Result<String, Vec<Inexpressible>> {
    let rendered =
        structs(&Request { schema, view_columns, comments: &BTreeMap::new(), unreadable: &[], enums: false });
    if rendered.inexpressible.is_empty() { Ok(rendered.file()) } else { Err(rendered.inexpressible) }
}
