//! What a package declares: every struct lowered, merged into one schema, and checked as a whole.

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;

use dbmigrate_core::config::DEFAULT_DATABASE;
use dbmigrate_core::declare::{Declaration, Derive, Object, lower};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::validate::{Place, ProblemKind};
use dbmigrate_core::sql::Name;
use proc_macro2::Span;

use super::databases::{ACROSS, ACROSS_HELP};
use super::package::Package;
use super::places::{OfStructs, Places};
use super::resolve::Known;
use super::scope::{Ours, Space};
use super::tree::{Body, FileId, Parsed, Shape, Tree};
use super::unread;
use super::wanted::Wanted;
use crate::diagnostic::Diagnostic;

/// The schema that a package declares, with what the diff needs to know besides, and where everything was said.
#[derive(Debug)]
pub struct Declared {
    /// The package.
    pub package: Package,
    /// Everything that the structs declare.
    pub schema: Schema,
    /// `renamed_from` of tables: the old name, the new one.
    pub renamed_tables: Vec<(Name, Name)>,
    /// `renamed_from` of columns: the table by its new name, the old name, the new one.
    pub renamed_columns: Vec<(Name, Name, Name)>,
    /// The columns that the structs of views expect, by view.
    pub view_columns: Vec<(Name, Vec<Name>)>,
    /// What is to be said though nothing is wrong.
    pub warnings: Vec<Diagnostic>,
    /// Structs of ours in the package that are not read: no `mod` leads to their file, or a feature is off.
    pub unread: Vec<Diagnostic>,
    /// The files of its modules, as far as `mod` leads to them.
    pub files: Vec<PathBuf>,
    places: Places,
}

impl Declared {
    /// A package of which no struct is known.
    pub fn nothing(package: Package) -> Self {
        Self {
            package,
            schema: Schema::default(),
            renamed_tables: Vec::new(),
            renamed_columns: Vec::new(),
            view_columns: Vec::new(),
            warnings: Vec::new(),
            unread: Vec::new(),
            files: Vec::new(),
            places: Places::default(),
        }
    }

    /// The same places for another schema, in which nothing is renamed by an attribute.
    #[must_use]
    pub fn instead(&self, schema: Schema) -> Self {
        Self { schema, places: self.places.clone(), files: self.files.clone(), ..Self::nothing(self.package.clone()) }
    }

    /// The file and the bytes in it that declare something, or else the table that it belongs to.
    pub fn find(&self, place: &Place) -> Option<(PathBuf, Range<usize>)> {
        self.find_exactly(place).or_else(|| match place {
            Place::Table(_) | Place::View(_) | Place::Trigger(_) | Place::VirtualTable(_) => None,
            part => self.find_exactly(&Place::Table(part.object().clone())),
        })
    }

    /// The file and the bytes in it that declare this and nothing else.
    pub fn find_exactly(&self, wanted: &Place) -> Option<(PathBuf, Range<usize>)> {
        let (file, span) = self.places.find(wanted)?;
        Some((file.path.clone(), file.range(span)))
    }

    /// The tables and views that are declared, each with the file and the bytes in it that declare it.
    pub fn objects(&self) -> impl Iterator<Item = (&Name, PathBuf, Range<usize>)> {
        self.places.iter().filter_map(|(file, place, span)| match place {
            Place::Table(name) | Place::VirtualTable(name) | Place::View(name) => {
                Some((name, file.path.clone(), file.range(span)))
            }
            _ => None,
        })
    }

    /// The diagnostic with the place of what it is about.
    #[must_use]
    pub fn point(&self, diagnostic: Diagnostic, place: &Place, text: &str) -> Diagnostic {
        match self.find(place) {
            Some((file, span)) => diagnostic.at(file, span, text),
            None => diagnostic,
        }
    }
}

