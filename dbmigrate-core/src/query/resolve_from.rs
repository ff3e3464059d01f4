//! `FROM`: the tables that a query reads, and how joins make one of their columns.

use std::sync::Arc;

use super::Mistake;
use super::ast::{Expr, Ident, Item, SourceRef, TableRef};
use super::mistake::{count, did_you_mean, quoted, there_are};
use super::relation::{Column, Kind, Relation};
use super::resolve_select::unique_name;
use super::resolver::Resolver;
use super::scope::{Scope, Source};

impl<'a> Resolver<'a> {
    /// What stands in `FROM`. Subqueries see the names of the queries around, and not each other.
    pub(super) fn sources(&mut self, items: &'a [Item<'a>], outer: Option<&Scope<'_>>) -> Vec<Source> {
        let mut sources: Vec<Source> = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            if let Some(inner) = flat(index, item) {
                sources = self.sources(inner, outer);
                continue;
            }
            let mut source = self.source(item, outer);
            source.join = item.join;
            self.join_columns(item, &mut source, &sources);
            sources.push(source);
            if item.join.right {
                let before = sources.len() - 1;
                sources[..before].iter_mut().for_each(|source| source.may_be_missing = true);
            }
            if item.join.left
                && let Some(source) = sources.last_mut()
            {
                source.may_be_missing = true;
            }
        }
        sources
    }

    fn source(&mut self, item: &'a Item<'a>, outer: Option<&Scope<'_>>) -> Source {
        let alias = item.alias.as_ref().map(|alias| &*alias.text);
        match &item.source {
            SourceRef::Table(table) => {
                let relation = self.relation(table, outer);
                if let Some(index) = &item.indexed_by {
                    self.index(index, &relation);
                }
                let name = alias.unwrap_or(&table.name.text);
                Source::new(Some(name), relation)
            }
            SourceRef::Subquery(select) => {
                let (columns, open) = self.select(select, outer, None).into_columns();
                let relation = Relation { open, ..Relation::derived("", columns) };
                Source::new(alias, Arc::new(relation))
            }
            SourceRef::Nested(items) => {
                let inner = self.sources(items, outer);
                // parentheses around one table are none
                if let [only] = &inner[..] {
                    let mut only = only.clone();
                    if let Some(alias) = alias {
                        only.name = Some(alias.into());
                    }
                    return only;
                }
                let source = Source { nested: true, ..Source::new(alias, Arc::new(nested(&inner))) };
                let scope = Scope::new(&inner, outer);
                self.joins(items, &scope);
                self.arguments_of(items, &scope);
                source
            }
        }
    }

    /// The table of that name: a common table expression, or one of the schema.
    pub(super) fn relation(&mut self, table: &TableRef<'_>, outer: Option<&Scope<'_>>) -> Arc<Relation> {
        let name = &table.name;
        if table.database.is_none()
            && table.arguments.is_none()
            && let Some(cte) = self.cte(name, outer)
        {
            return cte;
        }
        self.stored(table)
    }

    /// The table of that name in the schema.
    pub(super) fn stored(&mut self, table: &TableRef<'_>) -> Arc<Relation> {
        let name = &table.name;
        if table.database.as_ref().is_some_and(|database| !database.is("main")) {
            return Arc::new(Relation::unknown(&name.text));
        }
        if let Some(relation) = self.catalog.relation(&name.text, self.depth) {
            if relation.is_stored() {
                self.uses_table(&relation.name, name.span.clone(), false);
            }
            self.count_arguments(table, &relation);
            return relation;
        }
        let takes_arguments = table.arguments.is_some();
        let may_be_there = self.is_open || (takes_arguments && !self.catalog.engine.extensions.is_empty());
        if !may_be_there {
            let catalog = self.catalog;
            let known: Vec<String> =
                catalog.names().map(str::to_owned).chain(self.cte_names().map(str::to_owned)).collect();
            let functions = ["json_each", "json_tree", "vector_top_k"];
            let names = || known.iter().map(String::as_str);
            let help = match takes_arguments {
                true => did_you_mean(&name.text, functions.into_iter().chain(names())),
                false => did_you_mean(&name.text, names()).or_else(|| there_are("there are", names())),
            };
            let what = if takes_arguments { "table-valued function" } else { "table" };
            let mistake = Mistake::new(name.span.clone(), format!("no {what} {}", quoted(name)));
            self.report(mistake.with_help(help));
        }
        Arc::new(Relation::unknown(&name.text))
    }

    fn count_arguments(&mut self, table: &TableRef<'_>, relation: &Relation) {
        let Some(arguments) = &table.arguments else { return };
        let name = &table.name;
        if relation.open {
            return;
        }
        if matches!(relation.kind, Kind::Table | Kind::View) {
            self.say(name.span.clone(), format!("{} is a table and takes no arguments", quoted(name)));
            return;
        }
        let most = relation.columns.iter().filter(|column| column.hidden).count();
        if arguments.len() > most {
            let message =
                format!("{} takes at most {}, and here are {}", quoted(name), count(most, "argument"), arguments.len());
            self.say(name.span.clone(), message);
        }
    }

    fn index(&mut self, index: &Ident<'_>, relation: &Relation) {
        if relation.kind != Kind::Table || index.text.to_ascii_lowercase().starts_with("sqlite_autoindex_") {
            return;
        }
        let catalog = self.catalog;
        let Some(table) = catalog.schema.tables.get(&relation.name) else { return };
        if self.is_open || table.indexes.contains(&(&*index.text).into()) {
            return;
        }
        let names = || table.indexes.iter().map(|index| index.name.as_str());
        let help = did_you_mean(&index.text, names()).or_else(|| there_are("there are", names()));
        let message = format!("`{}` has no index {}", relation.name, quoted(index));
        self.report(Mistake::new(index.span.clone(), message).with_help(help));
    }

    /// The columns that `USING` or `NATURAL` make one with those of tables before.
    fn join_columns(&mut self, item: &Item<'_>, source: &mut Source, before: &[Source]) {
        if item.join.natural {
            if item.on.is_some() || item.using.is_some() {
                let message = "a `NATURAL` join has neither `ON` nor `USING`".to_owned();
                self.say(item.span.clone(), message);
            }
            let common =
                source.relation.shown().filter(|column| before.iter().any(|before| shows(before, &column.name)));
            source.using = common.map(|column| column.name.clone()).collect();
            return;
        }
        for column in item.using.iter().flatten() {
            let left =
                before.iter().any(|before| before.relation.open || before.relation.column(&column.text).is_some());
            let right = source.relation.open || source.relation.column(&column.text).is_some();
            let is_shared = left && right;
            if !is_shared && !self.is_open {
                let message = match (left, right) {
                    (true, _) => format!("{} has no column {}", called(source), quoted(column)),
                    (_, true) => format!("no table before this one has a column {}", quoted(column)),
                    _ => format!("no table of this join has a column {}", quoted(column)),
                };
                let shared = |name: &str| before.iter().any(|before| before.relation.column(name).is_some());
                let names = || source.relation.columns.iter().map(|column| &*column.name).filter(|name| shared(name));
                let help = did_you_mean(&column.text, names()).or_else(|| there_are("both sides have", names()));
                self.report(Mistake::new(column.span.clone(), message).with_help(help));
            }
            source.using.push((*column.text).into());
        }
    }

    /// The conditions of joins, which see all tables, also those to their right.
    pub(super) fn joins(&mut self, items: &'a [Item<'a>], scope: &Scope<'_>) {
        for (index, item) in items.iter().enumerate() {
            if let Some(condition) = &item.on {
                self.scalar(condition, scope);
            }
            if let Some(items) = flat(index, item) {
                self.joins(items, scope);
            }
        }
    }

    /// The arguments of table-valued functions.
    pub(super) fn arguments_of(&mut self, items: &'a [Item<'a>], scope: &Scope<'_>) {
        for (index, item) in items.iter().enumerate() {
            match &item.source {
                SourceRef::Table(TableRef { arguments: Some(arguments), .. }) => {
                    for argument in arguments {
                        self.scalar(argument, scope);
                    }
                }
                _ => {
                    if let Some(items) = flat(index, item) {
                        self.arguments_of(items, scope);
                    }
                }
            }
        }
    }

    /// An expression that stands where one value is.
    pub(super) fn scalar(&mut self, expr: &'a Expr<'a>, scope: &Scope<'_>) -> super::types::Value {
        let mut value = self.expr(expr, scope);
        if value.width > 1 {
            let message = match expr.kind {
                super::ast::ExprKind::Subquery(_) => {
                    format!("this query returns {}, and one value is wanted here", count(value.width, "column"))
                }
                _ => "a row of values cannot stand here".to_owned(),
            };
            self.say(expr.span.clone(), message);
            value.width = 1;
        }
        value
    }
}

