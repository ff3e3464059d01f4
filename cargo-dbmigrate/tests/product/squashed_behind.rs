//! What other commands do behind a squash: backups, rehearsals, adoption, what is kept and comes back, and a program that
//! embeds it.

use crate::project::{Project, sql_of};

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
