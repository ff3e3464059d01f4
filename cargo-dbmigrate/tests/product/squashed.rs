//! `squash` and `log`: several migrations become one, which databases that have all of them have.

use std::process::Command;

use crate::project::{Project, Run, sql_of};

const USER: &str = "#[derive(Table)]\n#[table(name = \"users\")]\npub struct User {\n    #[column(primary_key)]\n    \
                    pub id: i64,\n    pub name: String,\n}\n";

/// The members of `User` beside `id` and `name`.
fn users(more: &str) -> String {
    USER.replace("    pub name: String,\n", &format!("    pub name: String,\n{more}"))
}

/// Four migrations: a table, a column, rows changed by hand, and a rename.
fn project() -> Project {
    let project = Project::generated(USER);
    project.structs(&users("    pub age: Option<i64>,\n"));
    project.runs("generate --name users_add_age");
    project.runs("generate --custom --name names");
    let file = sql_of("0003_names");
    let draft = project.read(&file);
    project.write(&file, format!("{draft}UPDATE users SET name = upper(name);\n"));
    project.runs("generate --custom");
    project.structs(&users("    pub years: Option<i64>,\n"));
    project.runs("generate --rename users.age=years --name users_rename_age_to_years");
    project
}

fn git(project: &Project, words: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let run = Run::of(Command::new("git").current_dir(project.root()).args(identity).args(words));
    assert_eq!(run.code, 0, "{words:?}: {}{}", run.out, run.err);
}

/// A database at a migration, with two rows.
fn at(project: &Project, number: usize, file: &str) {
    project.runs(&format!("migrate --to {number} --url {file}"));
    project.database(file).run("INSERT INTO users (id, name) VALUES (1, 'ada'), (2, 'grace');");
}

#[test]
fn a_database_with_all_of_them_has_the_squash_and_a_new_one_runs_only_that() {
    let project = project();
    at(&project, 1, "old.db");
    project.runs("migrate --url old.db");
    let before = project.database("old.db").query("SELECT * FROM _dbmigrate_history");
    project.runs("squash ..");
    project.runs("migrate --url new.db");
    let recorded = project.database("new.db").query("SELECT name FROM _dbmigrate_history");
    assert_eq!(recorded, ["0004_squash_of_1_to_4"]);
    project.runs("check");
    let run = project.runs("migrate --url old.db");
    assert!(run.err.contains("nothing to apply"), "{}", run.err);
    assert_eq!(project.database("old.db").query("SELECT * FROM _dbmigrate_history"), before, "it is not rewritten");
    assert!(project.runs("status --url old.db").out.contains("as what it replaces"));
    // what comes next comes behind both
    project.structs(&users("    pub years: Option<i64>,\n    pub bio: Option<String>,\n"));
    project.runs("generate --name bio");
    assert!(project.read("migrations/migrations.lock").contains("\n0005_bio "));
    for file in ["old.db", "new.db"] {
        project.runs(&format!("migrate --url {file}"));
        project.runs(&format!("status --url {file}"));
        let rows = project.database(file).query("SELECT count(bio) FROM users");
        assert_eq!(rows, ["0"]);
    }
    assert_eq!(project.database("old.db").query("SELECT max(position) FROM _dbmigrate_history"), ["5"]);
    assert_eq!(project.database("old.db").query("SELECT name FROM users"), ["ADA", "GRACE"]);
}

#[test]
fn what_stands_before_a_squash_is_where_it_was() {
    let project = project();
    project.runs("migrate");
    project.runs("squash 2..3");
    let run = project.runs("status");
    assert!(!run.out.contains("in another place"), "{}", run.out);
    assert_eq!(run.out.matches("as what it replaces").count(), 1, "{}", run.out);
    assert_eq!(run.out.lines().count(), 3, "{}", run.out);
}

#[test]
fn both_ways_give_the_same_rows_on_a_database_at_the_start_of_the_range() {
    let project = project();
    for file in ["chain.db", "squash.db"] {
        at(&project, 1, file);
    }
    project.runs("migrate --url chain.db");
    let run = project.runs("squash 2..4 --name folded");
    assert!(run.err.contains("3 migrations into 0004_folded"), "{}", run.err);
    assert!(project.read(&sql_of("0004_folded")).contains("UPDATE users SET name = upper(name)"));
    project.runs("migrate --url squash.db");
    let all =
        |file: &str| project.database(file).query("SELECT id || name || ifnull(years, '-') FROM users ORDER BY id");
    assert_eq!(all("chain.db"), all("squash.db"));
    assert_eq!(all("squash.db"), ["1ADA-", "2GRACE-"]);
    for file in ["chain.db", "squash.db"] {
        project.runs(&format!("status --url {file}"));
    }
}

