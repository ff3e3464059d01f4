//! A schema as annotated Rust structs: what `pull` writes.
//!
//! [`structs`] makes source text of a schema. `names` finds struct and field names, `types` Rust types, `table` and
//! `objects` turn the model into attributes, `layout` writes them as rustfmt would, `files` puts the structs into one
//! file or into one for each. The text is then read back by `verify` with the lowering that the derives use: an object
//! that does not come back as it was is an error that names it, so that no clause is ever lost between a database and
//! its structs.

mod conditions;
mod defaults;
mod docs;
mod enums;
mod expressions;
mod files;
mod homes;
mod layout;
mod names;
mod objects;
mod order;
mod table;
mod types;
mod verify;

use std::collections::{BTreeMap, BTreeSet};

use dbmigrate_core::ddl::Comments;
use dbmigrate_core::engine::ViewColumns;
use dbmigrate_core::engine::introspect::{StoredObject, Unreadable};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::canonical::ObjectKind;
use dbmigrate_core::sql::Name;
use thiserror::Error;

use layout::Struct;
use names::{StructName, StructNames};

pub use files::SourceFile;

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
    /// What cannot be read, as comments at the end.
    unreadable: Vec<String>,
}

/// A struct, with the types that only it uses.
#[derive(Debug, Clone)]
pub struct RenderedStruct {
    /// What it declares.
    pub kind: ObjectKind,
    /// The table or view.
    pub object: Name,
    /// The names of the struct and of the enums that it uses.
    idents: Vec<String>,
    /// The text.
    text: String,
    /// What of the crate `dbmigrate` it uses.
    imports: BTreeSet<&'static str>,
    /// The other structs that its foreign keys refer to.
    refers_to: BTreeSet<String>,
}

impl Rendered {
    /// The packages beside `dbmigrate-rs` that the structs need.
    pub fn dependencies(&self) -> Vec<&'static str> {
        let has_json = self.structs.iter().any(|one| one.imports.contains("Json"));
        has_json.then_some("serde_json").into_iter().collect()
    }
}

impl RenderedStruct {
    fn new(kind: ObjectKind, object: &Name, one: &Struct, names: &StructNames) -> Self {
        let mut text = one.write();
        let mut imports = BTreeSet::from([one.derive]);
        if one.fields.iter().any(|field| field.ty.contains(types::JSON)) {
            imports.insert("Json");
        }
        let mut idents = vec![one.name.clone()];
        for (column, of_column) in names.get(object).into_iter().flat_map(StructName::enums) {
            imports.insert("ColumnType");
            idents.push(of_column.ident.clone());
            text.push('\n');
            text.push_str(&of_column.declaration(object, column).write());
        }
        Self { kind, object: object.clone(), idents, text, imports, refers_to: one.refers_to.clone() }
    }

    /// The struct's name.
    pub fn ident(&self) -> &str {
        &self.idents[0]
    }
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
    rendered.inexpressible = verify::verify(&rendered.file(), schema);
    rendered
}

/// What cannot be read, as a comment.
fn verbatim(unreadable: &Unreadable) -> String {
    let StoredObject { kind, name, sql, .. } = &unreadable.object;
    let reason = format!("The {kind} `{name}` has no struct: {}", unreadable.reason);
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
