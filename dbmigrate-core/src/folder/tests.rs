//! The folder under what happens to it: tampering, merges, other platforms, crashes, other writers.

mod edits;

use std::path::Path;

use super::*;
use crate::schema::{Column, Table};

struct Project {
    directory: tempfile::TempDir,
}

impl Project {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a temporary directory") }
    }

    /// A project with three migrations.
    fn with_history() -> Self {
        let project = Self::new();
        let mut folder = project.open();
        for (index, name) in ["create users", "create posts", "create tags"].iter().enumerate() {
            let sql = format!("CREATE TABLE t{index}(\n  id INTEGER\n);\n");
            folder.add(&slug(name), &sql, &schema(index + 1).into()).expect("the folder is writable");
        }
        project
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("migrations")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn open(&self) -> Folder {
        self.try_open().expect("the lock is whole")
    }

    fn try_open(&self) -> Result<Folder, FolderError> {
        Folder::open(self.path())
    }

    fn edit(&self, name: &str, edit: impl FnOnce(String) -> String) {
        let path = self.file(name);
        let text = fs_err::read_to_string(&path).expect("the file is there");
        fs_err::write(&path, edit(text)).expect("the file is writable");
    }

    /// Everything in the folder, as names and bytes.
    fn tree(&self) -> Vec<(String, Vec<u8>)> {
        let mut tree = Vec::new();
        let mut pending = vec![self.path()];
        while let Some(directory) = pending.pop() {
            for entry in std::fs::read_dir(directory).into_iter().flatten() {
                let path = entry.expect("the directory is readable").path();
                if path.is_dir() {
                    pending.push(path.clone());
                }
                let name = path.strip_prefix(self.path()).expect("it is inside").display().to_string();
                tree.push((name, std::fs::read(&path).unwrap_or_default()));
            }
        }
        tree.sort();
        tree
    }
}

fn slug(text: &str) -> Slug {
    Slug::sanitize(text).expect("it has letters")
}

fn schema(tables: usize) -> Schema {
    let mut schema = Schema::default();
    for index in 0..tables {
        let mut table = Table::new(format!("t{index}"));
        table.columns.push(Column::new("id", "INTEGER"));
        schema.tables.insert(table);
    }
    schema
}

fn error(project: &Project, level: Verify) -> FolderError {
    let error = project.open().verify(level).expect_err("something is wrong");
    assert!(error.is_inconsistency(), "{error}");
    assert!(error.to_string().contains(&error.path().display().to_string()), "{error} names no file");
    assert!(!error.help().is_empty(), "{error} has no help");
    error
}

#[test]
fn a_missing_folder_is_an_empty_one() {
    let project = Project::new();
    let folder = project.open();
    assert!(folder.migrations().is_empty() && !folder.exists());
    assert!(folder.head_schema().expect("nothing to read").is_empty());
    folder.verify(Verify::All).expect("nothing to differ");
    assert!(!project.path().exists());
}

#[test]
fn what_was_added_is_read_back() {
    let project = Project::with_history();
    let folder = project.open();
    folder.verify(Verify::All).expect("it was just written");
    let names: Vec<&str> = folder.migrations().iter().map(|migration| migration.name.as_str()).collect();
    assert_eq!(names, ["0001_create_users", "0002_create_posts", "0003_create_tags"]);
    let second = folder.find("0002_create_posts").expect("it is listed");
    assert_eq!(folder.sql(second).expect("it is whole"), "CREATE TABLE t1(\n  id INTEGER\n);\n");
    assert_eq!(folder.schema_before(second).expect("it is whole").tables.len(), 1);
    assert_eq!(folder.schema_at(second).expect("it is whole").tables.len(), 2);
    assert_eq!(folder.head_schema().expect("it is whole").tables.len(), 3);
    assert_eq!(second.schema, Checksum::from(crate::schema::canonical::SchemaHash::of(&schema(2))));
}

#[test]
fn the_same_input_makes_the_same_bytes() {
    assert_eq!(Project::with_history().tree(), Project::with_history().tree());
}

