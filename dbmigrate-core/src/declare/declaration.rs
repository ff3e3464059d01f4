//! What a struct declares.

use proc_macro2::Span;

use crate::schema::validate::Place;
use crate::schema::{Comments, Reads, Table, Trigger, View, VirtualTable};
use crate::sql::Name;

/// Which derive a struct is declared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derive {
    /// `#[derive(Table)]`.
    Table,
    /// `#[derive(View)]`.
    View,
}

/// What a struct declares.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// The table, virtual table or view.
    pub object: Object,
    /// The triggers declared on it.
    pub triggers: Vec<Trigger>,
    /// What the doc comments of the struct and its fields say.
    pub docs: Comments,
    /// What the types of the fields read, by column, as far as it is known.
    pub reads: Vec<(Name, Reads)>,
    /// `renamed_from` of the table.
    pub renamed_from: Option<Name>,
    /// `renamed_from` of columns: the old name and the new one.
    pub renamed_columns: Vec<(Name, Name)>,
    /// Where each part was declared, for problems that only the whole schema shows.
    pub places: Vec<(Place, Span)>,
    /// The foreign keys whose parents are named in quotes, so that nobody but the database knows them.
    pub by_name: Vec<Place>,
    /// What the [`Resolve`](super::Resolve) left to somebody else, so that the model is silent about it.
    pub deferred: Vec<Deferred>,
}

/// A part of a declaration that was left to rustc, because a [`Resolve`](super::Resolve) answered `Ok(None)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deferred {
    /// The type of a column: its declared type is empty, and it counts as nullable only if an `Option` is written.
    Type(Name),
    /// The default of a column: there is none in the model.
    Default(Name),
    /// A foreign key of these columns: it is not in the model.
    ForeignKey(Vec<Name>),
}

/// The object that a struct declares.
#[derive(Debug, Clone)]
pub enum Object {
    /// `#[derive(Table)]`.
    Table(Table),
    /// `#[derive(Table)]` with `#[table(using = …)]`.
    VirtualTable(VirtualTable),
    /// `#[derive(View)]`, with the columns that its fields expect the query to have.
    View(View, Vec<Name>),
}
