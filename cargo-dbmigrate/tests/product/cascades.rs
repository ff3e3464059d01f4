//! What `ON DELETE` does under a tool that has foreign keys on, and what a migration does, which has them off.

use crate::applications::by_sqlx;
use crate::project::Project;

#[test]
fn what_on_delete_does_under_sqlx_is_written_out() {
    let first = "CREATE TABLE runs (id INTEGER PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE logs (id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE);
CREATE TABLE lines (log_id INTEGER, at INTEGER, text TEXT, FOREIGN KEY (log_id) REFERENCES logs ON DELETE CASCADE);
CREATE TABLE notes (id INTEGER PRIMARY KEY, run_id INTEGER REFERENCES runs(id) ON DELETE SET NULL);
CREATE TABLE hubs (id INTEGER PRIMARY KEY, token TEXT);
CREATE TABLE repos (id INTEGER PRIMARY KEY, hub_id INTEGER NOT NULL REFERENCES hubs(id) ON DELETE CASCADE);
CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE kept (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parents(id) ON DELETE CASCADE);";
    let rows =
        "INSERT INTO runs VALUES (1, 'new'), (2, 'old'), (3, 'old'); INSERT INTO logs VALUES (7, 1), (8, 2), (9, 3);
INSERT INTO lines VALUES (7, 1, 'a'), (8, 1, 'b'), (NULL, 2, 'c'); INSERT INTO notes VALUES (1, 2), (2, 1), (3, NULL);
INSERT INTO hubs VALUES (1, 't'); INSERT INTO repos VALUES (1, 1); INSERT INTO parents VALUES (1, 'n');
INSERT INTO kept VALUES (1, 1);";
    let project = by_sqlx(&[("0001_runs.sql", first, rows)]);
    let pending = [
        ("0002_old.sql", "PRAGMA foreign_keys = ON;\n\nDELETE FROM runs WHERE state = 'old' -- all of them\n;\n"),
        ("0003_hubs.sql", "DROP TABLE hubs;\nCREATE TABLE hubs (id INTEGER PRIMARY KEY, name TEXT);\n"),
        // what is put back is not gone, and nothing is written out for it
        (
            "0004_parents.sql",
            "CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\nINSERT INTO new SELECT id, name FROM parents;\n\
             DROP TABLE parents;\nALTER TABLE new RENAME TO parents;\n",
        ),
        ("0005_off.sql", "PRAGMA foreign_keys = OFF;\nDELETE FROM parents WHERE id = 99;\n"),
    ];
    for (file, sql) in pending {
        project.write(&format!("migrations/{file}"), sql);
    }
    fs_err::copy(project.path("dev.db"), project.path("other.db")).expect("it is there");
    fs_err::remove_file(project.path("src/lib.rs")).expect("it is there");
    let run = project.runs("pull --from sqlx --out src/lib.rs");
    let said = "what `ON DELETE` does under sqlx is written out";
    assert_eq!(run.err.matches(said).count(), 2, "{}", run.err);
    assert!(run.err.contains("review `0002_old`"), "{}", run.err);
    let second = project.read("db/migrations/0002_old/migration.sql");
    let written = "-- what ON DELETE does where foreign keys are on, as sqlx has them
DELETE FROM lines WHERE EXISTS (SELECT 1 FROM logs WHERE logs.id = lines.log_id AND EXISTS (SELECT 1 FROM runs WHERE \
                   runs.id = logs.run_id AND (state = 'old')));
DELETE FROM logs WHERE EXISTS (SELECT 1 FROM runs WHERE runs.id = logs.run_id AND (state = 'old'));
UPDATE notes SET run_id = NULL WHERE EXISTS (SELECT 1 FROM runs WHERE runs.id = notes.run_id AND (state = 'old'));
DELETE FROM runs WHERE state = 'old'";
    assert!(second.contains(written), "{second}");
    for name in ["0004_parents", "0005_off"] {
        let sql = project.read(&format!("db/migrations/{name}/migration.sql"));
        assert!(!sql.contains("ON DELETE"), "{sql}");
    }
    project.runs("check");
    project.runs("migrate");
    assert_eq!(project.query("SELECT log_id, at FROM lines ORDER BY at"), ["7|1", "NULL|2"]);
    assert_eq!(project.query("SELECT id, run_id FROM notes"), ["1|NULL", "2|1", "3|NULL"]);
    let counts = "SELECT (SELECT count(*) FROM logs), (SELECT count(*) FROM repos), (SELECT count(*) FROM kept)";
    assert_eq!(project.query(counts), ["1|0|1"]);
    assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0]);
    assert!(!project.runs("pull --from sqlx --url other.db").err.contains(said));
    project.runs("migrate --url other.db");
}

#[test]
fn a_delete_that_does_not_cascade_is_named() {
    let project = Project::new("");
    fs_err::remove_file(project.path("src/lib.rs")).expect("it is there");
    project.sql(
        "CREATE TABLE runs (id INTEGER PRIMARY KEY, state TEXT NOT NULL);
         CREATE TABLE logs (id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE);
         INSERT INTO runs VALUES (1, 'new'); INSERT INTO logs VALUES (7, 1), (8, 1)",
    );
    project.runs("pull --baseline --out src/lib.rs");
    project.runs("generate --custom --name clear");
    project.write("migrations/0002_clear/migration.sql", "-- 0002_clear\n\nDELETE FROM runs;\n");
    project.run("generate --custom");
    let refused = project.ends(3, "migrate");
    for line in [
        "`logs` has 2 dangling references to `runs` after the migration, the first at rowid 7",
        " --> migrations/0002_clear/migration.sql:3",
        "this DELETE does not reach `logs`, whatever `ON DELETE` says",
        "delete or change its rows before, then run `cargo dbmigrate migrate` again",
    ] {
        assert!(refused.err.contains(line), "{line}: {}", refused.err);
    }
    assert_eq!(project.query("SELECT count(*) FROM runs"), ["1"]);
}
