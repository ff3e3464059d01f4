//! `INSERT`, `UPDATE` and `DELETE`: the columns that they write, upserts and `RETURNING`.

use std::sync::Arc;

use super::ast::{Assignment, Delete, Expr, ExprKind, Ident, Insert, Item, ResultColumn, SourceRef, TableRef, Update};
use super::catalog::Write;
use super::mistake::{count, did_you_mean, quoted, there_are};
use super::relation::{Kind, Relation, is_rowid};
use super::resolve_select::Rows;
use super::resolver::Resolver;
use super::scope::{Scope, Source};
use super::types::Ty;
use super::{Mistake, builtin};

impl<'a> Resolver<'a> {
    /// The table that rows are written to.
    fn written(&mut self, table: &TableRef<'_>, write: Write) -> Arc<Relation> {
        let relation = self.stored(table);
        if relation.is_stored()
            && let Some(used) = self.uses.last_mut()
        {
            used.write = true;
        }
        let name = &table.name;
        let is_view = relation.kind == Kind::View && !self.catalog.is_writable_view(&relation.name, write);
        if is_view && !self.is_open {
            let message = format!("{} is a view, and no `INSTEAD OF {}` trigger is on it", quoted(name), write.word());
            self.say(name.span.clone(), message);
        } else if relation.kind == Kind::BuiltIn && builtin::is_read_only(&name.text) {
            self.say(name.span.clone(), format!("{} is the engine's own and cannot be written", quoted(name)));
        }
        relation
    }

    pub(super) fn insert(&mut self, insert: &'a Insert<'a>) -> Rows {
        let relation = self.written(&insert.table, Write::Insert);
        let before = self.mistakes.len();
        let written = self.inserted_columns(insert, &relation);
        // a column that is misspelled is not one that is missing
        let are_known = self.mistakes.len() == before;
        if let Some(rows) = &insert.rows {
            let values = self.select(rows, None, None);
            self.count_values(insert, &relation, &written, &values);
            self.expect_columns(rows, &relation, &written);
        }
        if are_known {
            self.missing(insert, &relation, &written);
        }
        let name = insert.alias.as_ref().unwrap_or(&insert.table.name);
        let target = [Source::new(Some(&name.text), Arc::clone(&relation))];
        for upsert in &insert.upserts {
            self.upsert(upsert, &relation, &target, &insert.table.name);
        }
        self.returning(insert.returning.as_deref(), &insert.table, &relation)
    }

    /// The places of the columns that get values, in their order; `None` for the rowid or one that is not there.
    fn inserted_columns(&mut self, insert: &Insert<'_>, relation: &Arc<Relation>) -> Vec<Option<usize>> {
        let Some(columns) = &insert.columns else {
            let takes = |(_, column): &(usize, &super::relation::Column)| !column.generated && !column.hidden;
            let all: Vec<usize> = relation.columns.iter().enumerate().filter(takes).map(|(at, _)| at).collect();
            for at in all.iter().filter(|_| relation.is_stored() && insert.rows.is_some()) {
                self.uses_column(&relation.name, &relation.columns[*at].name, insert.table.name.span.clone(), true);
            }
            return all.into_iter().map(Some).collect();
        };
        columns.iter().map(|column| self.written_column(column, &insert.table.name, relation)).collect()
    }

    /// The place of a column that is written.
    fn written_column(&mut self, column: &Ident<'_>, table: &Ident<'_>, relation: &Relation) -> Option<usize> {
        let found = relation.columns.iter().position(|known| column.is(&known.name));
        if let Some(at) = found {
            let known = &relation.columns[at];
            if known.generated {
                let message = format!("{} is generated and cannot be written", quoted(column));
                self.say(column.span.clone(), message);
            }
            if relation.is_stored() {
                self.uses_column(&relation.name, &known.name, column.span.clone(), true);
            }
            return found;
        }
        let rowid = is_rowid(&column.text) && (relation.rowid.is_some() || relation.kind == Kind::View);
        if !rowid && !relation.open && !self.is_open {
            let names = || relation.columns.iter().map(|column| &*column.name);
            let help = did_you_mean(&column.text, names()).or_else(|| there_are("its columns", names()));
            let message = format!("{} has no column {}", quoted(table), quoted(column));
            self.report(Mistake::new(column.span.clone(), message).with_help(help));
        }
        None
    }

