//! `docs/coming-from`: the commands of each page, executed on a package as the page assumes it.

use std::path::{Path, PathBuf};

use crate::project::Project;
use crate::tools::SHAPES;

/// The most lines that a page may have: a screen.
const SCREEN: usize = 45;

fn pages() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/coming-from");
    let mut files: Vec<PathBuf> =
        fs_err::read_dir(folder).expect("it is there").map(|entry| entry.expect("it can be read").path()).collect();
    files.sort();
    let name = |path: &Path| path.file_stem().expect("it has one").to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), fs_err::read_to_string(path).expect("it can be read"))).collect()
}

/// A package with `dev.db` up to date and `production.db` behind, if the tool can be behind.
fn package(page: &str) -> Project {
    let tool = match page {
        "rusqlite" => "rusqlite_migration",
        page => page,
    };
    let Some(shape) = SHAPES.iter().find(|shape| shape.tool == tool) else {
        let project = if page == "drizzle-kit" { crate::drizzle::project("0.31-sqlite") } else { Project::new("") };
        project.write("src/lib.rs", "mod schema;\n");
        for name in ["dev.db", "production.db"].into_iter().filter(|_| page == "sea-orm") {
            project.database(name).run(
                "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users VALUES (1, 'ada');
                 CREATE TABLE \"seaql_migrations\" ( \"version\" varchar NOT NULL PRIMARY KEY, \"applied_at\" bigint NOT NULL );
                 INSERT INTO seaql_migrations VALUES ('m20220101_000001_create_table', 1704110400)",
            );
        }
        if page == "drizzle-kit" {
            crate::drizzle::restore(&project.database("production.db"), "0.31-sqlite");
        }
        return project;
    };
    let project = shape.project();
    shape.fill(&project.database("production.db"), 2);
    project
}

#[test]
fn the_commands_of_every_page_run_as_they_stand_there() {
    let pages = pages();
    assert_eq!(pages.len(), 7);
    for (page, text) in pages {
        assert!(text.lines().count() <= SCREEN, "{page} is longer than a screen");
        let project = package(&page);
        let commands: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
        let own: Vec<&&str> = commands.iter().filter(|command| command.starts_with("cargo dbmigrate ")).collect();
        assert!(own.len() > 5, "{page}: {commands:?}");
        for command in own {
            if *command == "cargo dbmigrate generate" {
                let structs = project.read("src/schema.rs");
                let (before, after) = structs.rsplit_once("}\n").expect("it has a struct");
                project.write("src/schema.rs", format!("{before}    pub added: Option<String>,\n}}\n{after}"));
            }
            let run = project.shell(command);
            assert_eq!(run.code, 0, "{page}: {command}\n{}", run.err);
        }
        for database in ["dev.db", "production.db"] {
            let database = project.database(database);
            assert_eq!(database.query("PRAGMA integrity_check"), ["ok"], "{page}");
            assert_eq!(database.query("PRAGMA foreign_key_check"), [""; 0], "{page}");
        }
        project.refuses(0, "check");
    }
}
