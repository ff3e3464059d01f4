//! `#[derive(ColumnType)]`: newtypes and enums that are stored in a column.

use proc_macro2::{Ident, Span};

use super::ast::At;
use super::error::DeclareError;
use super::errors::{Errors, suggest};
use super::known_type::{ColumnType, LiteralKind};
use super::naming::{Case, unraw};
use super::parse_clause::{sql_value, unknown_key};
use super::parse_column;
use super::resolve::Resolve;
use super::tokens::{Key, Tokens, set};
use crate::schema::Reads;
use crate::sql::name::quote_string;
use crate::sql::{DeclType, Expr};

const STRUCT_KEYS: [&str; 3] = ["type", "check", "crate"];
const ENUM_KEYS: [&str; 5] = ["rename_all", "integer", "check", "type", "crate"];
const VARIANT_KEYS: [&str; 1] = ["rename"];

/// A type with `#[derive(ColumnType)]`.
#[derive(Debug, Clone)]
pub struct ColumnTypeItem {
    /// The type.
    pub ident: Ident,
    /// `crate = path`.
    pub crate_path: Option<syn::Path>,
    /// `type = "…"`.
    pub decl_type: Option<At<DeclType>>,
    /// What it is stored as.
    pub shape: Shape,
}

/// What a type with `#[derive(ColumnType)]` is stored as.
#[derive(Debug, Clone)]
pub enum Shape {
    /// As its only field, with the condition of `check = "…"`.
    Newtype {
        /// The field's type.
        inner: Box<syn::Type>,
        /// The condition, in which the column is `{}`.
        check: Option<Expr>,
    },
    /// As one of a few values.
    Enum {
        /// The values, in the order of the variants.
        values: Vec<String>,
        /// Whether they are numbers.
        integer: bool,
        /// Whether `check` asks for a CHECK.
        check: bool,
    },
    /// As `type = "…"` says.
    Opaque,
}

/// Lowers a type with `#[derive(ColumnType)]`. `Ok(None)`: the inner type is for somebody else to judge.
///
/// # Errors
/// Everything that is wrong with the declaration.
pub fn lower_column_type(
    input: &syn::DeriveInput,
    resolve: &dyn Resolve,
) -> Result<Option<ColumnType>, Vec<DeclareError>> {
    ColumnTypeItem::parse(input)?.lower(resolve).map_err(|error| vec![error])
}

impl ColumnTypeItem {
    /// Reads a type and its attributes.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn parse(input: &syn::DeriveInput) -> Result<Self, Vec<DeclareError>> {
        let mut errors = Errors::default();
        let attributes = Attributes::parse(input, &mut errors);
        let shape = match &input.data {
            syn::Data::Struct(data) => match (data.fields.len(), data.fields.iter().next()) {
                (1, Some(field)) => {
                    Some(Shape::Newtype { inner: Box::new(field.ty.clone()), check: attributes.condition.clone() })
                }
                _ => None,
            },
            syn::Data::Enum(data) => enum_values(data, &attributes, &mut errors).map(|values| Shape::Enum {
                values,
                integer: attributes.integer.is_some(),
                check: attributes.check.is_some(),
            }),
            syn::Data::Union(_) => None,
        };
        if shape.is_none() && attributes.decl_type.is_none() && errors.is_empty() {
            errors.add_with_help(
                input.ident.span(),
                format!("`{}` is neither a newtype nor an enum without fields", input.ident),
                "set its SQL type: `#[column_type(type = \"TEXT\")]`",
            );
        }
        let Attributes { crate_path, decl_type, .. } = attributes;
        let shape = shape.unwrap_or(Shape::Opaque);
        errors.finish(Self { ident: input.ident.clone(), crate_path, decl_type, shape })
    }

    /// The column type, as far as it is known without rustc.
    ///
    /// # Errors
    /// The inner type cannot be resolved.
    pub fn lower(&self, resolve: &dyn Resolve) -> Result<Option<ColumnType>, DeclareError> {
        let mut ty = match &self.shape {
            Shape::Enum { integer: true, values, .. } => {
                let mut ty = ColumnType::new("INTEGER", Some(LiteralKind::Integer));
                ty.values = Some(values.clone());
                ty.reads = Some(Reads::Numbers(values.clone()));
                ty
            }
            Shape::Enum { values, .. } => {
                let mut ty = ColumnType::new("TEXT", Some(LiteralKind::Text));
                ty.values = Some(values.clone());
                ty.reads = Some(Reads::Words(values.clone()));
                ty
            }
            Shape::Newtype { inner, .. } => match &self.decl_type {
                Some(ty) => ColumnType::new(ty.value.as_str(), None),
                None => match resolve.column_type(inner)? {
                    Some(ty) => ty,
                    None => return Ok(None),
                },
            },
            Shape::Opaque => ColumnType::new("", None),
        };
        if let Some(decl_type) = &self.decl_type {
            ty.decl_type = decl_type.value.clone();
        }
        ty.check = self.check().or(ty.check);
        Ok(Some(ty))
    }

    /// The condition that this type itself puts on a column, in the place of an inner type's condition, in which the column is `{}`.
    pub fn check(&self) -> Option<Expr> {
        match &self.shape {
            Shape::Newtype { check, .. } => check.clone(),
            Shape::Enum { values, integer, check: true } => {
                let sql = |value: &String| if *integer { value.clone() } else { quote_string(value) };
                Some(Expr::new(format!("{{}} IN ({})", values.iter().map(sql).collect::<Vec<_>>().join(", "))))
            }
            Shape::Enum { .. } | Shape::Opaque => None,
        }
    }
}

