//! Compares what a struct declares with the last snapshot, using the subcommand's diff for this one table or view. Each
//! difference is reported at the token that declares it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use dbmigrate_core::declare::ast::{Field, Item};
use dbmigrate_core::declare::{Declaration, Object};
use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::plan::Question;
use dbmigrate_core::schema::canonical::{canonical_column, canonical_trigger};
use dbmigrate_core::schema::validate::Place;
use dbmigrate_core::schema::{Column, NamedMap, Schema, Table, Trigger};
use dbmigrate_core::sql::Name;
use proc_macro2::Span;

use super::complete::{Assumption, complete};
use super::head::Head;
use super::words::Words;
use super::{Difference, target};

/// What came out.
#[derive(Debug)]
pub(crate) struct Compared {
    /// The name of the table or view.
    pub(crate) name: Name,
    /// Where the struct stands.
    pub(crate) at: Span,
    /// What differs.
    pub(crate) differences: Vec<Difference>,
    /// What is for rustc to judge.
    pub(crate) assumptions: Vec<Assumption>,
    /// What to do about what rustc judges to differ.
    pub(crate) help: String,
}

/// Compares a declaration with the last migration.
pub(crate) fn compare(item: &Item, declaration: &Declaration, head: &Head) -> Compared {
    let owner = item.ident.to_string();
    let name = item.name().value;
    let words = Words { table: &name, owner: &owner, is_made_by_macro: item.is_made_by_macro, head };
    let help = words.help();
    let comparing = Comparing { item, head, words };
    let mut compared = match &declaration.object {
        Object::Table(table) => comparing.table(table, declaration),
        Object::VirtualTable(_) | Object::View(..) => comparing.object(declaration),
    };
    (compared.at, compared.help) = (item.ident.span(), help);
    compared.differences.extend(twice(item, head));
    // as people read them
    let place = |span: Span| (span.start().line, span.start().column);
    compared.differences.sort_by_key(|difference| place(difference.span));
    compared
}

impl Compared {
    pub(super) fn of(name: &Name) -> Self {
        Self {
            name: name.clone(),
            at: Span::call_site(),
            differences: Vec::new(),
            assumptions: Vec::new(),
            help: String::new(),
        }
    }
}

/// Two structs of a crate that declare one table of a database. A compiler expands each derive once; an editor's server does so over
/// and over, and is not asked.
fn twice(item: &Item, head: &Head) -> Option<Difference> {
    static DECLARED: Mutex<BTreeMap<(Option<String>, String), String>> = Mutex::new(BTreeMap::new());
    if !target::is_compiler() {
        return None;
    }
    let name = item.name();
    let mut declared = DECLARED.lock().unwrap_or_else(PoisonError::into_inner);
    let first = declared.insert((head.database.clone(), name.value.folded()), item.ident.to_string())?;
    let message = format!("two structs declare `{}`: `{first}` and `{}`", name.value, item.ident);
    Some(Difference::new(name.span, message).help("give one of them another name: `#[table(name = \"…\")]`"))
}

/// A struct that is being compared.
pub(super) struct Comparing<'a> {
    pub(super) item: &'a Item,
    pub(super) head: &'a Head,
    pub(super) words: Words<'a>,
}

impl Comparing<'_> {
    fn table(&self, table: &Table, declaration: &Declaration) -> Compared {
        let name = &table.name;
        let columns = declaration.renamed_columns.iter();
        let columns: Vec<_> = columns.map(|(from, to)| (name.clone(), from.clone(), to.clone())).collect();
        let tables: Vec<_> = declaration.renamed_from.iter().map(|from| (from.clone(), name.clone())).collect();
        let mut renames = Renames::pending(&self.head.schema, &self.head.renamed_from, &tables, &columns);
        let Some(before) = self.head.schema.table(renames.old_table(name)) else { return self.unknown_table(table) };
        let mut compared = Compared::of(name);
        self.say_renames(&mut renames, &mut compared);
        // a rename that nobody has declared is said as what it is, and then taken for granted
        for (from, to) in guessed_renames(before, table, &renames) {
            compared.differences.push(self.guessed_rename(&from, &to));
            renames.columns.push((name.clone(), from, to));
        }
        let old = self.old_schema(before, table);
        let renamed = if renames.is_empty() { Cow::Borrowed(&old) } else { Cow::Owned(renames.apply(&old)) };
        let Some(before) = renamed.table(name) else { return compared };
        let mut after = table.clone();
        let (assumptions, differences) =
            complete(self.item, &declaration.deferred, &mut after, before, &renamed, &self.words);
        compared.assumptions = assumptions;
        compared.differences.extend(differences);
        let triggers: NamedMap<Trigger> = declaration.triggers.iter().cloned().collect();
        let same_triggers = || {
            let texts = |triggers: &NamedMap<Trigger>| triggers.iter().map(canonical_trigger).collect::<Vec<_>>();
            texts(&triggers) == texts(&old.triggers)
        };
        // nearly always
        if renames.is_empty() && old.canonical_table(before) == old.canonical_table(&after) && same_triggers() {
            return compared;
        }
        let mut new = old.clone();
        new.tables.remove(renames.old_table(name));
        new.tables.insert(after.clone());
        new.triggers = triggers;
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
            return Compared { differences: vec![self.words.difference(span, message)], ..Compared::of(&table.name) };
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
            None if self.item.is_made_by_macro => difference,
            None => {
                difference.help("`generate` does not expand macros: if a macro generates this struct, write it out")
            }
        };
        Compared { differences: vec![difference], ..Compared::of(&table.name) }
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
                Difference::new(span, self.words.no_column(from)).help("fix `renamed_from`, or remove it")
            });
            is_known
        });
    }

    fn guessed_rename(&self, from: &Name, to: &Name) -> Difference {
        let (table, generate) = (self.words.table, &self.head.command);
        let span = self.field(to).map_or(self.item.ident.span(), |field| field.name().span);
        let message = format!(
            "`{table}` has no column `{to}` {}, and its column `{from}` has no field: renamed, or dropped and added?",
            self.words.then()
        );
        let question =
            Question::ColumnGone { table: table.clone(), column: from.clone(), candidates: vec![to.clone()] };
        let answers = question.answers().into_iter();
        answers.fold(Difference::new(span, message), |difference, (when, flag)| {
            difference.help(format!("{when}: `{generate} {flag}`"))
        })
    }

    /// The field of a column.
    pub(super) fn field(&self, column: &Name) -> Option<&Field> {
        self.item.fields.iter().find(|field| field.name().value == *column)
    }

    /// The token of a part of the struct, else the struct's name.
    pub(super) fn span(&self, declaration: &Declaration, place: &Place) -> Span {
        let known = declaration.places.iter().find(|(known, _)| known == place);
        known.map_or(self.item.ident.span(), |(_, span)| *span)
    }
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
