//! Which SQL type a Rust type has: one table, read by the derives and the source reader alike.
//!
//! The table knows types by their full paths. Which full path `String` or `Utc` stands for in a source file is the
//! business of a [`TypeNames`]; so is every type that the table does not list.

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::{GenericArgument, PathArguments, Type};

use super::error::DeclareError;
use super::known_type::{ColumnType, LiteralKind};
use super::read_types;
use crate::schema::Reads;

type Result<T> = std::result::Result<T, DeclareError>;

/// Knows what the names in a type stand for.
pub trait TypeNames {
    /// The full path of an item outside the package, without generic arguments: `std::string::String` for `String`,
    /// `chrono::DateTime` for `DateTime<Utc>`, `i64` for `i64`. `core` and `alloc` may stand for `std`.
    /// `None` if the path leads elsewhere; then [`TypeNames::own_type`] is asked for the type.
    fn full_path(&self, path: &syn::Path) -> Option<String>;

    /// The column type of a type that the table does not list: an alias, a newtype or an enum of the package.
    /// `Ok(None)`: somebody else (rustc) will judge.
    ///
    /// # Errors
    /// The type cannot be resolved; see [`unresolved`].
    fn own_type(&self, ty: &Type) -> Result<Option<ColumnType>>;

    /// The length of an array. `Ok(None)`: somebody else will judge.
    ///
    /// # Errors
    /// The length cannot be resolved.
    fn length(&self, length: &syn::Expr) -> Result<Option<u64>> {
        Ok(literal_length(length))
    }
}

/// The length of an array that is written as a literal.
pub fn literal_length(length: &syn::Expr) -> Option<u64> {
    match length {
        syn::Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Int(int) => int.base10_parse().ok(),
            _ => None,
        },
        syn::Expr::Group(group) => literal_length(&group.expr),
        syn::Expr::Paren(paren) => literal_length(&paren.expr),
        _ => None,
    }
}

