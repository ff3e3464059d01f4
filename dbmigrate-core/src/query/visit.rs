//! Goes through the expressions and the tables of a statement, subqueries and all.

use super::ast::{
    Call, Core, Cte, Expr, ExprKind, InSet, Item, Over, ResultColumn, Select, SourceRef, TableRef, Window,
};

/// Who is told of what a statement has in it.
pub(super) trait Visitor<'s> {
    /// A table, view or table-valued function that is read.
    fn reads(&mut self, _table: &TableRef<'s>) {}
    /// A function that is called, and in how many queries within the statement: 0 for one in the statement itself.
    fn calls(&mut self, _call: &Call<'s>, _depth: usize) {}
    /// A name that a query of `WITH` has.
    fn names(&mut self, _cte: &Cte<'s>) {}
}

/// Goes through an expression.
pub(super) fn expr<'s>(expression: &Expr<'s>, depth: usize, visitor: &mut impl Visitor<'s>) {
    match &expression.kind {
        ExprKind::Literal(_) | ExprKind::Variable | ExprKind::Column(_) | ExprKind::Raise(None) => {}
        ExprKind::Unary(_, one) | ExprKind::Collate(one, _) | ExprKind::Cast(one, _) | ExprKind::Raise(Some(one)) => {
            expr(one, depth, visitor);
        }
        ExprKind::Chain(first, rest) => {
            expr(first, depth, visitor);
            for (_, one) in rest {
                expr(one, depth, visitor);
            }
        }
        ExprKind::Between(all) => all.iter().for_each(|one| expr(one, depth, visitor)),
        ExprKind::Like(_, all) | ExprKind::Row(all) => all.iter().for_each(|one| expr(one, depth, visitor)),
        ExprKind::In(one, set) => {
            expr(one, depth, visitor);
            match &**set {
                InSet::List(all) => all.iter().for_each(|one| expr(one, depth, visitor)),
                InSet::Query(query) => select(query, depth + 1, visitor),
                InSet::Table(table) => table_ref(table, depth, visitor),
            }
        }
        ExprKind::Case(case) => {
            let arms = case.arms.iter().flat_map(|(when, then)| [when, then]);
            case.operand.iter().chain(arms).chain(&case.otherwise).for_each(|one| expr(one, depth, visitor));
        }
        ExprKind::Call(call) => {
            visitor.calls(call, depth);
            let order = call.order.iter().map(|term| &term.expr);
            call.arguments.iter().chain(order).chain(&call.filter).for_each(|one| expr(one, depth, visitor));
            if let Some(Over::Window(one)) = &call.over {
                window(one, depth, visitor);
            }
        }
        ExprKind::Subquery(query) | ExprKind::Exists(query) => select(query, depth + 1, visitor),
    }
}

fn window<'s>(window: &Window<'s>, depth: usize, visitor: &mut impl Visitor<'s>) {
    let order = window.order.iter().map(|term| &term.expr);
    window.partition.iter().chain(order).chain(&window.frame).for_each(|one| expr(one, depth, visitor));
}

/// Goes through queries of `WITH`.
pub(super) fn with<'s>(ctes: &[Cte<'s>], depth: usize, visitor: &mut impl Visitor<'s>) {
    for cte in ctes {
        visitor.names(cte);
        select(&cte.query, depth + 1, visitor);
    }
}

/// Goes through a query.
pub(super) fn select<'s>(query: &Select<'s>, depth: usize, visitor: &mut impl Visitor<'s>) {
    with(&query.with, depth, visitor);
    for core in &query.cores {
        match core {
            Core::Values(rows) => rows.iter().flat_map(|(row, _)| row).for_each(|one| expr(one, depth, visitor)),
            Core::Query(body) => {
                columns(&body.columns, depth, visitor);
                items(&body.from, depth, visitor);
                let group = body.group.iter().map(|term| &term.expr);
                body.condition.iter().chain(group).chain(&body.having).for_each(|one| expr(one, depth, visitor));
                body.windows.iter().for_each(|(_, one)| window(one, depth, visitor));
            }
        }
    }
    query.order.iter().map(|term| &term.expr).chain(&query.limit).for_each(|one| expr(one, depth, visitor));
}

/// Goes through the columns that a query returns.
pub(super) fn columns<'s>(columns: &[ResultColumn<'s>], depth: usize, visitor: &mut impl Visitor<'s>) {
    for column in columns {
        if let ResultColumn::Expr(one, ..) = column {
            expr(one, depth, visitor);
        }
    }
}

/// Goes through what stands behind `FROM`.
pub(super) fn items<'s>(items: &[Item<'s>], depth: usize, visitor: &mut impl Visitor<'s>) {
    for item in items {
        source(&item.source, depth, visitor);
        condition(item, depth, visitor);
    }
}

/// Goes through the condition of a join.
pub(super) fn condition<'s>(item: &Item<'s>, depth: usize, visitor: &mut impl Visitor<'s>) {
    item.on.iter().for_each(|one| expr(one, depth, visitor));
}

fn source<'s>(source: &SourceRef<'s>, depth: usize, visitor: &mut impl Visitor<'s>) {
    match source {
        SourceRef::Table(table) => table_ref(table, depth, visitor),
        SourceRef::Subquery(query) => select(query, depth + 1, visitor),
        SourceRef::Nested(nested) => items(nested, depth, visitor),
    }
}

fn table_ref<'s>(table: &TableRef<'s>, depth: usize, visitor: &mut impl Visitor<'s>) {
    visitor.reads(table);
    table.arguments.iter().flatten().for_each(|one| expr(one, depth, visitor));
}
