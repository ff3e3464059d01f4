//! Queries: their columns, and the order in which their clauses see each other's names (`resolveSelectStep` of SQLite).

use super::Mistake;
use super::ast::{Body, Core, Expr, ExprKind, Literal, ResultColumn, Select, Span, Statement, Term, Unary};
use super::catalog::Catalog;
use super::mistake::{count, did_you_mean, quoted, there_are};
use super::parse_statement::parse;
use super::relation::{Column, is_rowid};
use super::resolver::Resolver;
use super::scope::{Alias, Scope, Source};
use super::types::{Ty, Value};
use crate::sql::expr::Affinity;

/// How many columns a query can return (sqlite.org/limits.html#max_column).
const MOST_COLUMNS: usize = 2000;

/// A column that a query returns.
#[derive(Debug, Clone)]
pub(super) struct Out {
    pub(super) name: Box<str>,
    /// Whether `AS` or `*` named it.
    pub(super) is_named: bool,
    /// The column that it is, by its own name.
    pub(super) column: Option<Box<str>>,
    pub(super) span: Span,
    pub(super) value: Value,
    /// Whether its name is quoted, so that a type may stand in it.
    pub(super) is_quoted: bool,
}

/// What a query returns.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) columns: Vec<Out>,
    /// Whether there may be more columns.
    pub(super) open: bool,
    /// Whether there is exactly one row, whatever is in the tables.
    pub(super) is_one: bool,
}

impl Rows {
    /// The columns as those of a table: each name once.
    pub(super) fn into_columns(self) -> (Vec<Column>, bool) {
        let mut columns: Vec<Column> = Vec::with_capacity(self.columns.len());
        for out in self.columns {
            let name =
                unique_name(out.name, |name| columns.iter().any(|column| column.name.eq_ignore_ascii_case(name)));
            columns.push(Column::new(&name, out.value.ty));
        }
        (columns, self.open)
    }
}

/// The columns of a view's query; `None` if it cannot be told.
pub(super) fn view_columns(catalog: &Catalog, query: &str, depth: usize) -> Option<Vec<Column>> {
    let Ok(Statement::Select(select)) = parse(query) else { return None };
    let mut resolver = Resolver::new(catalog, query, depth);
    let (columns, open) = resolver.select(&select, None, None).into_columns();
    (resolver.mistakes.iter().all(|mistake| mistake.engine_accepts) && !open).then_some(columns)
}

/// What is called with the columns of a compound's first part, before the others are resolved.
pub(super) type Publish<'p, 'a> = &'p dyn Fn(&mut Resolver<'a>, Vec<Column>, bool);

impl<'a> Resolver<'a> {
    /// Resolves a query that may name columns of `outer`.
    pub(super) fn select(
        &mut self,
        select: &'a Select<'a>,
        outer: Option<&Scope<'_>>,
        publish: Option<Publish<'_, 'a>>,
    ) -> Rows {
        self.with(&select.with, |resolver| resolver.select_inside(select, outer, publish))
    }

