//! Compares what a struct declares with the last snapshot: with the same diff as the subcommand, of this one table or
//! view, each difference at the token that declares it.

use dbmigrate_core::ddl::render;
use dbmigrate_core::declare::ast::{CheckClause, Field, Item};
use dbmigrate_core::declare::{Declaration, Object};
use dbmigrate_core::diff::{ColumnChange, Diff, Renames, TableDiff, diff};
use dbmigrate_core::schema::canonical::canonical_column;
use dbmigrate_core::schema::validate::Place;
use dbmigrate_core::schema::{Column, ForeignKey, Schema, Table, Unique};
use dbmigrate_core::sql::Name;
use proc_macro2::Span;

use super::Difference;
use super::complete::{Assumption, complete};
use super::head::Head;
use super::words::Words;

/// What came out.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// What differs.
    pub(crate) differences: Vec<Difference>,
    /// What is for rustc to judge.
    pub(crate) assumptions: Vec<Assumption>,
}

/// Compares a declaration with the last migration.
pub(crate) fn compare(item: &Item, declaration: Declaration, head: &Head) -> Compared {
    let owner = item.ident.to_string();
    let name = item.name().value;
    let words = Words { table: &name, owner: &owner, head };
    let comparing = Comparing { item, head, words };
    let mut compared = match &declaration.object {
        Object::Table(table) => comparing.table(table, &declaration),
        Object::VirtualTable(_) | Object::View(..) => comparing.object(&declaration),
    };
    // as people read them
    let place = |span: Span| (span.start().line, span.start().column);
    compared.differences.sort_by_key(|difference| place(difference.span));
    compared
}

struct Comparing<'a> {
    item: &'a Item,
    head: &'a Head,
    words: Words<'a>,
}

