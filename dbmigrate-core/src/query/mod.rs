//! Statements of an application, held against a schema: which of their names are there, what they return and take.
//!
//! [`resolve`] reads one statement as SQLite's parser does and looks its names up by SQLite's rules, without an engine:
//! macros call it while an application compiles. It is held to what the engine says of the same statement: it never
//! finds a mistake where the engine has none, with two exceptions that are meant (a string in double quotes, and an
//! `INSERT` that leaves a column out that has to have a value).

mod ast;
mod builtin;
mod catalog;
pub mod cut;
mod functions;
mod mistake;
mod parse_call;
mod parse_expr;
mod parse_select;
mod parse_statement;
mod reader;
mod relation;
mod resolve_call;
mod resolve_expr;
mod resolve_from;
mod resolve_select;
mod resolve_statement;
mod resolve_write;
mod resolver;
mod scope;
mod types;
mod visit;

use std::ops::Range;

use self::ast::Statement;
use self::parse_statement::parse;
use self::resolve_select::{Out, Rows};
use self::resolver::Resolver;
use crate::sql::expr::Affinity;
use crate::sql::{DeclType, Name, StatementKind, split};

pub use self::catalog::Catalog;

/// A statement that fits a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What it does.
    pub kind: Kind,
    /// Its parameters by their index: those that only a higher one implies (`?3` alone) are left out.
    pub parameters: Vec<Parameter>,
    /// The columns of the rows that it returns, none for one that returns no rows.
    pub columns: Vec<Output>,
    /// Whether there may be others: `*` of a table whose columns are not known.
    pub has_more_columns: bool,
    /// Every table and column that it names, in no particular order.
    pub uses: Vec<Use>,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `SELECT`, `VALUES`, also behind `WITH`.
    Read,
    /// `INSERT`, `UPDATE`, `DELETE`.
    Write,
    /// `CREATE`, `DROP`, `ALTER`.
    Definition,
    /// `PRAGMA`, `BEGIN`, `EXPLAIN` and all others.
    Other,
}

/// A parameter, as `sqlite3_bind_*` counts them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its index, from 1.
    pub index: u32,
    /// Its name with the mark in front: `:id`, `@id`, `$id`, and `?3` for one with a number.
    pub name: Option<String>,
    /// Where it is used first.
    pub span: Range<usize>,
    /// What it is compared with or written to; `None` if nothing says it.
    pub ty: Option<Typed>,
}

/// A column of the rows that a statement returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its name as the engine gives it, without what `stated` was taken from.
    pub name: String,
    /// Where its expression stands: for `*`, the star.
    pub span: Range<usize>,
    /// What is known of its values; `None` if nothing is.
    pub ty: Option<Typed>,
    /// What stands behind the colon of `AS "name: Type"`.
    pub stated: Option<String>,
}

impl Output {
    /// The table and column that it shows unchanged.
    pub fn origin(&self) -> Option<&(Name, Name)> {
        self.ty.as_ref()?.column.as_ref()
    }
}

/// What is known of a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    /// The declared type of its column, or that of a `CAST`.
    pub declared: Option<DeclType>,
    /// What kind of value it is, as far as that is known: of a column, its affinity.
    pub affinity: Option<Affinity>,
    /// Whether it may be NULL; `None` where that cannot be known. Of a parameter: whether NULL makes sense there.
    pub nullable: Option<bool>,
    /// The table and column that the value comes from unchanged, or that a parameter is compared with or written to.
    pub column: Option<(Name, Name)>,
}

/// A table or column that a statement names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The table, view or virtual table.
    pub table: Name,
    /// The column; `None` where the table itself is named.
    pub column: Option<Name>,
    /// The word. What `*` and `NATURAL` stand for has theirs.
    pub span: Range<usize>,
    /// Whether it is written.
    pub write: bool,
}

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The word, as bytes of the text.
    pub span: Range<usize>,
    /// What is wrong with it.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether the engine compiles the statement all the same: it is probably not what is meant.
    pub engine_accepts: bool,
}

/// Reads one statement and looks up what it names.
///
/// # Errors
/// All mistakes that were found, at least one, in the order of the text.
pub fn resolve(catalog: &Catalog, sql: &str) -> Result<Query, Vec<Mistake>> {
    let statement = parse(sql).map_err(|mistake| vec![*mistake])?;
    resolved(catalog, sql, &statement, false)
}

/// Reads a text of several statements and looks up what each names. Behind a statement that changes the schema, names
/// that are not there are no mistakes.
///
/// # Errors
/// As for [`resolve`].
pub fn resolve_script(catalog: &Catalog, sql: &str) -> Result<Vec<Query>, Vec<Mistake>> {
    let (mut queries, mut mistakes) = (Vec::new(), Vec::new());
    let mut is_open = false;
    for part in split(sql) {
        let found = parse(part.text).map_err(|mistake| vec![*mistake]);
        match found.and_then(|statement| resolved(catalog, part.text, &statement, is_open)) {
            Ok(mut query) => {
                // what is attached is not known either
                is_open |= query.kind == Kind::Definition || part.kind == StatementKind::Other;
                query.moved(part.start);
                queries.push(query);
            }
            Err(found) => mistakes.extend(found.into_iter().map(|mut mistake| {
                mistake.span = moved(&mistake.span, part.start);
                mistake
            })),
        }
    }
    if mistakes.is_empty() { Ok(queries) } else { Err(mistakes) }
}

fn resolved(catalog: &Catalog, sql: &str, statement: &Statement<'_>, is_open: bool) -> Result<Query, Vec<Mistake>> {
    let mut resolver = Resolver::new(catalog, sql, 0);
    resolver.is_open = is_open;
    let (kind, rows) = resolver.statement(statement);
    if !resolver.mistakes.is_empty() {
        resolver.mistakes.sort_by_key(|mistake| (mistake.span.start, mistake.span.end));
        return Err(resolver.mistakes);
    }
    let mut parameters = resolver.parameters;
    parameters.sort_by_key(|parameter| parameter.index);
    let has_more_columns = rows.open;
    Ok(Query { kind, parameters, columns: outputs(rows), has_more_columns, uses: resolver.uses })
}

fn outputs(rows: Rows) -> Vec<Output> {
    let output = |out: Out| {
        let (name, stated) = match out.name.split_once(':') {
            Some((name, stated)) if out.is_quoted && !stated.trim().is_empty() => {
                (name.trim().to_owned(), Some(stated.trim().to_owned()))
            }
            _ => (out.name.into_string(), None),
        };
        Output { name, span: out.span, ty: out.value.ty.typed(), stated }
    };
    rows.columns.into_iter().map(output).collect()
}

impl Query {
    /// The query of a text that begins so many bytes later.
    fn moved(&mut self, by: usize) {
        self.parameters.iter_mut().for_each(|parameter| parameter.span = moved(&parameter.span, by));
        self.columns.iter_mut().for_each(|column| column.span = moved(&column.span, by));
        self.uses.iter_mut().for_each(|used| used.span = moved(&used.span, by));
    }
}

fn moved(span: &Range<usize>, by: usize) -> Range<usize> {
    span.start + by..span.end + by
}
