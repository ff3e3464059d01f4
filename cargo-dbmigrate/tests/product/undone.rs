//! `generate --undo` and `generate --amend`: a migration that no database has is taken back, or written anew.

use crate::project::{Project, Run, sql_of};

const BEFORE: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, nick: Option<String> }";

fn users(fields: &str) -> String {
    format!("#[derive(Table)]\n#[table(name = \"users\")]\nstruct User {{ #[column(primary_key)] id: i64, {fields} }}")
}

/// A first migration that `dev.db` has with two rows, and a second one that it has not.
fn project(fields: &str, flags: &str) -> Project {
    let project = Project::migrated(BEFORE);
    project.sql("INSERT INTO users VALUES (1, 'ada'), (2, NULL)");
    project.structs(&users(fields));
    project.runs(&format!("generate {flags}"));
    project.transcript();
    project
}

fn names(project: &Project) -> Vec<String> {
    let mut names: Vec<String> = fs_err::read_dir(project.path("migrations"))
        .expect("it is there")
        .map(|entry| entry.expect("it is readable").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn the_last_migration_is_taken_back_with_its_line_in_the_lock_and_the_structs_stay() {
    let project = Project::migrated(BEFORE);
    let (lock, structs) = (project.read("migrations/migrations.lock"), users("nick: Option<String>, age: Option<i64>"));
    project.structs(&structs);
    project.runs("generate");
    assert!(project.path("migrations/0002_users_age").is_dir());
    let shown = project.refuses(0, "generate --undo --dry-run");
    assert_eq!(shown.out, "remove migrations/0002_users_age\n");
    let run = project.runs("generate --undo");
    assert!(run.err.contains("Removed migrations/0002_users_age (1 migration left)"), "{}", run.err);
    assert_eq!(project.read("migrations/migrations.lock"), lock);
    assert!(project.read("src/lib.rs").contains(&structs));
    assert_eq!(names(&project), ["0001_create_users", "migrations.lock"]);
    project.refuses(0, "status");
    // and again
    project.runs("generate");
    project.runs("migrate");
    assert_eq!(project.query("SELECT name FROM _dbmigrate_history"), ["0001_create_users", "0002_users_age"]);
}

#[test]
fn a_migration_that_a_database_has_is_not_taken_back() {
    let project = project("nick: Option<String>, age: Option<i64>", "");
    project.runs("migrate --url other.db");
    for named in ["--url other.db", ""] {
        if named.is_empty() {
            project.write("dbmigrate.toml", "url = \"other.db\"\n");
        }
        for flag in ["--undo", "--undo --dry-run"] {
            let run = project.refuses(5, &format!("generate {flag} {named}"));
            let message = "error: `0002_users_age` is applied to `other.db` and cannot be changed";
            assert!(run.err.contains(message), "{}", run.err);
            assert!(run.err.contains("`cargo dbmigrate generate`"), "{}", run.err);
        }
    }
    // the default one counts as well where another one is named
    project.write("dbmigrate.toml", "url = \"nobody.db\"\n");
    project.runs("migrate --url dev.db");
    project.refuses(5, "generate --undo");
    project.write(".env", "TURSO_DATABASE_URL=third.db\n");
    project.refuses(5, "generate --undo");
    project.structs(&users("nick: Option<String>, age: Option<i64>, city: Option<String>"));
    project.refuses(5, "generate --amend");
}

#[test]
fn a_server_that_cannot_be_reached_is_no_reason_to_take_a_migration_back() {
    let project = project("nick: Option<String>, age: Option<i64>", "");
    project.set("TURSO_DATABASE_URL", "http://127.0.0.1:1");
    let run = project.refuses(1, "generate --undo");
    assert!(run.err.contains("it may have `0002_users_age`"), "{}", run.err);
    let suggested = run.suggested().pop().expect("a command is suggested");
    assert_eq!(suggested, "cargo dbmigrate generate --undo --offline");
    assert_eq!(project.shell(&suggested).code, 0);
    assert_eq!(names(&project), ["0001_create_users", "migrations.lock"]);
}

#[test]
fn sql_that_somebody_has_written_is_taken_back_with_a_word_only() {
    let project = Project::migrated(BEFORE);
    // a draft that nobody has written in
    project.runs("generate --custom");
    project.runs("generate --undo");
    project.runs("generate --custom");
    let file = sql_of("0002_custom");
    let draft = project.read(&file);
    for is_recorded in [false, true] {
        project.write(&file, format!("{draft}UPDATE users SET nick = upper(nick);\n"));
        if is_recorded {
            project.runs("generate --custom");
        }
        let run = project.refuses(3, "generate --undo");
        assert!(run.err.contains("is not in git: it would be lost"), "{}", run.err);
        let suggested = run.suggested().swap_remove(0);
        assert_eq!(suggested, "cargo dbmigrate generate --undo --accept edits");
        if is_recorded {
            assert_eq!(project.shell(&suggested).code, 0);
        }
    }
    assert_eq!(names(&project), ["0001_create_users", "migrations.lock"]);
    project.runs("check");
}

#[test]
fn a_last_migration_whose_files_are_gone_can_be_taken_back_and_written_again() {
    for part in ["", "/migration.sql", "/snapshot.json"] {
        let project = project("nick: Option<String>, age: Option<i64>", "");
        let path = project.path(&format!("migrations/0002_users_age{part}"));
        if part.is_empty() {
            fs_err::remove_dir_all(path).expect("it is there");
        } else {
            fs_err::remove_file(path).expect("it is there");
        }
        let run = project.run("check");
        assert_eq!(run.code, 5, "{}", run.err);
        assert!(run.err.contains("`cargo dbmigrate generate --undo`"), "{}", run.err);
        project.runs(if part == "/snapshot.json" { "generate --undo --accept edits" } else { "generate --undo" });
        project.runs("generate");
        project.runs("check");
    }
}

#[test]
fn there_is_nothing_to_take_back_from_an_empty_folder() {
    let project = Project::new(BEFORE);
    project.refuses(2, "generate --undo");
    project.refuses(2, "generate --amend");
    project.refuses(2, "generate --url dev.db");
    project.refuses(2, "generate --undo --amend");
}

#[test]
fn what_has_changed_since_is_folded_into_the_last_migration() {
    let project = project("nick: Option<String>, age: Option<i64>", "");
    project.structs(&users("nick: Option<String>, age: Option<i64>, city: Option<String>"));
    let before = project.tree();
    let shown = project.runs("generate --amend --dry-run");
    assert!(shown.out.contains("-- 0002_users_age_and_city") && before == project.tree(), "{}", shown.out);
    let run = project.runs("generate --amend");
    assert!(run.err.contains("Replaced 0002_users_age with 0002_users_age_and_city"), "{}", run.err);
    assert_eq!(names(&project), ["0001_create_users", "0002_users_age_and_city", "migrations.lock"]);
    project.runs("check");
    project.runs("migrate");
    assert_eq!(project.query("SELECT id, nick, age, city FROM users"), ["1|ada|NULL|NULL", "2|NULL|NULL|NULL"]);
    project.refuses(0, "generate --check");
}

#[test]
fn the_answers_of_the_last_migration_are_not_asked_for_again() {
    let flags = "--rename users.nick=handle --backfill users.age=length(nick||'()')+1 --backfill users.handle='nobody'";
    let project = project("handle: String, age: i64", &flags.replace("nick||", "handle||"));
    let first = project.read(&sql_of("0002_update_users"));
    project.structs(&users("handle: String, age: i64, city: Option<String>"));
    project.runs("generate --amend");
    let amended = project.read(&sql_of("0002_update_users"));
    assert!(first != amended && amended.contains("city"), "{amended}");
    project.runs("check");
    // 'nobody' has no rows that `length` is NULL for
    project.sql("DELETE FROM users WHERE nick IS NULL");
    project.runs("migrate");
    assert_eq!(project.query("SELECT id, handle, age, city FROM users"), ["1|ada|6|NULL"]);
    assert!(project.query("PRAGMA foreign_key_check").is_empty());
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
}

#[test]
fn a_loss_that_was_accepted_stays_accepted_and_a_new_one_is_asked_about() {
    let project = project("age: Option<i64>", "--accept drop_column:users.nick");
    let file = sql_of("0002_users_age_and_drop_nick");
    assert!(project.read(&file).contains("allow(drop_column) users.nick"));
    project.structs(&users("age: Option<i64>, city: Option<String>"));
    project.runs("generate --amend");
    assert!(project.read(&sql_of("0002_update_users")).contains("allow(drop_column) users.nick"));
    // what was new in it can go without a question: no row has it
    project.structs(&users("city: String"));
    let run = project.refuses(3, "generate --amend");
    assert!(run.err.contains("cargo dbmigrate generate --amend --backfill"), "{}", run.err);
    project.runs("generate --amend --backfill users.city='x'");
    project.runs("migrate");
    assert_eq!(project.query("SELECT * FROM users"), ["1|x", "2|x"]);
}

#[test]
fn a_name_that_was_given_stays_and_another_can_be_given() {
    let project = project("nick: Option<String>, age: Option<i64>", "--name add_age");
    project.structs(&users("nick: Option<String>, age: Option<i64>, city: Option<String>"));
    project.runs("generate --amend");
    assert_eq!(names(&project), ["0001_create_users", "0002_add_age", "migrations.lock"]);
    assert!(project.read(&sql_of("0002_add_age")).contains("city"));
    project.runs("generate --amend --name more");
    assert_eq!(names(&project), ["0001_create_users", "0002_more", "migrations.lock"]);
    project.refuses(0, "generate --amend");
    project.runs("check");
}

#[test]
fn sql_that_somebody_has_written_is_not_written_over() {
    let project = Project::migrated(BEFORE);
    project.structs(&users("nick: Option<String>, age: Option<i64>"));
    project.runs("generate --custom");
    let file = sql_of("0002_users_age");
    let draft = project.read(&file);
    project.write(&file, format!("{draft}UPDATE users SET age = 1;\n"));
    project.structs(&users("nick: Option<String>, age: Option<i64>, city: Option<String>"));
    project.refuses(5, "generate --amend");
    project.structs(&users("nick: Option<String>, age: Option<i64>"));
    project.runs("generate --custom");
    project.structs(&users("nick: Option<String>, age: Option<i64>, city: Option<String>"));
    let run = project.refuses(5, "generate --amend");
    assert!(run.err.contains("was written by hand and cannot be regenerated"), "{}", run.err);
    // a comment is somebody's as well
    project.write(&file, format!("{draft}-- because of the law\n"));
    project.structs(&users("nick: Option<String>, age: Option<i64>"));
    project.runs("generate --custom");
    project.structs(&users("nick: Option<String>, age: Option<i64>, city: Option<String>"));
    project.refuses(5, "generate --amend");
}

#[test]
fn a_migration_of_which_nothing_is_left_is_one_to_take_back() {
    let project = project("nick: Option<String>, age: Option<i64>", "");
    project.structs(BEFORE);
    let run = project.refuses(3, "generate --amend");
    let suggested = run.suggested().pop().expect("a command is suggested");
    assert_eq!(suggested, "cargo dbmigrate generate --undo");
    assert_eq!(project.shell(&suggested).code, 0);
    project.runs("check");
}

#[test]
fn a_conversion_is_read_back_and_kept() {
    let project = Project::migrated(BEFORE);
    project.sql("INSERT INTO users VALUES (1, '7'), (2, NULL)");
    project.structs(&users("nick: Option<i64>"));
    let words =
        ["generate", "--convert", "users.nick=CAST(nick || '1' AS INTEGER)", "--accept", "lossy_conversion:users.nick"];
    let run = Run::of(&mut project.command(&words));
    assert_eq!(run.code, 0, "{}", run.err);
    project.structs(&users("nick: Option<i64>, age: Option<i64>"));
    project.runs("generate --amend");
    project.runs("check");
    project.runs("migrate");
    assert_eq!(project.query("SELECT * FROM users"), ["1|71|NULL", "2|NULL|NULL"]);
}

#[test]
fn a_generated_migration_with_documentation_is_no_hand_written_one() {
    let project = Project::migrated(
        "/// A person.\n#[derive(Table)]\npub struct User {\n    /// Its number.\n    #[column(primary_key)]\n    pub id: i64,\n    pub name: Option<String>,\n}",
    );
    let before = project.tree();
    // a rebuild, which writes the comments anew
    project.replace("src/lib.rs", "Option<String>", "String");
    project.runs("generate");
    project.runs("generate --undo");
    project.replace("src/lib.rs", "name: String", "name: Option<String>");
    assert_eq!(project.tree(), before);
}

#[test]
fn a_migration_to_a_type_that_reads_less_is_known_as_generated() {
    let mut unasked = 0;
    for (ty, from) in [
        ("u8", "i64"),
        ("u8", "String"),
        ("i32", "Option<f64>"),
        ("f32", "i64"),
        ("char", "Vec<u8>"),
        ("dbmigrate::Json<Vec<i64>>", "i64"),
        ("State", "i64"),
        ("Level", "String"),
    ] {
        let kinds = "#[derive(dbmigrate::ColumnType)] enum State { A, Bb }\n\
                     #[derive(dbmigrate::ColumnType)] #[column_type(integer)] enum Level { Low = -1, High = 7 }\n";
        let project = Project::migrated(&format!("{kinds}{}", users(&format!("v: {from}"))));
        project.structs(&format!("{kinds}{}", users(&format!("v: Option<{ty}>, more: Option<i64>"))));
        project.runs("generate --accept lossy_conversion:users.v");
        project.runs("generate --undo");
        // without an acceptance, what is read stands in the preflight
        if project.run("generate").code == 0 {
            unasked += 1;
            project.structs(&format!("{kinds}{}", users(&format!("v: Option<{ty}>, other: Option<i64>"))));
            project.runs("generate --amend");
            project.runs("generate --undo");
        }
        assert_eq!(names(&project).len(), 2, "{from} to {ty}: {}", project.transcript());
    }
    assert!(unasked >= 3, "only {unasked} are generated without an answer");
}

#[test]
fn without_its_lock_nothing_is_taken_back() {
    let project = project("nick: Option<String>, age: Option<i64>", "");
    fs_err::remove_file(project.path("migrations/migrations.lock")).expect("it is there");
    for command in ["generate --undo", "generate --amend"] {
        let run = project.refuses(5, command);
        assert!(run.err.contains("`migrations/migrations.lock` is missing"), "{}", run.err);
    }
}
