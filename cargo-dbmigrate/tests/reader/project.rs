//! A project in a temporary directory, and what reading it gives.

use std::path::PathBuf;

use cargo_dbmigrate::diagnostic::{Diagnostic, Look, render};
use cargo_dbmigrate::source::{Declared, Request, read};
use dbmigrate_core::sql::Name;

pub(crate) struct Project {
    directory: tempfile::TempDir,
    pub(crate) request: Request,
}

impl Project {
    /// A package with the files; a `Cargo.toml` is added if there is none.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        let project = Self { directory, request: Request { current_dir: root, ..Request::default() } };
        if files.iter().all(|(path, _)| *path != "Cargo.toml") {
            project.write("Cargo.toml", &manifest(""));
        }
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    /// A package of one file, with our derives and the `use` lines that nearly all tests need.
    pub(crate) fn of(source: &str) -> Self {
        Self::new(&[("src/lib.rs", &format!("use dbmigrate::{{ColumnType, Json, Table, View}};\n{source}"))])
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.directory.path().canonicalize().unwrap()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn features(mut self, features: &[&str]) -> Self {
        self.request.features = features.iter().map(|&feature| feature.to_owned()).collect();
        self
    }

    pub(crate) fn read(&self) -> Result<Declared, Vec<Diagnostic>> {
        read(&self.request)
    }

    /// The declared schema; fails with the errors as they are shown.
    #[track_caller]
    pub(crate) fn declared(&self) -> Declared {
        self.read().unwrap_or_else(|errors| panic!("{}", self.show(&errors)))
    }

    /// The errors as they are shown; fails if there are none.
    #[track_caller]
    pub(crate) fn errors(&self) -> String {
        let errors = self.read().expect_err("there should be errors");
        self.show(&errors)
    }

    pub(crate) fn show(&self, diagnostics: &[Diagnostic]) -> String {
        let text = render(diagnostics, &Look { color: false, width: 140, base: self.root() });
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    /// The names of all tables.
    #[track_caller]
    pub(crate) fn tables(&self) -> Vec<String> {
        self.declared().schema.tables.iter().map(|table| table.name.to_string()).collect()
    }

    /// The columns of a table as `name TYPE`, with `?` behind it where NULL is allowed.
    #[track_caller]
    pub(crate) fn columns(&self, table: &str) -> Vec<String> {
        columns(&self.declared(), table)
    }
}

#[track_caller]
pub(crate) fn columns(declared: &Declared, table: &str) -> Vec<String> {
    let table = declared.schema.table(&Name::from(table)).expect("the table exists");
    let column = |column: &dbmigrate_core::schema::Column| {
        let mark = if column.not_null { "" } else { "?" };
        format!("{} {}{mark}", column.name, column.decl_type)
    };
    table.columns.iter().filter(|column| *column.name.as_str() != *"id").map(column).collect()
}

/// A manifest that depends on `dbmigrate-rs`, with more lines at its end.
pub(crate) fn manifest(more: &str) -> String {
    format!(
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\ndbmigrate-rs = \"0.1\"\n{more}\n"
    )
}