    fn count_values(&mut self, insert: &Insert<'_>, relation: &Relation, written: &[Option<usize>], values: &Rows) {
        let (wanted, given) = (written.len(), values.columns.len());
        if values.open || (relation.open && insert.columns.is_none()) || wanted == given || self.is_open {
            return;
        }
        // all columns of a table that has the same ones are copied as they are, generated ones too
        let copies = insert.columns.is_none() && given == relation.columns.len();
        if copies && values.columns.iter().all(|column| column.column.is_some() && column.is_named) {
            return;
        }
        let first = values.columns.first().map_or(0..0, |column| column.span.clone());
        let span = match &insert.columns {
            // the first value that is too many, or the first column that gets none
            _ if given > wanted => values.columns.get(wanted).map_or(first, |column| column.span.clone()),
            Some(columns) => columns.get(given).map_or(first, |column| column.span.clone()),
            None => insert.table.name.span.clone(),
        };
        let message = match &insert.columns {
            Some(_) => format!("{} for {}", count(given, "value"), count(wanted, "column")),
            None => format!(
                "{} has {}, and here {}",
                quoted(&insert.table.name),
                count(wanted, "column"),
                count(given, "value")
            ),
        };
        let without = written.iter().flatten().skip(given).map(|at| format!("`{}`", relation.columns[*at].name));
        let without: Vec<String> = without.collect();
        let help = (!without.is_empty()).then(|| format!("no value for {}", without.join(", ")));
        let verb = if insert.columns.is_some() {
            message
        } else {
            format!("{message} {}", if given == 1 { "is given" } else { "are given" })
        };
        self.report(Mistake::new(span, verb).with_help(help));
    }

    /// Parameters among the values are of the types of the columns.
    fn expect_columns(&mut self, rows: &'a super::ast::Select<'a>, relation: &Relation, written: &[Option<usize>]) {
        let ty = |at: &Option<usize>| {
            at.map_or_else(|| relation.rowid.clone(), |at| relation.columns.get(at).map(|column| column.ty.clone()))
        };
        for core in &rows.cores {
            match core {
                super::ast::Core::Values(rows) => {
                    for (value, at) in rows.iter().flat_map(|(row, _)| row.iter().zip(written)) {
                        self.expect_value(value, ty(at));
                    }
                }
                super::ast::Core::Query(body) => {
                    for (column, at) in body.columns.iter().zip(written) {
                        let ResultColumn::Expr(value, ..) = column else { break };
                        self.expect_value(value, ty(at));
                    }
                }
            }
        }
    }

    fn expect_value(&mut self, value: &Expr<'_>, ty: Option<Ty>) {
        let Some(ty) = ty else { return };
        // NULL for an alias of the rowid is a new one
        self.expect(value, &ty);
    }

    /// Columns that have to have a value and get none. The engine finds this out with each row.
    fn missing(&mut self, insert: &Insert<'_>, relation: &Relation, written: &[Option<usize>]) {
        if insert.ignores || self.is_open || (insert.columns.is_none() && insert.rows.is_some()) {
            return;
        }
        let catalog = self.catalog;
        let Some(table) = catalog.schema.tables.get(&relation.name).filter(|_| relation.kind == Kind::Table) else {
            return;
        };
        let skips = |column: &crate::schema::Column| column.not_null_conflict == Some(crate::schema::Conflict::Ignore);
        let ignored = catalog
            .schema
            .triggers
            .iter()
            .any(|trigger| trigger.on == table.name && trigger.body.mentions(&"ignore".into()));
        let alias = table.rowid_alias().map(|alias| &alias.name);
        let gets = |at: usize| insert.columns.is_some() && written.contains(&Some(at));
        let missing: Vec<String> = table
            .columns
            .iter()
            .enumerate()
            .filter(|(at, column)| !gets(*at) && table.rejects_null(column) && column.effective_default().is_none())
            .filter(|(_, column)| column.generated.is_none() && alias != Some(&column.name) && !skips(column))
            .map(|(_, column)| format!("`{}`", column.name))
            .collect();
        if missing.is_empty() || ignored {
            return;
        }
        let message = match &missing[..] {
            [only] => format!("{only} is not written, and has neither a default nor may it be NULL"),
            _ => format!("{} are not written, and have neither defaults nor may they be NULL", missing.join(", ")),
        };
        let span = insert.table.name.span.clone();
        self.report(Mistake::new(span, message).beyond_the_engine());
    }