#[test]
fn a_database_in_the_middle_is_told_how_to_get_the_others_first_and_it_works() {
    let project = project();
    git(&project, &["init", "-q"]);
    git(&project, &["add", "."]);
    git(&project, &["commit", "-q", "-m", "before"]);
    at(&project, 2, "dev.db");
    let run = project.runs("squash 1..4");
    assert!(run.err.contains("`dev.db` has `0002_users_add_age`, but not `0003_names`"), "{}", run.err);
    git(&project, &["add", "-A", "."]);
    git(&project, &["commit", "-q", "-m", "squash"]);
    for command in ["migrate", "status", "plan"] {
        let run = project.ends(5, command);
        assert!(run.err.contains("only some of the migrations that `0004_squash_of_1_to_4` replaces"), "{}", run.err);
    }
    let run = project.run("migrate");
    let commands: Vec<&str> =
        run.err.lines().filter_map(|line| line.split('`').nth(1).filter(|_| line.contains("help:"))).collect();
    assert_eq!(commands.len(), 3, "{}", run.err);
    assert!(commands[0].starts_with("git restore --source="), "{}", run.err);
    assert_eq!(project.shell(commands[0]).code, 0);
    project.runs("migrate");
    assert_eq!(project.shell(commands[2]).code, 0);
    assert!(project.runs("status").out.contains("as what it replaces"));
    assert_eq!(project.query("SELECT name FROM users"), ["ADA", "GRACE"]);
}

#[test]
fn what_cannot_be_squashed_is_refused_by_its_name_and_nothing_is_written() {
    let project = project();
    let add = |name: &str, sql: &str| {
        project.runs(&format!("generate --custom --name {name}"));
        let file = project.file_names().lines().filter(|line| line.contains(name)).map(str::to_owned).next();
        let file = file.expect("it was written");
        let directory = file.trim().trim_start_matches("migrations/").split('/').next().unwrap_or_default().to_owned();
        let file = sql_of(&directory);
        project.write(&file, format!("{}{sql}", project.read(&file)));
        project.runs("generate --custom");
    };
    add("vacuum", "-- dbmigrate: no-transaction\nVACUUM;\n");
    add("undoable", "UPDATE users SET years = 1;\n-- dbmigrate: undo\nUPDATE users SET years = NULL;\n");
    let tree = project.tree();
    let run = project.refuses(1, "squash ..");
    assert!(run.err.contains("cannot squash `0005_vacuum`: it runs outside a transaction"), "{}", run.err);
    assert!(run.err.contains("`cargo dbmigrate squash 1..4`"), "{}", run.err);
    add("more", "UPDATE users SET years = 2;\n");
    let run = project.refuses(3, "squash 6..7");
    assert!(run.err.contains("`0006_undoable`: it has a way back"), "{}", run.err);
    assert!(run.err.contains("`cargo dbmigrate squash 6..7 --without-undo`"), "{}", run.err);
    assert!(project.tree().len() > tree.len(), "only what was added is there");
    project.runs("squash 6..7 --without-undo");
    for wrong in ["squash 3", "squash 9..", "squash 2..1", "squash 2..2", "squash ..4 --name users_rename_age_to_years"]
    {
        project.refuses(2, wrong);
    }
}

#[test]
fn a_check_of_rows_that_an_earlier_one_changes_is_not_moved_before_it() {
    let project = Project::generated(USER);
    for (name, sql) in [
        ("first", "UPDATE users SET name = 'x' WHERE name = '';\n"),
        (
            "second",
            "-- dbmigrate: expect-none \"no name\" SELECT id FROM users WHERE name = ''\nUPDATE users SET name = name;\n",
        ),
        ("third", "UPDATE users SET name = name || '!';\n"),
    ] {
        project.runs(&format!("generate --custom --name {name}"));
        let number = ["first", "second", "third"].iter().position(|one| *one == name).expect("it is one") + 2;
        let file = sql_of(&format!("{number:04}_{name}"));
        project.write(&file, format!("{}{sql}", project.read(&file)));
        project.runs("generate --custom");
    }
    let run = project.refuses(1, "squash 2..4");
    assert!(
        run.err.contains("`0003_second`: it checks rows of `users`, which `0002_first` changes before"),
        "{}",
        run.err
    );
    assert!(run.err.contains("`cargo dbmigrate squash 3..4`"), "{}", run.err);
    project.runs("squash 3..4 --name rest");
    assert!(project.read(&sql_of("0004_rest")).contains("expect-none \"no name\""));
    // from an empty start no rows are there to be checked
    let run = project.runs("squash ..");
    assert!(run.err.contains("Skipped") && run.err.contains("1 check"), "{}", run.err);
}

