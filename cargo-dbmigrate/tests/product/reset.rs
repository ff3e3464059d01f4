//! `reset`: a database of development that has a migration of another branch, and every other state that `status` lists.

use crate::project::{Project, Run, sql_of};

const BEFORE: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, nick: Option<String> }\n";
const POST: &str = "#[derive(Table)]\n#[table(name = \"posts\")]\nstruct Post { #[column(primary_key)] id: i64, #[column(references = User::id)] user: i64 }\n";
const OURS: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, nick: Option<String>, age: Option<i64> }\n";

const ROWS: &str = "PRAGMA foreign_keys = ON; INSERT INTO users (id, nick) VALUES (1, 'ada'), (2, NULL); \
     INSERT INTO posts VALUES (10, 1), (11, 2)";

/// `dev.db` has `0002_city` of another branch, with rows; this one has `0002_users_age`.
fn diverged(theirs: &str) -> Project {
    let project = Project::migrated(&format!("{BEFORE}{POST}"));
    let lock = project.read("migrations/migrations.lock");
    project.structs(theirs);
    project.runs("generate --name city --accept all");
    project.runs("migrate");
    project.sql(ROWS);
    fs_err::remove_dir_all(project.path("migrations/0002_city")).expect("it is there");
    project.write("migrations/migrations.lock", lock);
    project.structs(&format!("{OURS}{POST}"));
    project.runs("generate");
    assert!(project.path(&sql_of("0002_users_age")).is_file());
    project.transcript();
    project
}

fn with_city() -> String {
    format!("{BEFORE}{POST}").replace("nick: Option<String>", "nick: Option<String>, city: Option<String>")
}

#[track_caller]
fn is_whole(project: &Project) {
    assert!(project.query("PRAGMA foreign_key_check").is_empty());
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
    project.refuses(0, "status");
    project.refuses(0, "migrate");
    project.refuses(0, "diff");
}

#[track_caller]
fn suggests(run: &Run, command: &str) {
    assert!(run.suggested().iter().any(|suggested| suggested == command), "{}", run.err);
}

#[test]
fn a_database_of_another_branch_is_listed_with_both_pasts_and_two_ways_out() {
    let project = diverged(&with_city());
    for command in ["status", "migrate"] {
        let run = project.refuses(5, command);
        suggests(&run, "cargo dbmigrate reset --keep-data");
        suggests(&run, "cargo dbmigrate reset");
        if command == "status" {
            let lines: Vec<&str> = run.out.lines().collect();
            assert!(lines[0].starts_with("0001_initial") && lines[0].contains("applied"), "{}", run.out);
            assert!(lines[1].starts_with("0002_city") && lines[1].ends_with("(not in the folder)"), "{}", run.out);
            assert!(lines[2].starts_with("0002_users_age") && lines[2].ends_with("pending"), "{}", run.out);
        }
    }
}

#[test]
fn a_database_with_rows_is_made_anew_only_with_a_word() {
    let project = diverged(&with_city());
    let run = project.refuses(3, "reset");
    let message = "error: `dev.db` has rows that would be lost: posts: 2 rows, users: 2 rows";
    assert!(run.err.contains(message), "{}", run.err);
    suggests(&run, "cargo dbmigrate reset --keep-data");
    suggests(&run, "cargo dbmigrate reset --accept rows");
    assert_eq!(project.shell("cargo dbmigrate reset --accept rows").code, 0);
    assert_eq!(project.query("SELECT name FROM _dbmigrate_history"), ["0001_initial", "0002_users_age"]);
    assert_eq!(project.query("SELECT count(*) FROM users"), ["0"]);
    is_whole(&project);
    // nothing to lose, nothing to ask
    project.runs("reset");
    is_whole(&project);
    let left: Vec<String> = fs_err::read_dir(project.root())
        .expect("it is readable")
        .map(|entry| entry.expect("it is readable").file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains(".db"))
        .collect();
    assert_eq!(left, ["dev.db"]);
}

#[test]
fn rows_that_are_ignored_count_as_well() {
    let project = Project::migrated(&format!("{BEFORE}{POST}"));
    project.sql("CREATE TABLE legacy_notes (a); INSERT INTO legacy_notes VALUES (1)");
    project.write("dbmigrate.toml", "ignore = [\"legacy_*\"]\n");
    let run = project.refuses(3, "reset");
    assert!(run.err.contains("legacy_notes: 1 row"), "{}", run.err);
}

