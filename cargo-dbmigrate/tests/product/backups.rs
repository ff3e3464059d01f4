//! `backup`, `restore` and the backup that `migrate` makes: what was there is there again, and what is not whole is no
//! backup.

use crate::project::{Project, Run};

const BEFORE: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key, autoincrement)] id: i64, nick: Option<String>, legacy: Option<String> }\n";
const AFTER: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key, autoincrement)] id: i64, nick: Option<String> }\n";
const ROWS: &str = "INSERT INTO users VALUES (1, 'ada', 'x'), (2, NULL, 'é' || char(10)), (9, 3.5, x'00')";

/// A project with rows in `dev.db`.
fn project() -> Project {
    let project = Project::migrated(BEFORE);
    project.sql(ROWS);
    project
}

/// The names of files in a folder that end so.
fn names(project: &Project, folder: &str, end: &str) -> Vec<String> {
    let entries = fs_err::read_dir(project.path(folder)).into_iter().flatten();
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(end)).collect();
    names.sort();
    names
}

#[track_caller]
fn way_back(run: &Run) -> String {
    let found = run.suggested().into_iter().find(|line| line.starts_with("cargo dbmigrate restore "));
    found.unwrap_or_else(|| panic!("no way back: {}", run.err))
}

#[test]
fn a_backup_is_restored_as_it_was_and_what_it_replaces_is_kept() {
    for mode in ["DELETE", "WAL"] {
        let project = project();
        project.sql(&format!("PRAGMA journal_mode = {mode}"));
        let before = project.dump();
        let run = project.runs("backup b.db");
        assert!(run.err.contains("Backed up dev.db to b.db, verified (5 rows, "), "{}", run.err);
        assert_eq!(project.database("b.db").dump(), before);
        project.sql("DELETE FROM users WHERE id = 1; UPDATE users SET nick = 'new'");
        let changed = project.dump();
        let run = project.runs("restore b.db");
        assert!(run.err.contains("Kept dev.db.replaced-1"), "{}", run.err);
        assert_eq!(project.dump(), before);
        assert_eq!(project.query("PRAGMA journal_mode"), [mode.to_lowercase()]);
        assert_eq!(project.database("dev.db.replaced-1").dump(), changed);
        project.runs("restore b.db");
        assert_eq!(project.database("dev.db.replaced-2").dump(), before);
        project.runs("status");
        project.runs("restore b.db --url other.db");
        assert_eq!(project.database("other.db").dump(), before);
        let left: Vec<String> = names(&project, ".", "")
            .into_iter()
            .filter(|name| name.contains(".new") || name.contains(".part"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn what_is_not_what_its_manifest_says_is_no_backup() {
    let project = project();
    project.runs("backup b.db");
    let (manifest, bytes) = (project.read("b.db.manifest.json"), project.bytes("b.db"));
    let before = project.dump();
    let refused = |words: &str| {
        let run = project.refuses(1, "restore b.db");
        assert!(run.err.contains(words), "{}", run.err);
        assert!(run.err.contains("nothing was changed"), "{}", run.err);
        assert_eq!(project.dump(), before);
        assert!(names(&project, ".", ".replaced-1").is_empty());
    };
    fs_err::remove_file(project.path("b.db.manifest.json")).expect("it is there");
    refused("error: `b.db` has no manifest");
    project.write("b.db.manifest.json", "{}");
    refused("the manifest `");
    project.write("b.db.manifest.json", manifest.replace("\"rows\": 3", "\"rows\": 4"));
    refused("error: the backup `b.db` is not what its manifest says");
    project.write("b.db.manifest.json", &manifest);
    project.database("b.db").run("UPDATE users SET nick = 'eve' WHERE id = 1");
    refused("the rows of `users`");
    project.write("b.db", &bytes[..bytes.len() / 2]);
    refused("the backup `b.db` is damaged");
    project.write("b.db", "no database");
    refused("cannot read the backup `b.db`");
    project.write("b.db", &bytes);
    project.runs("restore b.db");
}

#[test]
fn a_database_that_another_program_has_open_is_not_replaced() {
    for (mode, statement) in [("WAL", "SELECT 1 FROM users"), ("DELETE", "BEGIN IMMEDIATE")] {
        let project = project();
        project.sql(&format!("PRAGMA journal_mode = {mode}"));
        project.runs("backup b.db");
        let before = project.dump();
        let other = pollster::block_on(libsql::Builder::new_local(project.path("dev.db")).build()).expect("a path");
        let other = other.connect().expect("a database");
        pollster::block_on(async {
            let mut rows = other.query(statement, ()).await.expect("a statement");
            while rows.next().await.expect("a row").is_some() {}
        });
        let run = project.ends(1, "restore b.db --timeout 1");
        assert!(run.err.contains("`dev.db` is in use: another program has it open"), "{}", run.err);
        drop(other);
        assert_eq!(project.dump(), before);
        assert!(names(&project, ".", ".replaced-1").is_empty());
        project.runs("restore b.db");
    }
}

#[test]
fn a_restore_that_fails_in_its_last_step_leaves_the_database_as_it_was() {
    let project = project();
    project.sql("PRAGMA journal_mode = WAL");
    project.runs("backup b.db");
    let before = project.dump();
    for number in 1..=10_000 {
        project.write(&format!("dev.db.replaced-{number}"), "");
    }
    let run = project.ends(1, "restore b.db");
    assert!(run.err.contains("too many replaced databases beside"), "{}", run.err);
    assert_eq!((project.dump(), project.query("PRAGMA journal_mode")), (before, vec!["wal".to_owned()]));
    assert!(names(&project, ".", ".new").is_empty());
}

#[test]
fn a_damaged_database_is_restored_and_kept_as_it_is() {
    let project = project();
    let before = project.dump();
    project.runs("backup b.db");
    for damage in [&b"no database at all"[..], b""] {
        project.write("dev.db", damage);
        project.runs("restore b.db");
        assert_eq!(project.dump(), before);
    }
    assert_eq!(project.read("dev.db.replaced-1"), "no database at all");
}

#[test]
fn a_replica_is_neither_backed_up_nor_restored() {
    let project = project();
    project.runs("backup b.db");
    project.write("dev.db-info", "{}");
    for line in ["backup c.db", "restore b.db"] {
        let run = project.refuses(1, line);
        assert!(run.err.contains("an embedded replica"), "{}", run.err);
    }
    assert!(!project.path("c.db").exists());
}

#[test]
fn a_file_that_is_there_is_never_replaced_by_a_backup() {
    let project = project();
    project.write("b.db", "precious");
    let run = project.refuses(2, "backup b.db");
    assert!(run.err.contains("`b.db` already exists"), "{}", run.err);
    assert_eq!(project.read("b.db"), "precious");
    project.refuses(1, "backup nowhere/b.db");
    let run = project.refuses(1, "backup c.db --url gone.db");
    assert!(run.err.contains("`gone.db` does not exist"), "{}", run.err);
    assert!(!project.path("gone.db").exists() && !project.path("c.db").exists());
    project.refuses(2, "restore gone.db");
}

#[test]
fn of_each_database_the_newest_backups_are_kept() {
    let project = project();
    project.runs("backup b.db");
    project.write("dbmigrate.toml", "keep_backups = 2\n");
    for round in 0..4 {
        project.sql(&format!("UPDATE users SET nick = {round}"));
        project.runs("backup");
    }
    // what is not of this database, and what is no backup, stays
    project.runs("restore b.db --url other.db");
    project.runs("backup --url other.db");
    project.write("backups/mine.db", "x");
    project.sql("UPDATE users SET nick = 'last'");
    project.runs("backup");
    let left = names(&project, "backups", ".db");
    let of_dev = left.iter().filter(|name| name.starts_with("dev-")).count();
    assert_eq!((of_dev, left.len()), (2, 4), "{left:?}");
    assert_eq!(names(&project, "backups", ".manifest.json").len(), 3);
    let of_dev = left.iter().filter(|name| name.starts_with("dev-"));
    let mut kept: Vec<String> = of_dev
        .flat_map(|name| project.database(&format!("backups/{name}")).query("SELECT DISTINCT nick FROM users"))
        .collect();
    kept.sort();
    assert_eq!(kept, ["3", "last"]);
}

#[test]
fn a_loss_on_a_protected_target_is_backed_up_first_and_the_printed_command_leads_back() {
    let project = Project::generated(BEFORE);
    project.write("dbmigrate.toml", "[targets.live]\nurl = \"live.db\"\nprotected = true\n");
    project.runs("migrate -t live --yes");
    assert!(names(&project, "backups", ".db").is_empty(), "there was nothing to lose");
    let live = project.database("live.db");
    live.run(ROWS);
    let before = live.dump();
    project.structs(AFTER);
    project.runs("generate --accept all");
    project.runs("generate --custom --name fail");
    let file = crate::project::sql_of("0003_fail");
    project.write(&file, format!("{}UPDATE users SET id = 1;\n", project.read(&file)));
    project.runs("generate --custom");
    let run = project.ends(1, "migrate -t live --yes");
    assert_eq!(names(&project, "backups", ".db").len(), 1, "{}", run.err);
    assert_eq!(names(&project, "backups", ".manifest.json").len(), 1);
    assert_eq!(project.read("backups/.gitignore"), "*\n");
    // the first of them was applied
    assert_ne!(live.dump(), before);
    let run = project.shell(&way_back(&run));
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(project.database("live.db").dump(), before);
    // no protected target, no backup; and none where it says so
    project.sql("");
    project.runs("migrate --to 1");
    project.runs("migrate -t live --yes --no-backup --to 2");
    assert_eq!(names(&project, "backups", ".db").len(), 1);
    project.runs("migrate --to 2 --backup=elsewhere");
    assert_eq!(names(&project, "elsewhere", ".db").len(), 1);
    project.runs("migrate --to 2 --backup");
    assert_eq!(names(&project, "backups", ".db").len(), 1, "nothing was pending");
}

#[test]
fn backups_lie_where_the_configuration_says_for_all_and_for_a_target() {
    let project = project();
    project.write(
        "dbmigrate.toml",
        "backups = \"safe/all\"\n[targets.production]\nurl = \"dev.db\"\nbackups = \"live\"\n",
    );
    // `dev.db` is `production` by its URL too
    project.runs("migrate --url other.db");
    project.runs("backup --url other.db");
    project.runs("backup -t production");
    project.structs(AFTER);
    project.runs("generate --accept drop_column:users.legacy");
    project.runs("migrate -t production --yes");
    assert_eq!((names(&project, "safe/all", ".db").len(), names(&project, "live", ".db").len()), (1, 2));
    assert!(!project.path("backups").exists() && project.path("live/.gitignore").exists());
    project.runs("generate --custom");
    project.runs("migrate -t production --yes --backup");
    assert_eq!(names(&project, "live", ".db").len(), 3);
    // a folder that is named is that folder
    project.runs("generate --custom --name again");
    project.runs("migrate -t production --yes --backup=backups");
    assert_eq!(names(&project, "backups", ".db").len(), 1);
    project.write("dbmigrate.toml", "backups = \" \"\n");
    let run = project.refuses(2, "backup");
    assert!(run.err.contains("`backups` is blank"), "{}", run.err);
}

#[test]
fn no_migration_is_applied_without_the_backup_that_was_asked_for() {
    let project = project();
    project.structs(AFTER);
    project.runs("generate --accept all");
    project.write("backups", "in the way");
    let before = project.dump();
    let run = project.refuses(1, "migrate --backup");
    assert!(run.err.contains("no migration was applied"), "{}", run.err);
    assert_eq!(project.dump(), before);
}

#[test]
fn rows_that_no_server_takes_are_named_before_anything_is_written_to_one() {
    let project = project();
    project
        .sql("CREATE TABLE holes (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO holes (a) VALUES (NULL), ('x'), (NULL)");
    project.sql("ALTER TABLE holes ALTER COLUMN a TO a TEXT NOT NULL");
    project.runs("backup holes.db");
    // nobody answers there
    let run = project.refuses(1, "restore holes.db --url http://127.0.0.1:9");
    assert!(run.err.contains("2 rows have NULL in `holes.a`"), "{}", run.err);
    let command = run.suggested().into_iter().find(|line| line.contains("restored.db")).expect("it is suggested");
    assert_eq!(project.shell(&command).code, 0);
    assert_eq!(project.database("restored.db").query("SELECT count(*) FROM holes WHERE typeof(a) = 'null'"), ["2"]);
}
