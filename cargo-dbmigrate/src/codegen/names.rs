//! Names of structs and fields for tables and columns: idiomatic, without collisions, and stable.

use std::collections::{BTreeMap, BTreeSet};

use dbmigrate_core::declare::naming::snake_case;
use dbmigrate_core::engine::ViewColumns;
use dbmigrate_core::schema::{Schema, Table};
use dbmigrate_core::sql::Name;

use super::enums::EnumType;
use super::idents::{field_names, struct_name, unused};
use super::module_columns;

/// Type names that the file itself uses.
const TAKEN: [&str; 9] = ["ColumnType", "Json", "Option", "Self", "String", "Table", "Value", "Vec", "View"];

/// The names of everything in a file.
pub(super) struct StructNames(BTreeMap<Name, StructName>);

/// The name of a struct and of its fields.
pub(super) struct StructName {
    /// As it is written.
    pub(super) ident: String,
    fields: Vec<(Name, String)>,
    /// The enums that columns have.
    enums: Vec<(Name, EnumType)>,
}

impl StructNames {
    pub(super) fn of(schema: &Schema, view_columns: &ViewColumns, enums: bool) -> Self {
        let mut taken: BTreeSet<String> = TAKEN.into_iter().map(str::to_owned).collect();
        let mut names = BTreeMap::new();
        let ordinary = |table: &Table| table.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        let tables = schema.tables.iter().map(|table| (&table.name, ordinary(table)));
        let virtual_tables = schema.virtual_tables.iter().map(|table| (&table.name, module_columns::names(table)));
        let views = schema.views.iter().map(|view| {
            let columns = view_columns.get(&view.name).map(Vec::as_slice).unwrap_or_default();
            (&view.name, columns.iter().map(|(name, _)| name.clone()).collect())
        });
        for (name, columns) in tables.chain(virtual_tables).chain(views) {
            let ident = unused(&struct_name(name.as_str()), "", &mut taken);
            names.insert(name.clone(), StructName { ident, fields: field_names(columns), enums: Vec::new() });
        }
        if enums {
            for table in &schema.tables {
                let Some(name) = names.get_mut(&table.name) else { continue };
                for column in &table.columns {
                    let of_column = EnumType::of(table, column, &name.ident, &mut taken);
                    name.enums.extend(of_column.map(|of_column| (column.name.clone(), of_column)));
                }
            }
        }
        Self(names)
    }

    /// The tables and the columns of their fields, by the names of structs and fields.
    pub(super) fn tables(&self) -> BTreeMap<String, (Name, BTreeMap<String, Name>)> {
        let of = |(table, one): (&Name, &StructName)| {
            let plain = |field: &str| field.strip_prefix("r#").unwrap_or(field).to_owned();
            let fields = one.fields.iter().map(|(column, field)| (plain(field), column.clone()));
            (one.ident.clone(), (table.clone(), fields.collect()))
        };
        self.0.iter().map(of).collect()
    }

    /// The struct of a table or view.
    pub(super) fn get(&self, table: &Name) -> Option<&StructName> {
        self.0.get(table)
    }
}

impl StructName {
    /// The name that has to be said because the struct's own does not say it.
    pub(super) fn explicit<'n>(&self, table: &'n Name) -> Option<&'n str> {
        (snake_case(&self.ident) != table.as_str() || !table.as_str().is_ascii()).then(|| table.as_str())
    }

    /// The enum of a column.
    pub(super) fn enum_of(&self, column: &Name) -> Option<&EnumType> {
        self.enums.iter().find(|(name, _)| name == column).map(|(_, of_column)| of_column)
    }

    /// The enums of all columns.
    pub(super) fn enums(&self) -> impl Iterator<Item = (&Name, &EnumType)> {
        self.enums.iter().map(|(name, of_column)| (name, of_column))
    }

    /// The field of a column, as it is written.
    pub(super) fn field(&self, column: &Name) -> Option<&str> {
        self.fields.iter().find(|(name, _)| name == column).map(|(_, field)| field.as_str())
    }
}

/// The name that has to be said for a column because its field does not say it. rustc normalizes identifiers (NFC),
/// so a name outside of ASCII is always said.
pub(super) fn explicit_column<'n>(field: &str, column: &'n Name) -> Option<&'n str> {
    let plain = field.strip_prefix("r#").unwrap_or(field);
    (plain != column.as_str() || !plain.is_ascii()).then(|| column.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_never_hides_a_type_that_the_file_needs() {
        let mut schema = Schema::default();
        for table in ["string", "table", "vec", "foo_bar", "fooBar"] {
            schema.tables.insert(Table::new(table));
        }
        let names = StructNames::of(&schema, &ViewColumns::new(), false);
        let ident = |table: &str| names.get(&table.into()).map(|name| name.ident.clone()).unwrap_or_default();
        assert_eq!(["string", "table", "vec"].map(ident), ["String2", "Table2", "Vec2"]);
        assert_eq!(["foo_bar", "fooBar"].map(ident), ["FooBar", "FooBar2"]);
    }
}
