//! Views and virtual tables as structs.

use std::collections::BTreeSet;

use dbmigrate_core::ddl::Comments;
use dbmigrate_core::schema::{Schema, View, VirtualTable};
use dbmigrate_core::sql::{DeclType, Name};

use super::arguments::Argument;
use super::clauses::{field_word, trigger};
use super::idents::word;
use super::layout::{Field, Struct};
use super::literal::string;
use super::module_columns;
use super::names::{StructNames, explicit_column};
use super::query::{self, Kind};
use super::types::{ANY, RustType};

/// The struct of a virtual table.
pub(super) fn virtual_table(table: &VirtualTable, names: &StructNames, comments: Option<&Comments>) -> Struct {
    let own = names.get(&table.name);
    let columns = module_columns::of(table);
    let module = table.module.folded();
    let mut arguments = Vec::new();
    arguments.extend(own.and_then(|own| own.explicit(&table.name)).map(|name| Argument::text("name", name)));
    let using = word(&module).map_or_else(|| string(&module), str::to_owned);
    arguments.push(Argument::Plain(format!("using = {using}")));
    let options: Vec<Argument> =
        table.arguments[columns.len()..].iter().map(|option| Argument::Plain(string(option.as_str()))).collect();
    if !options.is_empty() {
        arguments.push(Argument::List("options", options));
    }
    let fields = columns.iter().enumerate().map(|(at, column)| {
        let name = field_word(own, &column.name);
        let mut arguments = Vec::new();
        arguments.extend(explicit_column(&name, &column.name).map(|name| Argument::text("name", name)));
        if !column.decl_type.is_empty() {
            arguments.push(Argument::text("type", &column.decl_type));
        }
        for (set, flag) in [(column.unindexed, "unindexed"), (column.auxiliary, "auxiliary")] {
            if set {
                arguments.push(Argument::Plain(flag.to_owned()));
            }
        }
        Field {
            doc: column_doc(comments, &column.name),
            note: None,
            ty: module_columns::rust_type(&module, at, column).text,
            name,
            arguments,
        }
    });
    Struct {
        doc: comments.and_then(|comments| comments.table.clone()),
        derive: "Table",
        attribute: "table",
        name: own.map_or_else(String::new, |own| own.ident.clone()),
        arguments,
        fields: fields.collect(),
        refers_to: BTreeSet::new(),
    }
}

/// What is said of a field that no narrower type would read every value of.
const OF_ANY_TYPE: &str = "its type cannot be inferred from the query: `Value` reads any value, including NULL";

/// The struct of a view.
pub(super) fn view(
    schema: &Schema,
    view: &View,
    columns: &[(Name, DeclType)],
    names: &StructNames,
    comments: Option<&Comments>,
) -> Struct {
    let own = names.get(&view.name);
    let mut arguments = Vec::new();
    arguments.extend(own.and_then(|own| own.explicit(&view.name)).map(|name| Argument::text("name", name)));
    if view.unchecked {
        arguments.push(Argument::Plain("unchecked".to_owned()));
    }
    arguments.push(Argument::text("query", view.query.as_str()));
    if !view.columns.is_empty() {
        let listed = view.columns.iter().map(|column| Argument::Plain(field_word(own, column)));
        arguments.push(Argument::List("columns", listed.collect()));
    }
    let triggers = schema.triggers.iter().filter(|trigger| trigger.on == view.name);
    arguments.extend(triggers.map(|one| trigger(one, own)));
    let inferred = query::columns_of(schema, view).filter(|kinds| kinds.len() == columns.len());
    let fields = columns.iter().enumerate().map(|(at, (column, declared))| {
        let name = field_word(own, column);
        let kind = inferred.as_ref().map(|kinds| &kinds[at]);
        // of a query that is not understood the engine knows the columns that it passes on
        let declared = || (inferred.is_none() && !declared.is_empty()).then(|| RustType::of(declared));
        let (ty, note) = match kind.and_then(Kind::rust_type).or_else(declared) {
            Some(ty) if kind.is_some_and(|kind| !kind.nullable) => (ty.text, None),
            Some(ty) => (format!("Option<{}>", ty.text), None),
            None => (ANY.to_owned(), Some(OF_ANY_TYPE)),
        };
        let arguments = explicit_column(&name, column).map(|name| Argument::text("name", name)).into_iter().collect();
        Field { doc: column_doc(comments, column), note, name, ty, arguments }
    });
    Struct {
        doc: comments.and_then(|comments| comments.table.clone()),
        derive: "View",
        attribute: "view",
        name: own.map_or_else(String::new, |own| own.ident.clone()),
        arguments,
        fields: fields.collect(),
        refers_to: BTreeSet::new(),
    }
}

fn column_doc(comments: Option<&Comments>, column: &Name) -> Option<String> {
    comments.and_then(|comments| comments.column(column)).map(str::to_owned)
}