#[derive(Default)]
struct Attributes {
    crate_path: Option<syn::Path>,
    decl_type: Option<At<DeclType>>,
    rename_all: Option<At<Case>>,
    integer: Option<Span>,
    check: Option<Span>,
    condition: Option<Expr>,
}

impl Attributes {
    fn parse(input: &syn::DeriveInput, errors: &mut Errors) -> Self {
        let mut found = Self::default();
        let is_enum = matches!(input.data, syn::Data::Enum(_));
        let accepted: &[&str] = if is_enum { &ENUM_KEYS } else { &STRUCT_KEYS };
        for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("column_type")) {
            for mut argument in Tokens::of_attribute(attribute, "column_type", errors) {
                let Some(key) = errors.take(argument.key()) else { continue };
                match key.text.as_str() {
                    "type" | "r#type" => {
                        set(&mut found.decl_type, &key, parse_column::type_value(&mut argument, &key), errors);
                    }
                    "crate" => {
                        let path =
                            argument.equals(&key, "dbmigrate").and_then(|()| argument.path("a path to the crate"));
                        set(&mut found.crate_path, &key, path, errors);
                    }
                    "rename_all" if is_enum => {
                        set(&mut found.rename_all, &key, case_value(&mut argument, &key), errors);
                    }
                    "integer" if is_enum => set(&mut found.integer, &key, argument.flag(&key), errors),
                    "check" if is_enum => set(&mut found.check, &key, argument.flag(&key), errors),
                    "check" => {
                        let value = sql_value(&mut argument, &key).and_then(|sql| {
                            if sql.value.as_str().contains("{}") {
                                return Ok(sql.value);
                            }
                            Err(DeclareError::new(sql.span, "the check does not name the column")
                                .help("use `{}` for the column: `\"length({}) > 0\"`"))
                        });
                        set(&mut found.condition, &key, value, errors);
                    }
                    _ => errors.push(unknown_key(&key, "#[column_type(…)]", accepted)),
                }
            }
        }
        if let (Some(integer), Some(_)) = (found.integer, &found.rename_all) {
            errors.add(integer, "`integer` stores numbers, `rename_all` renames texts");
        }
        found
    }
}

fn case_value(tokens: &mut Tokens, key: &Key) -> Result<At<Case>, DeclareError> {
    tokens.equals(key, "\"snake_case\"")?;
    let text = tokens.string("a case in quotes")?;
    tokens.end()?;
    let words: Vec<&str> = Case::ALL.iter().map(|(word, _)| *word).collect();
    match Case::ALL.iter().find(|(word, _)| *word == text.value) {
        Some((_, case)) => Ok(At::new(*case, text.span)),
        None => {
            Err(DeclareError::new(text.span, format!("unknown case `{}`", text.value))
                .help(suggest(&text.value, &words)))
        }
    }
}

/// The values of an enum. `None` if it has variants with fields, which have to say how they are stored.
fn enum_values(data: &syn::DataEnum, attributes: &Attributes, errors: &mut Errors) -> Option<Vec<String>> {
    if data.variants.is_empty() || data.variants.iter().any(|variant| !variant.fields.is_empty()) {
        return None;
    }
    let case = attributes.rename_all.as_ref().map_or(Case::Snake, |case| case.value);
    let mut values: Vec<String> = Vec::new();
    let mut next: Option<i64> = Some(0);
    for variant in &data.variants {
        let rename = variant_rename(variant, errors);
        let value = if attributes.integer.is_some() {
            if let Some(rename) = &rename {
                errors.add(rename.span, "`rename` of a variant that is stored as a number");
            }
            if let Some((_, expr)) = &variant.discriminant {
                next = integer(expr);
                if next.is_none() {
                    errors.add_with_help(
                        syn::spanned::Spanned::span(expr),
                        "the discriminant is not an integer literal",
                        "write the number itself",
                    );
                }
            }
            let value = next.unwrap_or_default();
            next = value.checked_add(1);
            value.to_string()
        } else {
            rename.as_ref().map_or_else(|| case.apply(&unraw(&variant.ident)), |rename| rename.value.clone())
        };
        if values.contains(&value) {
            let span = rename.map_or_else(|| variant.ident.span(), |rename| rename.span);
            errors.add(span, format!("two variants are stored as `{value}`"));
        }
        values.push(value);
    }
    Some(values)
}

fn variant_rename(variant: &syn::Variant, errors: &mut Errors) -> Option<At<String>> {
    let mut rename = None;
    for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("column_type")) {
        for mut argument in Tokens::of_attribute(attribute, "column_type", errors) {
            let Some(key) = errors.take(argument.key()) else { continue };
            match key.text.as_str() {
                "rename" => {
                    let value = argument.equals(&key, "\"…\"").and_then(|()| {
                        let text = argument.string("a text in quotes")?;
                        argument.end()?;
                        Ok(text)
                    });
                    set(&mut rename, &key, value, errors);
                }
                _ => errors.push(unknown_key(&key, "#[column_type(…)]", &VARIANT_KEYS)),
            }
        }
    }
    rename
}

/// The value of an integer literal with an optional minus.
fn integer(expr: &syn::Expr) -> Option<i64> {
    match expr {
        syn::Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Int(int) => int.base10_parse().ok(),
            _ => None,
        },
        syn::Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => match &*unary.expr {
            syn::Expr::Lit(literal) => match &literal.lit {
                syn::Lit::Int(int) => format!("-{}", int.base10_digits()).parse().ok(),
                _ => None,
            },
            _ => None,
        },
        syn::Expr::Group(group) => integer(&group.expr),
        syn::Expr::Paren(paren) => integer(&paren.expr),
        _ => None,
    }
}