    pub(super) fn update(&mut self, update: &'a Update<'a>) -> Rows {
        let Some((table, relation, target)) = self.target(&update.target, Write::Update) else {
            return Rows::default();
        };
        let mut sources = vec![target];
        sources.extend(self.sources(&update.from, None));
        let scope = Scope::new(&sources, None);
        // with `FROM` it is a query
        scope.allows_aggregates.set(!update.from.is_empty());
        for assignment in &update.assignments {
            self.assign(assignment, &table.name, &relation, &scope);
        }
        if let Some(condition) = &update.condition {
            self.scalar(condition, &scope);
        }
        self.joins(&update.from, &scope);
        self.arguments_of(&update.from, &scope);
        self.returning(update.returning.as_deref(), table, &relation)
    }

    pub(super) fn delete(&mut self, delete: &'a Delete<'a>) -> Rows {
        let Some((table, relation, target)) = self.target(&delete.target, Write::Delete) else {
            return Rows::default();
        };
        let sources = [target];
        let scope = Scope::new(&sources, None);
        if let Some(condition) = &delete.condition {
            self.scalar(condition, &scope);
        }
        self.returning(delete.returning.as_deref(), table, &relation)
    }

    fn target(&mut self, item: &'a Item<'a>, write: Write) -> Option<(&'a TableRef<'a>, Arc<Relation>, Source)> {
        let SourceRef::Table(table) = &item.source else { return None };
        let relation = self.written(table, write);
        let name = item.alias.as_ref().unwrap_or(&table.name);
        let source = Source::new(Some(&name.text), Arc::clone(&relation));
        Some((table, relation, source))
    }

    fn assign(&mut self, assignment: &'a Assignment<'a>, table: &Ident<'_>, relation: &Relation, scope: &Scope<'_>) {
        let mut types = Vec::new();
        for column in &assignment.columns {
            let at = self.written_column(column, table, relation);
            let known = at.and_then(|at| relation.columns.get(at));
            types.push(known.map_or_else(|| relation.rowid.clone().unwrap_or_default(), |column| column.ty.clone()));
        }
        let value = self.expr(&assignment.value, scope);
        let wanted = assignment.columns.len();
        if value.width != 0 && value.width != wanted {
            let message = match wanted {
                1 if !assignment.tuple => "a row of values cannot be assigned to one column".to_owned(),
                _ => format!("{} for {}", count(value.width, "value"), count(wanted, "column")),
            };
            self.say(assignment.value.span.clone(), message);
        }
        match &assignment.value.kind {
            ExprKind::Row(values) => {
                for (value, ty) in values.iter().zip(&types) {
                    self.expect(value, ty);
                }
            }
            _ => {
                if let [ty] = &types[..] {
                    self.expect(&assignment.value, ty);
                }
            }
        }
    }

    fn upsert(
        &mut self,
        upsert: &'a super::ast::Upsert<'a>,
        relation: &Arc<Relation>,
        target: &[Source],
        table: &Ident<'_>,
    ) {
        let mut scope = Scope::new(target, None);
        for expr in upsert.target.iter().chain(&upsert.target_condition) {
            self.expr(expr, &scope);
        }
        match relation.kind {
            Kind::View => self.say(upsert.span.clone(), "a view takes no `ON CONFLICT`".to_owned()),
            Kind::Virtual => self.say(upsert.span.clone(), "a virtual table takes no `ON CONFLICT`".to_owned()),
            _ => self.conflict_target(upsert, relation),
        }
        scope.excluded = Some(relation);
        let Some((assignments, condition)) = &upsert.update else { return };
        for assignment in assignments {
            self.assign(assignment, table, relation, &scope);
        }
        if let Some(condition) = condition {
            self.scalar(condition, &scope);
        }
    }

