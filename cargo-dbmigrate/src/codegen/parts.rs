//! A table or a view as the parts of a struct, for one that is there already: its attributes and fields. Other structs
//! are not named, because theirs may be called anything.

use dbmigrate_core::engine::ViewColumns;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::canonical::ObjectKind;
use dbmigrate_core::sql::Name;

use super::arguments::{Argument, INDENT, attribute};
use super::layout::Struct;
use super::names::StructNames;
use super::{module_columns, objects, table, types};

/// A table or a view as a struct, in parts.
pub(crate) struct StructParts {
    /// What the struct would be called.
    pub(crate) ident: String,
    /// The derive that declares it.
    pub(crate) derive: &'static str,
    /// The word of its attribute.
    pub(crate) word: &'static str,
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
    /// What is said in a comment that is no documentation.
    pub(crate) note: Option<&'static str>,
    arguments: Vec<Argument>,
}

/// The parts of a table, virtual table or view. `None` if the schema has no such one, or nobody knows its columns.
pub(crate) fn parts(
    schema: &Schema,
    (kind, object): (ObjectKind, &Name),
    view_columns: &ViewColumns,
) -> Option<StructParts> {
    let mut alone = Schema::default();
    let names = |alone: &Schema| StructNames::of(alone, view_columns, false);
    let (one, columns): (Struct, Vec<Name>) = match kind {
        ObjectKind::Table => {
            let table = schema.table(object)?;
            alone.tables.insert(table.clone());
            let columns = table.columns.iter().map(|column| column.name.clone());
            (table::render(schema, table, &names(&alone), None), columns.collect())
        }
        ObjectKind::VirtualTable => {
            let table = schema.virtual_tables.get(object)?;
            alone.virtual_tables.insert(table.clone());
            (objects::virtual_table(table, &names(&alone), None), module_columns::names(table))
        }
        ObjectKind::View => {
            let view = schema.views.get(object)?;
            alone.views.insert(view.clone());
            let columns = match view_columns.get(object) {
                Some(columns) => columns.as_slice(),
                None if view.unchecked => &[],
                None => return None,
            };
            let one = objects::view(schema, view, columns, &names(&alone), None);
            (one, columns.iter().map(|(name, _)| name.clone()).collect())
        }
        ObjectKind::Trigger => return None,
    };
    let fields = one.fields.into_iter().zip(columns).map(|(field, column)| FieldParts {
        column,
        name: field.name,
        // a file need not import it
        ty: field.ty.replace(types::JSON, &format!("dbmigrate::{}", types::JSON)),
        note: field.note,
        arguments: nameless(field.arguments),
    });
    Some(StructParts {
        ident: one.name,
        derive: one.derive,
        word: one.attribute,
        arguments: nameless(one.arguments),
        fields: fields.collect(),
    })
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

impl StructParts {
    /// The attribute of the struct, with a name if it needs one; nothing if there is nothing to say.
    pub(crate) fn attribute(&self, name: Option<&str>) -> Option<String> {
        written(self.word, name, &self.arguments, 0)
    }

    /// The field of a column.
    pub(crate) fn field(&self, column: &Name) -> Option<&FieldParts> {
        self.fields.iter().find(|field| field.column == *column)
    }

    /// All of it, for a table or view of this name, that needs no imports.
    pub(crate) fn write(&self, name: &Name) -> String {
        let attribute = self.attribute(Some(name.as_str())).unwrap_or_default();
        let fields: String = self.fields.iter().map(|field| field.write("pub ")).collect();
        let Self { derive, ident, .. } = self;
        format!("#[derive(dbmigrate::{derive})]\n{attribute}\npub struct {ident} {{\n{fields}}}\n")
    }
}

impl FieldParts {
    /// The attribute of a field that is called `field`; nothing if there is nothing to say.
    pub(crate) fn attribute(&self, field: &str) -> Option<String> {
        let name = (field != self.column.as_str()).then(|| self.column.as_str());
        written("column", name, &self.arguments, INDENT.len())
    }

    /// All of it, its lines indented.
    pub(crate) fn write(&self, visibility: &str) -> String {
        let note = self.note.map(|note| format!("{INDENT}// {note}\n")).unwrap_or_default();
        let bare = self.name.trim_start_matches("r#");
        let attribute = self.attribute(bare).map(|text| format!("{INDENT}{text}\n")).unwrap_or_default();
        format!("{note}{attribute}{INDENT}{visibility}{}: {},\n", self.name, self.ty)
    }
}
