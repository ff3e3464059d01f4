//! Projects and folders to measure with.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use dbmigrate_core::folder::{Folder, Slug, Snapshot};
use dbmigrate_core::schema::KeyPart;
use dbmigrate_core::schema::{Column, PrimaryKey, Schema, Table};
use tempfile::TempDir;

/// The release binary, or the one that `DBMIGRATE` names, to compare with.
pub(crate) fn tool() -> Command {
    let mut command =
        Command::new(std::env::var_os("DBMIGRATE").unwrap_or_else(|| env!("CARGO_BIN_EXE_cargo-dbmigrate").into()));
    command.env_remove("CI");
    command
}

/// A package with `tables` structs, ten to a file.
pub(crate) struct Project {
    directory: TempDir,
}

impl Project {
    pub(crate) fn new(tables: usize) -> Self {
        let project = Self { directory: tempfile::tempdir().expect("a temporary directory") };
        let write = |path: &str, text: &str| std::fs::write(project.path().join(path), text).expect("a file");
        std::fs::create_dir(project.path().join("src")).expect("a directory");
        write(
            "Cargo.toml",
            "[package]\nname = \"app\"\nedition = \"2024\"\n\n[dependencies]\ndbmigrate-rs = \"*\"\n\n[workspace]\n",
        );
        let mut root = "mod types;\n".to_owned();
        write(
            "src/types.rs",
            "use dbmigrate::ColumnType;\n#[derive(ColumnType)]\npub struct OrgId(i64);\n\
             #[derive(ColumnType)]\npub enum State { Open, Closed }\n",
        );
        for (file, tables) in (0..tables).collect::<Vec<_>>().chunks(10).enumerate() {
            let _ = writeln!(root, "mod file_{file};\npub use file_{file}::*;");
            let mut text = "use crate::types::{OrgId, State};\nuse crate::*;\nuse dbmigrate::Table;\n\n".to_owned();
            text.extend(tables.iter().map(|number| table_struct(*number)));
            write(&format!("src/file_{file}.rs"), &text);
        }
        write("src/lib.rs", &root);
        project
    }

    /// Another one with the same files.
    pub(crate) fn copy_of(other: &Self) -> Self {
        let project = Self { directory: tempfile::tempdir().expect("a temporary directory") };
        let mut command = Command::new("cp");
        command.arg("-r").arg(other.path().join(".")).arg(project.path());
        assert!(command.status().expect("cp").success(), "it can be copied");
        project
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn migrations(&self) -> PathBuf {
        self.path().join("migrations")
    }

    /// Gives the first table one more column.
    pub(crate) fn add_column(&self) {
        let file = self.path().join("src/file_0.rs");
        let text = std::fs::read_to_string(&file).expect("a file");
        let text =
            text.replacen("    pub state: State,\n", "    pub state: State,\n    pub note: Option<String>,\n", 1);
        std::fs::write(&file, text).expect("a file");
    }

    /// `cargo dbmigrate generate` in it.
    pub(crate) fn generate(&self) -> Command {
        let mut command = tool();
        command.args(["generate", "--quiet"]).current_dir(self.path());
        command
    }
}

/// Table `number`: 8 columns, 2 indexes, a unique constraint, a foreign key to the table before.
fn table_struct(number: usize) -> String {
    let parent = number.saturating_sub(1);
    format!(
        "/// Table number {number}.
#[derive(Debug, Clone, Table)]
#[table(name = \"table_{number}\", index(name, created_at desc), index(score), unique(org_id, slug))]
pub(crate) struct Table{number} {{
    /// Its key.
    #[column(primary_key, autoincrement)]
    pub id: i64,
    #[column(references = Table{parent}::id, on_delete = cascade)]
    pub parent_id: Option<i64>,
    pub org_id: OrgId,
    pub slug: String,
    #[column(default = \"none\")]
    pub name: String,
    pub score: Option<f64>,
    pub state: State,
    #[column(default_sql = \"unixepoch()\")]
    pub created_at: i64,
}}

"
    )
}

/// A package without structs whose folder has `count` migrations, each of which creates a table of two columns.
pub(crate) fn tiny_migrations(count: usize) -> Project {
    let project = Project::new(0);
    let mut folder = Folder::open(project.migrations()).expect("an empty folder");
    let mut schema = Schema::default();
    for number in 1..=count {
        let mut table = Table::new(format!("tiny_{number}"));
        table.columns = vec![Column::new("id", "INTEGER"), Column::new("name", "TEXT")];
        table.primary_key =
            Some(PrimaryKey { name: None, parts: vec![KeyPart::new("id")], autoincrement: false, conflict: None });
        schema.tables.insert(table);
        let slug = Slug::sanitize(&format!("create_tiny_{number}")).expect("a name");
        let snapshot = Snapshot { schema: schema.clone(), renamed_from: Vec::new() };
        folder.add(&slug, &format!("{};\n", tiny_statement(number)), &snapshot).expect("it can be written");
    }
    project
}

/// The statement of migration `number` of [`tiny_migrations`].
pub(crate) fn tiny_statement(number: usize) -> String {
    format!("CREATE TABLE tiny_{number} (id INTEGER PRIMARY KEY, name TEXT)")
}
