//! The reader of Rust source: a package of one file, read as `generate` reads it.

use std::path::PathBuf;

use cargo_dbmigrate::codegen;
use cargo_dbmigrate::diagnostic::{Diagnostic, Look, render, render_json};
use cargo_dbmigrate::source::{Declared, Package, Request, read_package};
use dbmigrate_core::engine::ViewColumns;
use dbmigrate_core::schema::canonical::CanonicalSchema;
use dbmigrate_core::sql::DeclType;

const MANIFEST: &str = "[package]\nname = \"app\"\nedition = \"2024\"\n\n[features]\naudit = []\n\n[dependencies]\n\
                        dbmigrate-rs = \"0.1\"\nchrono = \"0.4\"\n";

thread_local! {
    /// Cargo is asked once: what is read again and again is the file.
    static PROJECT: Project = Project::new();
}

struct Project {
    directory: tempfile::TempDir,
    package: Package,
}

/// Reads `text` as the source of a library.
pub fn check(text: &str) {
    // what these name is read, and it may be anything on this machine
    if text.contains("include") || text.contains("path") {
        return;
    }
    PROJECT.with(|project| {
        match project.read(text) {
            Ok(declared) => {
                shown(project, &declared.warnings);
                written(project, &declared);
            }
            Err(diagnostics) => {
                assert!(diagnostics.iter().any(Diagnostic::is_error));
                shown(project, &diagnostics);
            }
        }
        // the parser keeps every file that this thread has parsed, for the sake of spans
        proc_macro2::extra::invalidate_current_thread_spans();
    });
}

impl Project {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let project = directory.path().canonicalize().expect("it exists");
        std::fs::create_dir(project.join("src")).expect("it is new");
        std::fs::write(project.join("src/lib.rs"), "").expect("it is new");
        std::fs::write(project.join("Cargo.toml"), MANIFEST).expect("it is new");
        let request = Request { current_dir: project, features: vec!["audit".to_owned()], ..Request::default() };
        let package = Package::find(&request).unwrap_or_else(|error| panic!("{error:?}"));
        Self { directory, package }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("src/lib.rs")
    }

    fn read(&self, text: &str) -> Result<Declared, Vec<Diagnostic>> {
        std::fs::write(self.file(), text).expect("the file can be written");
        read_package(self.package.clone())
    }
}

/// Whatever is wrong can be shown.
fn shown(project: &Project, diagnostics: &[Diagnostic]) {
    let base = project.directory.path().to_owned();
    let _ = render_json(diagnostics, &base);
    let _ = render(diagnostics, &Look { color: false, width: 100, base });
}

/// Structs that are made of the schema declare the schema.
fn written(project: &Project, declared: &Declared) {
    let columns = |columns: &[dbmigrate_core::sql::Name]| {
        columns.iter().map(|column| (column.clone(), DeclType::default())).collect()
    };
    let views: ViewColumns = declared.view_columns.iter().map(|(view, names)| (view.clone(), columns(names))).collect();
    let Ok(text) = codegen::render(&declared.schema, &views) else { return };
    let again = project.read(&text).unwrap_or_else(|errors| panic!("{errors:?}\nin {text}"));
    let canonical = |declared: &Declared| -> CanonicalSchema { declared.schema.canonical() };
    assert_eq!(canonical(&again), canonical(declared), "{text}");
}
