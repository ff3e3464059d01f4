//! The statements that a derive writes: `CREATE`, `SELECT`, `INSERT` and the like.
//!
//! `CREATE TABLE` is the text of the model with gaps for what only rustc knows, which `dbmigrate::Create` fills.

use std::cell::RefCell;

use dbmigrate_core::ddl::render;
use dbmigrate_core::declare::ast::{DefaultClause, Field, Item, Reference};
use dbmigrate_core::declare::{ColumnType, Declaration, DeclareError, Object, Resolve, lower_foreign_keys};
use dbmigrate_core::schema::{Check, PrimaryKey, Table};
use dbmigrate_core::sql::name::sql_list;
use dbmigrate_core::sql::{DeclType, Expr, Name};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use crate::table::owner_and_field;

/// The const with all of them.
pub(crate) fn expand(item: &Item, declaration: &Declaration, facade: &syn::Path) -> TokenStream {
    let mut parents = Vec::new();
    let (create, key) = match &declaration.object {
        Object::Table(table) => {
            let (table, paths) = with_gaps(item, table);
            parents = paths;
            (marked(&render::create_table(&table)), table.primary_key)
        }
        Object::VirtualTable(table) => (render::create_virtual_table(table), None),
        Object::View(view, _) => (render::create_view(view), None),
    };
    let besides = besides(declaration);
    let primary_key: Vec<&str> = key.iter().flat_map(|key| &key.parts).map(|part| part.column.as_str()).collect();
    let rowid = is_rowid(item, key.as_ref());
    let lints = (!parents.is_empty()).then(|| quote!(#[allow(elided_lifetimes_in_paths)]));
    let parents = parents.iter().map(|path| parent(path, facade));
    let defaults = item
        .fields
        .iter()
        .filter_map(constant)
        .map(|path| quote_spanned!(path.span()=> #facade::__private::Default(#path).literal()));
    let rows = Rows::new(item, key.as_ref());
    let (select, insert, upsert) = (rows.select(), rows.insert(), rows.upsert());
    quote! {
        #lints
        const STATEMENTS: #facade::__private::Statements = #facade::__private::Statements::new(
            &[#(#primary_key),*], #rowid, #create, &[#(#parents),*], &[#(#defaults),*], &[#(#besides),*],
            #select, #insert, #upsert
        );
    }
}

/// `CREATE` for indexes and triggers.
fn besides(declaration: &Declaration) -> Vec<String> {
    let indexes = match &declaration.object {
        Object::Table(table) => table.indexes.iter().map(|index| render::create_index(&table.name, index)).collect(),
        _ => Vec::new(),
    };
    indexes.into_iter().chain(declaration.triggers.iter().map(render::create_trigger)).collect()
}

/// Whether the key is an alias for the rowid, if its type is `INTEGER`.
fn is_rowid(item: &Item, key: Option<&PrimaryKey>) -> bool {
    let is_single = key.is_some_and(|key| matches!(&key.parts[..], [part] if !part.descending));
    is_single && item.without_rowid.is_none()
}

/// The const that is the default of a field.
fn constant(field: &Field) -> Option<&syn::Path> {
    match &field.default.as_ref()?.value {
        DefaultClause::Constant(path) => Some(path),
        _ => None,
    }
}

/// Stands around gaps; no SQL has it.
const MARK: char = '\u{1}';

/// A name for what only rustc knows: a letter that says what it is, and its place.
fn gap(what: char, place: usize) -> String {
    format!("{MARK}{what}{place}")
}

/// The table with a gap for each type, `NOT NULL` and check of a type, for each const, and for each path to a field of
/// another struct; and these paths.
fn with_gaps(item: &Item, table: &Table) -> (Table, Vec<syn::Path>) {
    let fields = item.fields.iter().filter_map(|field| field.reference.as_ref());
    let mut references = fields.chain(item.foreign_keys.iter().map(|clause| &clause.reference));
    let mut table = table.clone();
    let mut paths = Vec::new();
    if references.any(|reference| matches!(reference.value, Reference::Fields(_))) {
        let resolve = Gaps::default();
        table.foreign_keys = lower_foreign_keys(item, &resolve);
        paths = resolve.paths.into_inner();
    }
    let (mut checks, mut defaults) = (0, 0);
    for (at, (column, field)) in table.columns.iter_mut().zip(&item.fields).enumerate() {
        checks += field.checks.len();
        if field.decl_type.is_none() {
            column.decl_type = DeclType::new(gap('t', at));
            // those of types are unknown to this derive, and stand behind those of their fields
            table.checks.insert(checks, Check { name: None, expr: quoted(gap('c', at)) });
            checks += 1;
        }
        if field.not_null.is_none() {
            column.not_null = true;
            column.not_null_name = Some(gap('n', at).into());
        }
        if constant(field).is_some() {
            column.default = Some(quoted(gap('d', defaults)));
            defaults += 1;
        }
    }
    (table, paths)
}

/// A gap as an expression.
fn quoted(gap: String) -> Expr {
    Expr::new(Name::from(gap).sql())
}

/// The statement with the gaps between two marks, and without what is around them if nothing is filled in.
fn marked(text: &str) -> String {
    let opening = format!("\"{MARK}");
    let mut parts = text.split(opening.as_str());
    let mut marked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some((gap, rest)) = part.split_once('"') else { continue };
        let (before, behind) = match gap.as_bytes().first() {
            Some(b't') => (" ", ""),
            Some(b'n') => (" CONSTRAINT ", " NOT NULL"),
            Some(b'c') => (",\n  CHECK (", ")"),
            Some(b'd') => ("(", ")"),
            _ => ("", ""),
        };
        marked.truncate(marked.strip_suffix(before).map_or(marked.len(), str::len));
        marked.extend([MARK.to_string().as_str(), gap, MARK.to_string().as_str()]);
        marked.push_str(rest.strip_prefix(behind).unwrap_or(rest));
    }
    marked
}

/// Knows nothing, and makes a gap for each path to a field.
#[derive(Default)]
struct Gaps {
    paths: RefCell<Vec<syn::Path>>,
}

impl Resolve for Gaps {
    fn column_type(&self, _: &syn::Type) -> Result<Option<ColumnType>, DeclareError> {
        Ok(None)
    }

    fn reference(&self, path: &syn::Path) -> Result<Option<(Name, Name)>, DeclareError> {
        let mut paths = self.paths.borrow_mut();
        let at = paths.len();
        paths.push(path.clone());
        Ok(Some((gap('p', at).into(), gap('f', at).into())))
    }

    fn constant(&self, _: &syn::Path) -> Result<Option<syn::Lit>, DeclareError> {
        Ok(None)
    }
}

/// `User::id` as the table and the column that it is.
fn parent(path: &syn::Path, facade: &syn::Path) -> TokenStream {
    let Some((owner, field)) = owner_and_field(path) else { return TokenStream::new() };
    let field = dbmigrate_core::declare::naming::unraw(&field);
    quote_spanned!(path.span()=> #facade::__private::Parent::of::<#owner>(#field))
}

/// What is said to rows.
struct Rows<'a> {
    table: Name,
    columns: Vec<Name>,
    /// Those that are not generated.
    written: Vec<Name>,
    key: Option<&'a PrimaryKey>,
}

impl<'a> Rows<'a> {
    fn new(item: &Item, key: Option<&'a PrimaryKey>) -> Self {
        let written = item.fields.iter().filter(|field| field.generated.is_none());
        Self {
            table: item.name().value,
            columns: item.fields.iter().map(|field| field.name().value).collect(),
            written: written.map(|field| field.name().value).collect(),
            key,
        }
    }

    /// With the table's name on each column: a name in quotes that is none would be taken for a text, and other tables
    /// may be joined.
    fn select(&self) -> String {
        if self.columns.is_empty() {
            return String::new();
        }
        let table = self.table.sql();
        let columns: Vec<String> = self.columns.iter().map(|column| format!("{table}.{}", column.sql())).collect();
        format!("SELECT {} FROM {table}", columns.join(", "))
    }

    fn insert(&self) -> String {
        if self.written.is_empty() {
            return String::new();
        }
        let places: Vec<String> = (1..=self.written.len()).map(|at| format!("?{at}")).collect();
        format!("INSERT INTO {} ({}) VALUES ({})", self.table.sql(), sql_list(&self.written), places.join(", "))
    }

    fn upsert(&self) -> String {
        let Some(key) = self.key else { return String::new() };
        let target = key.parts.iter().map(|part| match &part.collate {
            Some(collate) => format!("{} COLLATE {}", part.column.sql(), collate.sql()),
            None => part.column.sql().into_owned(),
        });
        let target = target.collect::<Vec<_>>().join(", ");
        let is_in_key = |column: &Name| key.parts.iter().any(|part| part.column == *column);
        let others = self.written.iter().filter(|column| !is_in_key(column));
        let set: Vec<String> = others.map(|column| format!("{0} = excluded.{0}", column.sql())).collect();
        let update = if set.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", set.join(", ")) };
        format!("{} ON CONFLICT ({target}) DO {update}", self.insert())
    }
}
