//! Views, triggers and virtual tables.

use std::collections::BTreeSet;

use dbmigrate_core::ddl::Comments;
use dbmigrate_core::schema::{Schema, Trigger, TriggerEvent, TriggerTiming, View, VirtualTable};
use dbmigrate_core::sql::token::{TokenKind, significant};
use dbmigrate_core::sql::{DeclType, Expr, Name};

use super::expressions;
use super::layout::{Argument, Field, Struct, string};
use super::names::{StructName, StructNames, explicit_column, word};
use super::table::{field_word, name_word};
use super::types::RustType;

/// A field of a virtual table, as an argument of the module spells it.
struct ModuleColumn {
    name: Name,
    decl_type: String,
    unindexed: bool,
    auxiliary: bool,
}

/// The columns that can be fields: the arguments from the left, up to the first that is something else.
fn module_columns(table: &VirtualTable) -> Vec<ModuleColumn> {
    table.arguments.iter().map_while(module_column).collect()
}

/// The names of the fields of a virtual table's struct.
pub(super) fn columns(table: &VirtualTable) -> Vec<Name> {
    module_columns(table).into_iter().map(|column| column.name).collect()
}

/// Reads `+name TYPE UNINDEXED`; `None` unless the struct's field would be written in the same way again.
fn module_column(argument: &Expr) -> Option<ModuleColumn> {
    let tokens = significant(argument.as_str());
    let auxiliary = tokens.first().is_some_and(|token| token.text == "+");
    let tokens = &tokens[usize::from(auxiliary)..];
    let (name, mut rest) = tokens.split_first()?;
    if name.kind == TokenKind::String || tokens.iter().any(|token| token.text == "=") {
        return None;
    }
    let name = Name::from(name.identifier()?);
    let mut unindexed = false;
    if let [front @ .., last] = rest
        && last.is_word("unindexed")
    {
        (unindexed, rest) = (true, front);
    }
    let decl_type = match (rest.first(), rest.last()) {
        (Some(first), Some(last)) => argument.as_str().get(first.start..last.end())?.to_owned(),
        _ => String::new(),
    };
    let column = ModuleColumn { name, decl_type, unindexed, auxiliary };
    let plus = if auxiliary { "+" } else { "" };
    let mark = if unindexed { " UNINDEXED" } else { "" };
    let again = Expr::new(format!("{plus}{} {}{mark}", column.name.sql(), column.decl_type));
    (again == *argument).then_some(column)
}

/// The struct of a virtual table.
pub(super) fn virtual_table(table: &VirtualTable, names: &StructNames, comments: Option<&Comments>) -> Struct {
    let own = names.get(&table.name);
    let columns = module_columns(table);
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
        Field { doc: column_doc(comments, &column.name), ty: module_type(&module, at, column), name, arguments }
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

/// What the module stores: R-Trees a key and coordinates (sqlite.org/rtree.html), full-text indexes text.
fn module_type(module: &str, at: usize, column: &ModuleColumn) -> String {
    if module.starts_with("rtree") && !column.auxiliary {
        let is_integer = at == 0 || module == "rtree_i32";
        return if is_integer { "i64" } else { "f64" }.to_owned();
    }
    match column.decl_type.as_str() {
        "" => RustType::string().text,
        declared => RustType::of(&DeclType::new(declared)).text,
    }
}

/// The struct of a view. What a view returns may always be NULL as far as its declaration says.
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
    let fields = columns.iter().map(|(column, declared)| {
        let name = field_word(own, column);
        let ty = match declared.is_empty() {
            true => expressions::of_column(&view.query, column).unwrap_or_else(RustType::string),
            false => RustType::of(declared),
        };
        let arguments = explicit_column(&name, column).map(|name| Argument::text("name", name)).into_iter().collect();
        Field { doc: column_doc(comments, column), name, ty: format!("Option<{}>", ty.text), arguments }
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

/// `trigger(…)` on the struct of what it is on.
pub(super) fn trigger(trigger: &Trigger, own: Option<&StructName>) -> Argument {
    let timing = match trigger.timing {
        TriggerTiming::Before => "before",
        TriggerTiming::After => "after",
        TriggerTiming::InsteadOf => "instead_of",
    };
    let (event, columns): (&str, &[Name]) = match &trigger.event {
        TriggerEvent::Insert => ("insert", &[]),
        TriggerEvent::Delete => ("delete", &[]),
        TriggerEvent::Update(columns) => ("update", columns),
    };
    let mut arguments = vec![Argument::Plain(name_word(&trigger.name)), Argument::Plain(format!("{timing} = {event}"))];
    if !columns.is_empty() {
        let columns = columns.iter().map(|column| Argument::Plain(field_word(own, column)));
        arguments.push(Argument::List("update_of", columns.collect()));
    }
    if trigger.unchecked {
        arguments.push(Argument::Plain("unchecked".to_owned()));
    }
    arguments.extend(trigger.when.as_ref().map(|when| Argument::text("when", when.as_str())));
    arguments.push(Argument::text("body", trigger.body.as_str()));
    Argument::List("trigger", arguments)
}