#[test]
fn a_checkout_with_other_line_ends_is_the_same_folder() {
    let project = Project::with_history();
    for (name, _) in project.tree() {
        if project.file(&name).is_file() {
            project.edit(&name, |text| text.replace('\n', "\r\n"));
        }
    }
    project.edit("0001_create_users/migration.sql", |text| format!("\u{feff}{text}"));
    let folder = project.open();
    folder.verify(Verify::All).expect("only line ends differ");
    assert_eq!(folder.sql(&folder.migrations()[0]).expect("it is whole"), "CREATE TABLE t0(\n  id INTEGER\n);\n");
    assert_eq!(folder.head_schema().expect("it is whole").tables.len(), 3);
}

/// The one migration of a new folder with that SQL, read again after each change of the file.
fn recorded(sql: &str, changes: &[fn(&str) -> String]) -> Vec<Option<String>> {
    let project = Project::with_history();
    let file = "0004_letters/migration.sql";
    let slug = Slug::sanitize("letters").expect("it has letters");
    project.open().add(&slug, sql, &schema(3).into()).expect("the folder is writable");
    let read = |project: &Project| {
        let folder = project.open();
        folder.verify(Verify::All).ok()?;
        folder.sql(&folder.migrations()[3]).ok()
    };
    let mut found = vec![read(&project)];
    for change in changes {
        project.edit(file, |_| change(sql));
        found.push(read(&project));
    }
    project.edit(file, |_| sql.to_owned());
    found
}

#[test]
fn a_line_end_in_a_literal_is_data_and_survives_any_checkout() {
    let to_windows = |sql: &str| sql.replace("\r\n", "\n").replace('\n', "\r\n");
    let to_unix = |sql: &str| sql.replace("\r\n", "\n");
    for sql in [
        "INSERT INTO t0 VALUES ('Dear,\r\nbye');\n-- it's\nSELECT 1;\n",
        "INSERT INTO t0 VALUES ('Dear,\nbye');\n-- it's\nSELECT 1;\n",
        "INSERT INTO t0 VALUES ('\r', \"a\r\nb\");\n",
        "INSERT INTO t0 VALUES ('\r\n')",
        "INSERT INTO t0 VALUES ('\r\n', 'a\nb', 'c\nd'), ('e\r\nf', '', '\r');\n",
    ] {
        // as recorded, and after all of it was converted in either direction
        for found in recorded(sql, &[to_windows, to_unix]) {
            assert_eq!(found.as_deref(), Some(sql));
        }
    }
    // written on Windows: outside of literals it makes no difference
    let windows = "SELECT 'a\r\nb',\r\n  1;\r\n";
    for found in recorded(windows, &[to_windows, to_unix]) {
        assert_eq!(found.as_deref(), Some("SELECT 'a\r\nb',\n  1;\n"));
    }
}

#[test]
fn a_line_end_that_is_edited_in_one_literal_is_found() {
    let edit = |sql: &str| sql.replacen("a\n", "a\r\n", 1);
    assert_eq!(recorded("SELECT 'a\nb';\n", &[edit])[1], None);
    let edit = |sql: &str| sql.replacen("a\r\n", "a\n", 1);
    assert_eq!(recorded("SELECT 'a\r\nb', 'c\r\nd';\n", &[edit])[1], None);
    // what is executed is what was recorded
    assert_eq!(recorded("SELECT 'a\r\nb';\n", &[edit])[1].as_deref(), Some("SELECT 'a\r\nb';\n"));
}

#[test]
fn git_keeps_line_ends_that_nobody_could_tell_from_each_other() {
    let project = Project::with_history();
    let mut folder = project.open();
    let slug = Slug::sanitize("letters").expect("it has letters");
    let attributes = project.file(".gitattributes");
    folder.add(&slug, "SELECT 'a\r\nb', 'c\nd';\n", &schema(3).into()).expect("the folder is writable");
    assert!(!attributes.exists());
    std::fs::write(&attributes, "* text=auto").expect("the folder is writable");
    for _ in 0..2 {
        folder.add(&slug, "SELECT 'a\r\nb\nc';\n", &schema(3).into()).expect("the folder is writable");
    }
    assert_eq!(std::fs::read_to_string(&attributes).ok().as_deref(), Some("* text=auto\n*.sql -text\n"));
    project.open().verify(Verify::All).expect("it is none of the migrations");
}

