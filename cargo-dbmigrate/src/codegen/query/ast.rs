//! A query, as far as the types of its columns depend on it.

use dbmigrate_core::sql::{DeclType, Name};

/// A `SELECT`, with what stands around it.
#[derive(Debug, Clone)]
pub(super) struct Select {
    pub(super) with: Vec<Cte>,
    pub(super) first: Core,
    /// The queries behind `UNION`.
    pub(super) more: Vec<Core>,
    /// Whether an `EXCEPT`, an `INTERSECT` or a `LIMIT` can take all rows away.
    pub(super) is_cut: bool,
}

/// A table of a `WITH`.
#[derive(Debug, Clone)]
pub(super) struct Cte {
    pub(super) name: Name,
    pub(super) columns: Vec<Name>,
    pub(super) query: Select,
}

/// A query without what stands around it.
#[derive(Debug, Clone)]
pub(super) enum Core {
    Select {
        columns: Vec<Column>,
        from: Vec<Joined>,
        grouped: bool,
        /// Whether a clause behind `FROM` has an aggregate, so that the query is one of aggregates.
        aggregates: bool,
        /// Whether there is a `HAVING`.
        filtered: bool,
    },
    Values(Vec<Vec<Expr>>),
}

/// What a query returns.
#[derive(Debug, Clone)]
pub(super) enum Column {
    Expr(Expr, Option<Name>),
    Star,
    StarOf(Name),
}

/// A table in a `FROM`, joined to those before it.
#[derive(Debug, Clone)]
pub(super) struct Joined {
    pub(super) source: Source,
    pub(super) alias: Option<Name>,
    pub(super) join: Join,
    pub(super) using: Vec<Name>,
}

/// How a table is joined.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Join {
    /// Whether rows of what is to the left are kept, so that this table's columns may be NULL.
    pub(super) keeps_left: bool,
    /// Whether rows of this table are kept, so that the columns to the left may be NULL.
    pub(super) keeps_right: bool,
    pub(super) natural: bool,
}

/// What rows come from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Table(Name),
    Function(Name),
    Query(Box<Select>),
    Joins(Vec<Joined>),
}

/// An expression.
#[derive(Debug, Clone)]
pub(super) enum Expr {
    Null,
    Integer {
        zero: bool,
    },
    Real {
        zero: bool,
    },
    Text,
    Blob,
    /// A column. In double quotes it is a text if there is no such column.
    Column {
        table: Option<Name>,
        name: Name,
        quoted: bool,
    },
    /// `- x`.
    Minus(Box<Expr>),
    /// `~ x`, `a & b`: an integer.
    Bits(Vec<Expr>),
    /// `a + b`, `a - b`, `a * b`.
    Arithmetic(Box<Expr>, Box<Expr>),
    /// `a / b`, and `a % b`.
    Division(Box<Expr>, Box<Expr>),
    /// `a || b`.
    Concat(Box<Expr>, Box<Expr>),
    /// `a -> b`: JSON.
    Json,
    /// True, false, or NULL if one of these may be.
    Condition(Vec<Expr>),
    /// `a IN (SELECT …)`.
    InQuery(Box<Expr>, Box<Select>),
    /// True or false.
    Certain,
    Case(Vec<Expr>),
    Cast(Box<Expr>, DeclType),
    Call(Call),
    Query(Box<Select>),
    /// What may be anything.
    Unknown,
}

/// The call of a function.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// Its name in lower case.
    pub(super) name: String,
    pub(super) arguments: Vec<Expr>,
    /// `f(…) FILTER (WHERE …)`.
    pub(super) filtered: bool,
    /// `f(…) OVER …`.
    pub(super) windowed: bool,
}