impl Comparing<'_> {
    fn table(&self, table: &Table, declaration: &Declaration) -> Compared {
        let name = &table.name;
        let columns = declaration.renamed_columns.iter();
        let columns: Vec<_> = columns.map(|(from, to)| (name.clone(), from.clone(), to.clone())).collect();
        let tables: Vec<_> = declaration.renamed_from.iter().map(|from| (from.clone(), name.clone())).collect();
        let mut renames = Renames::pending(&self.head.schema, &self.head.renamed_from, &tables, &columns);
        let Some(before) = self.head.schema.table(renames.old_table(name)) else { return self.unknown_table(table) };
        let mut compared = Compared::default();
        self.say_renames(&mut renames, &mut compared);
        // a rename that nobody has declared is said as what it is, and then taken for granted
        for (from, to) in guessed_renames(before, table, &renames) {
            compared.differences.push(self.guessed_rename(&from, &to));
            renames.columns.push((name.clone(), from, to));
        }
        let old = self.old_schema(before, table);
        let renamed = renames.apply(&old);
        let Some(before) = renamed.table(name) else { return compared };
        let mut table = table.clone();
        let (assumptions, differences) =
            complete(self.item, &declaration.deferred, &mut table, before, &renamed, &self.words);
        compared.assumptions = assumptions;
        compared.differences.extend(differences);
        let mut new = old.clone();
        new.tables.remove(renames.old_table(name));
        let after = table.clone();
        new.tables.insert(table);
        new.triggers = declaration.triggers.iter().cloned().collect();
        match diff(&old, &new, &renames) {
            Ok(diff) => self.say(&diff, &old, &new, before, &after, declaration, &mut compared),
            Err(error) => {
                let span = self.item.renamed_from.as_ref().map_or(self.item.ident.span(), |at| at.span);
                compared.differences.push(self.words.difference(span, error.to_string()));
            }
        }
        compared
    }

    /// The part of the last schema that a table is compared with: itself, its triggers, and the parents that foreign
    /// keys refer to without naming columns.
    fn old_schema(&self, before: &Table, after: &Table) -> Schema {
        let mut old = Schema::default();
        let keys = before.foreign_keys.iter().chain(&after.foreign_keys);
        for key in keys.filter(|key| key.parent_columns.is_empty() && key.parent != before.name) {
            if let Some(parent) = self.head.schema.table(&key.parent) {
                old.tables.insert(parent.clone());
            }
        }
        let on = self.head.schema.triggers.iter().filter(|trigger| trigger.on == before.name);
        old.triggers = on.cloned().collect();
        old.tables.insert(before.clone());
        old
    }

    fn unknown_table(&self, table: &Table) -> Compared {
        let schema = &self.head.schema;
        let span = self.item.name().span;
        let is_else = if schema.views.contains(&table.name) {
            Some("a view")
        } else if schema.virtual_tables.contains(&table.name) {
            Some("a virtual table")
        } else {
            None
        };
        if let Some(what) = is_else {
            let message = self.words.is_but(&format!("`{}`", table.name), "a table", what);
            return Compared { differences: vec![self.words.difference(span, message)], ..Compared::default() };
        }
        let mut difference = self.words.difference(span, self.words.unknown("table"));
        let names = |table: &Table| -> std::collections::BTreeSet<String> {
            table.columns.iter().map(|column| column.name.folded()).collect()
        };
        let wanted = names(table);
        let twin = schema.tables.iter().find(|other| names(other) == wanted);
        difference = match twin {
            Some(twin) => difference.help(format!(
                "if it is `{}` under another name: `#[table(renamed_from = \"{}\")]`, then generate",
                twin.name, twin.name
            )),
            None => difference.help(
                "`generate` reads the source and expands no macros: a struct that a macro makes has to be written out",
            ),
        };
        Compared { differences: vec![difference], ..Compared::default() }
    }

    /// The renames that are declared. One that cannot be made is taken out.
    fn say_renames(&self, renames: &mut Renames, compared: &mut Compared) {
        for (from, to) in &renames.tables {
            let span = self.item.renamed_from.as_ref().map_or(self.item.ident.span(), |at| at.span);
            let message = self.words.still_called("table", to.as_str(), from);
            compared.differences.push(self.words.difference(span, message));
        }
        let before = self.head.schema.table(renames.old_table(self.words.table));
        renames.columns.retain(|(table, from, to)| {
            let field = self.field(to);
            let span = field.and_then(|field| field.renamed_from.as_ref()).map_or(self.item.ident.span(), |at| at.span);
            let is_known = before.is_some_and(|before| before.column(from).is_some());
            compared.differences.push(if is_known {
                let message = self.words.still_called("column", &format!("{table}.{to}"), from);
                self.words.difference(span, message)
            } else {
                Difference::new(span, self.words.no_column(from)).help("correct `renamed_from`, or take it out")
            });
            is_known
        });
    }

    fn guessed_rename(&self, from: &Name, to: &Name) -> Difference {
        let (table, generate) = (self.words.table, &self.head.command);
        let span = self.field(to).map_or(self.item.ident.span(), |field| field.name().span);
        let message = format!(
            "`{table}` has no column `{to}` {}, but `{from}`, which has no field: renamed, or another one?",
            self.words.then()
        );
        Difference::new(span, message)
            .help(format!("if renamed: `{generate} --rename {table}.{from}={to}`"))
            .help(format!("if not:     `{generate} --accept drop_column:{table}.{from}`"))
    }

    fn field(&self, column: &Name) -> Option<&Field> {
        self.item.fields.iter().find(|field| field.name().value == *column)
    }

    /// The token of a part of the struct, else the struct's name.
    fn span(&self, declaration: &Declaration, place: &Place) -> Span {
        let known = declaration.places.iter().find(|(known, _)| known == place);
        known.map_or(self.item.ident.span(), |(_, span)| *span)
    }

    #[expect(clippy::too_many_arguments, reason = "both sides of a comparison")]
    fn say(
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
            self.say_checks(table, &mut said);
            self.say_indexes(table, before, after, declaration, &mut said);
            if table.options {
                self.say_options(before, after, &mut said);
            }
        }
        self.say_triggers(diff, old, new, declaration, &mut said);
        compared.differences.append(&mut said.differences);
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

    fn say_checks(&self, diff: &TableDiff, said: &mut Said<'_>) {
        let clauses = || self.item.checks.iter().chain(self.item.fields.iter().flat_map(|field| &field.checks));
        let mut gone: Vec<_> = diff.dropped_checks.iter().collect();
        for check in &diff.added_checks {
            let is = |clause: &&CheckClause| clause.expr.value == check.expr;
            let span = clauses().find(is).map_or(self.item.ident.span(), |clause| clause.expr.span);
            let same_name = |other: &&dbmigrate_core::schema::Check| other.name.is_some() && other.name == check.name;
            let same_condition = |other: &&dbmigrate_core::schema::Check| other.expr == check.expr;
            let pair = gone.iter().position(|other| same_name(&other) || same_condition(&other));
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

    fn say_triggers(
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
                    said.add(span, format!("trigger `{name}` is another one {}", self.words.then()));
                }
                (here, before) => said.both(span, here, before),
            }
        }
    }

    /// A view or a virtual table, with the triggers of a view.
    fn object(&self, declaration: &Declaration) -> Compared {
        let schema = &self.head.schema;
        let (mut old, mut new) = (Schema::default(), Schema::default());
        let name = self.words.table;
        old.views = schema.views.get(name).cloned().into_iter().collect();
        old.virtual_tables = schema.virtual_tables.get(name).cloned().into_iter().collect();
        old.triggers = schema.triggers.iter().filter(|trigger| trigger.on == *name).cloned().collect();
        let what = match &declaration.object {
            Object::View(view, _) => {
                new.views.insert(view.clone());
                "view"
            }
            Object::VirtualTable(table) => {
                new.virtual_tables.insert(table.clone());
                "virtual table"
            }
            Object::Table(_) => return Compared::default(),
        };
        new.triggers = declaration.triggers.iter().cloned().collect();
        let mut said = Said { words: &self.words, differences: Vec::new() };
        let Ok(diff) = diff(&old, &new, &Renames::default()) else { return Compared::default() };
        let created = !diff.views.created.is_empty() || !diff.virtual_tables.created.is_empty();
        if created {
            self.say_unknown_object(what, declaration, &mut said);
        } else {
            if let Object::View(view, _) = &declaration.object
                && let Some(before) = old.views.get(name)
                && !diff.views.is_empty()
            {
                self.say_view(before, view, &mut said);
            }
            if let Object::VirtualTable(table) = &declaration.object
                && let Some(before) = old.virtual_tables.get(name)
                && !diff.virtual_tables.is_empty()
            {
                self.say_virtual_table(before, table, &mut said);
            }
            self.say_triggers(&diff, &old, &new, declaration, &mut said);
        }
        Compared { differences: said.differences, assumptions: Vec::new() }
    }

    fn say_unknown_object(&self, what: &str, declaration: &Declaration, said: &mut Said<'_>) {
        let (schema, name) = (&self.head.schema, self.words.table);
        let span = self.item.name().span;
        let is_else = if schema.tables.contains(name) {
            Some("a table")
        } else if schema.views.contains(name) {
            Some("a view")
        } else if schema.virtual_tables.contains(name) {
            Some("a virtual table")
        } else {
            None
        };
        let renamed = declaration.renamed_from.as_ref().filter(|from| schema.virtual_tables.contains(from));
        match (is_else, renamed) {
            (Some(other), _) => said.add(span, self.words.is_but(&format!("`{name}`"), &format!("a {what}"), other)),
            (None, Some(from)) => {
                let span = self.item.renamed_from.as_ref().map_or(span, |at| at.span);
                said.add(span, self.words.still_called(what, name.as_str(), from));
            }
            (None, None) => said.add(span, self.words.unknown(what)),
        }
    }

    fn say_view(
        &self,
        before: &dbmigrate_core::schema::View,
        after: &dbmigrate_core::schema::View,
        said: &mut Said<'_>,
    ) {
        let name = self.words.table;
        if before.query != after.query {
            let span = self.item.query.as_ref().map_or(self.item.ident.span(), |at| at.span);
            said.add(span, format!("view `{name}` has another query {}", self.words.then()));
        }
        if before.columns != after.columns {
            let span = self.item.view_columns.first().map_or(self.item.ident.span(), |at| at.span);
            let text = |columns: &[Name]| match columns {
                [] => "those of its query".to_owned(),
                columns => format!("({})", dbmigrate_core::sql::name::sql_list(columns)),
            };
            let what = format!("the list of columns of view `{name}`");
            said.add(span, self.words.is_but(&what, &text(&after.columns), &text(&before.columns)));
        }
    }

    fn say_virtual_table(
        &self,
        before: &dbmigrate_core::schema::VirtualTable,
        after: &dbmigrate_core::schema::VirtualTable,
        said: &mut Said<'_>,
    ) {
        let (item, name) = (self.item, self.words.table);
        if before.module != after.module {
            let span = item.module.as_ref().map_or(item.ident.span(), |at| at.span);
            let text = |module: &Name| format!("USING {module}");
            let what = format!("virtual table `{name}`");
            said.add(span, self.words.is_but(&what, &text(&after.module), &text(&before.module)));
        }
        let count = said.differences.len();
        let what = |argument: &dbmigrate_core::sql::Expr| format!("the argument `{argument}`");
        for (at, argument) in after.arguments.iter().enumerate() {
            if !before.arguments.contains(argument) {
                let option = at.checked_sub(item.fields.len()).and_then(|at| item.options.get(at));
                let field = item.fields.get(at).map(|field| field.name().span);
                let span = field.or(option.map(|at| at.span)).unwrap_or(item.ident.span());
                said.both(span, Some(what(argument)), None);
            }
        }
        for argument in before.arguments.iter().filter(|argument| !after.arguments.contains(argument)) {
            said.both(item.ident.span(), None, Some(what(argument)));
        }
        if said.differences.len() == count && before.arguments != after.arguments {
            let message = format!("the columns of virtual table `{name}` are in another order {}", self.words.then());
            said.add(item.ident.span(), message);
        }
    }
}

