//! Primary keys that look alike: which of them are the rowid (sqlite.org/lang_createtable.html#rowid), and that the
//! canonical form keeps apart what the engine keeps apart.

use dbmigrate_core::engine::connection::integer;
use dbmigrate_core::engine::introspect;
use pollster::block_on;

use super::twin::made_by;

/// Groups of definitions that mean the same, with whether the key is the rowid.
const GROUPS: &[(bool, &[&str])] = &[
    (
        true,
        &[
            "id INTEGER PRIMARY KEY",
            "id integer PRIMARY KEY ASC",
            "id INTEGER, PRIMARY KEY (id)",
            "id INTEGER, PRIMARY KEY (id DESC)",
            "id INTEGER, PRIMARY KEY (id COLLATE NOCASE DESC)",
            "id INTEGER NOT NULL PRIMARY KEY",
            "id INTEGER PRIMARY KEY NOT NULL DEFAULT NULL",
            "id \"INTEGER\" PRIMARY KEY ON CONFLICT ABORT",
        ],
    ),
    (false, &["id INTEGER PRIMARY KEY DESC", "\"id\" [Integer] PRIMARY KEY DESC ON CONFLICT ABORT"]),
    (false, &["id INTEGER NOT NULL PRIMARY KEY DESC"]),
    (false, &["id INT PRIMARY KEY", "id INT, PRIMARY KEY (id ASC)", "id int primary key"]),
    (false, &["id INT PRIMARY KEY DESC", "id INT, PRIMARY KEY (id DESC)"]),
    (false, &["id INT NOT NULL PRIMARY KEY"]),
    (false, &["id BIGINT PRIMARY KEY"]),
    (false, &["id INTEGER(8) PRIMARY KEY"]),
    (false, &["id PRIMARY KEY"]),
    (false, &["id INTEGER UNIQUE", "id INTEGER, UNIQUE (id)"]),
    (true, &["id INTEGER PRIMARY KEY AUTOINCREMENT", "id INTEGER, PRIMARY KEY (id DESC AUTOINCREMENT)"]),
    (true, &["id INTEGER PRIMARY KEY ON CONFLICT REPLACE"]),
    (true, &["id INTEGER PRIMARY KEY UNIQUE"]),
    (false, &["id TEXT, PRIMARY KEY (id COLLATE NOCASE)"]),
    (false, &["id TEXT COLLATE NOCASE PRIMARY KEY", "id TEXT COLLATE NOCASE, PRIMARY KEY (id)"]),
    (false, &["id TEXT PRIMARY KEY"]),
];

fn canonical(columns: &str, options: &str) -> String {
    let database = made_by(&format!("CREATE TABLE t ({columns}){options}")).expect("libSQL takes it");
    let found = block_on(introspect(&database)).expect("it is readable");
    assert!(found.unreadable.is_empty(), "{:?}", found.unreadable);
    found.schema.canonical().into_values().collect()
}

#[test]
fn keys_are_the_same_exactly_when_they_mean_the_same() {
    let groups: Vec<Vec<String>> =
        GROUPS.iter().map(|(_, all)| all.iter().map(|one| canonical(one, "")).collect()).collect();
    for (at, group) in groups.iter().enumerate() {
        assert!(group.iter().all(|one| *one == group[0]), "{group:#?}");
        let twin = groups[..at].iter().position(|other| other[0] == group[0]);
        assert_eq!(twin, None, "{:?} are taken for {:?}", GROUPS[at].1, twin.map(|twin| GROUPS[twin].1));
    }
}

#[test]
fn the_model_knows_which_keys_are_the_rowid() {
    for (is_alias, definitions) in GROUPS {
        for definition in *definitions {
            let database = made_by(&format!("CREATE TABLE t ({definition}); INSERT INTO t (id) VALUES (42)"));
            let database = database.expect("libSQL takes it");
            let row = block_on(database.first_row("SELECT rowid FROM t")).expect("it is there").expect("it is there");
            assert_eq!(integer(&row[0]) == 42, *is_alias, "{definition}");
            let found = block_on(introspect(&database)).expect("it is readable");
            let table = found.schema.table(&"t".into()).expect("it is there");
            assert_eq!(table.rowid_alias().is_some(), *is_alias, "{definition}");
        }
    }
}

#[test]
fn without_rowids_the_order_of_a_key_counts_wherever_it_is_written() {
    let text = |columns: &str| canonical(columns, " WITHOUT ROWID");
    let ascending = text("id INTEGER PRIMARY KEY");
    let descending = text("id INTEGER PRIMARY KEY DESC");
    assert_ne!(ascending, descending);
    assert_eq!(descending, text("id INTEGER, PRIMARY KEY (id DESC)"));
    // the key is compared as the column is, whatever is said
    assert_eq!(ascending, text("id INTEGER, PRIMARY KEY (id COLLATE NOCASE)"));
    assert_eq!(ascending, text("id INTEGER NOT NULL PRIMARY KEY"));
    assert_ne!(text("id TEXT PRIMARY KEY"), text("id TEXT, PRIMARY KEY (id COLLATE NOCASE)"));
}

#[test]
fn a_column_that_is_listed_again_makes_no_difference_to_a_key() {
    for (twice, once, options) in [
        ("a INT, PRIMARY KEY (a, a)", "a INT PRIMARY KEY", ""),
        ("a INT, b INT, PRIMARY KEY (a, b, a)", "a INT, b INT, PRIMARY KEY (a, b)", ""),
        ("a INTEGER, PRIMARY KEY (a, a)", "a INTEGER PRIMARY KEY", " WITHOUT ROWID"),
        ("a INT, b INT, UNIQUE (b, a, b)", "a INT, b INT, UNIQUE (b, a)", ""),
    ] {
        assert_eq!(canonical(twice, options), canonical(once, options));
    }
    for (twice, once) in [
        // the one is the rowid, the other is not
        ("a INTEGER, PRIMARY KEY (a, a)", "a INTEGER PRIMARY KEY"),
        ("a TEXT, UNIQUE (a COLLATE NOCASE, a)", "a TEXT, UNIQUE (a COLLATE NOCASE)"),
    ] {
        assert_ne!(canonical(twice, ""), canonical(once, ""));
    }
}