#[test]
fn the_log_of_a_database_goes_with_it_and_its_mode_stays() {
    let project = diverged(&with_city());
    project.sql("PRAGMA journal_mode = WAL; UPDATE users SET nick = 'x'");
    // what a program that died has left: a log with changes in it
    let copies: Vec<(String, Vec<u8>)> = {
        let open = project.database("dev.db");
        open.run("UPDATE users SET nick = 'y'");
        let file = |name: &str| (name.to_owned(), project.bytes(name));
        vec![file("dev.db"), file("dev.db-wal")]
    };
    for (name, bytes) in copies {
        project.write(&name, bytes);
    }
    project.ends(0, "reset --accept rows");
    assert_eq!(project.query("PRAGMA journal_mode"), ["wal"]);
    assert_eq!(project.query("SELECT count(*) FROM users"), ["0"]);
    is_whole(&project);
}

#[test]
fn a_database_that_another_program_uses_is_left_alone() {
    for (mode, hold) in [("WAL", "SELECT 1 FROM users"), ("DELETE", "BEGIN IMMEDIATE"), ("DELETE", "BEGIN")] {
        let project = diverged(&with_city());
        project.sql(&format!("PRAGMA journal_mode = {mode}"));
        let other = project.database("dev.db");
        other.run(hold);
        other.query("SELECT * FROM users");
        let before = other.query("SELECT id, nick, city FROM users");
        let run = project.ends(1, "reset --accept rows --timeout 1");
        assert!(run.err.contains("is in use") || run.err.contains("is locked"), "{mode} {hold}: {}", run.err);
        assert_eq!(other.query("SELECT id, nick, city FROM users"), before);
        drop(other);
        assert_eq!(project.query("SELECT name FROM _dbmigrate_history"), ["0001_initial", "0002_city"]);
        assert_eq!(project.query("PRAGMA journal_mode"), [mode.to_lowercase()]);
    }
}

#[test]
fn a_migration_that_fails_leaves_the_old_database() {
    let project = diverged(&with_city());
    project.runs("generate --custom --name fails");
    project.write(&sql_of("0003_fails"), "INSERT INTO users (id) VALUES (1);\n");
    project.runs("generate --custom");
    project.write(&sql_of("0003_fails"), "INSERT INTO users (id) VALUES (1);\nINSERT INTO users (id) VALUES (1);\n");
    let lock = project.read("migrations/migrations.lock");
    // recorded as if somebody had changed it after a merge
    let run = project.refuses(5, "reset --accept rows");
    assert!(run.err.contains("0003_fails"), "{}", run.err);
    assert_eq!(project.read("migrations/migrations.lock"), lock);
    assert_eq!(project.query("SELECT count(*) FROM users"), ["2"]);
}

#[test]
fn a_server_and_a_replica_are_never_reset() {
    let project = diverged(&with_city());
    let run = project.refuses(2, "reset --accept rows --url http://127.0.0.1:1");
    assert!(run.err.contains("is on a server, and `reset` only works on local files"), "{}", run.err);
    project.write("dev.db-info", "{}");
    let run = project.refuses(1, "reset --accept rows");
    assert!(run.err.contains("embedded replica"), "{}", run.err);
    project.refuses(1, "reset --keep-data");
}

#[cfg(unix)]
#[test]
fn of_a_link_the_file_at_its_end_is_made_anew() {
    let project = diverged(&with_city());
    fs_err::create_dir(project.path("data")).expect("it is writable");
    fs_err::rename(project.path("dev.db"), project.path("data/real.db")).expect("it is writable");
    std::os::unix::fs::symlink("data/real.db", project.path("dev.db")).expect("links can be made");
    project.runs("reset --accept rows");
    assert!(fs_err::symlink_metadata(project.path("dev.db")).expect("it is there").is_symlink());
    assert_eq!(project.database("data/real.db").query("SELECT count(*) FROM _dbmigrate_history"), ["2"]);
    is_whole(&project);
}

