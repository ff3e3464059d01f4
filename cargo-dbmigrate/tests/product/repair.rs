//! `repair`: every state that the tool refuses with exit 5 names the command that repairs it, and the command does, as it
//! is printed.

use crate::project::{Project, Run, sql_of};

const USERS: &str = "\
#[derive(Table)]
#[table(name = \"users\")]
pub struct User {
    #[column(primary_key)]
    pub id: i64,
    pub nick: Option<String>,
}
";

/// Three migrations, the second one by hand with rows, and a database that has them with rows.
fn project() -> Project {
    let project = Project::generated(USERS);
    project.runs("generate --custom --name fill");
    let file = sql_of("0002_fill");
    project.write(&file, format!("{}INSERT INTO users (id, nick) VALUES (7, 'seven');\n", project.read(&file)));
    project.runs("generate --custom");
    project.structs(&USERS.replace("nick: Option<String>,", "nick: Option<String>,\n    pub city: Option<String>,"));
    project.runs("generate");
    project.runs("migrate");
    project.sql("INSERT INTO users (id, nick, city) VALUES (1, 'ada', 'x')");
    project.transcript();
    project
}

/// The suggested command that begins like this, run as it is printed.
#[track_caller]
fn follow(project: &Project, run: &Run, start: &str) -> Run {
    let suggested = run.suggested();
    let command = suggested.iter().find(|line| line.starts_with(&format!("cargo dbmigrate repair {start}")));
    let command = command.unwrap_or_else(|| panic!("no `repair {start}` in {}", run.err));
    let before = (project.tree(), project.bytes("dev.db"));
    let shown = project.shell(&format!("{command} --dry-run"));
    assert_eq!(shown.code, 0, "{command} --dry-run: {}", shown.err);
    assert!(before == (project.tree(), project.bytes("dev.db")), "a dry run changes nothing");
    assert!(shown.err.contains("Would repair"), "{}", shown.err);
    let done = project.shell(command);
    assert_eq!(done.code, 0, "{command}: {}", done.err);
    assert!(done.err.contains("Repaired"), "{}", done.err);
    done
}

/// Nothing is wrong, and the rows are what they were.
#[track_caller]
fn is_whole(project: &Project) {
    for line in ["check", "status", "migrate", "repair"] {
        project.runs(line);
    }
    assert_eq!(project.query("SELECT id, nick, city FROM users ORDER BY id"), ["1|ada|x", "7|seven|NULL"]);
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
    project.runs("migrate --url new.db");
}

fn notes(project: &Project) -> Vec<String> {
    project.query("SELECT position, name, kind FROM _dbmigrate_history WHERE position < 1 ORDER BY position DESC")
}

#[test]
fn an_edit_of_statements_is_accepted_with_the_word_in_the_lock_and_in_the_database() {
    let project = project();
    project.runs("migrate --url other.db");
    let old = project.query("SELECT checksum FROM _dbmigrate_history WHERE position = 2");
    project.replace(&sql_of("0002_fill"), "(7, 'seven')", "(7, 'SEVEN')");
    let run = project.refuses(5, "status");
    let without = project.refuses(3, "repair --edited 0002_fill");
    assert!(without.err.contains("has other statements than databases have run"), "{}", without.err);
    follow(&project, &run, "--edited");
    assert_eq!(notes(&project), ["0|edited 0002_fill|repair"]);
    assert_eq!(project.query("SELECT checksum FROM _dbmigrate_history WHERE position = 0"), old);
    is_whole(&project);
    // what the old statements have written stays, in a new database the new ones are run
    assert_eq!(project.database("new.db").query("SELECT nick FROM users"), ["SEVEN"]);
    // another database has the old text still
    let run = project.ends(5, "status --url other.db");
    assert!(run.err.contains("was edited after it was applied"), "{}", run.err);
    let suggested = run.suggested().into_iter().find(|line| line.contains("--edited")).expect("it is suggested");
    assert_eq!(project.shell(&suggested).code, 0);
    project.runs("status --url other.db");
    let run = project.runs("status -v");
    assert!(run.err.contains("edited 0002_fill"), "{}", run.err);
    let run = project.runs("status --message-format json");
    assert!(run.json().iter().any(|one| one["reason"] == "repair" && one["what"] == "edited 0002_fill"), "{}", run.out);
}

#[test]
fn an_edit_of_comments_is_nothing_to_accept() {
    let project = project();
    let file = sql_of("0002_fill");
    project.write(&file, format!("-- another comment\n{}", project.read(&file)));
    project.refuses(0, "status");
    let run = project.refuses(0, "repair --edited 0002_fill");
    assert!(run.err.contains("0002_fill is what was recorded, apart from its comments"), "{}", run.err);
    is_whole(&project);
}

