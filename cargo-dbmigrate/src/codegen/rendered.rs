//! The structs of a schema as texts, each with what it needs around it.

use std::collections::BTreeSet;

use dbmigrate_core::schema::canonical::ObjectKind;
use dbmigrate_core::sql::Name;

use super::inexpressible::Inexpressible;
use super::layout::Struct;
use super::names::{StructName, StructNames};
use super::types;

/// A schema in Rust.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    /// The structs: of tables, virtual tables and views, each in the order of their names.
    pub structs: Vec<RenderedStruct>,
    /// Everything that would not come back as it is.
    pub inexpressible: Vec<Inexpressible>,
    /// What cannot be read, as comments at the end.
    pub(super) unreadable: Vec<String>,
}

/// A struct, with the types that only it uses.
#[derive(Debug, Clone)]
pub struct RenderedStruct {
    /// What it declares.
    pub kind: ObjectKind,
    /// The table or view.
    pub object: Name,
    /// The names of the struct and of the enums that it uses.
    pub(super) idents: Vec<String>,
    /// The text.
    pub(super) text: String,
    /// What of the crate `dbmigrate` it uses.
    pub(super) imports: BTreeSet<&'static str>,
    /// The other structs that its foreign keys refer to.
    pub(super) refers_to: BTreeSet<String>,
}

impl Rendered {
    /// The packages beside `dbmigrate-rs` that the structs need.
    pub fn dependencies(&self) -> Vec<&'static str> {
        let has_json = self.structs.iter().any(|one| one.imports.contains("Json"));
        has_json.then_some("serde_json").into_iter().collect()
    }
}

impl RenderedStruct {
    pub(super) fn new(kind: ObjectKind, object: &Name, one: &Struct, names: &StructNames) -> Self {
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