/// Lowers everything that was read, and makes one schema of it.
pub(super) fn merge(tree: Tree) -> Result<Declared, Vec<Diagnostic>> {
    // a file that cannot be read or parsed makes every name in it unknown: one error, not a hundred
    stop_at_errors(&tree)?;
    let Lowered { structs: lowered, others } = lower_all(&tree);
    stop_at_errors(&tree)?;
    let mut merging = Merging::default();
    for (shape, declaration) in lowered {
        merging.add(&tree, &shape, declaration);
    }
    stop_at_errors(&tree)?;
    let warnings = tree.diagnostics.take();
    let mut unread = unread::of(&tree);
    if merging.schema.is_empty() && unread.is_empty() {
        unread = unread::shut(&tree);
    }
    let package = tree.package.clone();
    let files: Vec<PathBuf> = tree.modules.borrow().keys().cloned().collect();
    // syntax trees of a whole package: the process ends before taking them apart would pay
    std::mem::forget(tree);
    let Merging { schema, renamed_tables, renamed_columns, view_columns, places, by_name, .. } = merging;
    let places = Places::of(places);
    let mut declared =
        Declared { package, schema, renamed_tables, renamed_columns, view_columns, warnings, unread, files, places };
    let mut errors = across(&declared, &others);
    for problem in declared.schema.problems() {
        if is_across(&problem.place, &declared.schema, &others) {
            continue;
        }
        // a database may have it, and names in quotes are how it is said
        let tolerated = match problem.place {
            Place::ForeignKey(..) if !by_name.contains(&problem.place) => None,
            Place::ForeignKey(..) if problem.kind == ProblemKind::Unusable => {
                Some("with foreign keys on, the table accepts no rows".to_owned())
            }
            _ => problem.help.clone(),
        };
        if let Some(what) = tolerated.filter(|_| problem.kind != ProblemKind::Declaration) {
            let warning = declared.point(Diagnostic::warning(problem.message), &problem.place, "").help(what);
            declared.warnings.push(warning);
        } else {
            let error = declared.point(Diagnostic::error(problem.message), &problem.place, "");
            errors.push(problem.help.into_iter().fold(error, Diagnostic::help));
        }
    }
    if errors.is_empty() { Ok(declared) } else { Err(declared.warnings.into_iter().chain(errors).collect()) }
}

fn stop_at_errors(tree: &Tree) -> Result<(), Vec<Diagnostic>> {
    if tree.diagnostics.borrow().iter().any(Diagnostic::is_error) { Err(tree.diagnostics.take()) } else { Ok(()) }
}

/// What the structs of the database at hand say, and which tables there are in others.
struct Lowered {
    structs: Vec<(Rc<Shape>, Declaration)>,
    others: HashMap<Name, String>,
}

/// Whether a foreign key, by its name, refers to a table that only another database has.
fn is_across(place: &Place, schema: &Schema, others: &HashMap<Name, String>) -> bool {
    let Place::ForeignKey(table, at) = place else { return false };
    let key = schema.table(table).and_then(|table| table.foreign_keys.get(*at));
    key.is_some_and(|key| schema.table(&key.parent).is_none() && others.contains_key(&key.parent))
}

/// Foreign keys, by name, to tables that only another database has.
fn across(declared: &Declared, others: &HashMap<Name, String>) -> Vec<Diagnostic> {
    let schema = &declared.schema;
    let keys = schema.tables.iter().flat_map(|table| {
        (0..table.foreign_keys.len())
            .map(|at| (&table.foreign_keys[at].parent, Place::ForeignKey(table.name.clone(), at)))
    });
    let across = keys.filter(|(_, place)| is_across(place, schema, others)).map(|(parent, place)| {
        let message = format!("`{parent}` is in the database `{}`: {ACROSS}", others[parent]);
        declared.point(Diagnostic::error(message).help(ACROSS_HELP), &place, "")
    });
    across.collect()
}

fn lower_all(tree: &Tree) -> Lowered {
    let wanted = tree.package.database.as_ref().and_then(Wanted::name);
    let mut known = Known::new(tree);
    let mut items: Vec<(Rc<Shape>, Rc<Parsed>)> = Vec::new();
    // looking a derive up may lead into a file that was put off, and add to the candidates
    let mut at = 0;
    loop {
        let Some(shape) = tree.candidates.borrow().get(at).cloned() else { break };
        at += 1;
        let key = Rc::as_ptr(&shape);
        let input = match &shape.body {
            Body::Input(input) => input,
            Body::Declaration(item) => {
                known.declared.insert(key, Rc::clone(item));
                items.push((Rc::clone(&shape), Rc::clone(item)));
                continue;
            }
        };
        for (route, _) in &shape.derives {
            let derive = match tree.ours(shape.scope, route, Space::Derives) {
                Some(Ours::Table) => Derive::Table,
                Some(Ours::View) => Derive::View,
                Some(Ours::ColumnType) => {
                    known.column_types.insert(key);
                    continue;
                }
                None => continue,
            };
            let item = Parsed::new(input, derive);
            items.push((Rc::clone(&shape), Rc::clone(&item)));
            known.declared.insert(key, item);
        }
    }
    let mut lowered = Vec::with_capacity(items.len());
    let mut others = HashMap::new();
    for (shape, parsed) in items {
        match tree.database_of(&shape, &parsed.item) {
            Err(error) => {
                tree.report(tree.declare_error(shape.file, error));
                continue;
            }
            Ok(database) if database != wanted => {
                let database = database.unwrap_or(DEFAULT_DATABASE).to_owned();
                others.insert(parsed.item.name().value, database);
                continue;
            }
            Ok(_) => {}
        }
        match lower::lower_item(&parsed.item, parsed.errors.take(), &known.within(&shape)) {
            Ok(declaration) => lowered.push((shape, declaration)),
            Err(errors) => {
                for error in errors {
                    tree.report(tree.declare_error(shape.file, error));
                }
            }
        }
    }
    Lowered { structs: lowered, others }
}

