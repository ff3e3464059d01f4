//! What libSQL takes and can never use: said where it is declared, by every command that would let it in, and put up with
//! where a database has it.

use crate::project::Project;

fn users(field: &str) -> String {
    format!(
        "#[derive(Table)]\n#[table(name = \"users\", strict)]\nstruct User {{ #[column(primary_key)] id: i64, {field} }}"
    )
}

#[test]
fn a_default_that_can_never_work_is_refused_at_its_field() {
    for (field, said, help) in [
        ("#[column(default_sql = \"now()\")] at: i64", "unknown function: now()", "`default_sql = \"unixepoch()\"`"),
        (
            "#[column(default_sql = \"unixepoh()\")] at: i64",
            "unknown function: unixepoh()",
            "did you mean the function `unixepoch`?",
        ),
        (
            "#[column(default_sql = \"CURRENT_TIMESTAMP\")] at: i64",
            "cannot store TEXT value in INTEGER column users.at",
            "unixepoch()",
        ),
        (
            "#[column(default = \"none\", check = \"at IN ('a', 'b')\")] at: String",
            "CHECK constraint failed",
            "the check",
        ),
    ] {
        let project = Project::generated(&users("name: String"));
        project.structs(&users(&format!("name: String, {field}")));
        for (code, command) in [(1, "generate"), (1, "check"), (1, "push"), (1, "generate --dry-run")] {
            let run = project.refuses(code, command);
            assert!(run.err.contains("error: `users.at`: the default"), "{command}: {}", run.err);
            assert!(run.err.contains(said) && run.err.contains(help), "{command}: {}", run.err);
            assert!(run.err.contains("src/lib.rs:4"), "{command}: {}", run.err);
        }
        assert!(!project.path("migrations/0002_users_at").exists());
    }
    // what the help says works
    let project = Project::migrated(&users("#[column(default_sql = \"unixepoch()\")] at: i64"));
    project.sql("INSERT INTO users (id) VALUES (1)");
}

#[test]
fn a_database_that_has_such_a_default_is_adopted_and_looked_after() {
    let project = Project::new("");
    project.sql(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, at INTEGER DEFAULT (now())); INSERT INTO users VALUES (1, 2)",
    );
    let run = project.runs("pull --baseline --out src/lib.rs --overwrite");
    assert!(run.err.contains("warning: `users.at`: the default `now()` can never be used"), "{}", run.err);
    project.runs("check");
    project.replace("src/lib.rs", "pub at: Option<i64>,", "pub at: Option<i64>,\n    pub more: Option<String>,");
    let run = project.runs("generate");
    assert!(run.err.contains("warning: `users.at`"), "{}", run.err);
    project.runs("migrate");
    assert_eq!(project.query("SELECT * FROM users"), ["1|2|NULL"]);
    project.replace(
        "src/lib.rs",
        "pub more: Option<String>,",
        "pub more: Option<String>,\n    #[column(default_sql = \"nu()\")]\n    pub other: i64,",
    );
    let run = project.refuses(1, "generate");
    assert!(run.err.contains("error: `users.other`") && run.err.contains("warning: `users.at`"), "{}", run.err);
}

fn keyed(parent: &str, child: &str, reference: &str, options: &str) -> String {
    format!(
        "#[derive(Table)]\n#[table(name = \"users\"{options})]\nstruct User {{ #[column(primary_key)] id: {parent} }}\n\
         #[derive(Table)]\n#[table(name = \"posts\"{options})]\nstruct Post {{ #[column(primary_key)] id: i64, #[column(references = {reference})] author: {child} }}"
    )
}

#[test]
fn the_types_of_both_ends_of_a_foreign_key_are_compared() {
    for reference in ["User::id", "\"users(id)\"", "\"users\""] {
        let project = Project::migrated(&keyed("i64", "i64", reference, ", strict"));
        project.sql("INSERT INTO users VALUES (1); INSERT INTO posts VALUES (7, 1)");
        project.structs(&keyed("String", "i64", reference, ", strict"));
        for (code, command) in [(1, "generate"), (3, "push --accept history")] {
            let run = project.run(command);
            let code = if reference == "User::id" { 1 } else { code };
            assert_eq!(run.code, code, "{command}: {}", run.err);
            let said = "`posts.author` is INTEGER and references `users.id`, which is TEXT";
            assert_eq!(run.err.matches(said).count(), 1, "{command}: {}", run.err);
        }
        assert_eq!(project.query("SELECT author FROM posts"), ["1"]);
        // both together are a change like any other
        project.structs(&keyed("String", "String", reference, ", strict"));
        project.runs("generate");
        project.runs("migrate");
        assert_eq!(project.query("SELECT typeof(author), (SELECT typeof(id) FROM users) FROM posts"), ["text|text"]);
        assert_eq!(project.query("SELECT count(*) FROM pragma_foreign_key_check"), ["0"]);
    }
    // a new table with it is no better
    let project = Project::new(&keyed("String", "i64", "\"users(id)\"", ", strict"));
    project.refuses(1, "generate");
    // nobody else's database has to be strict
    let project = Project::new(&keyed("String", "i64", "\"users(id)\"", ""));
    assert!(project.runs("generate").err.contains("warning: `posts.author` is INTEGER"));
}

#[test]
fn a_database_with_ends_of_different_types_is_adopted() {
    let project = Project::new("");
    project.sql(
        "CREATE TABLE users (id TEXT PRIMARY KEY) STRICT;
         CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users) STRICT;
         INSERT INTO users VALUES ('1'); INSERT INTO posts VALUES (7, 1)",
    );
    project.runs("pull --baseline --out src/lib.rs --overwrite");
    assert!(project.read("src/lib.rs").contains("references = \"users\""), "{}", project.read("src/lib.rs"));
    project.replace(
        "src/lib.rs",
        "pub author: Option<i64>,",
        "pub author: Option<i64>,\n    pub more: Option<String>,",
    );
    project.runs("generate");
    project.runs("migrate");
    assert_eq!(project.query("SELECT * FROM posts"), ["7|1|NULL"]);
}

#[test]
fn rows_that_are_no_json_are_named_and_nobody_speaks_of_a_bug() {
    let project = Project::migrated(
        "#[derive(Table)]\n#[table(name = \"events\")]\nstruct Event { #[column(primary_key)] id: i64, data: String }",
    );
    project.sql("INSERT INTO events VALUES (1, '{}'), (2, 'not json'), (3, 'x')");
    project.structs(
        "#[derive(Table)]\n#[table(name = \"events\", index(\"json_extract(data, '$.uuid')\"))]\nstruct Event { #[column(primary_key)] id: i64, data: String }",
    );
    project.runs("generate");
    for (code, command) in [(3, "migrate"), (3, "push --accept history")] {
        let run = project.run(command);
        assert_eq!(run.code, code, "{}", run.err);
        assert!(run.err.contains("fails on 2 rows of `events`, at rowid 2, 3: malformed JSON"), "{}", run.err);
        assert!(!run.err.contains("bug"), "{}", run.err);
    }
    assert_eq!(project.query("SELECT count(*) FROM events"), ["3"]);
    project.sql("DELETE FROM events WHERE id > 1");
    project.runs("migrate");
}