#[test]
fn edited_sql_is_named_and_found_only_where_it_is_looked_for() {
    let project = Project::with_history();
    project.edit("0002_create_posts/migration.sql", |text| text + "SELECT 1;");
    project.open().verify(Verify::Listing).expect("the listing is right");
    let found = error(&project, Verify::Sql);
    assert!(matches!(found, FolderError::EditedSql { is_last: false, .. }), "{found}");
    assert!(found.help()[0].contains("git restore"), "{:?}", found.help());
    let folder = project.open();
    assert!(folder.sql(&folder.migrations()[1]).is_err());
    assert!(folder.sql(&folder.migrations()[2]).is_ok());
}

#[test]
fn an_edit_of_the_last_migration_can_be_recorded() {
    let project = Project::with_history();
    project.edit("0003_create_tags/migration.sql", |text| text + "SELECT 1;\n");
    let found = error(&project, Verify::Sql);
    assert!(matches!(found, FolderError::EditedSql { is_last: true, .. }), "{found}");
    assert!(found.help()[0].contains("generate --custom"), "{:?}", found.help());
    let mut folder = project.open();
    assert!(folder.reseal_last(&schema(4).into()).expect("the folder is writable"));
    assert!(!folder.reseal_last(&schema(4).into()).expect("nothing is left to do"));
    let folder = project.open();
    folder.verify(Verify::All).expect("the edit is recorded");
    assert_eq!(folder.head_schema().expect("it is whole").tables.len(), 4);
    assert_eq!(folder.migrations().len(), 3);
}

#[test]
fn an_edited_snapshot_is_refused() {
    let project = Project::with_history();
    project.edit("0003_create_tags/snapshot.json", |text| text.replace("t2", "t9"));
    project.open().verify(Verify::Sql).expect("the SQL is right");
    assert!(matches!(error(&project, Verify::All), FolderError::EditedSnapshot { .. }));
    assert!(matches!(project.open().head_schema(), Err(FolderError::EditedSnapshot { .. })));
}

#[test]
fn a_snapshot_of_a_newer_version_is_said_to_be_one() {
    let project = Project::with_history();
    project.edit("0003_create_tags/snapshot.json", |text| text.replace("\"format\": 1", "\"format\": 7"));
    assert!(matches!(error(&project, Verify::All), FolderError::Newer { format: 7, .. }));
}

#[test]
fn missing_directories_and_files_are_named() {
    let project = Project::with_history();
    fs_err::remove_file(project.file("0002_create_posts/migration.sql")).expect("it is there");
    let found = error(&project, Verify::Sql);
    assert!(found.to_string().contains("0002_create_posts/migration.sql` is missing"), "{found}");
    fs_err::remove_dir_all(project.file("0002_create_posts")).expect("it is there");
    let found = error(&project, Verify::Listing);
    assert!(found.to_string().contains("0002_create_posts` is missing"), "{found}");
}

#[test]
fn directories_and_sql_files_beside_the_migrations_are_not_overlooked() {
    let project = Project::with_history();
    fs_err::write(project.file("README.md"), "notes").expect("the folder is writable");
    fs_err::create_dir(project.file(".idea")).expect("the folder is writable");
    project.open().verify(Verify::All).expect("neither looks like a migration");
    fs_err::write(project.file("0004_a.sql"), "SELECT 1").expect("the folder is writable");
    assert!(matches!(error(&project, Verify::Listing), FolderError::StrayFile { .. }));
    fs_err::remove_file(project.file("0004_a.sql")).expect("it is there");
    fs_err::create_dir(project.file("0004_a")).expect("the folder is writable");
    fs_err::write(project.file("0004_a/migration.sql"), "").expect("the folder is writable");
    assert!(matches!(error(&project, Verify::Listing), FolderError::Unlisted { .. }));
}

#[test]
fn a_directory_that_something_left_behind_is_no_migration_and_gives_its_name_away() {
    let project = Project::with_history();
    for left in ["0004_a", "0009_b/deep/er", "0010_c"] {
        fs_err::create_dir_all(project.file(left)).expect("the folder is writable");
    }
    for left in ["0004_a/.DS_Store", "0010_c/.migration.sql.swp", "0010_c/migration.sql~"] {
        fs_err::write(project.file(left), "left").expect("the folder is writable");
    }
    project.open().verify(Verify::All).expect("none of them is a migration");
    project.open().add(&slug("a"), "SELECT 1;\n", &schema(3).into()).expect("the name is free");
    project.open().verify(Verify::All).expect("it was just written");
    assert!(!project.file("0004_a/.DS_Store").exists());
    // what an editor has left may be somebody's work
    fs_err::rename(project.file("0010_c"), project.file("0005_d")).expect("the folder is writable");
    let refused = project.open().add(&slug("d"), "SELECT 1;", &schema(1).into()).map(|_| ());
    assert!(matches!(refused, Err(FolderError::Unlisted { .. })), "{refused:?}");
    assert!(project.file("0005_d/migration.sql~").exists());
    project.open().verify(Verify::All).expect("nothing was written");
    fs_err::write(project.file("0009_b/notes.txt"), "mine").expect("the folder is writable");
    assert!(matches!(error(&project, Verify::Listing), FolderError::Unlisted { .. }));
}