#[test]
fn a_database_that_is_not_there_is_made() {
    let project = Project::generated(BEFORE);
    project.runs("reset");
    is_whole(&project);
    project.refuses(2, "reset --rename users=people");
    let empty = Project::new(BEFORE);
    empty.refuses(5, "reset");
}

#[test]
fn rows_are_kept_where_the_database_can_be_taken_to_the_migrations_of_the_folder() {
    let project = diverged(&with_city());
    project.sql("UPDATE users SET city = 'Paris' WHERE id = 1");
    // the column of the other branch has a value
    let run = project.refuses(3, "reset --keep-data");
    assert!(run.err.contains("users.city") && run.err.contains("1 value"), "{}", run.err);
    let suggested = run.suggested();
    let accept = suggested.iter().find(|command| command.contains("--accept")).expect("it can be accepted");
    assert_eq!(accept, "cargo dbmigrate reset --keep-data --accept drop_column:users.city");
    let applied_at = project.query("SELECT applied_at FROM _dbmigrate_history WHERE position = 1");
    assert_eq!(project.shell(accept).code, 0);
    assert_eq!(project.query("SELECT id, nick, age FROM users"), ["1|ada|NULL", "2|NULL|NULL"]);
    assert_eq!(project.query("SELECT * FROM posts"), ["10|1", "11|2"]);
    assert_eq!(
        project.query("SELECT position, name, kind FROM _dbmigrate_history"),
        ["1|0001_initial|migration", "2|0002_users_age|baseline"]
    );
    assert_eq!(project.query("SELECT applied_at FROM _dbmigrate_history WHERE position = 1"), applied_at);
    is_whole(&project);
    project.refuses(0, "reset --keep-data");
}

#[test]
fn a_table_of_the_other_branch_goes_with_a_word_or_when_it_is_empty() {
    let tags = "#[derive(Table)]\n#[table(name = \"tags\")]\nstruct Tag { #[column(primary_key)] id: i64, #[column(references = Post::id)] post: i64 }\n#[derive(View)]\n#[view(name = \"names\", sql = \"SELECT nick FROM users\")]\nstruct Names { nick: Option<String> }\n";
    for has_rows in [true, false] {
        let project = diverged(&format!("{BEFORE}{POST}{tags}"));
        if has_rows {
            project.sql("INSERT INTO tags VALUES (1, 10)");
            let run = project.refuses(3, "reset --keep-data");
            assert!(run.err.contains("1 row"), "{}", run.err);
            project.runs("reset --keep-data --accept drop_table:tags");
        } else {
            project.runs("reset --keep-data");
        }
        assert_eq!(project.query("SELECT * FROM posts"), ["10|1", "11|2"]);
        assert!(project.query("SELECT name FROM sqlite_schema WHERE name IN ('tags', 'names')").is_empty());
        is_whole(&project);
    }
}

#[test]
fn an_edited_a_missing_and_a_newer_migration_are_ways_that_end_in_the_same_place() {
    // edited and recorded again after it was applied
    let project = Project::migrated(&format!("{BEFORE}{POST}"));
    project.sql(ROWS);
    project.replace(&sql_of("0001_initial"), "CREATE TABLE", "create table");
    project.runs("generate --custom");
    let run = project.refuses(5, "status");
    assert!(run.out.contains("(in another version)"), "{}", run.out);
    project.runs("reset --keep-data");
    assert_eq!(project.query("SELECT nick FROM users"), ["ada", "NULL"]);
    is_whole(&project);
    // newer than the folder
    project.structs(&format!("{OURS}{POST}"));
    let lock = project.read("migrations/migrations.lock");
    project.runs("generate");
    project.runs("migrate");
    fs_err::remove_dir_all(project.path("migrations/0002_users_age")).expect("it is there");
    project.write("migrations/migrations.lock", lock);
    let run = project.refuses(5, "status");
    assert!(run.out.contains("0002_users_age") && run.out.contains("not in the folder"), "{}", run.out);
    project.structs(&format!("{BEFORE}{POST}"));
    project.runs("reset --keep-data");
    assert_eq!(project.query("SELECT * FROM users"), ["1|ada", "2|NULL"]);
    is_whole(&project);
}

