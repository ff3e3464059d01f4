//! Expressions: the columns and functions that they name, and what is known of their values.

use super::Mistake;
use super::ast::{Binary, Case, Expr, ExprKind, Ident, InSet, Literal, Span, Unary};
use super::mistake::{count, did_you_mean, quoted};
use super::resolver::Resolver;
use super::scope::{Scope, null_of};
use super::types::{Origin, Ty, Value, any_null, either_null};
use crate::sql::DeclType;
use crate::sql::expr::Affinity;

/// The collations of the engine.
const COLLATIONS: [&str; 3] = ["BINARY", "NOCASE", "RTRIM"];

impl<'a> Resolver<'a> {
    /// Resolves an expression.
    pub(super) fn expr(&mut self, expr: &'a Expr<'a>, scope: &Scope<'_>) -> Value {
        match &expr.kind {
            ExprKind::Literal(literal) => Value::of(literal_type(*literal)),
            ExprKind::Variable => Value::of(Ty::default()),
            ExprKind::Column(column) => self.look_up(column, scope),
            ExprKind::Unary(operator, operand) => self.unary(*operator, operand, scope),
            ExprKind::Chain(first, rest) => self.chain(first, rest, scope),
            ExprKind::Between(operands) => self.between(operands, scope),
            ExprKind::Like(function, operands) => self.like(function, operands, &expr.span, scope),
            ExprKind::In(left, set) => self.in_set(left, set, scope),
            ExprKind::Collate(operand, collation) => {
                self.collation(collation);
                self.scalar(operand, scope)
            }
            ExprKind::Cast(operand, declared) => self.cast(operand, declared, scope),
            ExprKind::Case(case) => self.case(case, scope),
            ExprKind::Call(call) => self.call(call, scope),
            ExprKind::Row(exprs) => {
                let values: Vec<Value> = exprs.iter().map(|expr| self.expr(expr, scope)).collect();
                Value { width: values.len(), ..Value::made_of(Ty::default(), &values) }
            }
            ExprKind::Subquery(select) => {
                let rows = self.select(select, Some(scope), None);
                // a query of a table that may have more columns than are known
                let width = if rows.open { 1 } else { rows.columns.len() };
                let ty = rows.columns.first().map(|column| column.value.ty.clone()).unwrap_or_default();
                let ty = if rows.is_one { ty } else { ty.or_null() };
                Value { width: if rows.open { 0 } else { width }, ..Value::of(ty) }
            }
            ExprKind::Exists(select) => {
                self.select(select, Some(scope), None);
                Value::of(Ty::new(Affinity::Integer, Some(false)))
            }
            ExprKind::Raise(message) => {
                if let Some(message) = message {
                    self.scalar(message, scope);
                }
                self.say(expr.span.clone(), "`RAISE` is for triggers".to_owned());
                Value::of(Ty::null())
            }
        }
    }

    fn unary(&mut self, operator: Unary, operand: &'a Expr<'a>, scope: &Scope<'_>) -> Value {
        let value = self.scalar(operand, scope);
        let nullable = value.ty.nullable;
        let ty = match operator {
            Unary::Plus => value.ty.clone().computed(),
            Unary::Minus => {
                let is_number = matches!(value.ty.affinity, Some(Affinity::Integer | Affinity::Real));
                Ty { affinity: value.ty.affinity.filter(|_| is_number), nullable, origin: None }
            }
            Unary::BitNot | Unary::Not => Ty::new(Affinity::Integer, nullable),
            Unary::IsNull | Unary::NotNull => {
                self.expect(operand, &Ty::null());
                Ty::new(Affinity::Integer, Some(false))
            }
        };
        Value::made_of(ty, [&value])
    }