/// What a listed path is.
#[derive(Debug, Clone, Copy)]
enum Entry {
    /// A type of its own.
    Scalar(&'static str, LiteralKind),
    /// Any value.
    Any,
    /// `Option<T>`.
    Option,
    /// A pointer or container that is a column type around `str` or `[u8]` only.
    Around,
    /// `Vec<u8>`.
    Vec,
    /// Not a column type, and why.
    Refused(&'static str, &'static str),
}

use Entry::{Around, Refused, Scalar};
use LiteralKind::{Bool, Bytes, Char, Float, Integer, Text};

const TOO_WIDE: Entry = Refused(
    "does not fit in an SQL integer, which has 64 bits and a sign",
    "use `i64`, or store it as text: `#[column(type = \"TEXT\")]`",
);
const WALL_CLOCK: Entry = Refused(
    "has no SQL type",
    "use `i64` seconds, or a type of `chrono`, `jiff` or `time`, or `#[column(type = \"…\")]`",
);

/// The Rust types that are known. Feature-gated crates are listed always: the derives ask rustc.
const TABLE: &[(&str, Entry)] = &[
    ("i8", Scalar("INTEGER", Integer)),
    ("i16", Scalar("INTEGER", Integer)),
    ("i32", Scalar("INTEGER", Integer)),
    ("i64", Scalar("INTEGER", Integer)),
    ("isize", Scalar("INTEGER", Integer)),
    ("u8", Scalar("INTEGER", Integer)),
    ("u16", Scalar("INTEGER", Integer)),
    ("u32", Scalar("INTEGER", Integer)),
    ("u64", TOO_WIDE),
    ("usize", TOO_WIDE),
    ("i128", TOO_WIDE),
    ("u128", TOO_WIDE),
    ("bool", Scalar("INTEGER", Bool)),
    ("f32", Scalar("REAL", Float)),
    ("f64", Scalar("REAL", Float)),
    ("char", Scalar("TEXT", Char)),
    ("str", Scalar("TEXT", Text)),
    ("std::string::String", Scalar("TEXT", Text)),
    ("std::option::Option", Entry::Option),
    ("std::vec::Vec", Entry::Vec),
    ("std::boxed::Box", Around),
    ("std::rc::Rc", Around),
    ("std::sync::Arc", Around),
    ("std::borrow::Cow", Around),
    ("std::time::SystemTime", WALL_CLOCK),
    ("std::time::Duration", WALL_CLOCK),
    ("dbmigrate::Json", Scalar("TEXT", Text)),
    ("dbmigrate::Value", Entry::Any),
    ("chrono::NaiveDate", Scalar("TEXT", Text)),
    ("chrono::NaiveTime", Scalar("TEXT", Text)),
    ("chrono::NaiveDateTime", Scalar("TEXT", Text)),
    ("chrono::DateTime", Scalar("TEXT", Text)),
    ("chrono::naive::NaiveDate", Scalar("TEXT", Text)),
    ("chrono::naive::NaiveTime", Scalar("TEXT", Text)),
    ("chrono::naive::NaiveDateTime", Scalar("TEXT", Text)),
    ("chrono::prelude::NaiveDate", Scalar("TEXT", Text)),
    ("chrono::prelude::NaiveTime", Scalar("TEXT", Text)),
    ("chrono::prelude::NaiveDateTime", Scalar("TEXT", Text)),
    ("chrono::prelude::DateTime", Scalar("TEXT", Text)),
    ("jiff::Timestamp", Scalar("TEXT", Text)),
    ("jiff::Zoned", Scalar("TEXT", Text)),
    ("jiff::civil::Date", Scalar("TEXT", Text)),
    ("jiff::civil::Time", Scalar("TEXT", Text)),
    ("jiff::civil::DateTime", Scalar("TEXT", Text)),
    ("time::OffsetDateTime", Scalar("TEXT", Text)),
    ("time::UtcDateTime", Scalar("TEXT", Text)),
    ("time::PrimitiveDateTime", Scalar("TEXT", Text)),
    ("time::Date", Scalar("TEXT", Text)),
    ("time::Time", Scalar("TEXT", Text)),
    ("uuid::Uuid", Scalar("TEXT", Text)),
    ("rust_decimal::Decimal", Scalar("TEXT", Text)),
    ("rust_decimal::prelude::Decimal", Scalar("TEXT", Text)),
    ("serde_json::Value", Scalar("TEXT", Text)),
    ("serde_json::value::Value", Scalar("TEXT", Text)),
];

/// The element types of arrays.
const ARRAYS: &[(&str, ArraySql)] =
    &[("u8", ArraySql::Blob), ("f32", ArraySql::Vector("F32_BLOB")), ("f64", ArraySql::Vector("F64_BLOB"))];

#[derive(Debug, Clone, Copy)]
enum ArraySql {
    Blob,
    Vector(&'static str),
}

/// The names that every Rust file knows without `use`.
const PRELUDE: [(&str, &str); 4] = [
    ("String", "std::string::String"),
    ("Option", "std::option::Option"),
    ("Vec", "std::vec::Vec"),
    ("Box", "std::boxed::Box"),
];

/// The full path of a path that is understood without looking at `use`: a primitive, a name of the prelude, or a path
/// that begins with `std`, `core` or `alloc`. The caller has ruled out that the source declares something else by
/// that name.
pub fn spelled_full_path(path: &syn::Path) -> Option<String> {
    let text = joined(path);
    if let Some((_, full)) = PRELUDE.iter().find(|(name, _)| *name == text) {
        return Some((*full).to_owned());
    }
    let is_primitive = !text.contains("::") && lookup(&text).is_some();
    let is_std = ["std::", "core::", "alloc::"].iter().any(|root| text.starts_with(root));
    (is_primitive || is_std).then_some(text)
}

/// The segments of a path joined with `::`, without arguments.
pub fn joined(path: &syn::Path) -> String {
    path.segments.iter().map(|segment| super::naming::unraw(&segment.ident)).collect::<Vec<_>>().join("::")
}

/// Whether a type is written as `Option<…>`.
pub fn is_spelled_option(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "Option"),
        Type::Group(group) => is_spelled_option(&group.elem),
        Type::Paren(paren) => is_spelled_option(&paren.elem),
        _ => false,
    }
}

/// The error for a type that nobody knows.
pub fn unresolved(ty: &Type) -> DeclareError {
    let help = "derive `ColumnType` for it, or name the type: `#[column(type = \"TEXT\")]`";
    let help = match meant(ty) {
        Some(meant) => format!("did you mean `{meant}`? otherwise {help}"),
        None => help.to_owned(),
    };
    DeclareError::new(ty.span(), format!("`{}` has no known SQL type", spelled(ty))).help(help)
}

