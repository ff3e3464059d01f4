//! A project whose database is on a server.

use std::path::Path;

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::sqld::{Server, shared};

use crate::project::{Database, Project};

/// A table that others refer to.
pub(crate) const USERS: &str = "#[derive(Table)]\n#[table(name = \"users\", index(name))]\nstruct User { #[column(primary_key, autoincrement)] id: i64, name: Option<String> }\n";
/// The same after a change that only a rebuild can make.
pub(crate) const REBUILT: &str = "#[derive(Table)]\n#[table(name = \"users\", index(name), check(named, \"length(name) > 0\"))]\nstruct User { #[column(primary_key, autoincrement)] id: i64, name: String }\n";
/// A table that refers to it.
pub(crate) const POSTS: &str = "#[derive(Table)]\n#[table(name = \"posts\", index(author))]\nstruct Post { #[column(primary_key)] id: i64, #[column(references = User::id, on_delete = cascade)] author: i64, #[column(default = \"untitled\")] title: String }\n";
/// A third one.
pub(crate) const TAGS: &str = "#[derive(Table)]\n#[table(name = \"tags\")]\nstruct Tag { #[column(primary_key)] id: i64, #[column(references = Post::id)] post: Option<i64>, name: String }\n";
/// Rows of the first two.
pub(crate) const ROWS: [&str; 2] = [
    "INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace'), (9, 'it''s \u{1f980}')",
    "INSERT INTO posts VALUES (7, 1, 'on engines'), (8, 2, ''), (11, 9, 'x')",
];

/// A project with the URL of its database in its environment.
pub(crate) struct Served {
    pub(crate) project: Project,
    pub(crate) url: String,
    server: &'static Server,
}

impl Served {
    /// A project with these structs and a new database of that name, on the server that all tests share.
    pub(crate) fn new(name: &str, structs: &str) -> Option<Self> {
        let server = shared()?;
        Some(Self::of(Project::new(structs), server, server.create_namespace(name)))
    }

    /// A project and a database that is there.
    pub(crate) fn of(project: Project, server: &'static Server, url: String) -> Self {
        project.set("TURSO_DATABASE_URL", &url);
        Self { project, url, server }
    }

    /// The database, asked by hand.
    pub(crate) fn hand(&self) -> Hand {
        Hand::new(&self.url)
    }

    /// A copy of the database as it is at this moment, in a file of the project.
    pub(crate) fn copy(&self) -> Database {
        self.server.copy_database(&self.url, &self.project.path("copy.db"));
        let copy = self.project.database("copy.db");
        let _ = fs_err::remove_file(self.project.path("copy.db"));
        copy
    }
}

/// Everything that is in a database, without what the runner keeps.
#[track_caller]
pub(crate) fn content(hand: &Hand) -> String {
    assert_eq!(hand.integrity_check(), [""; 0]);
    assert_eq!(hand.foreign_key_check(), [""; 0]);
    let schema =
        hand.query("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE '%dbmigrate%' ORDER BY 1");
    format!("{}\n{}", schema.join(";\n"), hand.dump_without(&["_dbmigrate_history"]))
}

/// The migrations that a database has according to its history.
#[track_caller]
pub(crate) fn applied(hand: &Hand) -> Vec<String> {
    if hand.tables().iter().any(|table| table == "_dbmigrate_history") {
        hand.query("SELECT name FROM _dbmigrate_history ORDER BY position")
    } else {
        Vec::new()
    }
}

/// A project with a migration that its database is to have, and three more: a rebuild of a parent, rows, and a table.
pub(crate) fn with_pending(project: &Project) {
    project.runs("generate --name start");
    project.structs(&format!("{REBUILT}{POSTS}"));
    project.runs("generate --name rebuild");
    project.runs("generate --custom --name shout");
    let file = crate::project::sql_of("0003_shout");
    let draft = project.read(&file);
    project.write(
        &file,
        format!("{draft}UPDATE users SET name = upper(name);\nINSERT INTO posts (author) SELECT id FROM users;\n"),
    );
    project.runs("generate --custom");
    project.structs(&format!("{REBUILT}{POSTS}{TAGS}"));
    project.runs("generate --name tags");
    project.transcript();
}

/// What [`with_pending`] leaves in the folder.
pub(crate) const MIGRATIONS: [&str; 4] = ["0001_start", "0002_rebuild", "0003_shout", "0004_tags"];

/// The repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