/// Gathers differences that a migration would make good.
struct Said<'a> {
    words: &'a Words<'a>,
    differences: Vec<Difference>,
}

impl Said<'_> {
    fn add(&mut self, span: Span, message: String) {
        self.differences.push(self.words.difference(span, message));
    }

    /// A clause of the table that is here, or was there, or both.
    fn both(&mut self, span: Span, here: Option<String>, before: Option<String>) {
        let what = format!("`{}`", self.words.table);
        self.add(span, self.words.has_but(&what, here.as_deref(), before.as_deref()));
    }
}

/// The place of a constraint among those that the struct declares.
fn declaration_index(all: &[Unique], one: &Unique) -> usize {
    all.iter().position(|other| other == one).unwrap_or(usize::MAX)
}

/// Columns that are gone and new ones that have the same definition: the only pair, or those that stand in the same
/// place.
fn guessed_renames(before: &Table, after: &Table, renames: &Renames) -> Vec<(Name, Name)> {
    let name = &after.name;
    let renamed_from = |column: &Name| renames.old_column(name, column).clone();
    let kept: Vec<Name> = after.columns.iter().map(|column| renamed_from(&column.name)).collect();
    let gone: Vec<(usize, &Column)> =
        before.columns.iter().enumerate().filter(|(_, column)| !kept.contains(&column.name)).collect();
    let new: Vec<(usize, &Column)> = after
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| before.column(&renamed_from(&column.name)).is_none())
        .collect();
    let alike = |old: &Column, new: &Column| {
        // a type that only rustc knows may be any
        let old = Column { name: new.name.clone(), ..old.clone() };
        let mut new = new.clone();
        if new.decl_type.is_empty() {
            new.decl_type = old.decl_type.clone();
            new.not_null = old.not_null;
        }
        canonical_column(before, &old) == canonical_column(after, &new)
    };
    let mut found = Vec::new();
    if let ([(_, old)], [(_, new)]) = (&gone[..], &new[..]) {
        if alike(old, new) {
            found.push((old.name.clone(), new.name.clone()));
        }
        return found;
    }
    for (at, old) in &gone {
        if let Some((_, new)) = new.iter().find(|(other, new)| other == at && alike(old, new)) {
            found.push((old.name.clone(), new.name.clone()));
        }
    }
    found
}