/// A schema being put together.
#[derive(Default)]
struct Merging {
    schema: Schema,
    renamed_tables: Vec<(Name, Name)>,
    renamed_columns: Vec<(Name, Name, Name)>,
    view_columns: Vec<(Name, Vec<Name>)>,
    places: OfStructs,
    by_name: Vec<Place>,
    /// Who has a name: tables and views share theirs, triggers have their own.
    owners: HashMap<Name, (FileId, Span)>,
    triggers: HashMap<Name, (FileId, Span)>,
}

impl Merging {
    fn add(&mut self, tree: &Tree, shape: &Shape, declaration: Declaration) {
        let here = (shape.file, shape.ident.span());
        if !declaration.deferred.is_empty() {
            // whoever left something open has said why, and then this is not reached; a gap must never pass for a schema
            let message = format!("cannot read all of `{}`: {:?}", shape.ident, declaration.deferred);
            tree.report(tree.error_at(here.0, here.1, message).help("name the type: `#[column(type = \"TEXT\")]`"));
        }
        let name = match &declaration.object {
            Object::Table(table) => table.name.clone(),
            Object::VirtualTable(table) => table.name.clone(),
            Object::View(view, _) => view.name.clone(),
        };
        if let Some(before) = self.owners.insert(name.clone(), here) {
            let message = format!("two structs declare `{name}`");
            tree.report(
                twice(tree, message, before, here).help("give one of them another name: `#[table(name = \"…\")]`"),
            );
        }
        if !declaration.docs.is_empty() {
            self.schema.docs.insert(name.clone(), declaration.docs);
        }
        let reads = declaration.reads.into_iter();
        self.schema.reads.extend(reads.map(|(column, reads)| ((name.clone(), column), reads)));
        match declaration.object {
            Object::Table(table) => drop(self.schema.tables.insert(table)),
            Object::VirtualTable(table) => drop(self.schema.virtual_tables.insert(table)),
            Object::View(view, columns) => {
                self.view_columns.push((name.clone(), columns));
                self.schema.views.insert(view);
            }
        }
        for trigger in declaration.triggers {
            let place = Place::Trigger(trigger.name.clone());
            let span = declaration.places.iter().find(|(known, _)| *known == place).map_or(here.1, |(_, span)| *span);
            if let Some(before) = self.triggers.insert(trigger.name.clone(), (here.0, span)) {
                let message = format!("trigger `{}` is declared twice", trigger.name);
                tree.report(twice(tree, message, before, (here.0, span)).help("give one of them another name"));
            }
            self.schema.triggers.insert(trigger);
        }
        self.renamed_tables.extend(declaration.renamed_from.map(|from| (from, name.clone())));
        let columns = declaration.renamed_columns.into_iter();
        self.renamed_columns.extend(columns.map(|(from, to)| (name.clone(), from, to)));
        self.places.push((tree.file(shape.file), declaration.places));
        self.by_name.extend(declaration.by_name);
    }
}

fn twice(tree: &Tree, message: String, before: (FileId, Span), here: (FileId, Span)) -> Diagnostic {
    let (file, span) = before;
    let file = tree.file(file);
    let mut error = tree.error_at(here.0, here.1, message);
    for label in &mut error.labels {
        "declared again here".clone_into(&mut label.text);
    }
    error.at(&file.path, file.range(span), "first declared here")
}
