//! Databases that were there before the tool: taken into the history without a statement of a migration.

use insta::assert_snapshot;

use crate::project::{Project, Run};

const USER: &str =
    "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: String }\n";
const POST: &str = "#[derive(Table)]\n#[table(name = \"posts\", index(author))]\nstruct Post { #[column(primary_key)] id: i64, #[column(references = User::id, on_delete = cascade)] author: i64 }\n";

/// What somebody else has made of `users`, in words of their own.
const USERS: &str = "create table \"users\" (\"id\" integer not null primary key, -- the key\n  [name] text not null);
     INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace');";
const POSTS: &str =
    "CREATE TABLE posts (author INTEGER NOT NULL REFERENCES users ON DELETE CASCADE, id INTEGER PRIMARY KEY NOT NULL);
     CREATE INDEX posts_author_idx ON posts (author); INSERT INTO posts (id, author) VALUES (7, 1), (8, 2);";

/// Three migrations, of which the last one changes rows only, and a database without history that has these tables.
fn project(tables: &str) -> Project {
    let project = Project::generated(USER);
    project.structs(&format!("{USER}{POST}"));
    project.runs("generate");
    project.runs("generate --custom --name greet");
    let draft = project.read("migrations/0003_greet/migration.sql");
    project.write("migrations/0003_greet/migration.sql", format!("{draft}UPDATE users SET name = name || '!';\n"));
    project.runs("generate --custom");
    project.sql(tables);
    project.transcript();
    project
}

#[test]
fn a_database_is_adopted_where_it_is_and_goes_on_from_there() {
    let project = project(&format!("{USERS}{POSTS}"));
    let before = project.dump();
    let statements = "SELECT sql FROM sqlite_schema WHERE name NOT LIKE '%dbmigrate%' ORDER BY name";
    let schema = project.query(statements);
    project.runs("baseline 0002_create_posts");
    assert_eq!(project.dump(), before, "no statement was executed");
    assert_eq!(project.query(statements), schema);
    project.refuses(0, "baseline 2");
    project.refuses(4, "status");
    project.runs("migrate");
    project.refuses(0, "status");
    assert_eq!(project.query("SELECT name FROM users"), ["Ada!", "Grace!"]);
    assert_eq!(
        project.query("SELECT position, name, kind FROM _dbmigrate_history"),
        ["1|0001_create_users|baseline", "2|0002_create_posts|baseline", "3|0003_greet|migration"]
    );
    // the next change meets the table as it was found
    project
        .structs(&format!("{}{POST}", USER.replace("name: String", "name: String, #[column(default = 0)] age: i64")));
    project.runs("generate");
    project.runs("migrate");
    assert_eq!(project.query("SELECT * FROM users"), ["1|Ada!|0", "2|Grace!|0"]);
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
    assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0]);
    assert_snapshot!(project.transcript());
}

#[test]
fn without_a_name_the_last_migration_is_meant_if_it_is_the_only_one_that_fits() {
    let project = project(&format!("{USERS}{POSTS}"));
    // the third migration changes rows only: nobody knows whether that was done
    project.refuses(3, "baseline");
    project.runs("baseline 3");
    project.refuses(0, "baseline");
    project.refuses(0, "migrate");
    project.refuses(0, "status");
    assert_eq!(project.query("SELECT name FROM users"), ["Ada", "Grace"]);
    assert_snapshot!(project.transcript());
    let project = Project::generated(USER);
    project.sql(USERS);
    project.runs("baseline");
    project.refuses(0, "migrate");
}

#[test]
fn a_database_with_another_schema_is_shown_the_differences_and_left_alone() {
    let project = project(&format!(
        "{USERS} CREATE VIEW mine AS SELECT 1; CREATE TRIGGER loud AFTER INSERT ON users BEGIN SELECT 1; END"
    ));
    project.refuses(4, "baseline 1");
    assert_snapshot!(project.transcript());
}

#[test]
fn the_migration_whose_schema_it_has_is_named() {
    let project = project(USERS);
    let run = project.refuses(4, "baseline");
    assert_eq!(run.suggested(), ["cargo dbmigrate baseline 0001_create_users"]);
    let run = project.shell(&run.suggested()[0]);
    assert_eq!(run.code, 0, "{}", run.err);
    project.runs("migrate");
    assert_eq!(project.query("SELECT name FROM users"), ["Ada!", "Grace!"]);
    assert_snapshot!(project.transcript());
}

#[test]
fn a_table_that_only_looks_the_same_is_another_one() {
    for (name, other) in [
        ("a check", USERS.replace("text not null", "text not null check (length(name) > 0)")),
        ("a collation", USERS.replace("text not null", "text not null collate nocase")),
        ("strictness", USERS.replace("not null);", "not null) STRICT;")),
        ("an order of the key", USERS.replace("primary key", "primary key desc")),
        ("no NOT NULL", USERS.replace("text not null", "text")),
    ] {
        let project = project(&other);
        project.refuses(4, "baseline 1");
        assert!(project.query("SELECT name FROM sqlite_schema WHERE name = '_dbmigrate_history'").is_empty(), "{name}");
    }
}

#[test]
fn a_database_with_a_history_is_where_its_history_says() {
    let project = project("");
    project.runs("migrate --to 2");
    project.transcript();
    for (code, command) in
        [(5, "baseline"), (5, "baseline 1"), (0, "baseline 2"), (2, "baseline 4"), (2, "baseline users")]
    {
        project.refuses(code, command);
    }
    // what it says has to be true, too
    project.sql("CREATE TABLE mine (id)");
    project.refuses(5, "baseline 2");
    assert_snapshot!(project.transcript());
}

#[test]
fn where_there_is_nothing_there_is_nothing_to_adopt() {
    let project = project("");
    project.refuses(4, "baseline");
    project.refuses(4, "baseline --url dev.db 1");
    fs_err::remove_file(project.path("dev.db")).expect("it is there");
    project.refuses(1, "baseline");
    assert!(!project.path("dev.db").exists());
    let without_migrations = Project::new(USER);
    without_migrations.sql(USERS);
    without_migrations.refuses(2, "baseline");
    assert_snapshot!(project.transcript() + &without_migrations.transcript());
}

#[test]
fn many_runs_at_once_record_each_migration_once() {
    let project = project(&format!("{USERS}{POSTS}"));
    let running: Vec<_> = (0..6)
        .map(|_| {
            let mut command = project.command(&["baseline", "2"]);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            command.spawn().expect("the binary runs")
        })
        .collect();
    let runs: Vec<Run> = running.into_iter().map(|run| Run::from(run.wait_with_output().expect("it ends"))).collect();
    let adopted = runs.iter().filter(|run| run.err.contains("Adopted")).count();
    let unchanged = runs.iter().filter(|run| run.err.contains("Unchanged")).count();
    assert_eq!((adopted, unchanged), (1, 5), "{runs:?}");
    assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_history"), ["2"]);
}
