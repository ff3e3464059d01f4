//! Expressions that fail on some rows, with a guard that keeps them from these: a search must not evaluate what the
//! migration itself does not.

use crate::support::{Change, Ending, schema_of};

/// Of a table `n` with an `id` and a text `d`, to one with this behind its columns and these indexes.
fn ending(columns: &str, indexes: &str, rows: &[&str]) -> Ending {
    let before = "CREATE TABLE n (id INTEGER PRIMARY KEY, d TEXT NOT NULL CHECK (d <> ''), k TEXT)";
    let after =
        format!("CREATE TABLE n (id INTEGER PRIMARY KEY, d TEXT NOT NULL CHECK (d <> ''), k TEXT{columns}); {indexes}");
    let rows: Vec<String> = rows.iter().map(|d| format!("INSERT INTO n (d, k) VALUES ('{d}', 'a')")).collect();
    let (current, desired) = (schema_of(before).expect("a schema"), schema_of(&after).expect("a schema"));
    let change = Change { current, desired, seed: rows.join(";"), ..Change::default() };
    let folder = crate::support::scratch_folder().expect("a folder");
    change.run(folder.path()).unwrap_or_else(|error| panic!("{indexes} {columns}: {error}"))
}

const GOOD: [&str; 3] = [r#"{"k":1}"#, "plain", r#"{"k":2}"#];
const TWICE: [&str; 3] = [r#"{"k":7}"#, "plain", r#"{"k":7}"#];

#[test]
fn the_search_for_duplicates_keeps_to_the_guard_of_the_index() {
    for index in [
        "(json_extract(d, '$.k')) WHERE json_valid(d)",
        "(k, json_extract(d, '$.k')) WHERE json_valid(d)",
        "(json_extract(d, '$.k'), k) WHERE k IS NOT NULL AND json_valid(d)",
        // the condition has a guard of its own
        "(json_extract(d, '$.k')) WHERE json_valid(d) AND json_extract(d, '$.k') > 0",
        "(json_extract(d, '$.k')) WHERE CASE WHEN json_valid(d) THEN json_extract(d, '$.k') > 0 END",
        // no guard but the expression's own
        "(CASE WHEN json_valid(d) THEN json_extract(d, '$.k') END)",
        "(iif(json_valid(d), json_extract(d, '$.k'), NULL))",
        "(d ->> '$.k') WHERE json_valid(d)",
        "(abs(CASE WHEN json_valid(d) THEN json_extract(d, '$.k') END)) WHERE NOT (NOT json_valid(d) OR d -> '$.k' IS NULL)",
    ] {
        let index = format!("CREATE UNIQUE INDEX nu ON n {index}");
        assert!(matches!(ending("", &index, &GOOD), Ending::Applied(..)), "{index}");
        let Ending::RefusedByMigrate(reason) = ending("", &index, &TWICE) else { panic!("{index}: not refused") };
        assert!(reason.contains("1 duplicate in `n`") && reason.contains('7'), "{index}: {reason}");
    }
    // a condition with a guard, over plain columns
    let index = "CREATE UNIQUE INDEX nu ON n (k, d) WHERE json_valid(d) AND json_extract(d, '$.k') > 0";
    assert!(matches!(ending("", index, &GOOD), Ending::Applied(..)));
    let Ending::RefusedByMigrate(reason) = ending("", index, &TWICE) else { panic!("not refused") };
    assert!(reason.contains("1 duplicate in `n` (k, d)"), "{reason}");
}

#[test]
fn a_guarded_check_and_a_guarded_generated_column_are_evaluated_as_the_table_does() {
    for check in [
        "json_valid(d) = 0 OR json_extract(d, '$.k') < 7",
        "NOT (json_valid(d) AND json_extract(d, '$.k') >= 7)",
        "CASE WHEN json_valid(d) THEN json_extract(d, '$.k') < 7 ELSE 1 END",
        "iif(json_valid(d), json_extract(d, '$.k'), 0) < 7",
    ] {
        let check = format!(", CHECK ({check})");
        assert!(matches!(ending(&check, "", &GOOD), Ending::Applied(..)), "{check}");
        let Ending::RefusedByMigrate(reason) = ending(&check, "", &TWICE) else { panic!("{check}: not refused") };
        assert!(reason.contains("2 rows of `n` violate CHECK") && reason.contains("rowid 1"), "{check}: {reason}");
    }
    let generated = ", g AS (CASE WHEN json_valid(d) THEN json_extract(d, '$.k') END)";
    assert!(matches!(ending(generated, "CREATE INDEX gi ON n (g)", &GOOD), Ending::Applied(..)));
}
