//! What other commands do behind a squash: backups, rehearsals, adoption, what is kept and comes back, and a program that
//! embeds it.

use crate::project::{Project, sql_of};
use crate::repository::Repository;

fn users(fields: &str) -> String {
    format!(
        "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User {{ #[column(primary_key)] id: i64, {fields} }}\n"
    )
}

/// A table with rows in `old.db`; then a column is dropped and kept, and another one added.
fn kept() -> Project {
    let project = Project::generated(&users("legacy: Option<String>"));
    for file in ["old.db", "all.db"] {
        project.runs(&format!("migrate --url {file}"));
        project.database(file).run("INSERT INTO users VALUES (1, 'a'), (2, NULL), (3, x'00')");
    }
    project.structs(&users(""));
    project.runs("generate --keep --accept drop_column:users.legacy --name drop_legacy");
    project.structs(&users("name: Option<String>"));
    project.runs("generate --name name");
    project
}

const ALL: &str = "SELECT id, quote(legacy) FROM users ORDER BY id";
const ROWS: [&str; 3] = ["1|'a'", "2|NULL", "3|X'00'"];

#[track_caller]
fn is_whole(project: &Project, file: &str) {
    project.runs(&format!("migrate --url {file}"));
    project.runs(&format!("status --url {file}"));
    assert_eq!(project.database(file).query("PRAGMA integrity_check"), ["ok"]);
    assert!(project.database(file).query("PRAGMA foreign_key_check").is_empty());
    let hidden = "SELECT count(*) FROM sqlite_schema WHERE name LIKE '\\_dbmigrate\\_kept\\_%' ESCAPE '\\'";
    assert_eq!(project.database(file).query(hidden), ["0"], "{file}");
}

#[test]
fn what_a_squash_keeps_comes_back_behind_it_whichever_way_a_database_went() {
    let project = kept();
    project.runs("migrate --url all.db");
    project.runs("squash 2..3");
    for file in ["old.db", "new.db"] {
        project.runs(&format!("migrate --url {file}"));
    }
    let text = project.read(&sql_of("0003_squash_of_2_to_3"));
    assert!(text.contains("-- dbmigrate: keep users.legacy in _dbmigrate_kept_0002_users"), "{text}");
    // the numbers of what is kept are those of the migrations that it came from
    project.structs(&users("legacy: Option<String>"));
    let run = project.runs("revert --accept drop_column:users.name");
    assert!(run.err.contains("Restoring `users.legacy`: values kept by 0003_squash_of_2_to_3"), "{}", run.err);
    for file in ["all.db", "old.db", "new.db"] {
        is_whole(&project, file);
    }
    for file in ["all.db", "old.db"] {
        assert_eq!(project.database(file).query(ALL), ROWS, "{file}");
    }
}

#[test]
fn a_squash_across_what_is_kept_and_comes_back_is_refused_by_name_and_one_of_what_comes_back_counts() {
    let project = kept();
    project.runs("generate --undo");
    project.structs(&users(""));
    for file in ["all.db", "old.db"] {
        project.runs(&format!("migrate --url {file}"));
    }
    project.runs("revert");
    project.structs(&users("legacy: Option<String>, name: Option<String>"));
    project.runs("generate --name name");
    let run = project.refuses(1, "squash 2..3");
    assert!(run.err.contains("it brings `users.legacy` back, which `0002_drop_legacy` keeps"), "{}", run.err);
    project.runs("migrate --url all.db");
    project.runs("squash 3..4 --name back");
    let run = project.runs("migrate --url old.db");
    assert!(run.err.contains("users.legacy"), "what came back is counted: {}", run.err);
    for file in ["all.db", "old.db", "new.db"] {
        is_whole(&project, file);
    }
    for file in ["all.db", "old.db"] {
        assert_eq!(project.database(file).query(ALL), ROWS, "{file}");
    }
}

/// What is said to come back, without where.
fn restored(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.split_once("estore").or_else(|| line.split_once("estored")));
    lines
        .filter(|(_, rest)| rest.contains("legacy"))
        .map(|(_, rest)| rest.trim_start_matches('d').trim().to_owned())
        .collect()
}

#[test]
fn what_comes_back_is_counted_wherever_it_stands_in_a_squash() {
    for by_hand in ["", "UPDATE people SET name = 'x';\n"] {
        let project = kept();
        project.runs("migrate --to 2 --url old.db");
        project.database("old.db").run("DELETE FROM users WHERE id = 3; INSERT INTO users VALUES (4)");
        // a table and its key get other names, and then the values come back
        let people =
            users("name: Option<String>").replace("name = \"users\"", "name = \"people\", renamed_from = \"users\"");
        project
            .structs(&people.replace("#[column(primary_key)] id", "#[column(primary_key, renamed_from = \"id\")] key"));
        project.runs("generate --name people");
        if !by_hand.is_empty() {
            project.runs("generate --custom --name by_hand");
            let file = sql_of("0005_by_hand");
            let draft = project.read(&file);
            project.write(&file, format!("{draft}{by_hand}"));
            project.runs("generate --custom");
        }
        project.runs("revert 2");
        let before = restored(&project.ends(0, "migrate --dry-run --url old.db").err);
        assert_eq!(before.len(), 1, "{before:?}");
        project.runs("squash 3.. --name back");
        let after = restored(&project.runs("migrate --url old.db").err);
        // nobody follows what SQL of somebody's own does to rows
        assert_eq!(after, if by_hand.is_empty() { before } else { Vec::new() });
        let rows = project.database("old.db").query("SELECT key, quote(legacy) FROM people ORDER BY key");
        assert_eq!(rows, ["1|'a'", "2|NULL", "4|NULL"]);
        project.runs("status --url old.db");
    }
}

