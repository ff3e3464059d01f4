//! New databases that are copies of a template.

use std::path::{Path, PathBuf};
use std::thread;

use dbmigrate_embed::{MigrateErrorKind as Kind, Migrations};

use crate::database::File;
use crate::driver::block_on;
use crate::history::{family, migrations};

/// A template with these migrations.
fn template(migrations: Migrations) -> File {
    let file = File::new();
    block_on(migrations.ready(file.database().target())).expect("it applies");
    file
}

/// The path of a new database in a folder, where nothing else may be left.
fn beside(folder: &Path, name: &str) -> PathBuf {
    folder.join(name)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("it is there").flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_new_database_is_a_copy_with_all_migrations_and_takes_no_other_ones_place() {
    let family = migrations(&family());
    let (template, folder) = (template(family), tempfile::tempdir().expect("a temporary directory"));
    let path = beside(folder.path(), "acme.db");
    let made: Vec<bool> = thread::scope(|scope| {
        let make = || block_on(family.create_from(template.path(), &path));
        let all: Vec<_> = (0..6).map(|_| scope.spawn(make)).collect();
        let results = all.into_iter().map(|one| one.join().expect("it does not panic"));
        results
            .map(|result| result.map_err(|error| assert_eq!(error.kind(), Kind::Exists, "{error}")).is_ok())
            .collect()
    });
    assert_eq!(made.iter().filter(|made| **made).count(), 1);
    assert_eq!(names(folder.path()), ["acme.db"]);
    let copy = File::new();
    std::fs::rename(&path, copy.path()).expect("it is there");
    let report = block_on(family.ready(copy.database().target())).expect("it is ready");
    assert_eq!(report.to_string(), "nothing to apply, 3 already applied");
    assert_eq!(copy.column("SELECT count(*) FROM children"), ["100"]);
    copy.must_be_whole();
    // a template that nobody may write, a database that somebody may
    let mut rights = std::fs::metadata(template.path()).expect("it is there").permissions();
    rights.set_readonly(true);
    std::fs::set_permissions(template.path(), rights).expect("it is ours");
    block_on(family.create_from(template.path(), &path)).expect("the place is free again");
    assert!(!std::fs::metadata(&path).expect("it is there").permissions().readonly());
}

#[test]
fn what_is_left_of_another_database_is_not_taken_for_a_part_of_the_new_one() {
    let family = migrations(&family());
    let (template, folder) = (template(family), tempfile::tempdir().expect("a temporary directory"));
    let path = beside(folder.path(), "acme.db");
    for left in ["acme.db-wal", "acme.db-journal"] {
        std::fs::write(folder.path().join(left), "pages").expect("it is writable");
        let error = block_on(family.create_from(template.path(), &path)).expect_err("it would be read");
        assert_eq!(error.kind(), Kind::Exists, "{error}");
        assert!(error.to_string().contains(left), "{error}");
        assert_eq!(names(folder.path()), [left]);
        std::fs::remove_file(folder.path().join(left)).expect("it is there");
    }
}

#[test]
fn a_template_must_have_exactly_the_migrations_of_the_program() {
    let all = migrations(&family());
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = beside(folder.path(), "acme.db");
    let refused = |template: &File| {
        let error = block_on(all.create_from(template.path(), &path)).expect_err("it is no template");
        assert_eq!(error.kind(), Kind::Template, "{error}");
        assert_eq!(names(folder.path()), [""; 0]);
        error.to_string()
    };
    let behind = File::new();
    block_on(all.runner().to("2").run(behind.database().target())).expect("it applies");
    assert!(refused(&behind).ends_with("lacks 0003_require_names"));
    let changed = template(all);
    block_on(all.create_from(changed.path(), beside(folder.path(), "first.db"))).expect("it is one");
    std::fs::remove_file(folder.path().join("first.db")).expect("it is there");
    changed.run(&["CREATE INDEX by_hand ON parents (name)"]);
    assert!(refused(&changed).ends_with("was changed by hand"));
    let mut more: Vec<(&str, &str)> = family().to_vec();
    more.push(("more", "CREATE TABLE more (id INTEGER PRIMARY KEY);"));
    assert!(refused(&template(migrations(&more))).contains("cannot be used: "));
    let text = File::new();
    std::fs::write(text.path(), "no database, but a text that is long enough to be one".repeat(20))
        .expect("it is writable");
    assert!(refused(&text).contains("cannot be used: "));
    let error = block_on(all.create_from(folder.path().join("nowhere.db"), &path)).expect_err("there is none");
    assert_eq!(error.kind(), Kind::Database, "{error}");
}
