//! A database with a history, for tests that migrate it several times and write to it in between.

use dbmigrate_core::diff::Renames;
use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::engine::connection::display;
use dbmigrate_core::folder::Folder;
use dbmigrate_core::plan::Plan;
use dbmigrate_core::sql::{Expr, Name};
use pollster::block_on;

use crate::support::{Change, add, apply, open, run_script, schema_of, scratch_folder};

pub(crate) struct House {
    _folder: tempfile::TempDir,
    migrations: Folder,
    database: Database,
    current: String,
}

/// What the next migration is made of.
#[derive(Default)]
pub(crate) struct Next<'a> {
    pub(crate) keep: bool,
    pub(crate) tables: &'a [(&'a str, &'a str)],
    pub(crate) columns: &'a [(&'a str, &'a str, &'a str)],
    pub(crate) conversions: &'a [(&'a str, &'a str, &'a str)],
}

pub(crate) const KEEP: Next<'_> = Next { keep: true, tables: &[], columns: &[], conversions: &[] };

impl House {
    /// A database with this schema and these rows.
    pub(crate) fn of(schema: &str, rows: &str) -> Self {
        let folder = scratch_folder().expect("a folder");
        let migrations = Folder::open(folder.path().join("migrations")).expect("migrations");
        let database = open(&folder.path().join("test.db")).expect("a database");
        let mut house = Self { _folder: folder, migrations, database, current: String::new() };
        house.migrate(schema, &Next::default()).expect(schema);
        house.run(rows).expect(rows);
        house
    }

    /// Generates, proves and applies the migration to a schema.
    pub(crate) fn migrate(&mut self, schema: &str, next: &Next<'_>) -> Result<Plan, String> {
        let plan = self.generate(schema, next)?;
        apply(&mut self.database, &self.migrations).map_err(|error| format!("{error:?}"))?;
        self.run("PRAGMA foreign_keys = ON")?;
        assert_eq!(self.rows("PRAGMA foreign_key_check"), Vec::<String>::new());
        assert_eq!(self.rows("PRAGMA integrity_check"), ["ok"]);
        Ok(plan)
    }

    /// Only writes it.
    pub(crate) fn generate(&mut self, schema: &str, next: &Next<'_>) -> Result<Plan, String> {
        let name = |name: &str| Name::from(name);
        let number = u32::try_from(self.migrations.migrations().len() + 1).expect("a number");
        let change = Change {
            current: schema_of(&self.current)?,
            desired: schema_of(schema)?,
            renames: Renames {
                tables: next.tables.iter().map(|(from, to)| (name(from), name(to))).collect(),
                columns: next.columns.iter().map(|(on, from, to)| (name(on), name(from), name(to))).collect(),
            },
            conversions: next
                .conversions
                .iter()
                .map(|(on, one, expr)| ((name(on), name(one)), Expr::new(expr)))
                .collect(),
            accept_all: true,
            keep: next.keep.then_some(number),
            ..Change::default()
        };
        let plan = change.generate()?;
        add(&mut self.migrations, "next", &plan, &change.desired)?;
        schema.clone_into(&mut self.current);
        Ok(plan)
    }

    /// Runs statements as an application does.
    pub(crate) fn run(&self, script: &str) -> Result<(), String> {
        block_on(run_script(self.database.connection(), script))
    }

    /// What a query returns, a line for each row.
    pub(crate) fn rows(&self, query: &str) -> Vec<String> {
        let rows = block_on(self.database.connection().rows(query)).expect(query);
        rows.iter().map(|row| row.iter().map(display).collect::<Vec<_>>().join("|")).collect()
    }

    /// The names of everything that is hidden.
    pub(crate) fn hidden(&self) -> Vec<String> {
        self.rows("SELECT name FROM sqlite_schema WHERE name LIKE '\\_dbmigrate\\_kept%' ESCAPE '\\' ORDER BY 1")
    }
}
