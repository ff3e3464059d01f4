//! What the files of a set mean for a schema: tables, rows, and values that fit their columns. All that is wrong is
//! found, not only the first.

mod named;
mod names;
mod readable;
mod row;
mod settings;
mod tables;
mod value;

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use dbmigrate_core::ignore::Ignore;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::Name;

use super::documents::{Content, Document, Documents};
use super::model::{Place, Seed, SeedTable, SqlFile};
use crate::diagnostic::Diagnostic;
use crate::error::Result;
use named::Names;

/// What a set is understood with.
pub(crate) struct Surroundings<'a> {
    /// The schema of the database.
    pub schema: &'a Schema,
    /// What the structs declare, if they can be read.
    pub declared: Option<&'a Schema>,
    /// What is somebody else's.
    pub ignore: &'a Ignore,
    /// Looks a variable up.
    pub variable: &'a dyn Fn(&str) -> Result<Option<String>>,
}

/// Understands a set: what is understood, and all that is wrong with the rest.
pub(crate) fn understand(documents: &Documents, around: &Surroundings<'_>) -> (Seed, Vec<Diagnostic>) {
    let mut reader = Reader {
        around,
        folder: &documents.folder,
        seed: Seed { name: documents.name.clone(), ..Seed::default() },
        errors: Vec::new(),
        tables: HashMap::new(),
        names: Names::default(),
    };
    if let Some((path, node)) = &documents.settings {
        let file = reader.seed.files.len();
        reader.seed.files.push(path.clone());
        reader.settings_of_set(file, node);
    }
    for document in &documents.files {
        reader.document(document);
    }
    reader.resolve_names();
    (reader.seed, reader.errors)
}

struct Reader<'a> {
    around: &'a Surroundings<'a>,
    folder: &'a Path,
    seed: Seed,
    errors: Vec<Diagnostic>,
    /// The tables of the seed by their names.
    tables: HashMap<Name, usize>,
    names: Names,
}

impl Reader<'_> {
    fn document(&mut self, Document { file, content }: &Document) {
        let number = self.seed.files.len();
        self.seed.files.push(file.path.clone());
        // a name such as `2024_users` may be that of a table
        let whole = Name::from(file.stem.as_str());
        let (order, stem) = match file.numbered() {
            Some((order, stem)) if self.around.schema.table(&whole).is_none() => (Some(order), stem),
            _ => (None, file.stem.as_str()),
        };
        match content {
            Content::Tree(node) => self.tree(number, order, stem, node),
            Content::Csv(csv) => self.csv(number, order, stem, csv),
            Content::Sql(text) => {
                let is_table = self.around.schema.table(&Name::from(stem)).is_some();
                let table = if is_table { self.table(stem, Place::new(number, &(0..0)), order) } else { None };
                self.seed.scripts.push(SqlFile { file: number, text: text.clone(), table, number: order });
            }
        }
    }

    /// The table of that name, which is a table of the seed from now on.
    fn table(&mut self, name: &str, place: Place, order: Option<u64>) -> Option<usize> {
        let table = match self.known_table(name, place) {
            Ok(table) => table,
            Err(error) => {
                self.errors.push(*error);
                return None;
            }
        };
        let at = *self.tables.entry(table.name.clone()).or_insert_with(|| {
            let table = SeedTable {
                table: Rc::new(table.clone()),
                mode: super::model::Mode::default(),
                key: None,
                number: None,
            };
            self.seed.tables.push(table);
            self.seed.tables.len() - 1
        });
        let seeded = &mut self.seed.tables[at];
        seeded.number = seeded.number.or(order);
        Some(at)
    }

    fn error(&mut self, error: Diagnostic, place: Place, label: impl Into<String>) {
        let error = self.seed.at(error, place, label);
        self.errors.push(error);
    }
}