/// What stands in parentheses that change nothing: at the beginning, without a name.
fn flat<'a>(index: usize, item: &'a Item<'a>) -> Option<&'a [Item<'a>]> {
    match &item.source {
        SourceRef::Nested(items) if index == 0 && item.alias.is_none() => Some(items),
        _ => None,
    }
}

/// Whether one of the columns that `*` stands for has the name; `NATURAL` joins by these.
fn shows(source: &Source, column: &str) -> bool {
    source.relation.shown().any(|shown| shown.name.eq_ignore_ascii_case(column))
}

fn called(source: &Source) -> String {
    source.name.as_ref().map_or_else(|| "the table".to_owned(), |name| format!("`{name}`"))
}

/// A join in parentheses as a relation.
fn nested(inner: &[Source]) -> Relation {
    let mut columns: Vec<Column> = Vec::new();
    for (index, source) in inner.iter().enumerate() {
        for column in &source.relation.columns {
            let is_joined_later = inner[index + 1..].iter().any(|later| later.is_joined_by(&column.name));
            let is_repeated = source.is_joined_by(&column.name);
            let called = |column: &Column| column.alias.as_ref().unwrap_or(&column.name).clone();
            let name = called(column);
            let alias =
                unique_name(name.clone(), |name| columns.iter().any(|other| called(other).eq_ignore_ascii_case(name)));
            columns.push(Column {
                alias: (alias != column.name).then_some(alias),
                table: column.table.clone().filter(|_| source.nested).or_else(|| source.name.clone()),
                joined: is_joined_later || column.joined,
                hidden: column.hidden || is_repeated,
                ty: source.seen(&column.ty),
                ..column.clone()
            });
        }
    }
    let open = inner.iter().any(|source| source.relation.open);
    let rowid = inner.iter().find_map(|source| source.relation.rowid.clone());
    Relation { open, rowid, ..Relation::derived("", columns) }
}