#[test]
fn rows_are_kept_only_where_structs_and_migrations_agree_and_something_is_wrong() {
    let project = Project::migrated(&format!("{BEFORE}{POST}"));
    project.structs(&format!("{OURS}{POST}"));
    project.refuses(4, "reset --keep-data");
    project.runs("generate");
    let run = project.refuses(4, "reset --keep-data");
    suggests(&run, "cargo dbmigrate migrate");
    // pushed first, and then made a migration
    project.runs("push --accept history");
    project.sql(ROWS);
    project.refuses(5, "migrate");
    project.runs("reset --keep-data");
    assert_eq!(project.query("SELECT nick FROM users"), ["ada", "NULL"]);
    is_whole(&project);
}

#[test]
fn status_lists_what_it_can_whatever_is_wrong_with_the_folder() {
    let project = diverged(&with_city());
    let lock = project.read("migrations/migrations.lock");
    project.write("migrations/migrations.lock", "nonsense\n");
    let run = project.refuses(5, "status");
    assert!(run.out.contains("0001_initial  applied") && run.out.contains("0002_city     applied"), "{}", run.out);
    project.write("migrations/migrations.lock", lock);
    fs_err::remove_file(project.path(&sql_of("0001_initial"))).expect("it is there");
    let run = project.refuses(5, "status");
    assert!(run.out.contains("(its file is missing)") && run.out.contains("not in the folder"), "{}", run.out);
    fs_err::remove_file(project.path("dev.db")).expect("it is there");
    let run = project.refuses(5, "status");
    assert!(run.out.contains("0002_users_age  pending"), "{}", run.out);
}

#[test]
fn a_database_is_made_anew_with_the_rows_of_a_file() {
    let project = Project::migrated(&format!("{BEFORE}{POST}"));
    project.sql(ROWS);
    let seed = "\u{feff}-- posts before their users\r\nINSERT INTO posts VALUES (1, 7);\r\n\
                INSERT INTO users VALUES (7, 'a;b\r\nc');\r\n";
    project.write("seed.sql", seed);
    project.refuses(3, "reset --seed seed.sql");
    project.runs("reset --seed seed.sql --accept rows");
    assert_eq!(project.query("SELECT hex(nick) FROM users"), ["613B620D0A63"]);
    is_whole(&project);
    // what a dump of rows has around it
    project.write(
        "own.sql",
        "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nINSERT INTO users VALUES (8, 'x');\nCOMMIT;\n",
    );
    project.runs("reset --seed own.sql --accept rows");
    assert_eq!(project.query("SELECT id FROM users"), ["8"]);
    for (text, said) in [
        ("INSERT INTO users VALUES (1, 'a');\nINSERT INTO nothing VALUES (1);", "wrong.sql:2"),
        ("INSERT INTO posts VALUES (1, 7);", "references to missing rows"),
        ("CREATE TABLE more (id INTEGER);", "changes the schema"),
        ("BEGIN; INSERT INTO users VALUES (1, 'a');", "leaves a transaction open"),
    ] {
        project.write("wrong.sql", text);
        let run = project.refuses(1, "reset --seed wrong.sql --accept rows");
        assert!(run.err.contains(said), "{text}: {}", run.err);
    }
    project.refuses(1, "reset --seed nothing.sql --accept rows");
    project.refuses(2, "reset --seed own.sql --keep-data");
}

#[test]
fn a_database_is_made_anew_with_the_rows_of_a_set() {
    let project = crate::seeds::seeded();
    project.sql("INSERT INTO users (email, role) VALUES ('old@example.com', 'member')");
    project.refuses(3, "reset --seed full");
    let run = project.runs("reset --seed full --accept rows");
    assert!(run.err.contains("Seeded 4 rows of the set `full`"), "{}", run.err);
    assert_eq!(project.query("SELECT email FROM users"), ["admin@example.com", "bob@example.com"]);
    crate::seeds::is_done(&project, "seed");
    is_whole(&project);
    project.replace("seeds/full/users.toml", "\"member\"", "\"membr\"");
    let run = project.refuses(1, "reset --seed full --accept rows");
    assert!(run.err.contains("did you mean `member`?"), "{}", run.err);
    let run = project.refuses(2, "reset --seed fulll --accept rows");
    assert!(run.err.contains("no set named `fulll`"), "{}", run.err);
}
