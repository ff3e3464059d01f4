//! `-- dbmigrate: online` on every kind of table: what it leaves is what the plain rebuild leaves behind the same writes, with
//! the effects of user triggers once, whatever dies in between.

use std::process::Stdio;
use std::time::Duration;

use crate::project::Project;

/// A kind of table.
struct Kind {
    name: &'static str,
    /// What follows the name of the table.
    options: &'static str,
    /// Its columns besides `label`.
    fields: &'static str,
    /// How its rows are made of `i`: columns and values.
    row: (&'static str, &'static str),
    /// What an application does before it is done and afterwards.
    writes: &'static str,
}

/// What the triggers of a table write down.
const AUDIT: &str =
    "#[derive(Table)]\n#[table(name = \"audit\")]\nstruct Audit { #[column(primary_key)] id: i64, what: String }\n";

const KINDS: &[Kind] = &[
    Kind {
        name: "a strict table with triggers that write elsewhere",
        options: ", strict, index(n), trigger(added, after = insert, body = \"INSERT INTO audit (what) VALUES ('+' || new.id);\"), \
                  trigger(changed, after = update, update_of(n, label), when = \"new.n <> old.n\", \
                  body = \"INSERT INTO audit (what) VALUES (old.n || '>' || new.n);\"), \
                  trigger(gone, before = delete, body = \"INSERT INTO audit (what) VALUES ('-' || old.id);\")",
        fields: "#[column(primary_key)] id: i64, n: i64,",
        row: ("id, n, label", "i, i % 97, iif(i % 3, 'l' || i, NULL)"),
        writes: "INSERT INTO t (n, label) VALUES (5, 'new');
            INSERT OR REPLACE INTO t (id, n, label) VALUES (77, 1, 'replaced');
            UPDATE t SET n = n + 1 WHERE id % 1000 = 3;
            UPDATE t SET label = 'same' WHERE id = 9;
            DELETE FROM t WHERE id % 1000 = 7;",
    },
    Kind {
        name: "without rowids",
        options: ", without_rowid, primary_key(a, b), index(n)",
        fields: "a: String, b: i64, n: i64,",
        row: ("a, b, n, label", "'a' || (i % 7), i, i % 97, iif(i % 3, 'l' || i, NULL)"),
        writes: "INSERT INTO t (a, b, n, label) SELECT 'a3', min(b) - 1, 5, 'new' FROM t;
            INSERT OR REPLACE INTO t (a, b, n, label) VALUES ('a0', 7, 1, 'replaced');
            UPDATE t SET a = 'z' || a WHERE b % 1000 = 3;
            DELETE FROM t WHERE b % 1000 = 7;",
    },
    Kind {
        name: "a tree whose rowids are never used again",
        options: ", index(up)",
        fields: "#[column(primary_key, autoincrement)] id: i64, #[column(references = T::id, on_delete = cascade)] up: Option<i64>, \
                 #[column(generated = \"id * 2\")] twice: i64,",
        row: ("id, up, label", "i, iif(i % 5, NULL, i - 1), iif(i % 3, 'l' || i, NULL)"),
        writes: "INSERT INTO t (up, label) VALUES (12, 'new');
            DELETE FROM t WHERE id = (SELECT max(id) FROM t);
            DELETE FROM t WHERE id % 1000 = 4;
            UPDATE t SET up = 1 WHERE id % 1000 = 8;",
    },
    Kind {
        name: "stored values that are computed, and a unique expression",
        options: ", unique_index(\"n + 0\", where = \"n > 100\")",
        fields: "#[column(primary_key)] id: i64, n: i64, #[column(generated = \"n || '!'\", stored)] said: String,",
        row: ("id, n, label", "i, i, iif(i % 3, 'l' || i, NULL)"),
        writes: "INSERT INTO t (n, label) VALUES (-5, 'new');
            UPDATE t SET n = -n WHERE id % 1000 = 3;
            REPLACE INTO t (id, n, label) VALUES (500000, 101, 'takes the place of another');",
    },
];

/// A database with rows in such a table, and a migration that rebuilds it.
fn before(kind: &Kind, generate: &str) -> Project {
    let structs = |label: &str| {
        format!(
            "#[derive(Table)]\n#[table(name = \"t\"{})]\nstruct T {{ {} label: {label} }}\n{AUDIT}",
            kind.options, kind.fields
        )
    };
    let project = Project::migrated(&structs("Option<String>"));
    let (columns, values) = kind.row;
    project.sql(&format!(
        "PRAGMA journal_mode = WAL; INSERT INTO t ({columns}) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
         WHERE i < 60000) SELECT {values} FROM n; DELETE FROM audit;"
    ));
    project.structs(&structs("String"));
    project.runs(generate);
    project
}

/// Everything that there is.
fn all(project: &Project) -> Vec<Vec<String>> {
    let objects = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE '\\_dbmigrate%' ESCAPE '\\' ORDER BY 1, 2";
    let marks = match project.query("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'")[0].as_str() {
        "1" => "SELECT * FROM sqlite_sequence WHERE name = 't'",
        _ => "SELECT 1",
    };
    let queries = [objects, "SELECT * FROM t ORDER BY 1, 2", "SELECT id, what FROM audit ORDER BY id", marks];
    queries.map(|query| project.query(query)).into_iter().chain([project.query("PRAGMA integrity_check")]).collect()
}

#[test]
fn each_kind_of_table_comes_out_as_the_plain_rebuild_leaves_it() {
    for kind in KINDS {
        let generate = "generate --name named --backfill users.label='none'".replace("users", "t");
        let plain = before(kind, &generate);
        let online = before(kind, &format!("{generate} --online"));
        let mut runner = online.command(&["migrate"]).stderr(Stdio::null()).spawn().expect("the binary runs");
        let hidden = "SELECT count(*) FROM sqlite_schema WHERE name LIKE '\\_dbmigrate\\_new%' ESCAPE '\\'";
        while online.query(hidden) == ["0"] && runner.try_wait().expect("it is ours").is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        // beside it, and behind its death
        online.sql(kind.writes);
        runner.kill().expect("it is ours");
        runner.wait().expect("it ends");
        plain.sql(kind.writes);
        online.runs("migrate");
        plain.runs("migrate");
        for project in [&plain, &online] {
            project.sql(kind.writes);
            project.runs("check");
            project.runs("status");
            assert!(project.query("PRAGMA foreign_key_check").is_empty(), "{}", kind.name);
        }
        let (plain, online) = (all(&plain), all(&online));
        for (plain, online) in plain.iter().zip(&online) {
            let differs = plain.iter().zip(online).find(|(plain, online)| plain != online);
            assert!(plain == online, "{}: {} and {} rows, {differs:?}", kind.name, plain.len(), online.len());
        }
    }
}
