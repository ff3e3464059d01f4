//! Comments in the stored statements of real databases.

use std::collections::BTreeMap;

use dbmigrate_core::ddl::Comments;
use dbmigrate_core::engine::{Connection, Introspected, introspect};
use dbmigrate_core::sql::{Name, split};
use pollster::block_on;

use crate::support::{history, shared};

fn load(script: &str) -> Introspected {
    let connection = block_on(Connection::in_memory()).expect("an empty database");
    for statement in split(script) {
        block_on(connection.run(statement.text)).unwrap_or_else(|error| panic!("{error}: {}", statement.text));
    }
    block_on(introspect(&connection)).expect("the schema is readable")
}

fn column<'a>(found: &'a BTreeMap<Name, Comments>, table: &str, column: &str) -> Option<&'a str> {
    found.get(&table.into())?.column(&column.into())
}

#[test]
fn comments_come_with_the_schema() {
    let found = load(
        "CREATE TABLE t ( -- people\n  id INTEGER PRIMARY KEY, -- never reused\n  name TEXT\n);
         CREATE TABLE silent (id INTEGER);
         CREATE VIEW v AS\n-- the names\nSELECT name FROM t;
         ALTER TABLE t ADD COLUMN age INT;
         ALTER TABLE t RENAME COLUMN name TO full_name",
    );
    let comments = found.comments();
    assert_eq!(comments.keys().map(Name::as_str).collect::<Vec<_>>(), ["t", "v"]);
    assert_eq!(comments[&"t".into()].table.as_deref(), Some("people"));
    assert_eq!(comments[&"v".into()].table.as_deref(), Some("the names"));
    assert_eq!(column(&comments, "t", "id"), Some("never reused"));
    assert_eq!(comments[&"t".into()].columns.len(), 1);
}

#[test]
fn comments_in_the_body_of_a_trigger_stay_there() {
    let found = load(
        "CREATE TABLE t (id INTEGER);
         CREATE TRIGGER r AFTER INSERT ON t BEGIN\n  -- why\n  SELECT 1;\n  /* and */ SELECT 2; -- done\nEND",
    );
    let body = found.schema.triggers.get(&"r".into()).expect("it is there").body.as_str().to_owned();
    assert_eq!(body, "-- why\nSELECT 1;\n/* and */ SELECT 2");
}

#[test]
fn comments_of_our_schemas_are_those_of_their_columns() {
    let schemas: BTreeMap<String, String> = history::schemas().into_iter().collect();
    let comments = |name: &str| load(&schemas[name]).comments();
    let library = comments("library");
    assert_eq!(column(&library, "Readers", "ReaderNo"), Some("printed on the card"));
    assert_eq!(column(&library, "Readers", "Name"), Some("family name first"));
    assert_eq!(column(&library, "Readers", "group"), Some("1 adult, 2 child"));
    assert_eq!(column(&library, "Readers", "Born"), None);
    assert_eq!(column(&library, "book", "hall"), Some("where it stands"));
    assert_eq!(column(&library, "book", "index"), Some("a word that SQL knows"));
    assert_eq!(library[&"Shelf".into()].table.as_deref(), Some("A shelf, by hall and row."));
    let telemetry = comments("telemetry");
    assert_eq!(telemetry[&"größe".into()].table.as_deref(), Some("What is measured,\nand in which unit."));
    assert_eq!(column(&telemetry, "device", "id"), Some("as printed on it"));
    assert!(comments("mail").is_empty(), "it has none inside of a statement");
}

#[test]
fn comments_of_real_schemas_are_those_of_their_columns() {
    let Some(folder) = shared("corpus/schemas") else { return };
    let mut all: BTreeMap<String, BTreeMap<Name, Comments>> = BTreeMap::new();
    let mut files: Vec<_> =
        fs_err::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    for file in files {
        let script = fs_err::read_to_string(&file).expect("readable");
        let name = file.file_stem().expect("it has a name").to_string_lossy().into_owned();
        all.insert(name, load(&script).comments());
    }
    let columns = |comments: &BTreeMap<Name, Comments>| comments.values().map(|one| one.columns.len()).sum::<usize>();
    let counts: Vec<String> = all
        .iter()
        .filter(|(_, comments)| !comments.is_empty())
        .map(|(name, comments)| {
            let tables = comments.values().filter(|one| one.table.is_some()).count();
            format!("{name}: {tables} tables and views, {} columns", columns(comments))
        })
        .collect();
    println!("{}", counts.join("\n"));
    let documented: Vec<(&str, usize)> =
        all.iter().map(|(name, comments)| (name.as_str(), columns(comments))).filter(|(_, count)| *count > 0).collect();
    assert_eq!(
        documented,
        [
            ("atuin-server", 16),
            ("grocy", 1),
            ("headscale", 1),
            ("matrix-rust-sdk-state-store", 11),
            ("mopidy-local", 27),
            ("vibe-kanban", 7),
        ]
    );
    let state = &all["matrix-rust-sdk-state-store"];
    let parent = "This is used as both a key and a value, thus neither encrypted/decrypted/hashed.\n\
                  This is the transaction id for the *parent* transaction, not our own.";
    assert_eq!(column(state, "dependent_send_queue_events", "parent_transaction_id"), Some(parent));
    assert_eq!(column(state, "send_queue_events", "wedge_reason"), Some("In clear."));
    assert_eq!(column(state, "send_queue_events", "created_at"), None);
    let node =
        "user_id is NULL for tagged nodes (owned by tags, not a user).\nOnly set for user-owned nodes (no tags).";
    assert_eq!(column(&all["headscale"], "nodes", "user_id"), Some(node));
    assert_eq!(column(&all["mopidy-local"], "artist", "musicbrainz_id"), Some("MusicBrainz ID"));
    assert_eq!(column(&all["vibe-kanban"], "attachments", "hash"), Some("SHA256 for deduplication"));
    let attachments = all["vibe-kanban"][&"task_attachments".into()].table.as_deref();
    assert_eq!(attachments, Some("`UNIQUE(task_id, attachment_id)`: Prevent duplicate associations"));
    let splits = all["grocy"][&"stock_splits".into()].table.as_deref().expect("documented");
    assert!(
        splits.starts_with("Helper view which shows splitted stock rows which could be compacted\n\nStock"),
        "{splits}"
    );
}
