//! Edits that are none, and locks of the format that did not know it.

use std::fmt::Write as _;

use super::*;

#[test]
fn comments_and_layout_can_be_edited_without_a_word() {
    let project = Project::with_history();
    let lock = || fs_err::read_to_string(project.file("migrations.lock")).expect("it is there");
    let before = lock();
    for name in ["0001_create_users", "0002_create_posts", "0003_create_tags"] {
        project.edit(&format!("{name}/migration.sql"), |text| {
            format!("-- why this is\r\n{}/* the end */\n\n", text.replace(';', " -- so\n;"))
        });
    }
    let mut folder = project.open();
    folder.verify(Verify::All).expect("they do what they did");
    let last = folder.head().expect("there is one").clone();
    assert!(folder.sql(&last).expect("it is accepted").contains("-- why this is\n"), "as it is now");
    // nothing is to be recorded: the checksum is in the histories of databases
    let head = folder.head_snapshot().expect("it is whole");
    assert!(!folder.reseal_last(&head).expect("the folder is writable"));
    assert_eq!(lock(), before);
    project.edit("0002_create_posts/migration.sql", |text| text + "-- dbmigrate: allow(drop_table) posts\n");
    assert!(matches!(error(&project, Verify::Sql), FolderError::EditedSql { .. }), "a directive is no comment");
    project.edit("0002_create_posts/migration.sql", |text| text.replace("-- dbmigrate: allow(drop_table) posts", ""));
    project.edit("0002_create_posts/migration.sql", |text| text + "-- <<<<<<< HEAD\n<<<<<<< HEAD\n");
    assert!(matches!(error(&project, Verify::Sql), FolderError::Conflict { .. }));
}

#[test]
fn the_first_of_several_edits_is_said_whichever_thread_reads_it() {
    let project = Project::with_history();
    assert!(project.open().migrations().len() >= MANY, "two threads verify it");
    let edit = |name: &str| project.edit(&format!("{name}/migration.sql"), |text| text.replace("id", "uid"));
    for name in ["0003_create_tags", "0002_create_posts", "0001_create_users"] {
        edit(name);
        for level in [Verify::Sql, Verify::All] {
            assert_eq!(error(&project, level).path(), project.file(name).join(SQL_FILE));
        }
    }
}

#[test]
fn a_lock_of_format_1_is_read_and_the_next_write_brings_it_to_format_2() {
    let project = Project::with_history();
    let path = project.file(lock::FILE_NAME);
    let two = fs_err::read_to_string(&path).expect("it is there");
    let mut old =
        "# dbmigrate lock 1: name, sha256 of migration.sql, of snapshot.json, of the schema, of all lines so far\n"
            .to_owned();
    let mut chain = Checksum::ZERO;
    for migration in project.open().migrations() {
        let Migration { name, sql, snapshot, schema, .. } = migration;
        let covered = format!("{name} {sql} {snapshot} {schema}");
        chain = Checksum::chained(&chain, &covered);
        let _ = writeln!(old, "{covered} {chain}");
    }
    fs_err::write(&path, &old).expect("it is writable");
    let mut folder = project.open();
    folder.verify(Verify::All).expect("it is whole");
    let names: Vec<_> = folder.migrations().iter().map(|one| (one.name.clone(), one.sql, one.statements)).collect();
    assert_eq!(fs_err::read_to_string(&path).expect("it is there"), old, "reading writes nothing");
    folder.add(&slug("more"), "SELECT 1;\n", &schema(3).into()).expect("the folder is writable");
    let text = fs_err::read_to_string(&path).expect("it is there");
    assert!(text.starts_with(&two), "as if it had been written so: {text}");
    let again = project.open();
    again.verify(Verify::All).expect("it is whole");
    for ((name, sql, none), now) in names.iter().zip(again.migrations()) {
        assert_eq!((name, sql, none, now.statements.is_some()), (&now.name, &now.sql, &None, true));
    }
    // what is not as it was recorded is not taken for what it was
    fs_err::write(&path, &old).expect("it is writable");
    fs_err::remove_dir_all(project.file("0004_more")).expect("it is there");
    project.edit("0001_create_users/migration.sql", |text| text + "SELECT 1;\n");
    let error = project.open().add(&slug("more"), "SELECT 1;\n", &schema(3).into()).map(drop).expect_err("edited");
    assert!(matches!(error, FolderError::EditedSql { .. }), "{error}");
}
