//! The columns of virtual tables, as far as the arguments of their modules are columns.

use dbmigrate_core::schema::VirtualTable;
use dbmigrate_core::sql::token::{TokenKind, significant};
use dbmigrate_core::sql::{DeclType, Expr, Name};

use super::types::RustType;

/// A field of a virtual table, as an argument of the module spells it.
pub(super) struct ModuleColumn {
    pub(super) name: Name,
    pub(super) decl_type: String,
    pub(super) unindexed: bool,
    pub(super) auxiliary: bool,
}

/// The columns that can be fields: the arguments from the left, up to the first that is something else.
pub(super) fn of(table: &VirtualTable) -> Vec<ModuleColumn> {
    table.arguments.iter().map_while(module_column).collect()
}

/// The names of the fields of a virtual table's struct.
pub(super) fn names(table: &VirtualTable) -> Vec<Name> {
    of(table).into_iter().map(|column| column.name).collect()
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

/// What the module stores: R-Trees a key and coordinates (sqlite.org/rtree.html), full-text indexes text, those of
/// vectors bytes, as `float[4]`.
pub(super) fn rust_type(module: &str, at: usize, column: &ModuleColumn) -> RustType {
    if module.starts_with("rtree") && !column.auxiliary {
        let is_integer = at == 0 || module == "rtree_i32";
        return if is_integer { RustType::integer() } else { RustType::real() };
    }
    match column.decl_type.as_str() {
        "" => RustType::string(),
        declared if module.starts_with("vec") && declared.contains('[') => RustType::bytes(),
        declared => RustType::of(&DeclType::new(declared)),
    }
}
