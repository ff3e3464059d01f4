//! Names of structs and fields for tables and columns: idiomatic, without collisions, and stable.

use std::collections::{BTreeMap, BTreeSet};

use dbmigrate_core::declare::naming::{Case, snake_case};
use dbmigrate_core::engine::ViewColumns;
use dbmigrate_core::schema::{Schema, Table};
use dbmigrate_core::sql::Name;

use super::enums::EnumType;

/// Type names that the file itself uses.
const TAKEN: [&str; 8] = ["ColumnType", "Json", "Option", "Self", "String", "Table", "Vec", "View"];

/// Rust's keywords in all editions (doc.rust-lang.org/reference/keywords.html).
const KEYWORDS: [&str; 47] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while",
];

/// Keywords that cannot be written raw.
const NEVER_RAW: [&str; 4] = ["_", "crate", "self", "super"];

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
        let virtual_tables = schema.virtual_tables.iter().map(|table| (&table.name, super::objects::columns(table)));
        let views = schema.views.iter().map(|view| {
            let columns = view_columns.get(&view.name).map(Vec::as_slice).unwrap_or_default();
            (&view.name, columns.iter().map(|(name, _)| name.clone()).collect())
        });
        for (name, columns) in tables.chain(virtual_tables).chain(views) {
            let ident = unused(&struct_name(name.as_str()), "", &mut taken);
            names.insert(name.clone(), StructName { ident, fields: fields(columns), enums: Vec::new() });
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

/// A word that stands in an attribute for a name: a check, a trigger, a collation. `None` if it has to be quoted.
pub(super) fn word(name: &str) -> Option<&str> {
    let mut bytes = name.bytes();
    let plain = bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (plain && !is_keyword(name) && !NEVER_RAW.contains(&name) && name != "Self").then_some(name)
}

pub(super) fn is_keyword(text: &str) -> bool {
    KEYWORDS.binary_search(&text).is_ok()
}

/// `blog_posts`, `blogPosts` and `blog posts` to `BlogPosts`.
pub(super) fn struct_name(table: &str) -> String {
    let name = Case::Pascal.apply(&identifier_characters(table));
    match name.chars().next() {
        None => "Unnamed".to_owned(),
        Some(first) if first.is_alphabetic() => name,
        Some(_) => format!("T{name}"),
    }
}

fn fields(columns: Vec<Name>) -> Vec<(Name, String)> {
    let mut taken = BTreeSet::new();
    // a column keeps the name that it has; who needs another one makes room
    let exact: Vec<bool> = columns.iter().map(|column| is_snake_case(column.as_str())).collect();
    taken.extend(columns.iter().zip(&exact).filter(|(_, exact)| **exact).map(|(column, _)| column.to_string()));
    let named = columns.into_iter().zip(exact).map(|(column, exact)| {
        let plain = if exact { column.to_string() } else { unused(&field_name(column.as_str()), "_", &mut taken) };
        let field = if is_keyword(&plain) { format!("r#{plain}") } else { plain };
        (column, field)
    });
    named.collect()
}

/// Whether a column's name is a field's as it stands: rustc has nothing to say against it.
fn is_snake_case(name: &str) -> bool {
    let is_word = name.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_');
    let starts = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
    let bare = name.trim_matches('_');
    is_word && starts && !bare.is_empty() && !bare.contains("__") && !NEVER_RAW.contains(&name)
}

fn field_name(column: &str) -> String {
    let name = snake_case(&identifier_characters(column));
    match name.chars().next() {
        None => "unnamed".to_owned(),
        Some(_) if NEVER_RAW.contains(&name.as_str()) => format!("{name}_"),
        Some(first) if first.is_alphabetic() => name,
        Some(_) => format!("_{name}"),
    }
}

/// What cannot be in an identifier separates words.
fn identifier_characters(name: &str) -> String {
    let allowed = |char: char| {
        char.is_ascii_alphanumeric() || (!char.is_ascii() && syn::parse_str::<syn::Ident>(&format!("a{char}")).is_ok())
    };
    let text: String = name.chars().map(|char| if allowed(char) { char } else { '_' }).collect();
    // what may go on with a word may not begin one: combining marks, for example
    let begins =
        |text: &str| text.starts_with(|char: char| char.is_ascii()) || syn::parse_str::<syn::Ident>(text).is_ok();
    if text.split('_').filter(|word| !word.is_empty()).all(begins) {
        return text;
    }
    text.chars().map(|char| if char.is_ascii() { char } else { '_' }).collect()
}

/// `name`, or with a number behind it if that is taken.
pub(super) fn unused(name: &str, separator: &str, taken: &mut BTreeSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while !taken.insert(candidate.clone()) {
        candidate = format!("{name}{separator}{number}");
        number += 1;
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field_names(columns: &[&str]) -> Vec<String> {
        fields(columns.iter().map(|column| Name::from(*column)).collect()).into_iter().map(|(_, field)| field).collect()
    }

    #[test]
    fn the_keywords_are_in_order() {
        assert!(KEYWORDS.is_sorted());
    }

    #[test]
    fn struct_names_are_upper_camel_case() {
        for (table, expected) in [
            ("users", "Users"),
            ("blog_posts", "BlogPosts"),
            ("AspNetUsers", "AspNetUsers"),
            ("HTTP log", "HttpLog"),
            ("2fa", "T2fa"),
            ("größen", "Größen"),
            ("a.b-c", "ABC"),
            ("…", "Unnamed"),
        ] {
            assert_eq!(struct_name(table), expected);
        }
    }

    #[test]
    fn field_names_are_snake_case_and_differ() {
        assert_eq!(field_names(&["type", "self", "userId", "user_id"]), ["r#type", "self_", "user_id_2", "user_id"]);
        assert_eq!(
            field_names(&["a b", "a-b", "1st", "", "_id", "a__b"]),
            ["a_b", "a_b_2", "_1st", "unnamed", "_id", "a_b_3"]
        );
        assert_eq!(field_names(&["Größe", "\u{301}x", "gen", "_"]), ["größe", "x", "r#gen", "unnamed"]);
    }

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