#[test]
fn an_empty_directory_alone_needs_no_lock() {
    let project = Project::new();
    fs_err::create_dir_all(project.file("0001_a")).expect("the folder is writable");
    project.open().verify(Verify::All).expect("there is no migration");
}

#[test]
fn a_missing_lock_is_not_an_empty_history() {
    let project = Project::with_history();
    fs_err::remove_file(project.file("migrations.lock")).expect("it is there");
    assert!(matches!(error(&project, Verify::Listing), FolderError::MissingLock { .. }));
    let refused = project.open().add(&slug("a"), "SELECT 1;", &schema(1).into()).map(|_| ());
    assert!(matches!(refused, Err(FolderError::MissingLock { .. })));
}

#[test]
fn conflict_markers_are_told_from_other_edits() {
    let markers = "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> main\n";
    for (file, level) in [("migration.sql", Verify::Sql), ("snapshot.json", Verify::All)] {
        let project = Project::with_history();
        project.edit(&format!("0003_create_tags/{file}"), |text| text + markers);
        assert!(matches!(error(&project, level), FolderError::Conflict { .. }), "{file}");
    }
    let project = Project::with_history();
    project.edit("migrations.lock", |text| text + markers);
    let found = project.try_open().expect_err("the lock is in conflict");
    assert!(matches!(found, FolderError::Conflict { line: 5, .. }), "{found}");
    assert!(found.is_inconsistency() && found.help()[0].contains("cargo dbmigrate rebase"));
}

#[test]
fn a_tampered_or_newer_lock_is_refused_with_its_line() {
    let project = Project::with_history();
    project.edit("migrations.lock", |text| text.replace("0002_create_posts", "0002_create_post"));
    let found = project.try_open().expect_err("the lock was changed");
    assert!(matches!(found, FolderError::TamperedLock { line: 3, .. }), "{found}");
    assert!(found.to_string().contains("0002_create_post"), "{found}");
    project.edit("migrations.lock", |text| text.replace("lock 2:", "lock 3:"));
    let found = project.try_open().expect_err("the lock is newer");
    assert!(matches!(found, FolderError::Newer { format: 3, .. }), "{found}");
}

#[test]
fn files_that_are_not_text_are_refused() {
    let project = Project::with_history();
    fs_err::write(project.file("0001_create_users/migration.sql"), b"\xff\xfe").expect("it is writable");
    assert!(matches!(error(&project, Verify::Sql), FolderError::NotUtf8 { .. }));
    fs_err::write(project.file("migrations.lock"), b"\xff\xfe").expect("it is writable");
    assert!(matches!(project.try_open(), Err(FolderError::NotUtf8 { .. })));
}

#[test]
fn a_crash_while_staging_leaves_the_folder_as_it_was() {
    let project = Project::with_history();
    let folder = project.open();
    let name = folder.next_name(&slug("a"));
    std::mem::forget(folder.stage(&name, b"SELECT 1;", b"{}").expect("the folder is writable"));
    assert!(project.tree().iter().any(|(name, _)| name.starts_with(".0004_a")), "nothing was staged");
    let mut folder = project.open();
    folder.verify(Verify::All).expect("what is hidden does not count");
    folder.add(&slug("a"), "SELECT 1;\n", &schema(3).into()).expect("what is hidden is not in the way");
    project.open().verify(Verify::All).expect("it was just written");
}