#[test]
fn an_edit_that_changes_the_schema_is_not_accepted() {
    let project = project();
    project.replace(&sql_of("0001_create_users"), "nick TEXT", "nick TEXT DEFAULT 'x'");
    let run = project.refuses(4, "repair --edited 0001_create_users --accept edits");
    assert!(run.err.contains("changes the schema that it produces"), "{}", run.err);
    project.replace(&sql_of("0001_create_users"), "nick TEXT DEFAULT 'x'", "nick TEXT DEFAULT (");
    project.refuses(1, "repair --edited 0001_create_users --accept edits");
}

#[test]
fn a_renamed_directory_is_adopted_with_its_name() {
    let project = project();
    project.runs("migrate --url other.db");
    let rename = |from: &str, to: &str| {
        fs_err::rename(project.path(&format!("migrations/{from}")), project.path(&format!("migrations/{to}")))
            .expect("it is there");
    };
    rename("0002_fill", "0002_fill_users");
    let run = project.refuses(5, "status");
    assert!(run.err.contains("`migrations/0002_fill_users` is `0002_fill` under another name"), "{}", run.err);
    follow(&project, &run, "--renamed");
    assert_eq!(notes(&project), ["0|renamed 0002_fill to 0002_fill_users|repair"]);
    is_whole(&project);
    let run = project.ends(5, "status --url other.db");
    assert!(run.err.contains("`0002_fill` is called `0002_fill_users` in the folder"), "{}", run.err);
    let suggested = run.suggested().into_iter().find(|line| line.contains("--renamed")).expect("it is suggested");
    assert_eq!(project.shell(&suggested).code, 0);
    project.runs("status --url other.db");
    // a directory with other files is none that was renamed
    rename("0002_fill_users", "0002_other");
    project.replace(&sql_of("0002_other"), "seven", "eight");
    let run = project.refuses(5, "repair --renamed 0002_other");
    assert!(run.err.contains("has not the files of a migration that is missing"), "{}", run.err);
}

#[test]
fn a_lost_or_edited_snapshot_is_written_again_by_replay() {
    for (name, edit) in
        [("0001_create_users", false), ("0002_fill", true), ("0003_users_city", false), ("0003_users_city", true)]
    {
        let project = project();
        let file = format!("migrations/{name}/snapshot.json");
        let before = project.read(&file);
        match edit {
            true => project.write(&file, before.replace("nick", "nack")),
            false => fs_err::remove_file(project.path(&file)).expect("it is there"),
        }
        let run = project.refuses(5, "check");
        follow(&project, &run, "--snapshot");
        assert_eq!(project.read(&file), before, "{name}");
        is_whole(&project);
    }
}

#[test]
fn a_lost_lock_is_made_again_from_the_directories_and_the_history() {
    for edit in [false, true] {
        let project = project();
        let before = project.read("migrations/migrations.lock");
        let file = sql_of("0003_users_city");
        // comments are no part of what was recorded
        project.write(&file, format!("{}-- a note\n", project.read(&file)));
        if edit {
            let last = before.trim_end().rsplit(' ').next().expect("a hash").to_owned();
            project.replace("migrations/migrations.lock", &last, &"0".repeat(64));
        } else {
            project.write(&file, project.read(&file).replace("-- a note\n", ""));
            fs_err::remove_file(project.path("migrations/migrations.lock")).expect("it is there");
        }
        let run = project.refuses(5, "status");
        follow(&project, &run, "--lock");
        assert_eq!(project.read("migrations/migrations.lock"), before);
        is_whole(&project);
    }
}

#[test]
fn a_lock_whose_order_or_contents_are_not_known_is_not_made_up() {
    let project = project();
    let lock = project.read("migrations/migrations.lock");
    let lost = || fs_err::remove_file(project.path("migrations/migrations.lock")).expect("it is there");
    // another text than the database has run
    lost();
    project.replace(&sql_of("0002_fill"), "seven", "eight");
    let run = project.refuses(5, "repair --lock");
    assert!(run.err.contains("`0002_fill` was edited after it was applied"), "{}", run.err);
    project.replace(&sql_of("0002_fill"), "eight", "seven");
    // a migration that leads elsewhere
    project.replace(&sql_of("0001_create_users"), "nick TEXT", "nick TEXT DEFAULT 'x'");
    project.refuses(5, "repair --lock");
    project.replace(&sql_of("0001_create_users"), "nick TEXT DEFAULT 'x'", "nick TEXT");
    // one number twice
    fs_err::rename(project.path("migrations/0003_users_city"), project.path("migrations/0002_users_city"))
        .expect("it is there");
    let run = project.refuses(5, "repair --lock");
    assert!(run.err.contains("has the same number as"), "{}", run.err);
    fs_err::rename(project.path("migrations/0002_users_city"), project.path("migrations/0003_users_city"))
        .expect("it is there");
    // a lock that lists what is not there, or other statements
    project.write("migrations/migrations.lock", lock.replace("0003_users_city", "0004_gone"));
    let run = project.refuses(5, "repair --lock");
    assert!(run.err.contains("the lock lists `0004_gone`"), "{}", run.err);
    project.write("migrations/migrations.lock", &lock);
    is_whole(&project);
}

