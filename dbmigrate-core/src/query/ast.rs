//! What the parser makes of a statement: as much of it as resolving its names needs, with the bytes of every word.

use std::borrow::Cow;
use std::ops::Range;

/// Bytes of the text.
pub(super) type Span = Range<usize>;

/// How a name is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    None,
    /// `"…"`, which SQLite reads as a string where no column has that name.
    Double,
    /// `` `…` `` or `[…]`.
    Name,
    /// `'…'`, which some places take for a name.
    String,
}

/// A name.
#[derive(Debug, Clone)]
pub(super) struct Ident<'s> {
    pub(super) text: Cow<'s, str>,
    pub(super) span: Span,
    pub(super) quote: Quote,
}

impl Ident<'_> {
    pub(super) fn is(&self, other: &str) -> bool {
        self.text.eq_ignore_ascii_case(other)
    }
}

/// An expression.
#[derive(Debug, Clone)]
pub(super) struct Expr<'s> {
    pub(super) kind: ExprKind<'s>,
    pub(super) span: Span,
}

#[derive(Debug, Clone)]
pub(super) enum ExprKind<'s> {
    Literal(Literal),
    Variable,
    Column(Box<ColumnRef<'s>>),
    Unary(Unary, Box<Expr<'s>>),
    /// Operators of one precedence, from left to right: as long as it may be, it is not deep.
    Chain(Box<Expr<'s>>, Vec<(Binary, Expr<'s>)>),
    Between(Box<[Expr<'s>; 3]>),
    /// `LIKE` and its kin: the name of the function that it calls, and its operands.
    Like(&'static str, Vec<Expr<'s>>),
    In(Box<Expr<'s>>, Box<InSet<'s>>),
    Collate(Box<Expr<'s>>, Ident<'s>),
    Cast(Box<Expr<'s>>, Span),
    Case(Box<Case<'s>>),
    Call(Box<Call<'s>>),
    /// `(a, b)`.
    Row(Vec<Expr<'s>>),
    Subquery(Box<Select<'s>>),
    Exists(Box<Select<'s>>),
    Raise(Option<Box<Expr<'s>>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Literal {
    Null,
    /// An integer, if it fits into 64 bits.
    Integer(Option<i64>),
    Real,
    Text,
    Blob,
    /// `CURRENT_TIMESTAMP` and its kin.
    Time,
}

#[derive(Debug, Clone)]
pub(super) struct ColumnRef<'s> {
    pub(super) database: Option<Ident<'s>>,
    pub(super) table: Option<Ident<'s>>,
    pub(super) column: Ident<'s>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unary {
    Minus,
    Plus,
    BitNot,
    Not,
    IsNull,
    NotNull,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Or,
    And,
    /// `=`, `<>` and their kin.
    Equal,
    /// `IS`, `IS NOT`, `IS DISTINCT FROM`.
    Is,
    /// `<` and its kin.
    Compare,
    /// `&`, `|`, `<<`, `>>`.
    Bit,
    /// `+`, `-`, `*`.
    Arithmetic,
    Divide,
    /// `%`.
    Modulo,
    Concat,
    /// `->`.
    Json,
    /// `->>`.
    JsonValue,
}

#[derive(Debug, Clone)]
pub(super) enum InSet<'s> {
    List(Vec<Expr<'s>>),
    Query(Select<'s>),
    /// A table, or a table-valued function with its arguments.
    Table(TableRef<'s>),
}

#[derive(Debug, Clone)]
pub(super) struct Case<'s> {
    pub(super) operand: Option<Expr<'s>>,
    pub(super) arms: Vec<(Expr<'s>, Expr<'s>)>,
    pub(super) otherwise: Option<Expr<'s>>,
}

#[derive(Debug, Clone)]
pub(super) struct Call<'s> {
    pub(super) name: Ident<'s>,
    pub(super) arguments: Vec<Expr<'s>>,
    pub(super) distinct: bool,
    /// `count(*)`.
    pub(super) star: bool,
    /// `ORDER BY` among the arguments.
    pub(super) order: Vec<Term<'s>>,
    pub(super) filter: Option<Expr<'s>>,
    pub(super) over: Option<Over<'s>>,
}

#[derive(Debug, Clone)]
pub(super) enum Over<'s> {
    Name(Ident<'s>),
    Window(Window<'s>),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Window<'s> {
    pub(super) base: Option<Ident<'s>>,
    pub(super) partition: Vec<Expr<'s>>,
    pub(super) order: Vec<Term<'s>>,
    /// The expressions of its frame.
    pub(super) frame: Vec<Expr<'s>>,
    pub(super) has_frame: bool,
}

/// A term of `ORDER BY` or `GROUP BY`.
#[derive(Debug, Clone)]
pub(super) struct Term<'s> {
    pub(super) expr: Expr<'s>,
}

#[derive(Debug, Clone)]
pub(super) struct Select<'s> {
    pub(super) with: Vec<Cte<'s>>,
    pub(super) cores: Vec<Core<'s>>,
    pub(super) order: Vec<Term<'s>>,
    /// `LIMIT` and `OFFSET`.
    pub(super) limit: Vec<Expr<'s>>,
    pub(super) span: Span,
}

#[derive(Debug, Clone)]
pub(super) struct Cte<'s> {
    pub(super) name: Ident<'s>,
    pub(super) columns: Vec<Ident<'s>>,
    pub(super) query: Select<'s>,
}

#[derive(Debug, Clone)]
pub(super) enum Core<'s> {
    Values(Vec<(Vec<Expr<'s>>, Span)>),
    Query(Box<Body<'s>>),
}

#[derive(Debug, Clone)]
pub(super) struct Body<'s> {
    pub(super) columns: Vec<ResultColumn<'s>>,
    pub(super) from: Vec<Item<'s>>,
    pub(super) condition: Option<Expr<'s>>,
    pub(super) group: Vec<Term<'s>>,
    pub(super) having: Option<Expr<'s>>,
    pub(super) windows: Vec<(Ident<'s>, Window<'s>)>,
    /// From `SELECT` to the last of its columns.
    pub(super) span: Span,
}

#[derive(Debug, Clone)]
pub(super) enum ResultColumn<'s> {
    Star(Span),
    TableStar(Ident<'s>, Span),
    Expr(Expr<'s>, Option<Ident<'s>>, Span),
}

/// What stands in `FROM` behind a comma or a `JOIN`.
#[derive(Debug, Clone)]
pub(super) struct Item<'s> {
    pub(super) join: Join,
    pub(super) source: SourceRef<'s>,
    pub(super) alias: Option<Ident<'s>>,
    pub(super) indexed_by: Option<Ident<'s>>,
    pub(super) on: Option<Expr<'s>>,
    pub(super) using: Option<Vec<Ident<'s>>>,
    pub(super) span: Span,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Join {
    pub(super) natural: bool,
    /// The rows of what stands before are all kept.
    pub(super) left: bool,
    /// The rows of this are all kept.
    pub(super) right: bool,
}

#[derive(Debug, Clone)]
pub(super) enum SourceRef<'s> {
    Table(TableRef<'s>),
    Subquery(Box<Select<'s>>),
    Nested(Vec<Item<'s>>),
}

#[derive(Debug, Clone)]
pub(super) struct TableRef<'s> {
    pub(super) database: Option<Ident<'s>>,
    pub(super) name: Ident<'s>,
    /// The arguments of a table-valued function.
    pub(super) arguments: Option<Vec<Expr<'s>>>,
}

#[derive(Debug, Clone)]
pub(super) enum Statement<'s> {
    Select(Select<'s>),
    Insert(Box<Insert<'s>>),
    Update(Box<Update<'s>>),
    Delete(Box<Delete<'s>>),
    /// `EXPLAIN`; whether `QUERY PLAN`.
    Explain(bool, Box<Statement<'s>>),
    Definition(Definition<'s>),
    /// `PRAGMA`: its name; whether a value is set with `=`.
    Pragma(Ident<'s>),
    Other,
}

#[derive(Debug, Clone)]
pub(super) enum Definition<'s> {
    /// `CREATE TABLE … AS SELECT`.
    TableAs(Select<'s>),
    /// `DROP`: the kind of object, whether `IF EXISTS`, its name.
    Drop(&'static str, bool, TableRef<'s>),
    /// `CREATE INDEX … ON` and its columns, `ALTER TABLE`: the table.
    OnTable(TableRef<'s>),
    Other,
}

#[derive(Debug, Clone)]
pub(super) struct Insert<'s> {
    pub(super) with: Vec<Cte<'s>>,
    /// `OR IGNORE`.
    pub(super) ignores: bool,
    pub(super) table: TableRef<'s>,
    pub(super) alias: Option<Ident<'s>>,
    pub(super) columns: Option<Vec<Ident<'s>>>,
    /// `None`: `DEFAULT VALUES`.
    pub(super) rows: Option<Select<'s>>,
    pub(super) upserts: Vec<Upsert<'s>>,
    pub(super) returning: Option<Vec<ResultColumn<'s>>>,
}

#[derive(Debug, Clone)]
pub(super) struct Upsert<'s> {
    pub(super) target: Vec<Expr<'s>>,
    pub(super) target_condition: Option<Expr<'s>>,
    /// From the first to the last word of the target.
    pub(super) span: Span,
    /// `None`: `DO NOTHING`.
    pub(super) update: Option<(Vec<Assignment<'s>>, Option<Expr<'s>>)>,
}

#[derive(Debug, Clone)]
pub(super) struct Assignment<'s> {
    pub(super) columns: Vec<Ident<'s>>,
    /// Whether the columns stand in parentheses.
    pub(super) tuple: bool,
    pub(super) value: Expr<'s>,
}

#[derive(Debug, Clone)]
pub(super) struct Update<'s> {
    pub(super) with: Vec<Cte<'s>>,
    pub(super) target: Item<'s>,
    pub(super) assignments: Vec<Assignment<'s>>,
    pub(super) from: Vec<Item<'s>>,
    pub(super) condition: Option<Expr<'s>>,
    pub(super) returning: Option<Vec<ResultColumn<'s>>>,
}

#[derive(Debug, Clone)]
pub(super) struct Delete<'s> {
    pub(super) with: Vec<Cte<'s>>,
    pub(super) target: Item<'s>,
    pub(super) condition: Option<Expr<'s>>,
    pub(super) returning: Option<Vec<ResultColumn<'s>>>,
}