/// The type that was probably meant: a listed one whose name is nearly the same, with the same arguments.
fn meant(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let name = super::naming::unraw(&last.ident);
    let is_generic = !last.arguments.is_empty();
    let fits = |(full, entry): &&(&str, Entry)| match entry {
        Entry::Option | Entry::Vec | Around => is_generic,
        Refused(..) => false,
        // no field holds it
        Scalar(..) => *full != "str",
        Entry::Any => !is_generic,
    };
    let known = TABLE.iter().filter(fits);
    let names = known.map(|(full, _)| full.rsplit("::").next().unwrap_or(full));
    let lower = name.to_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&lower, &known.to_lowercase());
    // of a name of two or three letters everything is near
    let near = |known: &&str| distance(known) <= known.len().min(name.len()) / 3;
    let meant = names.filter(near).min_by_key(|known| distance(known))?;
    // one that is in scope by this name is another type
    if meant == name {
        return None;
    }
    let mut path = path.clone();
    path.path.segments.last_mut()?.ident = syn::Ident::new(meant, last.ident.span());
    Some(spelled(&Type::Path(path)))
}

/// The column type of a Rust type.
///
/// # Errors
/// The type is no column type, or `names` cannot resolve it.
pub fn column_type(ty: &Type, names: &dyn TypeNames) -> Result<Option<ColumnType>> {
    match ty {
        Type::Group(group) => column_type(&group.elem, names),
        Type::Paren(paren) => column_type(&paren.elem, names),
        Type::Reference(reference) => around(ty, &reference.elem, names),
        Type::Array(array) => array_type(ty, array, names),
        Type::Path(path) if path.qself.is_none() => {
            let entry = names.full_path(&path.path).and_then(|full| lookup(&full));
            let argument = type_argument(&path.path);
            match (entry, argument) {
                (Some(Scalar(..)), _) => Ok(known(names, &path.path)),
                (Some(Entry::Any), _) => Ok(Some(ColumnType::new("ANY", None))),
                (Some(Refused(message, help)), _) => {
                    Err(DeclareError::new(ty.span(), format!("`{}` {message}", spelled(ty))).help(help))
                }
                (Some(Entry::Option), Some(inner)) => match column_type(inner, names)? {
                    Some(inner) if inner.nullable => {
                        Err(DeclareError::new(ty.span(), "an `Option` in an `Option` is not a column type")
                            .help("a column has a single NULL: use one `Option`"))
                    }
                    inner => Ok(inner.map(|inner| ColumnType { nullable: true, ..inner })),
                },
                (Some(Around), Some(inner)) => around(ty, inner, names),
                (Some(Entry::Vec), Some(element)) => match element_entry(element, names) {
                    Some(element) if element == "u8" => Ok(Some(bytes())),
                    Some(_) => Err(not_a_column_type(ty)),
                    None => names.own_type(ty),
                },
                _ => names.own_type(ty),
            }
        }
        _ => names.own_type(ty),
    }
}

/// What a type reads of a column, if it is a listed one, whatever the column's declared type is.
pub fn reads(ty: &Type, names: &dyn TypeNames) -> Option<Reads> {
    /// All but the types of the package, which are somebody else's to look at.
    struct Listed<'a>(&'a dyn TypeNames);

    impl TypeNames for Listed<'_> {
        fn full_path(&self, path: &syn::Path) -> Option<String> {
            self.0.full_path(path)
        }

        fn own_type(&self, _: &Type) -> Result<Option<ColumnType>> {
            Ok(None)
        }
    }

    column_type(ty, &Listed(names)).ok()??.reads
}

/// The column type of a listed scalar.
fn known(names: &dyn TypeNames, path: &syn::Path) -> Option<ColumnType> {
    let full = canonical(&names.full_path(path)?);
    let Some(Scalar(sql, literal)) = lookup(&full) else { return None };
    Some(ColumnType { reads: Some(read_types::of(&full, literal)), ..ColumnType::new(sql, Some(literal)) })
}

fn reading(sql: &str, literal: LiteralKind, reads: Reads) -> ColumnType {
    ColumnType { reads: Some(reads), ..ColumnType::new(sql, Some(literal)) }
}

fn bytes() -> ColumnType {
    reading("BLOB", Bytes, Reads::Bytes)
}

/// Whether a full path is one of the known types, column types or not.
pub fn is_listed(full_path: &str) -> bool {
    lookup(full_path).is_some()
}

fn lookup(full_path: &str) -> Option<Entry> {
    let full_path = canonical(full_path);
    TABLE.iter().find(|(known, _)| *known == full_path).map(|(_, entry)| *entry)
}

/// `core` and `alloc` as `std`, and `std::primitive::i64` as `i64`.
fn canonical(full_path: &str) -> String {
    let rest = full_path.strip_prefix("core::").or_else(|| full_path.strip_prefix("alloc::"));
    let full_path = rest.map_or_else(|| full_path.to_owned(), |rest| format!("std::{rest}"));
    full_path.strip_prefix("std::primitive::").map(str::to_owned).unwrap_or(full_path)
}