#[test]
fn a_database_behind_a_squash_is_backed_up_restored_rehearsed_and_adopted() {
    let project = kept();
    for command in ["migrate --url all.db", "squash ..", "migrate --url new.db"] {
        project.runs(command);
    }
    for file in ["all.db", "new.db"] {
        let history = project.database(file).query("SELECT * FROM _dbmigrate_history");
        project.runs(&format!("backup copy-of-{file} --url {file}"));
        project.structs(&users("name: Option<String>, bio: Option<String>"));
        if file == "all.db" {
            project.runs("generate --name bio");
        }
        let run = project.runs(&format!("migrate --rehearse --url {file}"));
        assert!(run.err.contains("0004_bio"), "{}", run.err);
        assert_eq!(project.database(file).query("SELECT count(bio) FROM users"), ["0"]);
        project.runs(&format!("restore copy-of-{file} --url {file}"));
        assert_eq!(project.database(file).query("SELECT * FROM _dbmigrate_history"), history);
        project.runs(&format!("migrate --url {file}"));
        project.runs(&format!("status --url {file}"));
    }
    // one that has the schema and no history
    project.database("bare.db").run(
        "CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL, name TEXT, bio TEXT); INSERT INTO users (id) VALUES (7)",
    );
    let run = project.run("baseline --url bare.db");
    assert_eq!(run.code, 0, "{}", run.err);
    let names = project.database("bare.db").query("SELECT name, kind FROM _dbmigrate_history ORDER BY position");
    assert_eq!(names, ["0003_squash_of_1_to_3|baseline", "0004_bio|baseline"]);
    project.runs("status --url bare.db");
}

#[test]
fn a_baseline_says_where_a_database_stands_whose_migrations_were_squashed() {
    let repository = Repository::new(&users("name: Option<String>"));
    let project = &repository.project;
    project.runs("generate --name start");
    project.structs(&users("name: Option<String>, bio: Option<String>"));
    project.runs("generate --name bio");
    project.structs(&users("name: Option<String>, bio: Option<String>, age: Option<i64>"));
    project.runs("generate --name age");
    repository.commit("three");
    let bare = |name: &str, column: &str| {
        project.database(name).run(&format!(
            "CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL, name TEXT{column}); INSERT INTO users (id) VALUES (7)"
        ));
    };
    bare("first.db", "");
    bare("last.db", ", bio TEXT, age INTEGER");
    bare("other.db", ", x TEXT");
    // as long as they are there
    let run = project.refuses(5, "pull --baseline --url first.db");
    assert!(
        run.err.contains("it has the schema of `0001_start`: `cargo dbmigrate baseline --url first.db 0001_start`"),
        "{}",
        run.err
    );
    project.runs("squash ..");
    repository.commit("squashed");
    let run = project.refuses(5, "pull --baseline --url last.db");
    assert!(run.err.contains("it has the schema of `0003_squash_of_1_to_3`: "), "{}", run.err);
    let run = project.refuses(5, "pull --baseline --url other.db");
    assert!(run.err.contains("if the database has the schema of one of them"), "{}", run.err);
    for command in ["baseline", "pull --baseline"] {
        let run = project.run(&format!("{command} --url first.db"));
        assert!(
            run.err.contains("it has the schema of `0001_start`, which `0003_squash_of_1_to_3` replaces"),
            "{}",
            run.err
        );
        if command == "baseline" {
            assert_eq!(run.code, 4, "{}", run.err);
            continue;
        }
        assert_eq!(run.code, 5, "{}", run.err);
        let run = project.refuses(5, "pull --baseline --url first.db");
        insta::assert_snapshot!(hashless(&run.err), @r"
        error: `migrations` already has 1 migration, and a baseline must be the first
          = note: nothing was changed
          = note: it has the schema of `0001_start`, which `0003_squash_of_1_to_3` replaces
          = help: take the migrations from before the squash: `git restore --source=COMMIT~1 --staged --worktree -- :/migrations`
          = help: record what it has: `cargo dbmigrate baseline --url first.db 0001_start`
          = help: apply the rest of them: `cargo dbmigrate migrate --url first.db`
          = help: then come back: `git restore --source=HEAD --staged --worktree -- :/migrations`
        ");
        // what it says is typed

        let commands: Vec<String> = run
            .err
            .lines()
            .filter(|line| line.contains("help:"))
            .filter_map(|line| line.split('`').nth(1))
            .map(str::to_owned)
            .collect();
        for command in commands {
            let run = project.shell(&command);
            assert_eq!(run.code, 0, "{command}: {}", run.err);
        }
    }
    project.runs("status --url first.db");
    assert_eq!(project.database("first.db").query("SELECT id, bio, age FROM users"), ["7|NULL|NULL"]);
    // one that was adopted before is told so
    let run = project.refuses(5, "pull --baseline --url first.db");
    assert!(run.err.contains("`first.db` has a migration history already, up to `0003_age`"), "{}", run.err);
}

/// The commit of a command by a word.
fn hashless(text: &str) -> String {
    let (start, rest) = text.split_once("--source=").expect("a commit is named");
    let (_, rest) = rest.split_once('~').expect("it is the one before");
    format!("{start}--source=COMMIT~{rest}")
}
