//! The statements that a derive writes down: `CREATE`, `SELECT`, `INSERT` and the like.
//!
//! `CREATE TABLE` is the text of the model, which lacks what only rustc knows; `dbmigrate::Create` completes it.

use std::cell::RefCell;

use dbmigrate_core::ddl::render;
use dbmigrate_core::declare::ast::{DefaultClause, Item, Reference};
use dbmigrate_core::declare::errors::Errors;
use dbmigrate_core::declare::rust_types::{TypeNames, column_type};
use dbmigrate_core::declare::{ColumnType, Declaration, DeclareError, Object, Resolve, lower_item};
use dbmigrate_core::schema::{PrimaryKey, Table};
use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::name::sql_list;
use proc_macro2::{Literal, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use crate::rustc::Rustc;

/// The const with all of them.
pub(crate) fn expand(item: &Item, declaration: &Declaration, facade: &TokenStream) -> TokenStream {
    let mut parents = Vec::new();
    let (create, key) = match &declaration.object {
        Object::Table(table) => {
            let (table, paths) = with_placeholders(item, table);
            parents = paths;
            (render::create_table(&table), table.primary_key)
        }
        Object::VirtualTable(table) => (render::create_virtual_table(table), None),
        Object::View(view, _) => (render::create_view(view), None),
    };
    let besides = besides(declaration);
    let primary_key: Vec<&str> = key.iter().flat_map(|key| &key.parts).map(|part| part.column.as_str()).collect();
    let rowid = is_rowid(item, key.as_ref());
    let lints = (!parents.is_empty()).then(|| quote!(#[allow(elided_lifetimes_in_paths)]));
    let parents = parents.iter().map(|path| parent(path, facade));
    let defaults = item.fields.iter().enumerate().filter_map(|(at, field)| match &field.default.as_ref()?.value {
        DefaultClause::Constant(path) => {
            let at = Literal::usize_unsuffixed(at);
            Some(quote_spanned!(path.span()=> (#at, #facade::__private::Default(#path).literal())))
        }
        _ => None,
    });
    let rows = Rows::new(item, key.as_ref());
    let (select, insert, upsert) = (rows.select(), rows.insert(), rows.upsert());
    quote! {
        #lints
        const STATEMENTS: #facade::__private::Statements = #facade::__private::Statements {
            primary_key: &[#(#primary_key),*],
            rowid: #rowid,
            create: #create,
            parents: &[#(#parents),*],
            defaults: &[#(#defaults),*],
            besides: &[#(#besides),*],
            select: #select,
            insert: #insert,
            upsert: #upsert,
        };
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

/// The table with a placeholder for each path to a field of another struct, and these paths. `NOT NULL` is there where
/// it is written: whether a type may be NULL is for rustc to say.
fn with_placeholders(item: &Item, table: &Table) -> (Table, Vec<syn::Path>) {
    let fields = item.fields.iter().filter_map(|field| field.reference.as_ref());
    let mut references = fields.chain(item.foreign_keys.iter().map(|clause| &clause.reference));
    let mut table = table.clone();
    let mut paths = Vec::new();
    if references.any(|reference| matches!(reference.value, Reference::Fields(_))) {
        let resolve = Placeholders::default();
        // it has been lowered without errors before
        if let Ok(Declaration { object: Object::Table(lowered), .. }) = lower_item(item, Errors::default(), &resolve) {
            table = lowered;
            paths = resolve.paths.into_inner();
        }
    }
    for (column, field) in table.columns.iter_mut().zip(&item.fields) {
        column.not_null = field.not_null.is_some();
    }
    (table, paths)
}

/// As [`Rustc`], with a name for each path to a field that says its place among them.
#[derive(Default)]
struct Placeholders {
    paths: RefCell<Vec<syn::Path>>,
}

impl Resolve for Placeholders {
    fn column_type(&self, ty: &syn::Type) -> Result<Option<ColumnType>, DeclareError> {
        column_type(ty, &Rustc as &dyn TypeNames)
    }

    fn reference(&self, path: &syn::Path) -> Result<Option<(Name, Name)>, DeclareError> {
        let mut paths = self.paths.borrow_mut();
        let name = format!("\u{1}{}", paths.len());
        paths.push(path.clone());
        Ok(Some((name.as_str().into(), name.into())))
    }

    fn constant(&self, _: &syn::Path) -> Result<Option<syn::Lit>, DeclareError> {
        Ok(None)
    }
}

/// `User::id` as the table and the column that it is.
fn parent(path: &syn::Path, facade: &TokenStream) -> TokenStream {
    let mut owner = path.clone();
    let Some(field) = owner.segments.pop() else { return TokenStream::new() };
    owner.segments.pop_punct();
    let field = dbmigrate_core::declare::naming::unraw(&field.ident);
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