#[test]
fn rows_that_are_inserted_stay_in_their_order() {
    let project = project();
    project.runs("generate --custom --name seed");
    let file = sql_of("0005_seed");
    let sql = "INSERT INTO users (id, name) VALUES (5, 'eve');\nUPDATE users SET name = name || id;\nDELETE FROM users WHERE id = 4;\n";
    project.write(&file, format!("{}{sql}", project.read(&file)));
    project.runs("generate --custom");
    project.runs("migrate --url chain.db");
    project.runs("squash ..");
    project.runs("migrate --url squash.db");
    let rows = |file: &str| project.database(file).query("SELECT id || name FROM users");
    assert_eq!((rows("chain.db"), rows("squash.db")), (vec!["5eve5".to_owned()], vec!["5eve5".to_owned()]));
}

#[test]
fn the_last_one_is_not_taken_back_or_amended_if_it_replaces_others() {
    let project = project();
    git(&project, &["init", "-q"]);
    git(&project, &["add", "."]);
    git(&project, &["commit", "-q", "-m", "before"]);
    project.runs("squash ..");
    for command in ["generate --undo", "generate --amend --name other"] {
        let run = project.refuses(5, command);
        assert!(run.err.contains("`0004_squash_of_1_to_4` replaces 4 migrations"), "{}", run.err);
    }
    git(&project, &["add", "-A", "."]);
    git(&project, &["commit", "-q", "-m", "squash"]);
    let run = project.refuses(5, "generate --undo");
    let command = run.err.lines().find_map(|line| line.split('`').find(|part| part.starts_with("git restore")));
    assert_eq!(project.shell(command.expect("it is said")).code, 0);
    project.runs("check");
    assert_eq!(project.file_names().matches("migration.sql").count(), 4);
}

#[test]
fn the_log_draws_what_was_replaced_and_where_databases_stand() {
    let project = project();
    project.write("dbmigrate.toml", "[targets.eu]\nurl = \"eu.db\"\n\n[targets.us]\nurl = \"us.db\"\n");
    let run = project.runs("log");
    assert_eq!(run.out.lines().count(), 4, "{}", run.out);
    assert!(run.out.contains("* 0003_names") && run.out.contains("custom: "), "{}", run.out);
    project.runs("squash 2..4");
    project.runs("migrate --target us");
    let run = project.runs("log --target all");
    let lines: Vec<&str> = run.out.lines().collect();
    assert!(lines[0].starts_with("o (empty)") && lines[0].ends_with("<- eu"), "{}", run.out);
    assert!(
        lines[1].starts_with("* 0001_create_users") && lines[2].starts_with("* 0004_squash_of_2_to_4"),
        "{}",
        run.out
    );
    assert!(lines[2].contains("squash: ") && lines[2].ends_with("<- us"), "{}", run.out);
    assert_eq!(
        lines[3..],
        ["|\\", "| * 0002_users_add_age", "| * 0003_names", "| * 0004_users_rename_age_to_years", "|/"]
    );
    let json = project.runs("log --target us --message-format json").json();
    let entry = json.iter().find(|one| one["name"] == "0004_squash_of_2_to_4").expect("it is listed");
    assert_eq!((&entry["kind"], &entry["databases"][0]), (&"squash".into(), &"us".into()));
    assert_eq!(entry["replaces"].as_array().map(Vec::len), Some(3));
}

#[test]
fn the_log_shows_a_database_in_the_middle_of_a_squash_where_it_is() {
    let project = project();
    project.write("dbmigrate.toml", "[targets.eu]\nurl = \"eu.db\"\n\n[targets.us]\nurl = \"us.db\"\n");
    project.runs("migrate -t eu --to 2");
    project.runs("migrate -t us");
    project.runs("squash ..");
    let run = project.ends(5, "log -t all");
    let lines: Vec<&str> = run.out.lines().collect();
    assert!(lines[0].starts_with("* 0004_squash_of_1_to_4") && lines[0].ends_with("<- us"), "{}", run.out);
    assert_eq!(lines[3], "| * 0002_users_add_age  <- eu", "{}", run.out);
    assert!(run.err.contains("`cargo dbmigrate status --target eu`"), "{}", run.err);
}

#[test]
fn the_log_of_a_long_history_reads_the_headers_and_no_snapshot() {
    let project = project();
    project.runs("generate --custom --name later");
    let file = sql_of("0002_users_add_age");
    for name in ["0001_create_users", "0002_users_add_age", "0004_users_rename_age_to_years"] {
        project.write(&format!("migrations/{name}/snapshot.json"), "what a merge has left of it");
    }
    let json = project.runs("log --message-format json").json();
    let kinds: Vec<&str> = json.iter().filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(kinds, ["generated", "generated", "custom", "generated", "custom"]);
    // what somebody has added to one is said, and makes it theirs
    let edited = format!("{}UPDATE users SET age = 1;\n", project.read(&file));
    project.write(&file, edited);
    project.runs("repair --edited 0002_users_add_age --accept edits");
    let run = project.runs("log");
    assert!(run.out.contains("* 0002_users_add_age              custom: add column"), "{}", run.out);
}
