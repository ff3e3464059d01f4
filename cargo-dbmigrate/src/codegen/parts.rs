//! A table as the parts of a struct, for one that is there already: its attributes and fields. Other structs are not
//! named, because theirs may be called anything.

use dbmigrate_core::engine::ViewColumns;
use dbmigrate_core::schema::{Schema, Table};
use dbmigrate_core::sql::Name;

use super::arguments::{Argument, INDENT, attribute};
use super::names::StructNames;
use super::table;

/// A table as a struct, in parts.
pub(crate) struct TableParts {
    /// What the struct would be called.
    pub(crate) ident: String,
    arguments: Vec<Argument>,
    /// The fields, in the order of the columns.
    pub(crate) fields: Vec<FieldParts>,
}

/// A column as a field, in parts.
pub(crate) struct FieldParts {
    /// The column.
    pub(crate) column: Name,
    /// What the field would be called.
    pub(crate) name: String,
    /// Its type.
    pub(crate) ty: String,
    arguments: Vec<Argument>,
}

/// The parts of a table.
pub(crate) fn table_parts(schema: &Schema, table: &Table) -> TableParts {
    let mut alone = Schema::default();
    alone.tables.insert(table.clone());
    let names = StructNames::of(&alone, &ViewColumns::default(), false);
    let one = table::render(schema, table, &names, None);
    let fields = one.fields.into_iter().zip(&table.columns).map(|(field, column)| FieldParts {
        column: column.name.clone(),
        name: field.name,
        ty: field.ty,
        arguments: nameless(field.arguments),
    });
    TableParts { ident: one.name, arguments: nameless(one.arguments), fields: fields.collect() }
}

/// The arguments without the name, which follows from what the struct or field is called.
fn nameless(arguments: Vec<Argument>) -> Vec<Argument> {
    let is_name = |argument: &Argument| matches!(argument, Argument::Plain(text) if text.starts_with("name = "));
    arguments.into_iter().filter(|argument| !is_name(argument)).collect()
}

fn written(word: &str, name: Option<&str>, arguments: &[Argument], indent: usize) -> Option<String> {
    let name = name.map(|name| Argument::text("name", name));
    let all: Vec<Argument> = name.into_iter().chain(arguments.iter().map(Argument::again)).collect();
    (!all.is_empty()).then(|| attribute(word, &all, indent))
}

impl TableParts {
    /// The attribute of the struct, with a name if it needs one; nothing if there is nothing to say.
    pub(crate) fn attribute(&self, name: Option<&str>) -> Option<String> {
        written("table", name, &self.arguments, 0)
    }

    /// The field of a column.
    pub(crate) fn field(&self, column: &Name) -> Option<&FieldParts> {
        self.fields.iter().find(|field| field.column == *column)
    }
}

impl FieldParts {
    /// The attribute of a field that is called `field`; nothing if there is nothing to say.
    pub(crate) fn attribute(&self, field: &str) -> Option<String> {
        let name = (field != self.column.as_str()).then(|| self.column.as_str());
        written("column", name, &self.arguments, INDENT.len())
    }
}