#[test]
fn a_crash_before_the_lock_is_written_is_reported_with_what_to_do() {
    let project = Project::with_history();
    let folder = project.open();
    let name = folder.next_name(&slug("a"));
    let staged = folder.stage(&name, b"SELECT 1;", b"{}").expect("the folder is writable");
    folder.publish(staged, &name).expect("the folder is writable");
    let found = error(&project, Verify::Listing);
    assert!(matches!(found, FolderError::Unlisted { .. }), "{found}");
    assert!(found.help()[0].contains("rm -r ") && found.help()[0].contains("0004_a"), "{:?}", found.help());
    fs_err::remove_dir_all(project.file("0004_a")).expect("it is there");
    project.open().verify(Verify::All).expect("the advice was right");
}

#[test]
fn a_failure_leaves_nothing_behind() {
    let project = Project::with_history();
    let before = project.tree();
    drop(project.open().stage(&project.open().next_name(&slug("a")), b"", b"").expect("it is writable"));
    assert_eq!(project.tree(), before);
    // somebody else adds a migration after we have read the lock
    let mut late = project.open();
    project.open().add(&slug("first"), "SELECT 1;\n", &schema(3).into()).expect("the folder is writable");
    let before = project.tree();
    let refused = late.add(&slug("second"), "SELECT 2;\n", &schema(3).into()).expect_err("the lock has changed");
    assert!(matches!(refused, FolderError::ChangedMeanwhile { .. }), "{refused}");
    let refused = late.add(&slug("first"), "SELECT 2;\n", &schema(3).into()).expect_err("the directory is there");
    assert!(matches!(refused, FolderError::ChangedMeanwhile { .. }), "{refused}");
    assert_eq!(project.tree(), before);
}

#[test]
fn a_folder_that_cannot_be_written_is_no_inconsistency_and_stays_as_it_is() {
    let project = Project::new();
    // a file where the folder's parent should be stops even the superuser
    let file = project.directory.path().join("file");
    fs_err::write(&file, "").expect("the directory is writable");
    let mut folder = Folder::open(project.path()).expect("it does not exist");
    folder.path = file.join("migrations");
    let refused = folder.add(&slug("a"), "SELECT 1;", &schema(1).into()).expect_err("it cannot be made");
    assert!(matches!(refused, FolderError::NotWritable { .. }), "{refused}");
    assert!(!refused.is_inconsistency());
    let entries = std::fs::read_dir(project.directory.path()).expect("it is readable").count();
    assert_eq!(entries, 1);
}

#[test]
fn a_folder_in_place_of_which_there_is_a_file_is_said_to_be_unreadable() {
    let project = Project::new();
    fs_err::write(project.path(), "").expect("the directory is writable");
    let found = project.try_open().expect_err("it is a file");
    assert!(matches!(found, FolderError::NotReadable { .. }), "{found}");
}

#[test]
fn an_empty_folder_is_made_once() {
    let project = Project::new();
    assert!(project.open().create().expect("it is writable"));
    assert!(!project.open().create().expect("it is there"));
    assert!(project.open().exists());
    project.open().add(&slug("a"), "SELECT 1;\n", &schema(1).into()).expect("the folder is writable");
    assert_eq!(project.open().migrations().len(), 1);
}

#[test]
fn the_number_goes_on_from_the_highest_one() {
    let project = Project::with_history();
    assert_eq!(project.open().next_name(&slug("a")).as_str(), "0004_a");
    assert_eq!(Folder::open(Path::new("/does/not/exist")).expect("empty").next_name(&slug("a")).as_str(), "0001_a");
}

#[test]
fn a_migration_is_found_by_its_name_or_by_a_number_that_only_it_has() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let hash = Checksum::of_text(b"");
    let names = ["0001_a", "0002_b", "0002_of_a_branch"];
    let lock = names.iter().fold(Lock::default(), |lock, name| {
        lock.with(
            MigrationName::parse(name).expect("it is a name"),
            Sums { sql: hash, statements: hash, snapshot: hash, schema: hash },
        )
    });
    std::fs::write(directory.path().join(lock::FILE_NAME), lock.to_text()).expect("the directory is writable");
    let folder = Folder::open(directory.path()).expect("the lock is whole");
    let found = |name: &str| folder.find(name).map(|migration| migration.name.as_str());
    for name in ["0001_a", "0001", "1"] {
        assert_eq!(found(name), Some("0001_a"));
    }
    assert_eq!(found("0002_b"), Some("0002_b"));
    for name in ["2", "0002", "3", "a", "", "-1"] {
        assert_eq!(found(name), None, "{name}");
    }
}