/// `&str`, `Cow<str>`, `Box<[u8]>`: what a pointer to `inner` is.
fn around(ty: &Type, inner: &Type, names: &dyn TypeNames) -> Result<Option<ColumnType>> {
    match inner {
        Type::Group(group) => around(ty, &group.elem, names),
        Type::Paren(paren) => around(ty, &paren.elem, names),
        Type::Slice(slice) if element_entry(&slice.elem, names).as_deref() == Some("u8") => Ok(Some(bytes())),
        Type::Path(path) => match names.full_path(&path.path) {
            Some(full) if canonical(&full) == "str" => Ok(Some(reading("TEXT", Text, Reads::Text))),
            Some(_) => Err(not_a_column_type(ty)),
            None => names.own_type(ty),
        },
        _ => Err(not_a_column_type(ty)),
    }
}

fn array_type(ty: &Type, array: &syn::TypeArray, names: &dyn TypeNames) -> Result<Option<ColumnType>> {
    let Some(element) = element_entry(&array.elem, names) else { return names.own_type(ty) };
    match ARRAYS.iter().find(|(known, _)| *known == element) {
        None => Err(not_a_column_type(ty)),
        Some((_, ArraySql::Blob)) => Ok(Some(bytes())),
        Some((_, ArraySql::Vector(sql))) => {
            Ok(names.length(&array.len)?.map(|length| reading(&format!("{sql}({length})"), Bytes, Reads::Bytes)))
        }
    }
}

/// The full path of an element type, if it is a path out of the package.
fn element_entry(element: &Type, names: &dyn TypeNames) -> Option<String> {
    match element {
        Type::Group(group) => element_entry(&group.elem, names),
        Type::Paren(paren) => element_entry(&paren.elem, names),
        Type::Path(path) => names.full_path(&path.path).map(|full| canonical(&full)),
        _ => None,
    }
}

fn type_argument(path: &syn::Path) -> Option<&Type> {
    match &path.segments.last()?.arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        }),
        _ => None,
    }
}

fn not_a_column_type(ty: &Type) -> DeclareError {
    let spelling = spelled(ty);
    DeclareError::new(ty.span(), format!("`{spelling}` has no SQL type"))
        .help(format!("store it as JSON with `Json<{spelling}>`, or name the type: `#[column(type = \"BLOB\")]`"))
}

/// A type as its author would write it.
pub fn spelled(ty: &Type) -> String {
    if let Type::Path(path) = ty
        && let Some(text) = spelled_path(path)
    {
        return text;
    }
    let mut text = quote::quote!(#ty).to_string();
    for (spaced, tight) in
        [(" :: ", "::"), (" <", "<"), ("< ", "<"), (" >", ">"), ("& ", "&"), (" ,", ","), (" ;", ";")]
    {
        text = text.replace(spaced, tight);
    }
    text
}

/// A path with types for arguments, which nearly every type of a column is, without the detour over tokens.
fn spelled_path(path: &syn::TypePath) -> Option<String> {
    let syn::TypePath { qself: None, path, .. } = path else { return None };
    let mut text = String::new();
    for (at, segment) in path.segments.iter().enumerate() {
        if at > 0 || path.leading_colon.is_some() {
            text.push_str("::");
        }
        text.push_str(&segment.ident.to_string());
        match &segment.arguments {
            PathArguments::None => {}
            PathArguments::AngleBracketed(arguments) if arguments.colon2_token.is_none() => {
                let types = arguments.args.iter().map(|argument| match argument {
                    GenericArgument::Type(ty) => Some(spelled(ty)),
                    _ => None,
                });
                let types: Vec<String> = types.collect::<Option<_>>()?;
                text.extend(["<", &types.join(", "), ">"]);
            }
            _ => return None,
        }
    }
    Some(text)
}

/// The first token of a type, without the detour over tokens for nearly every type of a column.
pub fn first_span(ty: &Type) -> Span {
    match ty {
        Type::Path(syn::TypePath { qself: None, path, .. }) => match (&path.leading_colon, path.segments.first()) {
            (Some(colon), _) => colon.spans[0],
            (None, Some(segment)) => segment.ident.span(),
            (None, None) => ty.span(),
        },
        Type::Path(syn::TypePath { qself: Some(owner), .. }) => owner.lt_token.span,
        _ => ty.span(),
    }
}