    fn select_inside(
        &mut self,
        select: &'a Select<'a>,
        outer: Option<&Scope<'_>>,
        publish: Option<Publish<'_, 'a>>,
    ) -> Rows {
        let is_compound = select.cores.len() > 1;
        let mut all: Vec<Rows> = Vec::with_capacity(select.cores.len());
        for core in &select.cores {
            let order: &'a [Term<'a>] = if is_compound { &[] } else { &select.order };
            let rows = match core {
                Core::Values(rows) => self.values(rows, outer),
                Core::Query(body) => self.body(body, order, outer),
            };
            if let Some(first) = all.first() {
                let (left, right) = (first.columns.len(), rows.columns.len());
                if left != right && !first.open && !rows.open {
                    let message = format!("this returns {}, the query before it {left}", count(right, "column"));
                    self.say(core_span(core), message);
                }
            } else if let Some(publish) = publish {
                let copy = Rows { columns: rows.columns.clone(), open: rows.open, is_one: false };
                let (columns, open) = copy.into_columns();
                publish(self, columns, open);
            }
            all.push(rows);
        }
        if is_compound {
            self.compound_order(&select.order, &all);
        }
        // neither names a column
        let nothing = Scope::new(&[], None);
        for limit in &select.limit {
            self.scalar(limit, &nothing);
            self.expect(limit, &Ty::new(Affinity::Integer, Some(false)));
        }
        let mut all = all.into_iter();
        let mut rows = all.next().unwrap_or_default();
        for other in all {
            rows.is_one = false;
            rows.open |= other.open;
            for (column, other) in rows.columns.iter_mut().zip(other.columns) {
                column.value.ty = std::mem::take(&mut column.value.ty).either(other.value.ty);
            }
        }
        rows.is_one &= select.limit.is_empty();
        rows
    }

    fn values(&mut self, rows: &'a [(Vec<Expr<'a>>, Span)], outer: Option<&Scope<'_>>) -> Rows {
        let scope = Scope::new(&[], outer);
        scope.allows_aggregates.set(true);
        scope.allows_windows.set(true);
        let mut found = Rows::default();
        for (index, (row, span)) in rows.iter().enumerate() {
            if index > 0 && row.len() != found.columns.len() {
                let wanted = found.columns.len();
                self.say(span.clone(), format!("this row has {}, the first one {wanted}", count(row.len(), "value")));
            }
            for (place, expr) in row.iter().enumerate() {
                let value = self.scalar(expr, &scope);
                match found.columns.get_mut(place) {
                    Some(column) if index > 0 => {
                        column.value.ty = std::mem::take(&mut column.value.ty).either(value.ty.computed());
                    }
                    None if index > 0 => {}
                    _ => found.columns.push(Out {
                        name: format!("column{}", place + 1).into(),
                        is_named: true,
                        column: None,
                        span: expr.span.clone(),
                        value: Value { ty: value.ty.computed(), ..value },
                        is_quoted: false,
                    }),
                }
            }
        }
        found.is_one = rows.len() == 1;
        found
    }

    fn body(&mut self, body: &'a Body<'a>, order: &'a [Term<'a>], outer: Option<&Scope<'_>>) -> Rows {
        let sources = self.sources(&body.from, outer);
        let windows: Vec<&str> = body.windows.iter().map(|(name, _)| &*name.text).collect();
        let mut scope = Scope::new(&sources, outer);
        scope.windows = &windows;
        scope.is_grouped = !body.group.is_empty();
        scope.allows_aggregates.set(true);
        scope.allows_windows.set(true);
        let rows = self.result(&body.columns, &scope);
        let aliases: Vec<Alias> = rows
            .columns
            .iter()
            .filter(|column| column.is_named)
            .map(|column| Alias { name: column.name.clone(), value: column.value.clone() })
            .collect();
        scope.allows_windows.set(false);
        let is_aggregate = !body.group.is_empty() || scope.has_aggregate.get();
        scope.allows_aggregates.set(is_aggregate);
        scope.aliases = &aliases;
        if let Some(having) = &body.having {
            if is_aggregate {
                self.scalar(having, &scope);
            } else {
                let message = "`HAVING` needs a `GROUP BY` or an aggregate".to_owned();
                self.say(having.span.clone(), message);
            }
        }
        self.conditions(body, &scope);
        self.arguments_of(&body.from, &scope);
        // what stands in these sees no outer query
        let mut alone = Scope::new(&sources, None);
        alone.level = scope.level;
        alone.windows = &windows;
        alone.aliases = &aliases;
        alone.allows_aggregates.set(true);
        alone.allows_windows.set(true);
        for term in order {
            let is_alias = matches!(&skip_collate(&term.expr).kind, ExprKind::Column(column)
                if column.table.is_none() && aliases.iter().any(|alias| column.column.is(&alias.name)));
            if is_alias || self.is_position(&term.expr, rows.columns.len(), rows.open, "ORDER BY") {
                continue;
            }
            alone.has_aggregate.set(false);
            self.scalar(&term.expr, &alone);
            if alone.has_aggregate.get() && !is_aggregate {
                let message = "an aggregate in `ORDER BY` of a query that returns none".to_owned();
                self.say(term.expr.span.clone(), message);
            }
        }
        alone.allows_windows.set(false);
        for term in &body.group {
            if self.is_position(&term.expr, rows.columns.len(), rows.open, "GROUP BY") {
                continue;
            }
            alone.has_aggregate.set(false);
            let value = self.scalar(&term.expr, &alone);
            if value.aggregate {
                self.say(term.expr.span.clone(), "an aggregate cannot be in `GROUP BY`".to_owned());
            }
        }
        // of those that nobody names, nothing is looked up
        for (index, (_, window)) in body.windows.iter().enumerate() {
            if (scope.used_windows.get() | alone.used_windows.get()) & (1 << index.min(63)) != 0 {
                self.window_definition(window, &scope);
            }
        }
        let is_one = is_aggregate && body.group.is_empty() && body.having.is_none();
        let is_one = is_one || (body.from.is_empty() && body.condition.is_none());
        Rows { is_one, ..rows }
    }

    /// `WHERE` and the conditions of joins.
    fn conditions(&mut self, body: &'a Body<'a>, scope: &Scope<'_>) {
        let had = scope.has_aggregate.replace(false);
        if let Some(condition) = &body.condition {
            self.scalar(condition, scope);
            if scope.has_aggregate.get() {
                let message =
                    "an aggregate cannot be in `WHERE`: it is computed of the rows that `WHERE` leaves".to_owned();
                self.report(Mistake::new(condition.span.clone(), message).with_help("use `HAVING`".to_owned()));
            }
        }
        self.joins(&body.from, scope);
        scope.has_aggregate.set(had);
    }

    /// The columns behind `SELECT` or `RETURNING`.
    pub(super) fn result(&mut self, columns: &'a [ResultColumn<'a>], scope: &Scope<'_>) -> Rows {
        let mut rows = Rows::default();
        for column in columns {
            if rows.columns.len() > MOST_COLUMNS {
                self.say(column_span(column), format!("a query returns at most {MOST_COLUMNS} columns"));
                break;
            }
            match column {
                ResultColumn::Star(span) => {
                    if scope.sources.is_empty() {
                        self.say(span.clone(), "`*` without a `FROM`".to_owned());
                        rows.open = true;
                    }
                    for (index, source) in scope.sources.iter().enumerate() {
                        self.star(source, index, span, false, &mut rows);
                    }
                }
                ResultColumn::TableStar(table, span) => self.table_star(table, span, scope, &mut rows),
                ResultColumn::Expr(expr, alias, span) => {
                    self.found = None;
                    let value = self.scalar(expr, scope);
                    let column = match (&expr.kind, self.found.take()) {
                        (ExprKind::Column(_), Some((relation, Some(at)))) => {
                            let column = &relation.columns[at];
                            Some((column.name.clone(), column.alias.clone()))
                        }
                        (ExprKind::Column(column), Some((relation, None))) => {
                            let alias =
                                relation.rowid.as_ref().and_then(|rowid| rowid.origin.as_ref()?.column.as_ref());
                            let own = alias.map_or("rowid", |(_, column)| column.as_str());
                            let _ = column;
                            Some((own.into(), None))
                        }
                        _ => None,
                    };
                    let text = || self.sql.get(span.clone()).unwrap_or_default().into();
                    let name = match (alias, &column) {
                        (Some(alias), _) => (*alias.text).into(),
                        (None, Some((own, shown))) => shown.as_ref().unwrap_or(own).clone(),
                        (None, None) => text(),
                    };
                    let is_quoted = alias.as_ref().is_some_and(|alias| alias.quote != super::ast::Quote::None);
                    let (is_named, span) = (alias.is_some(), expr.span.clone());
                    let column = column.map(|(own, _)| own);
                    rows.columns.push(Out { name, is_named, column, span, value, is_quoted });
                }
            }
        }
        rows
    }

    fn table_star(&mut self, table: &super::ast::Ident<'_>, span: &Span, scope: &Scope<'_>, rows: &mut Rows) {
        let mut found = false;
        for (index, source) in scope.sources.iter().enumerate() {
            if source.is_called(&table.text) {
                found = true;
                self.star(source, index, span, true, rows);
            } else if source.nested {
                let of_table = |column: &&Column| column.table.as_deref().is_some_and(|own| table.is(own));
                for column in source.relation.columns.iter().filter(of_table) {
                    found = true;
                    self.star_column(source, column, span, rows);
                }
            }
        }
        if !found {
            rows.open = true;
            let may_be_there = self.is_open || scope.sources.iter().any(|source| source.nested && source.relation.open);
            if may_be_there {
                return;
            }
            let names = || scope.sources.iter().filter_map(|source| source.name.as_deref());
            let help = did_you_mean(&table.text, names()).or_else(|| there_are("there are", names()));
            let message = format!("no table {} is in this part of the statement", quoted(table));
            self.report(Mistake::new(table.span.clone(), message).with_help(help));
        }
    }

    /// What `*` stands for of one source.
    fn star(&mut self, source: &Source, index: usize, span: &Span, all: bool, rows: &mut Rows) {
        rows.open |= source.relation.open;
        for column in source.relation.shown() {
            // a column that `USING` made one with that of a table before
            if index > 0 && !all && source.is_joined_by(&column.name) {
                continue;
            }
            self.star_column(source, column, span, rows);
        }
    }

    fn star_column(&mut self, source: &Source, column: &Column, span: &Span, rows: &mut Rows) {
        if source.relation.is_stored() {
            self.uses_column(&source.relation.name, &column.name, span.clone(), false);
        }
        let value = Value::of(source.seen(&column.ty));
        rows.columns.push(Out {
            name: column.alias.as_ref().unwrap_or(&column.name).clone(),
            is_named: true,
            column: Some(column.name.clone()),
            span: span.clone(),
            value,
            is_quoted: false,
        });
    }

    /// Whether a term is the number of a column, which it may say wrongly.
    fn is_position(&mut self, expr: &Expr<'_>, columns: usize, open: bool, clause: &str) -> bool {
        let Some(position) = integer(skip_collate(expr)) else { return false };
        let is_there = usize::try_from(position).is_ok_and(|position| (1..=columns).contains(&position));
        if !is_there && !open {
            let message = format!("`{clause}` {position}: the query returns {}", count(columns, "column"));
            self.say(expr.span.clone(), message);
        }
        true
    }

    /// The terms behind a compound name a column of one of its queries.
    fn compound_order(&mut self, order: &'a [Term<'a>], all: &[Rows]) {
        let open = all.iter().any(|rows| rows.open);
        let columns = all.first().map_or(0, |rows| rows.columns.len());
        for term in order {
            if self.is_position(&term.expr, columns, open, "ORDER BY") || open || self.is_open {
                continue;
            }
            let ExprKind::Column(column) = &skip_collate(&term.expr).kind else { continue };
            let name = &column.column;
            let is_it = |out: &Out| {
                (out.is_named && column.table.is_none() && name.is(&out.name))
                    || out.column.as_deref().is_some_and(|own| name.is(own))
            };
            let is_there = is_rowid(&name.text) || all.iter().flat_map(|rows| &rows.columns).any(is_it);
            if !is_there {
                let names = || all.iter().flat_map(|rows| &rows.columns).map(|out| &*out.name);
                let message = format!("{} is no column that the compound returns", quoted(name));
                let help = did_you_mean(&name.text, names()).or_else(|| there_are("it returns", names().take(columns)));
                self.report(Mistake::new(name.span.clone(), message).with_help(help));
            }
        }
    }
}

