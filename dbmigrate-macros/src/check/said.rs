//! Reports what a diff found in a table, each part at the token that declares it.

use dbmigrate_core::ddl::render;
use dbmigrate_core::declare::Declaration;
use dbmigrate_core::declare::ast::{CheckClause, Field};
use dbmigrate_core::diff::{ColumnChange, Diff, TableDiff};
use dbmigrate_core::schema::validate::Place;
use dbmigrate_core::schema::{Check, Column, ForeignKey, Schema, Table, Unique};
use dbmigrate_core::sql::Name;
use proc_macro2::Span;

use super::Difference;
use super::compare::{Compared, Comparing};
use super::complete::only_column;
use super::words::Words;

impl Comparing<'_> {
    #[expect(clippy::too_many_arguments, reason = "both sides of a comparison")]
    pub(super) fn say(
        &self,
        diff: &Diff,
        old: &Schema,
        new: &Schema,
        before: &Table,
        after: &Table,
        declaration: &Declaration,
        compared: &mut Compared,
    ) {
        let mut said = Said { words: &self.words, differences: Vec::new() };
        if let Some(table) = diff.tables.iter().find(|table| table.name == after.name) {
            self.say_columns(table, before, after, &mut said);
            self.say_keys(table, before, after, declaration, &mut said);
            self.say_checks(table, before, after, &mut said);
            self.say_indexes(table, before, after, declaration, &mut said);
            if table.options {
                self.say_options(before, after, &mut said);
            }
        }
        self.say_triggers(diff, old, new, declaration, &mut said);
        compared.differences.append(&mut said.differences);
        if compared.differences.is_empty() {
            // whatever it is, it is not passed over
            let details: Vec<String> = diff.details(old, new).iter().map(ToString::to_string).collect();
            let message = format!("`{}` is different {}: {}", after.name, self.words.then(), details.join(", "));
            compared.differences.push(self.words.difference(self.item.ident.span(), message));
        }
    }

    fn say_columns(&self, diff: &TableDiff, before: &Table, after: &Table, said: &mut Said<'_>) {
        for column in &diff.added {
            let span = self.field(column).map_or(self.item.ident.span(), |field| field.name().span);
            said.add(span, self.words.no_column(column));
        }
        for column in &diff.dropped {
            said.add(self.item.ident.span(), self.words.no_field(column));
        }
        for change in &diff.changed {
            let (Some(field), Some(old), Some(new)) =
                (self.field(&change.name), before.column(&change.name), after.column(&change.name))
            else {
                continue;
            };
            self.say_column(change, field, old, new, said);
        }
    }

    fn say_column(&self, change: &ColumnChange, field: &Field, old: &Column, new: &Column, said: &mut Said<'_>) {
        let what = format!("`{}`", change.name);
        let here = field.name().span;
        if change.decl_type {
            let span = field.decl_type.as_ref().map_or(here, |at| at.span);
            let text = |column: &Column| match column.decl_type.as_str() {
                "" => "without a type".to_owned(),
                text => text.to_owned(),
            };
            said.add(span, self.words.is_but(&what, &text(new), &text(old)));
        }
        let clause = |column: &Column| {
            let bare = Column {
                not_null: column.not_null,
                not_null_name: column.not_null_name.clone(),
                not_null_conflict: column.not_null_conflict,
                ..Column::new(column.name.clone(), "")
            };
            let text = render::added_column(&bare, &[], &[], None);
            let text = text[column.name.sql().len()..].trim().to_owned();
            if text.is_empty() { "nullable".to_owned() } else { text }
        };
        // STRICT and the primary key say it for their columns
        if change.nullability && clause(old) != clause(new) {
            let span = field.not_null.as_ref().map_or(here, |at| at.span);
            said.add(span, self.words.is_but(&what, &clause(new), &clause(old)));
        }
        if change.default {
            let span = field.default.as_ref().map_or(here, |at| at.span);
            let text = |column: &Column| {
                column.effective_default().map(|default| format!("DEFAULT {}", render::default_value(default)))
            };
            said.add(span, self.words.has_but(&what, text(new).as_deref(), text(old).as_deref()));
        }
        if change.collation {
            let span = field.collate.as_ref().map_or(here, |at| at.span);
            let text = |column: &Column| column.collate.as_ref().map(|collate| format!("COLLATE {}", collate.sql()));
            said.add(span, self.words.has_but(&what, text(new).as_deref(), text(old).as_deref()));
        }
        if change.generated {
            let span = field.generated.as_ref().map_or(here, |at| at.span);
            let text = |column: &Column| match &column.generated {
                Some(generated) => {
                    let stored = if generated.stored { "STORED" } else { "VIRTUAL" };
                    format!("GENERATED ALWAYS AS ({}) {stored}", generated.expr)
                }
                None => "an ordinary column".to_owned(),
            };
            said.add(span, self.words.is_but(&what, &text(new), &text(old)));
        }
    }

    fn say_keys(
        &self,
        diff: &TableDiff,
        before: &Table,
        after: &Table,
        declaration: &Declaration,
        said: &mut Said<'_>,
    ) {
        let struct_span = self.item.ident.span();
        if diff.primary_key {
            let span = self.span(declaration, &Place::PrimaryKey(diff.name.clone()));
            let text = |table: &Table| {
                table.primary_key.as_ref().map(|key| {
                    let autoincrement = if key.autoincrement { " AUTOINCREMENT" } else { "" };
                    format!("{}{autoincrement}", render::primary_key(key))
                })
            };
            said.both(span, text(after), text(before));
        }
        let same_columns = |left: &Unique, right: &Unique| {
            left.parts.iter().map(|part| &part.column).eq(right.parts.iter().map(|part| &part.column))
        };
        let mut gone: Vec<&Unique> = diff.dropped_uniques.iter().collect();
        for unique in &diff.added_uniques {
            let at = declaration_index(&after.uniques, unique);
            let span = self.span(declaration, &Place::Unique(diff.name.clone(), at));
            let pair = gone.iter().position(|other| same_columns(other, unique)).map(|at| gone.remove(at));
            said.both(span, Some(render::unique(unique)), pair.map(render::unique));
        }
        for unique in gone {
            said.both(struct_span, None, Some(render::unique(unique)));
        }
        let mut gone: Vec<&ForeignKey> = diff.dropped_foreign_keys.iter().collect();
        for key in &diff.added_foreign_keys {
            let span = self.key_span(key);
            let pair = gone.iter().position(|other| other.columns == key.columns).map(|at| gone.remove(at));
            said.both(span, Some(render::foreign_key(key)), pair.map(render::foreign_key));
        }
        for key in gone {
            let field = self.field(&key.columns[0]).filter(|_| key.columns.len() == 1);
            let span = field.map_or(struct_span, |field| field.name().span);
            said.both(span, None, Some(render::foreign_key(key)));
        }
    }

    /// The clause that declares a foreign key of these columns.
    fn key_span(&self, key: &ForeignKey) -> Span {
        if let [only] = &key.columns[..]
            && let Some(reference) = self.field(only).and_then(|field| field.reference.as_ref())
        {
            return reference.span;
        }
        let clauses = &self.item.foreign_keys;
        let same = clauses.iter().find(|clause| clause.columns.len() == key.columns.len());
        same.map_or(self.item.ident.span(), |clause| clause.span)
    }

    fn say_checks(&self, diff: &TableDiff, before: &Table, after: &Table, said: &mut Said<'_>) {
        let clauses = || self.item.checks.iter().chain(self.item.fields.iter().flat_map(|field| &field.checks));
        let mut gone: Vec<_> = diff.dropped_checks.iter().collect();
        for check in &diff.added_checks {
            let is = |clause: &&CheckClause| clause.expr.value == check.expr;
            let span = clauses().find(is).map_or(self.item.ident.span(), |clause| clause.expr.span);
            let same_name = |other: &&Check| other.name.is_some() && other.name == check.name;
            let same_condition = |other: &&Check| other.expr == check.expr;
            let column = only_column(after, check).filter(|_| check.name.is_none());
            let same_column =
                |other: &&Check| other.name.is_none() && column.is_some() && only_column(before, other) == column;
            let pair = gone.iter().position(|other| same_name(other) || same_condition(other));
            let pair = pair.or_else(|| gone.iter().position(same_column));
            let pair = pair.map(|at| gone.remove(at));
            said.both(span, Some(render::check(check)), pair.map(render::check));
        }
        for check in gone {
            let mut mentioned = self.item.fields.iter().filter(|field| check.expr.mentions(&field.name().value));
            let span = match (mentioned.next(), mentioned.next()) {
                (Some(field), None) => field.name().span,
                _ => self.item.ident.span(),
            };
            said.both(span, None, Some(render::check(check)));
        }
    }

    fn say_indexes(
        &self,
        diff: &TableDiff,
        before: &Table,
        after: &Table,
        declaration: &Declaration,
        said: &mut Said<'_>,
    ) {
        let text = |table: &Table, name: &Name| {
            table.indexes.get(name).map(|index| {
                let sql = render::create_index(&table.name, index);
                sql.strip_prefix("CREATE ").unwrap_or(&sql).to_owned()
            })
        };
        let all = diff.created_indexes.iter().chain(&diff.changed_indexes).chain(&diff.dropped_indexes);
        for name in all {
            let span = self.span(declaration, &Place::Index(diff.name.clone(), name.clone()));
            said.both(span, text(after, name), text(before, name));
        }
    }

    fn say_options(&self, before: &Table, after: &Table, said: &mut Said<'_>) {
        let options = [
            ("STRICT", self.item.strict, before.strict, after.strict),
            ("WITHOUT ROWID", self.item.without_rowid, before.without_rowid, after.without_rowid),
            ("RANDOM ROWID", self.item.random_rowid, before.random_rowid, after.random_rowid),
        ];
        for (word, span, before, after) in options {
            if before != after {
                let text = |set: bool| set.then(|| word.to_owned());
                said.both(span.unwrap_or(self.item.ident.span()), text(after), text(before));
            }
        }
    }

    pub(super) fn say_triggers(
        &self,
        diff: &Diff,
        old: &Schema,
        new: &Schema,
        declaration: &Declaration,
        said: &mut Said<'_>,
    ) {
        let triggers = &diff.triggers;
        for name in triggers.created.iter().chain(&triggers.changed).chain(&triggers.dropped) {
            let span = self.span(declaration, &Place::Trigger(name.clone()));
            let what = |schema: &Schema| schema.triggers.contains(name).then(|| format!("trigger `{name}`"));
            match (what(new), what(old)) {
                (Some(_), Some(_)) => {
                    said.add(span, format!("trigger `{name}` is different {}", self.words.then()));
                }
                (here, before) => said.both(span, here, before),
            }
        }
    }
}

/// Gathers differences that a migration would make good.
pub(super) struct Said<'a> {
    pub(super) words: &'a Words<'a>,
    pub(super) differences: Vec<Difference>,
}

impl Said<'_> {
    pub(super) fn add(&mut self, span: Span, message: String) {
        self.differences.push(self.words.difference(span, message));
    }

    /// A clause of the table that is here, or was there, or both.
    pub(super) fn both(&mut self, span: Span, here: impl Into<Option<String>>, before: impl Into<Option<String>>) {
        let what = format!("`{}`", self.words.table);
        self.add(span, self.words.has_but(&what, here.into().as_deref(), before.into().as_deref()));
    }
}

/// The place of a constraint among those that the struct declares.
fn declaration_index(all: &[Unique], one: &Unique) -> usize {
    all.iter().position(|other| other == one).unwrap_or(usize::MAX)
}