    fn chain(&mut self, first: &'a Expr<'a>, rest: &'a [(Binary, Expr<'a>)], scope: &Scope<'_>) -> Value {
        let mut left = self.expr(first, scope);
        let mut left_expr = first;
        for (operator, right_expr) in rest {
            let right = self.expr(right_expr, scope);
            let compares = matches!(operator, Binary::Equal | Binary::Compare | Binary::Is);
            self.same_width(&left, &right, compares, right_expr);
            if compares || matches!(operator, Binary::Arithmetic | Binary::Divide) {
                self.compared(left_expr, &left, right_expr, &right, *operator == Binary::Is);
            }
            let mut ty = binary_type(*operator, &left, &right);
            let divides = matches!(right_expr.kind, ExprKind::Literal(Literal::Integer(Some(number))) if number != 0);
            if divides && matches!(operator, Binary::Divide | Binary::Modulo) {
                ty.nullable = left.ty.nullable;
            }
            left = Value::made_of(ty, [&left, &right]);
            left_expr = right_expr;
        }
        left
    }

    /// Rows are compared with rows of as many values, and nothing else is done with them.
    fn same_width(&mut self, left: &Value, right: &Value, compares: bool, expr: &Expr<'_>) {
        let (one, other) = (left.width, right.width);
        if one == 0 || other == 0 || (one == 1 && other == 1) || (compares && one == other) {
            return;
        }
        let message = match compares {
            true => format!("{} cannot be compared with {other}", count(one, "value")),
            false => "a row of values cannot stand here".to_owned(),
        };
        self.say(expr.span.clone(), message);
    }

    /// What two sides of an operator say of a parameter that is one of them.
    fn compared(&mut self, left: &'a Expr<'a>, one: &Value, right: &'a Expr<'a>, other: &Value, may_be_null: bool) {
        let expected = |value: &Value| Ty {
            nullable: if may_be_null { value.ty.nullable } else { Some(false) },
            ..value.ty.clone()
        };
        if may_be_null && matches!(right.kind, ExprKind::Literal(Literal::Null)) {
            self.expect(left, &Ty::null());
        }
        if other.ty.affinity.is_some() {
            self.expect(left, &expected(other));
        }
        if one.ty.affinity.is_some() {
            self.expect(right, &expected(one));
        }
    }

    fn between(&mut self, operands: &'a [Expr<'a>; 3], scope: &Scope<'_>) -> Value {
        let values: Vec<Value> = operands.iter().map(|operand| self.expr(operand, scope)).collect();
        for (bound, expr) in values.iter().zip(operands).skip(1) {
            self.same_width(&values[0], bound, true, expr);
            self.compared(&operands[0], &values[0], expr, bound, false);
        }
        Value::made_of(Ty::new(Affinity::Integer, any_null(&values)), &values)
    }

    fn like(&mut self, function: &str, operands: &'a [Expr<'a>], span: &Span, scope: &Scope<'_>) -> Value {
        let values: Vec<Value> = operands.iter().map(|operand| self.scalar(operand, scope)).collect();
        for operand in operands {
            self.expect(operand, &Ty::new(Affinity::Text, Some(false)));
        }
        // the engine has no REGEXP of its own, and MATCH is a matter of virtual tables
        let is_there = function != "regexp" || self.knows_function("regexp");
        if !is_there {
            let message = "no function `regexp`: `REGEXP` calls one that the application registers".to_owned();
            let help = "declare it in `dbmigrate.toml`: `[engine] functions = { regexp = 2 }`".to_owned();
            self.report(Mistake::new(span.clone(), message).with_help(help));
        }
        if operands.len() > 2 && matches!(function, "match" | "regexp" | "glob") && !self.takes(function, 3) {
            let word = function.to_ascii_uppercase();
            self.say(operands[2].span.clone(), format!("`{word}` has no `ESCAPE`"));
        }
        Value::made_of(Ty::new(Affinity::Integer, any_null(&values)), &values)
    }

    fn in_set(&mut self, left: &'a Expr<'a>, set: &'a InSet<'a>, scope: &Scope<'_>) -> Value {
        let value = self.expr(left, scope);
        let mut parts = vec![value];
        let mut nullable = parts[0].ty.nullable;
        match set {
            InSet::List(list) => {
                for item in list {
                    let item_value = self.expr(item, scope);
                    self.compared(left, &parts[0].clone(), item, &item_value, false);
                    nullable = either_null(nullable, item_value.ty.nullable);
                    parts.push(item_value);
                }
            }
            InSet::Query(select) => {
                let rows = self.select(select, Some(scope), None);
                let (wanted, returned) = (parts[0].width, rows.columns.len());
                if wanted != 0 && !rows.open && wanted != returned {
                    let message = format!("this query returns {}, and {wanted} wanted here", count(returned, "column"));
                    let verb = if wanted == 1 { "is" } else { "are" };
                    let message = message.replace("wanted here", &format!("{verb} wanted here"));
                    self.say(select.span.clone(), message);
                }
                if let Some(column) = rows.columns.first() {
                    let ty = column.value.ty.clone();
                    nullable = either_null(nullable, ty.nullable);
                    self.expect(left, &Ty { nullable: Some(false), ..ty });
                }
            }
            InSet::Table(table) => {
                let relation = self.relation(table, Some(scope));
                for argument in table.arguments.iter().flatten() {
                    self.scalar(argument, scope);
                }
                let (wanted, has) = (parts[0].width, relation.shown().count());
                if wanted != 0 && !relation.open && wanted != has {
                    let message =
                        format!("{} has {}, and {wanted} wanted here", quoted(&table.name), count(has, "column"));
                    self.say(table.name.span.clone(), message);
                }
                nullable = None;
            }
        }
        Value::made_of(Ty::new(Affinity::Integer, nullable), &parts)
    }

    pub(super) fn collation(&mut self, collation: &Ident<'_>) {
        let is_there = COLLATIONS.iter().any(|known| collation.is(known));
        let schema = &self.catalog.schema;
        let is_used = || {
            let of_column =
                |column: &crate::schema::Column| column.collate.as_ref().is_some_and(|name| *name == *collation.text);
            let of_index = |index: &crate::schema::Index| {
                index.parts.iter().any(|part| part.collate.as_ref().is_some_and(|name| *name == *collation.text))
            };
            schema.tables.iter().any(|table| table.columns.iter().any(of_column) || table.indexes.iter().any(of_index))
        };
        if is_there || !self.catalog.engine.extensions.is_empty() || is_used() {
            return;
        }
        // the engine looks for one only where it compares, and the application may have one of its own
        let Some(meant) = did_you_mean(&collation.text, COLLATIONS) else { return };
        let message = format!("no collation {}", quoted(collation));
        self.report(Mistake::new(collation.span.clone(), message).with_help(meant).beyond_the_engine());
    }

    fn cast(&mut self, operand: &'a Expr<'a>, declared: &Span, scope: &Scope<'_>) -> Value {
        let value = self.scalar(operand, scope);
        let declared = DeclType::new(self.sql.get(declared.clone()).unwrap_or_default());
        let affinity = declared.affinity();
        let column = None;
        let origin = (!declared.is_empty()).then(|| std::sync::Arc::new(Origin { declared, column }));
        let ty = Ty { affinity: Some(affinity), nullable: value.ty.nullable, origin };
        Value::made_of(ty, [&value])
    }

    fn case(&mut self, case: &'a Case<'a>, scope: &Scope<'_>) -> Value {
        let mut parts = Vec::new();
        let operand = case.operand.as_ref().map(|operand| (operand, self.expr(operand, scope)));
        let mut result: Option<Ty> = None;
        for (condition, then) in &case.arms {
            let value = match &operand {
                Some((expr, against)) => {
                    let value = self.expr(condition, scope);
                    self.compared(expr, against, condition, &value, false);
                    value
                }
                None => self.scalar(condition, scope),
            };
            parts.push(value);
            let value = self.scalar(then, scope);
            let ty = value.ty.clone();
            result = Some(match result {
                Some(result) => result.either(ty),
                None => ty,
            });
            parts.push(value);
        }
        let otherwise = match &case.otherwise {
            Some(otherwise) => {
                let value = self.scalar(otherwise, scope);
                let ty = value.ty.clone();
                parts.push(value);
                ty
            }
            None => Ty::null(),
        };
        parts.extend(operand.map(|(_, value)| value));
        let ty = result.map_or_else(Ty::default, |result| result.either(otherwise));
        Value::made_of(ty, &parts)
    }
}

