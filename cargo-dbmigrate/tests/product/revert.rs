//! `revert`: a new migration that takes others back, with everything that can come back.

use insta::assert_snapshot;

use crate::project::{Project, sql_of};

const BEFORE: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, nick: Option<String>, legacy: Option<String> }";

fn users(fields: &str) -> String {
    format!("#[derive(Table)]\n#[table(name = \"users\")]\nstruct User {{ #[column(primary_key)] id: i64, {fields} }}")
}

/// A database with rows, and migrations after the first, each of structs and flags.
fn project(steps: &[(&str, &str)]) -> Project {
    let project = Project::migrated(BEFORE);
    project.sql("INSERT INTO users VALUES (1, 'ada', 'x'), (2, NULL, NULL)");
    for (structs, flags) in steps {
        project.structs(structs);
        project.runs(&format!("generate {flags}"));
        project.runs("migrate");
    }
    project.transcript();
    project
}

/// The schema of the database, as `diff` sees it against a migration.
fn is_schema_of(project: &Project, migration: &str) {
    let run = project.run(&format!("diff --from database --to {migration}"));
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
}

#[test]
fn the_last_migration_is_reverted_by_a_new_one() {
    let project = project(&[(
        &users("handle: Option<String>, bio: Option<String>"),
        "--rename users.nick=handle --accept drop_column:users.legacy",
    )]);
    project.sql("UPDATE users SET bio = 'b' WHERE id = 1");
    let asked = project.refuses(3, "revert");
    assert!(asked.err.contains("--accept drop_column:users.bio"), "{}", asked.err);
    project.refuses(0, "revert --accept drop_column:users.bio --dry-run");
    project.transcript();
    project.runs("revert --accept drop_column:users.bio");
    let said = project.transcript();
    project.runs("migrate");
    is_schema_of(&project, "0001");
    assert_eq!(project.query("SELECT id, nick, legacy FROM users"), ["1|ada|NULL", "2|NULL|NULL"]);
    project.refuses(4, "generate --check --accept all --rename users.nick=handle");
    let name = fs_err::read_dir(project.path("migrations"))
        .expect("it is there")
        .map(|entry| entry.expect("it is").file_name().into_string().expect("UTF-8"))
        .filter(|name| name.starts_with("0003"))
        .collect::<String>();
    assert_snapshot!(said + &project.read(&sql_of(&name)));
}

#[test]
fn several_migrations_are_reverted_at_once_and_their_renames_combined() {
    let project = project(&[
        (&users("handle: Option<String>, legacy: Option<String>"), "--rename users.nick=handle"),
        (
            &users("alias: Option<String>, legacy: Option<String>, age: i64").replace("\"users\"", "\"people\""),
            "--rename users=people --rename people.handle=alias --backfill people.age=3",
        ),
        (
            &users("alias: Option<String>, legacy: Option<String>, #[column(index)] age: i64")
                .replace("\"users\"", "\"people\""),
            "",
        ),
    ]);
    let run = project.runs("revert --to 0001 --accept drop_column:users.age");
    assert!(
        run.err.contains("table `people` back to `users`") && run.err.contains("column `users.alias` back to `nick`"),
        "{}",
        run.err
    );
    project.runs("migrate");
    is_schema_of(&project, "0001");
    assert_eq!(project.query("SELECT id, nick, legacy FROM users"), ["1|ada|x", "2|NULL|NULL"]);
    // and the revert is a migration like others
    let run = project.runs("revert --last 1 --accept all --backfill people.age=4");
    project.runs("migrate");
    is_schema_of(&project, "0004");
    assert_eq!(project.query("SELECT id, alias, age FROM people"), ["1|ada|4", "2|NULL|4"]);
    assert!(
        run.err.contains("dropped in 0005_revert_to_create_users, values not kept; existing rows get 4"),
        "{}",
        run.err
    );
}

#[test]
fn one_migration_is_reverted_and_later_ones_stay() {
    let project = project(&[
        (&users("nick: Option<String>, legacy: Option<String>, bio: Option<String>"), ""),
        (
            &users("handle: Option<String>, legacy: Option<String>, bio: Option<String>")
                .replace("\"users\"", "\"people\""),
            "--rename users=people --rename people.nick=handle",
        ),
    ]);
    project.sql("UPDATE people SET bio = 'b'");
    project.runs("revert 0002 --accept drop_column:people.bio");
    project.runs("migrate");
    assert_eq!(project.query("SELECT * FROM people"), ["1|ada|x", "2|NULL|NULL"]);
    // a rename under a later change of its own
    project.runs("revert 3");
    project.runs("migrate");
    is_schema_of(&project, "0001");
    assert_eq!(project.query("SELECT * FROM users"), ["1|ada|x", "2|NULL|NULL"]);
}

#[test]
fn what_a_later_migration_has_changed_again_is_an_error_that_names_it() {
    let project = project(&[
        (&users("nick: Option<String>, legacy: Option<String>, age: Option<i64>"), ""),
        (&users("nick: Option<String>, legacy: Option<String>, #[column(default = 1)] age: i64"), ""),
    ]);
    let run = project.refuses(1, "revert 0002");
    assert!(run.err.contains("column `users.age` was changed again in `0003_"), "{}", run.err);
    project.shell(&format!("{} --accept drop_column:users.age", run.suggested().first().expect("there is a way")));
    project.runs("migrate");
    is_schema_of(&project, "0001");
}

