//! What the attributes of a struct say: typed, each part with its place, nothing looked up yet.
//!
//! [`parse`](super::parse()) is the only reader of `#[table(…)]`, `#[view(…)]` and `#[column(…)]`; lowering and expansion see
//! nothing but an [`Item`].

use proc_macro2::{Ident, Span};

use super::declaration::Derive;
use super::rust_types::first_span;
use super::{docs, naming};
use crate::schema::{Conflict, Deferrable, ReferentialAction, TriggerTiming};
use crate::sql::{DeclType, Expr, Name};

/// A value and the token that it was read from.
#[derive(Debug, Clone)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// The token.
    pub span: Span,
}

impl<T> At<T> {
    /// Puts a value at a place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A struct with `#[derive(Table)]` or `#[derive(View)]`.
#[derive(Debug, Clone)]
pub struct Item {
    /// The derive.
    pub derive: Derive,
    /// The struct.
    pub ident: Ident,
    /// What its doc comments say.
    pub docs: Option<String>,
    /// `crate = path`.
    pub crate_path: Option<syn::Path>,
    /// `name`; see [`Item::name`].
    pub name: Option<At<Name>>,
    /// `database`, as it is named in `dbmigrate.toml`.
    pub database: Option<At<String>>,
    /// `renamed_from`.
    pub renamed_from: Option<At<Name>>,
    /// `strict`.
    pub strict: Option<Span>,
    /// `without_rowid`.
    pub without_rowid: Option<Span>,
    /// `random_rowid`.
    pub random_rowid: Option<Span>,
    /// `primary_key(a, b)`.
    pub primary_key: Option<KeyClause>,
    /// `unique(a, b)`.
    pub uniques: Vec<KeyClause>,
    /// `index(a, b)` and `unique_index(a, b)`.
    pub indexes: Vec<IndexClause>,
    /// `check(name, "…")`.
    pub checks: Vec<CheckClause>,
    /// `foreign_key(a, b, references = Parent(x, y))`.
    pub foreign_keys: Vec<ForeignKeyClause>,
    /// `trigger(name, after = insert, body = "…")`.
    pub triggers: Vec<TriggerClause>,
    /// `using = module`: a virtual table.
    pub module: Option<At<Name>>,
    /// `options("…", …)` of the module.
    pub options: Vec<At<Expr>>,
    /// `query = "…"` of a view.
    pub query: Option<At<Expr>>,
    /// `columns(a, b)` of a view.
    pub view_columns: Vec<At<ColumnWord>>,
    /// `unchecked`, of a view.
    pub unchecked: Option<Span>,
    /// The fields.
    pub fields: Vec<Field>,
    /// Whether the struct's own attributes have errors, so that what seems to be missing may have been meant by them.
    pub has_errors: bool,
    /// Whether a macro makes the struct, as far as that can be told from where its tokens stand.
    pub is_made_by_macro: bool,
}

/// A field with its `#[column(…)]`.
#[derive(Debug, Clone)]
pub struct Field {
    /// The field.
    pub ident: Ident,
    /// Its type.
    pub ty: syn::Type,
    /// What its doc comments say.
    pub docs: Option<String>,
    /// `name`; see [`Field::name`].
    pub name: Option<At<Name>>,
    /// `type = "…"`.
    pub decl_type: Option<At<DeclType>>,
    /// `primary_key`.
    pub primary_key: Option<At<ColumnKey>>,
    /// `autoincrement`.
    pub autoincrement: Option<Span>,
    /// `unique`.
    pub unique: Option<At<ColumnKey>>,
    /// `index` and `unique_index`.
    pub indexes: Vec<IndexClause>,
    /// `not_null`.
    pub not_null: Option<At<ColumnKey>>,
    /// `default` or `default_sql`.
    pub default: Option<At<DefaultClause>>,
    /// `collate`.
    pub collate: Option<At<Name>>,
    /// `check`.
    pub checks: Vec<CheckClause>,
    /// `generated`.
    pub generated: Option<At<Expr>>,
    /// `stored`.
    pub stored: Option<Span>,
    /// `virtual`.
    pub is_virtual: Option<Span>,
    /// `references`, with `on_delete` and the like.
    pub reference: Option<At<Reference>>,
    /// `on_delete`, `on_update`, `deferrable`, `match`.
    pub reference_options: ReferenceOptions,
    /// `renamed_from`.
    pub renamed_from: Option<At<Name>>,
    /// `unindexed`, of an FTS5 column.
    pub unindexed: Option<Span>,
    /// `auxiliary`, of an R-Tree column.
    pub auxiliary: Option<Span>,
    /// Whether its attributes have errors; see [`Item::has_errors`].
    pub has_errors: bool,
}

/// How a column is referred to in an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnWord {
    /// By a word: a field's name, else a column's.
    Word(String),
    /// By a string: a column's name in a key, an expression in an index.
    Text(String),
}

