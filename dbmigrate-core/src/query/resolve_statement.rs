//! Statements as a whole: what kind each is, and the names in those that are neither queries nor writes.

use super::ast::{Definition, Ident, Statement, TableRef};
use super::mistake::{did_you_mean, quoted};
use super::resolve_select::{Out, Rows};
use super::resolver::Resolver;
use super::types::{Ty, Value};
use super::{Kind, Mistake, builtin};
use crate::sql::expr::Affinity;

impl<'a> Resolver<'a> {
    pub(super) fn statement(&mut self, statement: &'a Statement<'a>) -> (Kind, Rows) {
        match statement {
            Statement::Select(select) => (Kind::Read, self.select(select, None, None)),
            Statement::Insert(insert) => (Kind::Write, self.with(&insert.with, |resolver| resolver.insert(insert))),
            Statement::Update(update) => (Kind::Write, self.with(&update.with, |resolver| resolver.update(update))),
            Statement::Delete(delete) => (Kind::Write, self.with(&delete.with, |resolver| resolver.delete(delete))),
            Statement::Explain(plan, inner) => {
                self.statement(inner);
                (Kind::Other, explained(*plan))
            }
            Statement::Definition(definition) => {
                self.definition(definition);
                (Kind::Definition, Rows::default())
            }
            Statement::Pragma(name) => (Kind::Other, Self::pragma(name)),
            Statement::Other => (Kind::Other, Rows::default()),
        }
    }

    fn definition(&mut self, definition: &'a Definition<'a>) {
        match definition {
            Definition::TableAs(select) => drop(self.select(select, None, None)),
            Definition::Drop(kind, false, object) => self.dropped(kind, object),
            Definition::OnTable(table) => drop(self.stored(table)),
            Definition::Drop(..) | Definition::Other => {}
        }
    }

    fn dropped(&mut self, kind: &str, object: &TableRef<'_>) {
        let schema = &self.catalog.schema;
        let name = &object.name.text;
        let known: Vec<&str> = match kind {
            "table" => {
                let tables = schema.tables.iter().map(|table| table.name.as_str());
                tables.chain(schema.virtual_tables.iter().map(|table| table.name.as_str())).collect()
            }
            "view" => schema.views.iter().map(|view| view.name.as_str()).collect(),
            "trigger" => schema.triggers.iter().map(|trigger| trigger.name.as_str()).collect(),
            _ => schema.tables.iter().flat_map(|table| &table.indexes).map(|index| index.name.as_str()).collect(),
        };
        let is_elsewhere = object.database.as_ref().is_some_and(|database| !database.is("main"));
        let is_known = known.iter().any(|known| object.name.is(known)) || builtin::relation(name, schema).is_some();
        if is_elsewhere || is_known || self.is_open {
            return;
        }
        let help = did_you_mean(name, known.iter().copied());
        self.report(
            Mistake::new(object.name.span.clone(), format!("no {kind} {}", quoted(&object.name))).with_help(help),
        );
    }

    /// The rows of a pragma are those of the table-valued function of the same name.
    fn pragma(name: &Ident<'_>) -> Rows {
        let columns = builtin::pragma_columns(&name.text).unwrap_or_default();
        let out = |column: &str| out(column, name.span.clone(), Ty::default());
        Rows { columns: columns.split_whitespace().map(out).collect(), open: false, is_one: false }
    }
}

fn explained(plan: bool) -> Rows {
    let (integer, text) = (Ty::new(Affinity::Integer, Some(false)), Ty::new(Affinity::Text, Some(true)));
    let columns: &[(&str, &Ty)] = if plan {
        &[("id", &integer), ("parent", &integer), ("notused", &integer), ("detail", &text)]
    } else {
        &[
            ("addr", &integer),
            ("opcode", &text),
            ("p1", &integer),
            ("p2", &integer),
            ("p3", &integer),
            ("p4", &text),
            ("p5", &integer),
            ("comment", &text),
        ]
    };
    let columns = columns.iter().map(|(name, ty)| out(name, 0..0, (*ty).clone())).collect();
    Rows { columns, open: false, is_one: false }
}

fn out(name: &str, span: super::ast::Span, ty: Ty) -> Out {
    Out { name: name.into(), is_named: true, column: None, span, value: Value::of(ty), is_quoted: false }
}