#[test]
fn a_migration_of_rows_is_named_as_not_reverted() {
    let project = project(&[]);
    project.runs("generate --custom --name fill");
    let file = sql_of("0002_fill");
    project.write(&file, project.read(&file) + "UPDATE users SET nick = 'n' WHERE nick IS NULL;\n");
    project.runs("generate --custom");
    project.runs("migrate");
    let run = project.refuses(1, "revert");
    assert!(run.err.contains("it changes rows only"), "{}", run.err);
    project.structs(&users("nick: Option<String>, legacy: Option<String>, age: Option<i64>"));
    project.runs("generate");
    let run = project.runs("revert --last 2 --accept drop_column:users.age");
    assert!(run.err.contains("0002_fill/migration.sql:"), "{}", run.err);
}

#[test]
fn a_way_back_of_its_own_is_used_proven_and_never_run_by_migrate() {
    let project = project(&[]);
    project.runs("generate --custom --name fill");
    let file = sql_of("0002_fill");
    let draft = project.read(&file);
    assert!(draft.contains("-- dbmigrate: undo"), "{draft}");
    project.write(&file, draft + "UPDATE users SET nick = 'n' WHERE nick IS NULL;\n\n-- dbmigrate: undo\n-- UPDATE users SET nick = NULL WHERE nick = 'n';\n");
    project.runs("generate --custom");
    project.runs("migrate");
    assert_eq!(project.query("SELECT nick FROM users"), ["ada", "n"]);
    project.structs(&users("nick: Option<String>, legacy: Option<String>, age: Option<i64>"));
    project.runs("generate");
    project.runs("migrate");
    // alone, with the later one left as it is
    project.runs("revert 0002");
    project.runs("migrate");
    assert_eq!(project.query("SELECT nick, age FROM users"), ["ada|NULL", "NULL|NULL"]);
    // among others: one migration each
    project.runs("revert --to 0001 --accept drop_column:users.age");
    project.runs("migrate");
    is_schema_of(&project, "0001");
}

#[test]
fn a_way_back_that_does_not_work_is_not_recorded() {
    let project = project(&[]);
    let own = "UPDATE users SET nick = 'n' WHERE nick IS NULL;\n\n-- dbmigrate: undo\n";
    for (undo, said) in [
        ("-- UPDATE user SET nick = NULL;", "no such table: user"),
        (
            "-- ALTER TABLE users ADD COLUMN more TEXT;",
            "the way back of `0002_fill` does not produce the schema before it",
        ),
    ] {
        project.runs("generate --custom --name fill");
        let file = sql_of("0002_fill");
        let draft = project.read(&file);
        project.write(&file, format!("{draft}{own}{undo}\n"));
        for dry in ["", " --dry-run"] {
            let run = project.refuses(1, &format!("generate --custom{dry}"));
            assert!(run.err.contains(said) && run.err.contains("nothing was recorded"), "{}", run.err);
            assert!(run.err.contains("0002_fill/migration.sql:"), "{}", run.err);
        }
        project.write(&file, format!("{draft}{own}-- UPDATE users SET nick = NULL WHERE nick = 'n';\n"));
        project.runs("generate --custom");
        project.runs("generate --undo --accept edits");
    }
}

#[test]
fn a_table_that_was_dropped_and_made_anew_is_not_mistaken_for_the_old_one() {
    let log = |field: &str| {
        format!(
            "{}\n#[derive(Table)]\n#[table(name = \"log\")]\nstruct Log {{ #[column(primary_key)] id: i64, {field} }}",
            users("nick: Option<String>, legacy: Option<String>")
        )
    };
    let none = users("nick: Option<String>, legacy: Option<String>");
    let project =
        project(&[(&log("a: Option<String>"), ""), (&none, "--accept drop_table:log"), (&log("a: Option<i64>"), "")]);
    project.sql("INSERT INTO log VALUES (7, 8)");
    project.runs("revert --last 2 --accept drop_table:log");
    project.runs("migrate");
    is_schema_of(&project, "0002");
    assert!(project.query("SELECT * FROM log").is_empty());
}

#[test]
fn values_that_were_converted_are_converted_back() {
    let project =
        project(&[(&users("nick: Option<String>, legacy: Option<i64>"), "--convert users.legacy=length(legacy)*100")]);
    let run = project.refuses(3, "revert");
    assert!(run.err.contains("was converted in `0002_"), "{}", run.err);
    project.shell("cargo dbmigrate revert --convert \"users.legacy=CAST(legacy / 100 AS TEXT)\"");
    project.runs("migrate");
    is_schema_of(&project, "0001");
    assert_eq!(project.query("SELECT legacy, typeof(legacy) FROM users"), ["1|text", "NULL|null"]);
}

#[test]
fn what_is_meant_has_to_be_there() {
    let project = project(&[]);
    let said = |line: &str| project.refuses(2, line).err;
    assert!(said("revert nope").contains("no migration named `nope`"));
    assert!(said("revert --last 0").contains("reverts nothing"));
    assert!(
        said("revert --last 2").contains("there is only 1 migration")
            || said("revert --last 2").contains("there are only 1 migration")
    );
    assert!(said("revert --to 0001").contains("is the last migration"));
    for word in ["rollback", "down", "undo", "migrate:rollback"] {
        assert!(said(word).contains("cargo dbmigrate revert"), "{word}");
    }
}