    /// `ON CONFLICT (…)` has to be what a primary key, a `UNIQUE` constraint or a unique index is of.
    fn conflict_target(&mut self, upsert: &super::ast::Upsert<'_>, relation: &Relation) {
        if upsert.target.is_empty() || relation.kind != Kind::Table || self.is_open {
            return;
        }
        let catalog = self.catalog;
        let Some(table) = catalog.schema.tables.get(&relation.name) else { return };
        let mut names: Vec<String> = Vec::new();
        for expr in &upsert.target {
            let mut expr = expr;
            while let ExprKind::Collate(inner, _) = &expr.kind {
                expr = inner;
            }
            let ExprKind::Column(column) = &expr.kind else { return };
            names.push(column.column.text.to_ascii_lowercase());
        }
        let alias = table.rowid_alias().map(|alias| alias.name.folded());
        if let [only] = &names[..]
            && ((is_rowid(only) && relation.column(only).is_none() && relation.rowid.is_some())
                || alias.as_ref() == Some(only))
        {
            return;
        }
        names.sort_unstable();
        let is_it = |key: &[crate::sql::Name]| {
            let mut key: Vec<String> = key.iter().map(crate::sql::Name::folded).collect();
            key.sort_unstable();
            key == names
        };
        let keys: Vec<Vec<crate::sql::Name>> = table.unique_keys().collect();
        let partial = |index: &&crate::schema::Index| {
            index.unique && index.predicate.is_some() && upsert.target_condition.is_some()
        };
        let partial_keys = table
            .indexes
            .iter()
            .filter(partial)
            .map(|index| index.parts.iter().filter_map(|part| part.expr.as_column()).collect::<Vec<_>>());
        if keys.iter().any(|key| is_it(key)) || partial_keys.into_iter().any(|key| is_it(&key)) {
            return;
        }
        let said = |key: &Vec<crate::sql::Name>| {
            format!("({})", key.iter().map(crate::sql::Name::as_str).collect::<Vec<_>>().join(", "))
        };
        let mut all: Vec<String> = keys.iter().map(said).collect();
        all.dedup();
        let needs_condition = table
            .indexes
            .iter()
            .filter(|index| index.unique && index.predicate.is_some())
            .find(|index| is_it(&index.parts.iter().filter_map(|part| part.expr.as_column()).collect::<Vec<_>>()));
        let help = match (needs_condition, &all[..]) {
            (Some(index), _) => {
                let condition = index.predicate.as_ref().map(crate::sql::Expr::said).unwrap_or_default();
                Some(format!("the index `{}` is partial: write its `WHERE {condition}` behind the columns", index.name))
            }
            (None, []) => None,
            (None, all) => Some(format!(
                "what is unique: {}",
                all.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
            )),
        };
        let message = "no primary key, `UNIQUE` constraint or unique index is of these columns".to_owned();
        self.report(Mistake::new(upsert.span.clone(), message).with_help(help));
    }

    fn returning(
        &mut self,
        columns: Option<&'a [ResultColumn<'a>]>,
        table: &TableRef<'_>,
        relation: &Arc<Relation>,
    ) -> Rows {
        let Some(columns) = columns else { return Rows::default() };
        // by its own name only, whatever alias it has
        let sources = [Source::new(Some(&table.name.text), Arc::clone(relation))];
        let scope = Scope::new(&sources, None);
        for column in columns {
            if let ResultColumn::TableStar(_, span) = column {
                self.say(span.clone(), "`RETURNING` takes `*`, without a table in front".to_owned());
            }
        }
        self.result(columns, &scope)
    }
}