#[test]
fn a_migration_whose_change_was_made_by_hand_is_marked_as_applied() {
    let project = project();
    project.structs(&USERS.replace(
        "nick: Option<String>,",
        "nick: Option<String>,\n    pub city: Option<String>,\n    pub zip: Option<String>,",
    ));
    project.runs("generate");
    let run = project.refuses(3, "repair --applied 4");
    assert!(run.err.contains("`dev.db` does not have the schema of `0004_users_zip`"), "{}", run.err);
    project.sql("ALTER TABLE users ADD COLUMN zip TEXT");
    let run = project.refuses(5, "capture");
    follow(&project, &run, "--applied");
    assert_eq!(notes(&project), ["0|marked 0004_users_zip as applied|repair"]);
    assert_eq!(project.query("SELECT kind FROM _dbmigrate_history WHERE position = 4"), ["repair"]);
    let status = project.runs("status");
    assert!(status.out.contains("marked as applied"), "{}", status.out);
    is_whole(&project);
    project.refuses(0, "repair --applied 4");
    // with the word, whatever the schema is
    project.runs("repair --not-applied 4 --accept schema");
    project.sql("ALTER TABLE users DROP COLUMN zip");
    let asked = project.refuses(3, "repair --applied 4");
    assert_eq!(project.shell(&asked.suggested().pop().expect("it is suggested")).code, 0);
    project.ends(4, "status");
}

#[test]
fn a_migration_whose_change_was_undone_by_hand_is_marked_as_not_applied() {
    let project = project();
    let run = project.refuses(3, "repair --not-applied 0003_users_city");
    assert!(run.err.contains("does not have the schema of `0002_fill`"), "{}", run.err);
    project.sql("ALTER TABLE users DROP COLUMN city");
    project.ends(4, "status");
    project.runs("repair --not-applied 0003_users_city");
    assert_eq!(notes(&project), ["0|marked 0003_users_city as not applied|repair"]);
    project.ends(4, "status");
    project.runs("migrate");
    assert_eq!(project.query("SELECT id, city FROM users ORDER BY id"), ["1|NULL", "7|NULL"]);
    project.runs("status");
    // all of them, from the second one on, are named
    let run = project.ends(0, "repair --not-applied 2 --accept schema --dry-run");
    assert!(run.err.contains("0002_fill") && run.err.contains("0003_users_city"), "{}", run.err);
    project.refuses(2, "repair --not-applied 9");
}

#[test]
fn a_migration_that_only_the_database_has_is_taken_out_once_it_is_undone() {
    let project = project();
    let lock = project.read("migrations/migrations.lock");
    project.structs(&USERS.replace(
        "nick: Option<String>,",
        "nick: Option<String>,\n    pub city: Option<String>,\n    pub zip: Option<String>,",
    ));
    project.runs("generate");
    project.runs("migrate");
    // a branch that was thrown away
    fs_err::remove_dir_all(project.path("migrations/0004_users_zip")).expect("it is there");
    project.write("migrations/migrations.lock", lock);
    project.structs(&USERS.replace("nick: Option<String>,", "nick: Option<String>,\n    pub city: Option<String>,"));
    project.sql("ALTER TABLE users DROP COLUMN zip");
    let run = project.refuses(5, "status");
    assert!(run.err.contains("newer than the folder"), "{}", run.err);
    follow(&project, &run, "--not-applied");
    is_whole(&project);
}

#[test]
fn a_protected_target_is_repaired_with_consent_only() {
    let project = project();
    project.set("TURSO_DATABASE_URL", "dev.db");
    project.sql("ALTER TABLE users DROP COLUMN city");
    let run = project.refuses(3, "repair --not-applied 3 -t production");
    assert!(run.err.contains("consent is needed to remove `0003_users_city` from its history"), "{}", run.err);
    let suggested = run.suggested().pop().expect("a command is suggested");
    assert_eq!(project.shell(&suggested).code, 0);
    assert_eq!(notes(&project).len(), 1);
}

#[test]
fn repairs_are_no_migrations_of_a_database() {
    let project = project();
    project.sql("ALTER TABLE users DROP COLUMN city");
    project.runs("repair --not-applied 3");
    project.runs("repair --not-applied 1 --accept schema");
    // nothing but notes is left, and every command counts no migration
    assert_eq!(notes(&project).len(), 3);
    let run = project.ends(4, "status");
    assert!(run.err.contains("has tables but no migration history"), "{}", run.err);
    project.runs("baseline 2");
    project.runs("migrate");
    project.runs("status");
    project.runs("backup b.db");
    assert!(project.read("b.db.manifest.json").contains("\"last_migration\": \"0003_users_city\""));
    project.runs("plan --out plan.json");
    project.runs("reset --keep-data");
    project.runs("status");
}