/// A part of a key or an index: `a collate nocase desc`.
#[derive(Debug, Clone)]
pub struct PartClause {
    /// The column or expression.
    pub target: At<ColumnWord>,
    /// `collate`.
    pub collate: Option<Name>,
    /// `desc`.
    pub descending: bool,
}

/// `primary_key(…)` or `unique(…)` of a table.
#[derive(Debug, Clone)]
pub struct KeyClause {
    /// The key word.
    pub span: Span,
    /// `name`.
    pub name: Option<At<Name>>,
    /// The columns.
    pub parts: Vec<PartClause>,
    /// `on_conflict`.
    pub conflict: Option<At<Conflict>>,
}

/// `primary_key`, `unique` or `not_null` of a column.
#[derive(Debug, Clone, Default)]
pub struct ColumnKey {
    /// `name`.
    pub name: Option<At<Name>>,
    /// `desc`.
    pub descending: bool,
    /// `on_conflict`.
    pub conflict: Option<At<Conflict>>,
}

/// `index(…)` of a table or a column.
#[derive(Debug, Clone)]
pub struct IndexClause {
    /// The key word.
    pub span: Span,
    /// `name`.
    pub name: Option<At<Name>>,
    /// `unique`.
    pub unique: bool,
    /// The columns and expressions.
    pub parts: Vec<PartClause>,
    /// `where`.
    pub predicate: Option<At<Expr>>,
}

/// `check(…)`.
#[derive(Debug, Clone)]
pub struct CheckClause {
    /// The name of the constraint.
    pub name: Option<At<Name>>,
    /// The condition.
    pub expr: At<Expr>,
}

/// `foreign_key(…)` of a table.
#[derive(Debug, Clone)]
pub struct ForeignKeyClause {
    /// The key word.
    pub span: Span,
    /// `name`.
    pub name: Option<At<Name>>,
    /// The referring columns.
    pub columns: Vec<At<ColumnWord>>,
    /// What they refer to.
    pub reference: At<Reference>,
    /// The rest.
    pub options: ReferenceOptions,
}

/// `on_delete`, `on_update`, `deferrable` and `match` of a foreign key.
#[derive(Debug, Clone, Default)]
pub struct ReferenceOptions {
    /// `on_delete`.
    pub on_delete: Option<At<ReferentialAction>>,
    /// `on_update`.
    pub on_update: Option<At<ReferentialAction>>,
    /// `deferrable`.
    pub deferrable: Option<At<Deferrable>>,
    /// `match`.
    pub match_name: Option<At<Name>>,
}

/// What a foreign key refers to.
#[derive(Debug, Clone)]
pub enum Reference {
    /// Fields of a struct: `User::id`, or `User(org_id, id)` as one path for each.
    Fields(Vec<syn::Path>),
    /// A table by its name: `"users(org_id, id)"`; without columns its primary key.
    Table(Name, Vec<Name>),
}

/// `default` or `default_sql`.
#[derive(Debug, Clone)]
pub enum DefaultClause {
    /// `default = 1`.
    Literal {
        /// The literal without its sign.
        literal: Box<syn::Lit>,
        /// Whether a minus stands before it.
        negative: bool,
    },
    /// `default = MAX`.
    Constant(syn::Path),
    /// `default_sql = "…"`.
    Sql(Expr),
}

/// `trigger(…)`.
#[derive(Debug, Clone)]
pub struct TriggerClause {
    /// Its name.
    pub name: At<Name>,
    /// `before`, `after` or `instead_of`.
    pub timing: TriggerTiming,
    /// The event.
    pub event: EventClause,
    /// `when`.
    pub when: Option<At<Expr>>,
    /// `body`.
    pub body: At<Expr>,
    /// `unchecked`.
    pub unchecked: Option<Span>,
}

/// The event of a trigger.
#[derive(Debug, Clone)]
pub enum EventClause {
    /// `insert`.
    Insert,
    /// `delete`.
    Delete,
    /// `update`, with the columns of `update_of`.
    Update(Vec<At<ColumnWord>>),
}

