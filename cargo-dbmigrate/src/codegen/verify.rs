//! Reads rendered structs back, and finds what did not come back as it was.

use std::collections::BTreeMap;

use dbmigrate_core::declare::naming::unraw;
use dbmigrate_core::declare::rust_types::{self, TypeNames};
use dbmigrate_core::declare::{ColumnType, DeclareError, Derive, Object, Resolve, lower_column_type, lower_item};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::canonical::{CanonicalSchema, ObjectKind};
use dbmigrate_core::sql::Name;
use syn::spanned::Spanned as _;

use super::inexpressible::Inexpressible;
use super::names::StructNames;
use super::rendered::RenderedStruct;

/// Everything of `schema` that the structs do not say. Each is read by itself, so that what is wrong with one is no other
/// one's fault.
pub(super) fn verify(structs: &[RenderedStruct], names: &StructNames, schema: &Schema) -> Vec<Inexpressible> {
    let wanted = schema.canonical();
    let mut reasons: BTreeMap<(ObjectKind, String), String> = BTreeMap::new();
    let mut found = Schema::default();
    let mut files = Vec::new();
    for one in structs {
        match syn::parse_file(&one.text) {
            Ok(file) => files.push(file),
            Err(error) => {
                let reason = format!("its struct is not valid Rust: {error}");
                reasons.insert((one.kind, one.object.folded()), reason);
            }
        }
    }
    lower_all(&files, names, &mut found, &mut reasons);
    let mut lost = compare(&wanted, &found.canonical(), &reasons);
    // a trigger is lost with the struct that it is on
    let is_lost = |on: &Name| lost.iter().any(|one| *on == *one.name);
    let of_lost: Vec<Name> =
        schema.triggers.iter().filter(|one| is_lost(&one.on)).map(|one| one.name.clone()).collect();
    lost.retain(|one| one.kind != ObjectKind::Trigger || of_lost.iter().all(|name| *name != *one.name));
    lost
}

fn compare(
    wanted: &CanonicalSchema,
    found: &CanonicalSchema,
    reasons: &BTreeMap<(ObjectKind, String), String>,
) -> Vec<Inexpressible> {
    let lost = wanted.iter().filter(|(key, text)| found.get(*key) != Some(*text));
    lost.map(|(key, text)| {
        let reason = reasons.get(key).cloned().unwrap_or_else(|| match found.get(key) {
            Some(other) => first_difference(text, other),
            None if key.0 == ObjectKind::Trigger => "its table has no struct".to_owned(),
            None => "its struct was not found".to_owned(),
        });
        Inexpressible { kind: key.0, name: key.1.clone(), reason }
    })
    .collect()
}

/// The first line of a canonical text that the other does not have.
fn first_difference(wanted: &str, found: &str) -> String {
    let lost = wanted.lines().find(|line| !found.lines().any(|other| other == *line));
    match lost {
        Some(line) => format!("a struct cannot express: {}", line.trim()),
        None => "the struct declares more than it has".to_owned(),
    }
}

fn lower_all(
    files: &[syn::File],
    names: &StructNames,
    found: &mut Schema,
    reasons: &mut BTreeMap<(ObjectKind, String), String>,
) {
    let mut items = Vec::new();
    let mut enums = BTreeMap::new();
    for item in files.iter().flat_map(|file| &file.items) {
        if let syn::Item::Enum(item) = item {
            let lowered = lower_column_type(&syn::DeriveInput::from(item.clone()), &Known::default());
            enums.extend(lowered.ok().flatten().map(|ty| (unraw(&item.ident), ty)));
        }
        let syn::Item::Struct(item) = item else { continue };
        let is_view = item.attrs.iter().any(|attribute| attribute.path().is_ident("view"));
        let derive = if is_view { Derive::View } else { Derive::Table };
        items.push(dbmigrate_core::declare::parse(&syn::DeriveInput::from(item.clone()), derive));
    }
    let mut tables = names.tables();
    tables.extend(items.iter().map(|(item, _)| {
        let fields = item.fields.iter().map(|field| (unraw(&field.ident), field.name().value));
        (unraw(&item.ident), (item.name().value, fields.collect()))
    }));
    let known = Known { tables, enums };
    for (item, errors) in items {
        let kind = match (item.derive, &item.module) {
            (Derive::View, _) => ObjectKind::View,
            (Derive::Table, Some(_)) => ObjectKind::VirtualTable,
            (Derive::Table, None) => ObjectKind::Table,
        };
        match lower_item(&item, errors, &known) {
            Ok(declaration) => {
                match declaration.object {
                    Object::Table(table) => drop(found.tables.insert(table)),
                    Object::VirtualTable(table) => drop(found.virtual_tables.insert(table)),
                    Object::View(view, _) => drop(found.views.insert(view)),
                }
                for trigger in declaration.triggers {
                    found.triggers.insert(trigger);
                }
            }
            Err(errors) => {
                let messages: Vec<String> = errors.into_iter().map(|error| error.message).collect();
                reasons.insert((kind, item.name().value.folded()), messages.join("; "));
            }
        }
    }
}

/// What the names in the file stand for.
#[derive(Default)]
struct Known {
    /// The structs: their tables, and the columns of their fields.
    tables: BTreeMap<String, (Name, BTreeMap<String, Name>)>,
    enums: BTreeMap<String, ColumnType>,
}

impl Resolve for Known {
    fn column_type(&self, ty: &syn::Type) -> Result<Option<ColumnType>, DeclareError> {
        rust_types::column_type(ty, self)
    }

    fn reference(&self, path: &syn::Path) -> Result<Option<(Name, Name)>, DeclareError> {
        let segments: Vec<String> = path.segments.iter().map(|segment| unraw(&segment.ident)).collect();
        let found = match &segments[..] {
            [table, field] => self.tables.get(table).and_then(|(name, fields)| Some((name, fields.get(field)?))),
            _ => None,
        };
        match found {
            Some((table, column)) => Ok(Some((table.clone(), column.clone()))),
            None => Err(DeclareError::new(path.span(), format!("`{}` is not a field", segments.join("::")))),
        }
    }

    fn constant(&self, path: &syn::Path) -> Result<Option<syn::Lit>, DeclareError> {
        Err(DeclareError::new(path.span(), "it has no constants"))
    }
}

impl TypeNames for Known {
    fn full_path(&self, path: &syn::Path) -> Option<String> {
        if path.segments.first().is_some_and(|first| first.ident == "dbmigrate") {
            return Some(rust_types::joined(path));
        }
        // the file has it from there
        if path.segments.first().is_some_and(|first| first.ident == "Json") {
            return Some("dbmigrate::Json".to_owned());
        }
        rust_types::spelled_full_path(path)
    }

    fn own_type(&self, ty: &syn::Type) -> Result<Option<ColumnType>, DeclareError> {
        let ident = match ty {
            syn::Type::Path(path) => path.path.get_ident().map(ToString::to_string),
            _ => None,
        };
        match ident.and_then(|ident| self.enums.get(&ident)) {
            Some(ty) => Ok(Some(ty.clone())),
            None => Err(rust_types::unresolved(ty)),
        }
    }
}