/// A name that no other column has, made as the engine makes it: `a:1`.
pub(super) fn unique_name(name: Box<str>, is_taken: impl Fn(&str) -> bool) -> Box<str> {
    if !is_taken(&name) {
        return name;
    }
    let numbered = name.rsplit_once(':').filter(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()));
    let base = numbered.map_or(&*name, |(base, _)| base);
    let free = (1..=u32::MAX).map(|number| format!("{base}:{number}")).find(|name| !is_taken(name));
    free.map_or(name, String::into_boxed_str)
}

fn column_span(column: &ResultColumn<'_>) -> Span {
    match column {
        ResultColumn::Star(span) | ResultColumn::TableStar(_, span) | ResultColumn::Expr(_, _, span) => span.clone(),
    }
}

fn core_span(core: &Core<'_>) -> Span {
    match core {
        Core::Values(rows) => {
            let start = rows.first().map_or(0, |(_, span)| span.start);
            start..rows.first().map_or(0, |(_, span)| span.end)
        }
        Core::Query(body) => body.span.clone(),
    }
}

/// An expression without `COLLATE` behind it.
fn skip_collate<'e, 's>(mut expr: &'e Expr<'s>) -> &'e Expr<'s> {
    while let ExprKind::Collate(inner, _) = &expr.kind {
        expr = inner;
    }
    expr
}

/// The value of an integer with or without a sign.
fn integer(expr: &Expr<'_>) -> Option<i64> {
    match &expr.kind {
        ExprKind::Literal(Literal::Integer(value)) => value.filter(|value| i32::try_from(*value).is_ok()),
        ExprKind::Unary(Unary::Minus, inner) => integer(inner).map(|value| -value),
        ExprKind::Unary(Unary::Plus, inner) => integer(inner),
        _ => None,
    }
}