impl Item {
    /// The object's name: `name`, or the struct's name in `snake_case`.
    pub fn name(&self) -> At<Name> {
        let default = || At::new(naming::snake_case(&naming::unraw(&self.ident)).into(), self.ident.span());
        self.name.clone().unwrap_or_else(default)
    }

    /// The arguments of a module need not be columns (`fts5vocab('posts', 'row')`), and those of a view that is not
    /// compiled need not be known.
    pub(super) fn may_have_no_fields(&self) -> bool {
        self.module.is_some() || self.unchecked.is_some()
    }

    pub(super) fn new(input: &syn::DeriveInput, derive: Derive) -> Self {
        Self {
            derive,
            ident: input.ident.clone(),
            docs: docs::text(&input.attrs),
            crate_path: None,
            name: None,
            database: None,
            renamed_from: None,
            strict: None,
            without_rowid: None,
            random_rowid: None,
            primary_key: None,
            uniques: Vec::new(),
            indexes: Vec::new(),
            checks: Vec::new(),
            foreign_keys: Vec::new(),
            triggers: Vec::new(),
            module: None,
            options: Vec::new(),
            query: None,
            view_columns: Vec::new(),
            unchecked: None,
            fields: Vec::new(),
            has_errors: false,
            is_made_by_macro: !is_in_order(input),
        }
    }
}

/// Whether the tokens of a struct stand in the source as they follow each other. What a macro was given stands elsewhere
/// than what it adds to it.
fn is_in_order(input: &syn::DeriveInput) -> bool {
    let syn::Data::Struct(syn::DataStruct { struct_token, fields: syn::Fields::Named(fields), .. }) = &input.data
    else {
        return true;
    };
    let (open, close) = (fields.brace_token.span.open(), fields.brace_token.span.close());
    let fields = fields.named.iter().filter_map(|field| Some((field.ident.as_ref()?.span(), first_span(&field.ty))));
    let all = [struct_token.span, input.ident.span(), open].into_iter();
    let all = all.chain(fields.flat_map(|(ident, ty)| [ident, ty])).chain([close]);
    // asking costs a call of the compiler
    let place = |span: Span| {
        let start = span.start();
        (start.line, start.column)
    };
    all.map(place).is_sorted()
}

impl Field {
    /// The column's name: `name`, or the field's name.
    pub fn name(&self) -> At<Name> {
        self.name.clone().unwrap_or_else(|| At::new(naming::unraw(&self.ident).into(), self.ident.span()))
    }

    /// The keys that were written on the field, each with its place.
    pub(super) fn keys(&self) -> Vec<(&'static str, Span)> {
        fn of<T>(slot: Option<&At<T>>) -> Option<Span> {
            slot.map(|at| at.span)
        }
        let options = &self.reference_options;
        [
            ("name", of(self.name.as_ref())),
            ("type", of(self.decl_type.as_ref())),
            ("primary_key", of(self.primary_key.as_ref())),
            ("autoincrement", self.autoincrement),
            ("unique", of(self.unique.as_ref())),
            ("index", self.indexes.first().map(|clause| clause.span)),
            ("not_null", of(self.not_null.as_ref())),
            ("default", of(self.default.as_ref())),
            ("collate", of(self.collate.as_ref())),
            ("check", self.checks.first().map(|clause| clause.expr.span)),
            ("generated", of(self.generated.as_ref())),
            ("references", of(self.reference.as_ref())),
            ("on_delete", of(options.on_delete.as_ref())),
            ("renamed_from", of(self.renamed_from.as_ref())),
            ("unindexed", self.unindexed),
            ("auxiliary", self.auxiliary),
        ]
        .into_iter()
        .filter_map(|(word, span)| Some((word, span?)))
        .collect()
    }

    /// A field without attributes.
    pub(super) fn new(ident: Ident, ty: syn::Type) -> Self {
        Self {
            name: None,
            ident,
            ty,
            docs: None,
            decl_type: None,
            primary_key: None,
            autoincrement: None,
            unique: None,
            indexes: Vec::new(),
            not_null: None,
            default: None,
            collate: None,
            checks: Vec::new(),
            generated: None,
            stored: None,
            is_virtual: None,
            reference: None,
            reference_options: ReferenceOptions::default(),
            renamed_from: None,
            unindexed: None,
            auxiliary: None,
            has_errors: false,
        }
    }
}
