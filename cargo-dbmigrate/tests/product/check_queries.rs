//! The SQL in string literals, held against the migrations by `check`: at the word, in the file; and against a version that
//! runs.

use crate::project::Project;

const USER: &str = "#[derive(Table)]
#[table(name = \"users\", strict)]
struct User {
    #[column(primary_key)]
    id: i64,
    #[column(index)]
    email: String,
    nick: Option<String>,
}
";

/// A package with a table, a migration and a file of queries.
fn with_queries(queries: &str) -> Project {
    let project = Project::new(&format!("mod queries;\n{USER}"));
    project.write("src/queries.rs", queries);
    project.runs("generate");
    project
}

fn git(project: &Project, line: &str) {
    project.shell(&format!("git -c user.name=a -c user.email=a@example.com {line}"));
}

#[test]
fn a_statement_that_does_not_fit_is_an_error_at_its_word() {
    let project = with_queries(
        "pub async fn all(c: &libsql::Connection) {
    c.query(\"SELECT id, \\\"email\\\", \\
             emial FROM users WHERE nick = ?1\", ()).await;
    sqlx::query!(r#\"SELECT u.\"id\" FROM usrs u\"#);
    c.execute(INSERT, ()).await;
    c.execute(\"SELEC 1\", ()).await;
    c.execute(\"SELECT id FORM users\", ()).await;
    c.query(&format!(\"SELECT {} FROM users\", 1), ()).await;
    c.query(\"SELECT count(*) FROM users\", ()).await;
}
const INSERT: &str = concat!(\"INSERT INTO users (id, mail) \", \"VALUES (?1, ?2)\");
",
    );
    let run = project.ends(4, "check");
    for wanted in [
        "error: no such column: `emial`\n --> src/queries.rs:3:14\n",
        "^^^^^",
        "= help: did you mean `email`?",
        "error: no such table: `usrs`\n --> src/queries.rs:4:40\n",
        "= help: did you mean `users`?",
        "error: table `users` has no column `mail`\n  --> src/queries.rs:11:54\n",
        "error: syntax error at `users`\n --> src/queries.rs:7:31\n",
        "error: 4 queries of the source do not fit the schema",
        "level = \"warn\"",
    ] {
        assert!(run.err.contains(wanted), "{wanted}\n{}", run.err);
    }
    assert!(!run.err.contains("SELEC 1"), "a text that does not begin as SQL is none: {}", run.err);
    // for programs
    let run = project.ends(4, "check --message-format json");
    let found: Vec<serde_json::Value> =
        run.json().into_iter().filter(|object| object["reason"] == "diagnostic").collect();
    assert_eq!((found.len(), &found[0]["line"], &found[0]["column"]), (4, &3.into(), &14.into()), "{found:?}");
    // a warning, or nothing
    project.write("dbmigrate.toml", "[queries]\nlevel = \"warn\"\n");
    let run = project.runs("check");
    assert!(run.err.contains("warning: no such column: `emial`"), "{}", run.err);
    project.write("dbmigrate.toml", "[queries]\nlevel = \"allow\"\n");
    assert!(!project.runs("check").err.contains("emial"));
    project.write("dbmigrate.toml", "[queries]\nskip = [\"src/q*.rs\"]\n");
    assert!(!project.runs("check").err.contains("emial"));
}

#[test]
fn statements_that_fit_are_counted_and_listed_with_what_they_use() {
    let project = with_queries(
        "fn f() {
    c.query(\"SELECT nick FROM users WHERE email = ?1\", ());
    c.execute(\"UPDATE users SET nick = ?1\", ());
    c.execute_batch(\"CREATE TEMP TABLE seen (id); INSERT INTO seen (id) SELECT id FROM users\");
    c.query(\"SELECT id FROM seen\", ());
    c.query(\"SELECT id FROM other.things\", ());
    c.query(format!(\"SELECT {x}\"), ());
}
#[cfg(feature = \"pg\")]
fn g() { c.query(\"SELECT now() FROM elsewhere\", ()); }
#[cfg(test)]
mod tests { fn g() { c.query(\"SELECT now() FROM elsewhere\", ()); } }
",
    );
    let run = project.runs("check");
    assert!(run.err.contains("Checked 4 queries of the source fit the schema, 1 cannot be judged here"), "{}", run.err);
    let run = project.runs("check --queries");
    let wanted = "src/queries.rs:2
    SELECT nick FROM users WHERE email = ?1
    reads users (email, nick)
src/queries.rs:3
    UPDATE users SET nick = ?1
    writes users (nick)
src/queries.rs:4
    CREATE TEMP TABLE seen (id); INSERT INTO seen (id) SELECT id FROM users
    reads users (id)
    writes seen (id)
src/queries.rs:5
    SELECT id FROM seen
    reads seen (id)
src/queries.rs:6
    SELECT id FROM other.things
    not judged: `other.things` is in no schema that is known here
src/queries.rs:7
    not judged: built at run time
";
    assert_eq!(run.out, wanted);
    let run = project.runs("check --queries --message-format json");
    let listed = run.json().into_iter().find(|object| object["reason"] == "queries").expect("the list");
    assert_eq!(listed["queries"][0]["reads"][0]["columns"], serde_json::json!(["email", "nick"]));
    assert_eq!(listed["queries"][4]["fits"], serde_json::Value::Null);
    assert_eq!(listed["at_run_time"], serde_json::json!(["src/queries.rs:7"]));
}

#[test]
fn queries_for_another_kind_of_database_are_one_warning() {
    let project = with_queries(
        "fn f() {
    sqlx::query(\"SELECT id::text FROM customers\");
    sqlx::query(\"SELECT now() FROM invoices\");
    sqlx::query(\"INSERT INTO invoices (id) VALUES ($1) RETURNING id\");
}
",
    );
    let run = project.runs("check");
    let said = "warning: 3 queries of the source name no table of the migrations, and are left out";
    assert!(run.err.contains(said) && run.err.contains("skip = [\"src/queries.rs\"]"), "{}", run.err);
    assert_eq!(run.err.matches("warning").count(), 1, "{}", run.err);
}

#[test]
fn a_statement_is_for_the_database_whose_tables_it_names() {
    let notes = "use dbmigrate::Table;\n#[derive(Table)] #[table(name = \"notes\")] pub struct Note { #[column(primary_key)] pub id: i64, pub text: String }\n";
    let project = Project::new(&format!("mod queries;\nmod tenant;\n{USER}"));
    project.write("src/tenant.rs", notes);
    project.write("dbmigrate.toml", "[databases.tenant]\nstructs = \"crate::tenant\"\n");
    project.write(
        "src/queries.rs",
        "fn f() { c.query(\"SELECT text FROM notes\"); c.query(\"SELECT id FROM users\"); c.query(\"SELECT txt FROM notes\"); }",
    );
    project.runs("generate");
    project.runs("check --database default");
    let run = project.ends(4, "check --database tenant");
    assert!(run.err.contains("no such column: `txt`"), "{}", run.err);
    // said of the file, it is none of the other one
    project.write(
        "dbmigrate.toml",
        "[databases.tenant]\nstructs = \"crate::tenant\"\n[queries]\ndatabases = { default = [\"src/*\"] }\n",
    );
    let run = project.ends(4, "check --database default");
    assert_eq!(run.err.matches("no such table: `notes`").count(), 2, "{}", run.err);
    project.runs("check --database tenant");
}

#[test]
fn what_breaks_the_release_that_runs_is_said_with_its_places() {
    let project = with_queries(
        "fn f() {\n    c.query(\"SELECT nick FROM users\");\n    c.query(\"SELECT email FROM users\");\n    c.execute(\"UPDATE users SET nick = ?1\");\n}\n",
    );
    git(&project, "init -q -b main");
    git(&project, "add -A");
    git(&project, "commit -qm one");
    git(&project, "tag v1");
    let run = project.runs("check --against v1");
    assert!(run.err.contains("Compared 3 queries of `v1`: none fails on the new schema"), "{}", run.err);
    project.structs(&format!(
        "mod queries;\n{}",
        USER.replace("nick:", "#[column(renamed_from = \"nick\")]\n    handle:")
    ));
    project.write(
        "src/queries.rs",
        "fn f() {\n    c.query(\"SELECT handle FROM users\");\n    c.query(\"SELECT email FROM users\");\n}\n",
    );
    project.runs("generate");
    // nothing is known without the other version
    assert!(!project.runs("check --since v1").err.contains("breaks_release"));
    let run = project.ends(4, "check --against v1");
    for wanted in [
        "Compared 3 queries of `v1`: 2 fail on the new schema",
        "the migrations come first: 1 query of this version does not run before",
        "error[breaks_release]: breaks 2 queries of `v1`: `users.nick` is called `handle` now",
        "`src/queries.rs:2`: no such column: `nick`",
        "`src/queries.rs:4`: no such column: `nick`",
        "the half that expands is missing: add `handle` beside `nick` and write both in this version",
    ] {
        assert!(run.err.contains(wanted), "{wanted}\n{}", run.err);
    }
    assert!(run.err.contains("migration.sql:"), "at the statement: {}", run.err);
    assert!(!run.err.contains("rename_column"), "what is known is not suspected: {}", run.err);
    let run = project.ends(4, "check --against v1 --message-format json");
    let said = run.json().into_iter().find(|object| object["reason"] == "against").expect("the comparison");
    assert_eq!(
        (&said["queries"], &said["breaks"][1]["line"], &said["needs"][0]["line"]),
        (&3.into(), &4.into(), &2.into())
    );
    let run = project.ends(2, "check --against v9");
    assert!(run.err.contains("`--against v9` is no commit"), "{}", run.err);
}

#[test]
fn plans_that_become_slower_are_lints() {
    let project = with_queries(
        "fn f() {\n    c.query(\"SELECT id FROM users WHERE email = ?1\");\n    c.query(\"SELECT id FROM users ORDER BY email\");\n}\n",
    );
    project.structs(&format!("mod queries;\n{}", USER.replace("    #[column(index)]\n", "")));
    project.runs("generate");
    assert!(!project.runs("check").err.contains("full_scan_appears"));
    let run = project.runs("check --plans");
    for wanted in [
        "warning[full_scan_appears]: `src/queries.rs:2` now reads all rows of `users`",
        "`src/queries.rs:2`: SCAN users",
        "warning[temp_b_tree_appears]: `src/queries.rs:3` now sorts rows of `users`",
    ] {
        assert!(run.err.contains(wanted), "{wanted}\n{}", run.err);
    }
    project.ends(4, "check --plans -D full_scan_appears");
}

#[test]
fn the_plans_are_those_of_a_target_that_was_analyzed() {
    let posts = |index: &str| {
        format!(
            "mod queries;\n#[derive(Table)]\n#[table(name = \"posts\"{index})]\nstruct Post {{\n    \
             #[column(primary_key)]\n    id: i64,\n    #[column(index)]\n    author: i64,\n    #[column(index)]\n    \
             at: i64,\n}}\n"
        )
    };
    let project = Project::new(&posts(""));
    let query = "fn f() {\n    c.query(\"SELECT id FROM posts WHERE author = ?1 AND at = ?2\");\n}\n";
    project.write("src/queries.rs", query);
    project.runs("generate");
    // in one, few posts have the same author; in the other, few are of the same time
    for (database, row) in [("authors.db", "n, n % 3"), ("times.db", "n % 3, n")] {
        project.runs(&format!("migrate --url {database}"));
        project.database(database).run(&format!(
            "WITH RECURSIVE all_of(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM all_of WHERE n < 999)
             INSERT INTO posts (author, at) SELECT {row} FROM all_of; ANALYZE;"
        ));
    }
    project.structs(&posts(", index(author, at)"));
    project.runs("generate");
    for (database, unused, still) in
        [("authors.db", "posts_author_idx", "posts_at_idx"), ("times.db", "posts_at_idx", "posts_author_idx")]
    {
        let run = project.runs(&format!("check --plans --url {database}"));
        let found: Vec<&str> = run.err.lines().filter(|line| line.contains("[index_without_query]")).collect();
        assert!(found.len() == 1 && found[0].contains(unused) && !found[0].contains(still), "{}", run.err);
    }
}

#[test]
fn the_report_on_a_branch_names_the_queries_that_it_breaks() {
    let project = with_queries("fn f() {\n    c.query(\"SELECT nick FROM users\");\n}\n");
    git(&project, "init -q -b main");
    git(&project, "add -A");
    git(&project, "commit -qm one");
    git(&project, "switch -qc work");
    project.structs(&format!("mod queries;\n{}", USER.replace("    nick: Option<String>,\n", "")));
    project.write("src/queries.rs", "");
    project.runs("generate --accept drop_column:users.nick");
    git(&project, "add -A");
    git(&project, "commit -qm two");
    let run = project.runs("ci report");
    assert!(run.out.contains("> **Warning:** 1 query of "), "{}", run.out);
    assert!(run.out.contains("- `src/queries.rs:2`: `no such column: 'nick'`"), "{}", run.out);
}

#[test]
fn a_rename_is_not_suspected_where_the_release_has_no_query_of_it() {
    let project = with_queries("fn f() {\n    c.query(\"SELECT email FROM users\");\n}\n");
    git(&project, "init -q -b main");
    git(&project, "add -A");
    git(&project, "commit -qm one");
    git(&project, "tag v1");
    project.structs(&format!(
        "mod queries;\n{}",
        USER.replace("nick:", "#[column(renamed_from = \"nick\")]\n    handle:")
    ));
    project.runs("generate");
    assert!(project.runs("check --since v1").err.contains("warning[rename_column]"));
    let run = project.runs("check --against v1");
    assert!(!run.err.contains("rename_column") && !run.err.contains("breaks_release"), "{}", run.err);
}