fn literal_type(literal: Literal) -> Ty {
    let affinity = match literal {
        Literal::Null => return Ty::null(),
        Literal::Integer(_) => Affinity::Integer,
        Literal::Real => Affinity::Real,
        Literal::Text | Literal::Time => Affinity::Text,
        Literal::Blob => Affinity::Blob,
    };
    Ty::new(affinity, Some(false))
}

fn binary_type(operator: Binary, left: &Value, right: &Value) -> Ty {
    let nullable = null_of(left, right);
    match operator {
        Binary::And | Binary::Or | Binary::Equal | Binary::Compare | Binary::Bit => {
            Ty::new(Affinity::Integer, nullable)
        }
        Binary::Is => Ty::new(Affinity::Integer, Some(false)),
        Binary::Concat => Ty::new(Affinity::Text, nullable),
        Binary::Json => Ty::new(Affinity::Text, Some(true)),
        // division by zero is NULL
        Binary::JsonValue | Binary::Modulo => Ty { affinity: None, nullable: Some(true), origin: None },
        Binary::Divide => Ty { nullable: Some(true), ..binary_type(Binary::Arithmetic, left, right) },
        Binary::Arithmetic => {
            let affinity = match (left.ty.affinity, right.ty.affinity) {
                (Some(Affinity::Integer), Some(Affinity::Integer)) => Some(Affinity::Integer),
                (Some(Affinity::Real), Some(Affinity::Real | Affinity::Integer))
                | (Some(Affinity::Integer), Some(Affinity::Real)) => Some(Affinity::Real),
                _ => None,
            };
            Ty { affinity, nullable, origin: None }
        }
    }
}
