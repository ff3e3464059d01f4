//! What is promised of generated rows, one test for each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::*;

const SHOP: &str = "
    CREATE TABLE orgs (id INTEGER PRIMARY KEY, name TEXT NOT NULL, slug TEXT NOT NULL UNIQUE);
    CREATE TABLE users (id TEXT PRIMARY KEY NOT NULL, org_id INTEGER NOT NULL REFERENCES orgs(id), email TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL, bio TEXT, role TEXT NOT NULL CHECK (role IN ('admin', 'member')),
        created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), updated_at TEXT NOT NULL, deleted_at TEXT);
    CREATE TABLE members (user_id TEXT NOT NULL REFERENCES users(id), org_id INTEGER NOT NULL REFERENCES orgs(id),
        PRIMARY KEY (user_id, org_id)) WITHOUT ROWID;
    CREATE TABLE posts (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id TEXT NOT NULL REFERENCES users(id),
        parent_id INTEGER REFERENCES posts(id), position INTEGER NOT NULL, title TEXT NOT NULL, price REAL NOT NULL,
        starts_at INTEGER NOT NULL, ends_at INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL,
        UNIQUE (user_id, position), CHECK (low < high), CHECK (price BETWEEN 1 AND 2));
";

const TABLES: [(&str, &str); 4] = [
    ("orgs", "rows = 20"),
    ("users", "per = 'orgs'\nrows = '1..5'"),
    ("members", "rows = 100"),
    ("posts", "per = 'users'\nrows = '0..8'"),
];

fn shop() -> Made {
    made(SHOP, &TABLES).unwrap_or_else(|error| panic!("{error}"))
}

fn text(value: &Value) -> &str {
    dbmigrate_core::engine::connection::text(value)
}

fn counts(values: &[Value]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry(format!("{value:?}")).or_default() += 1;
    }
    counts
}

/// The rows as a hash, which every machine has to have.
fn hash(made: &Made) -> String {
    let mut text = String::new();
    for table in &made.plan.tables {
        for row in made.rows(table.name().as_str()) {
            let _ = writeln!(text, "{row:?}");
        }
    }
    let hash = dbmigrate_core::sha256::Sha256::digest(text.as_bytes());
    hash[..8].iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn rows_are_taken_by_the_engine_with_foreign_keys_on() {
    shop().insert().unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn the_same_description_gives_the_same_rows_on_every_machine() {
    let (first, second) = (shop(), shop());
    assert_eq!(hash(&first), hash(&second));
    // a change of this hash is a change of the rows of everybody
    insta::assert_snapshot!(hash(&first), @"b44f438d99c32413");
}

#[test]
fn another_seed_gives_other_rows() {
    let other = made(SHOP, &[("orgs", "rows = 20\nseed = 7")]).expect("a plan");
    assert_ne!(other.column("orgs", "name"), shop().column("orgs", "name"));
}

#[test]
fn a_new_column_changes_no_other_value() {
    let more = SHOP.replace("bio TEXT,", "bio TEXT, age INTEGER NOT NULL, nick TEXT NOT NULL UNIQUE,");
    let (before, after) = (shop(), made(&more, &TABLES).expect("a plan"));
    for (table, ..) in TABLES {
        for column in &before.schema.table(&table.into()).expect("a table").columns {
            let name = column.name.as_str();
            assert_eq!(before.column(table, name), after.column(table, name), "{table}.{name}");
        }
    }
}

#[test]
fn a_new_table_changes_no_other_table() {
    let more = format!("{SHOP} CREATE TABLE a (id INTEGER PRIMARY KEY, org_id INTEGER REFERENCES orgs(id), n INT);");
    let tables: Vec<(&str, &str)> = TABLES.into_iter().chain([("a", "rows = 9")]).collect();
    let (before, after) = (shop(), made(&more, &tables).expect("a plan"));
    for (table, ..) in TABLES {
        assert_eq!(before.rows(table), after.rows(table), "{table}");
    }
}

#[test]
fn more_rows_keep_the_earlier_ones() {
    let of = |rows: &str| made(SHOP, &[("orgs", rows)]).expect("a plan").rows("orgs");
    let (few, many) = (of("rows = 20"), of("rows = 500"));
    assert_eq!(few, many[..20]);
}

#[test]
fn rows_are_counted_by_their_parents() {
    let shop = shop();
    let by_org = counts(&shop.column("users", "org_id"));
    assert_eq!(by_org.len(), 20);
    assert!(by_org.values().all(|count| (1..=5).contains(count)), "{by_org:?}");
    let distinct: BTreeSet<&u64> = by_org.values().collect();
    assert!(distinct.len() >= 4, "{by_org:?}");
    let by_user = counts(&shop.column("posts", "user_id"));
    assert!(by_user.values().all(|count| *count <= 8));
}

#[test]
fn the_position_counts_the_rows_of_a_parent() {
    let shop = shop();
    let (users, positions) = (shop.column("posts", "user_id"), shop.column("posts", "position"));
    let mut of: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (user, position) in users.iter().zip(&positions) {
        of.entry(format!("{user:?}")).or_default().push(dbmigrate_core::engine::connection::integer(position));
    }
    for positions in of.values() {
        assert_eq!(*positions, (1..=i64::try_from(positions.len()).unwrap()).collect::<Vec<_>>());
    }
}

#[test]
fn times_are_in_order() {
    let shop = shop();
    let (created, updated) = (shop.column("users", "created_at"), shop.column("users", "updated_at"));
    let deleted = shop.column("users", "deleted_at");
    for ((created, updated), deleted) in created.iter().zip(&updated).zip(&deleted) {
        assert!(text(created) <= text(updated), "{created:?} {updated:?}");
        assert!(*deleted == Value::Null || text(created) <= text(deleted), "{created:?} {deleted:?}");
        assert!(text(created) >= "2024-01-01T00:00:00.000Z" && text(created) < "2026-01-01", "{created:?}");
        assert_eq!(text(created).split_once('.').map(|(_, rest)| rest), Some("000Z"));
    }
    let number = dbmigrate_core::engine::connection::integer;
    for (starts, ends) in shop.column("posts", "starts_at").iter().zip(&shop.column("posts", "ends_at")) {
        assert!(number(starts) <= number(ends));
        assert!(number(starts) >= 1_704_067_200);
    }
}

#[test]
fn what_has_to_be_less_is_less() {
    let shop = shop();
    let number = dbmigrate_core::engine::connection::integer;
    for (low, high) in shop.column("posts", "low").iter().zip(&shop.column("posts", "high")) {
        assert!(number(low) < number(high), "{low:?} {high:?}");
    }
}

#[test]
fn a_row_of_a_tree_refers_to_an_earlier_one() {
    let shop = shop();
    let (ids, parents) = (shop.column("posts", "id"), shop.column("posts", "parent_id"));
    assert_eq!(parents[0], Value::Null);
    let number = dbmigrate_core::engine::connection::integer;
    let mut some = 0;
    for (id, parent) in ids.iter().zip(&parents) {
        if *parent != Value::Null {
            some += 1;
            assert!(number(parent) < number(id));
        }
    }
    assert!(some * 2 > parents.len(), "{some} of {}", parents.len());
}

#[test]
fn weights_and_shares_of_null_are_kept() {
    let settings =
        "rows = 2000\nrole = { one_of = { admin = 1, member = 9 } }\nbio = { null = 0.25 }\norg_id = { skew = 3 }";
    let made = made(SHOP, &[("orgs", "rows = 100"), ("users", settings)]).expect("a plan");
    let roles = counts(&made.column("users", "role"));
    assert!((150..250).contains(&roles["Text(\"admin\")"]), "{roles:?}");
    let nulls = made.column("users", "bio").iter().filter(|value| **value == Value::Null).count();
    assert!((430..570).contains(&nulls), "{nulls}");
    let orgs = made.column("users", "org_id");
    let first = orgs.iter().filter(|org| dbmigrate_core::engine::connection::integer(org) <= 25).count();
    assert!(first > 1000, "{first}");
}

#[test]
fn a_share_of_null_changes_no_other_value() {
    let of = |bio: &str| {
        let settings = format!("rows = 50\nbio = {{ null = {bio} }}");
        made(SHOP, &[("orgs", "rows = 5"), ("users", &settings)]).expect("a plan").column("users", "bio")
    };
    let (none, some) = (of("0"), of("0.5"));
    assert!(none.iter().zip(&some).all(|(none, some)| *some == Value::Null || none == some));
    assert!(some.contains(&Value::Null));
}

#[test]
fn keys_of_several_columns_share_what_they_have_in_common() {
    let sql = "
        CREATE TABLE orgs (id INTEGER PRIMARY KEY);
        CREATE TABLE users (id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL REFERENCES orgs(id), UNIQUE (org_id, id));
        CREATE TABLE projects (id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL REFERENCES orgs(id), UNIQUE (org_id, id));
        CREATE TABLE tasks (id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL REFERENCES orgs(id), user_id INTEGER NOT NULL,
            project_id INTEGER, FOREIGN KEY (org_id, user_id) REFERENCES users(org_id, id),
            FOREIGN KEY (org_id, project_id) REFERENCES projects(org_id, id));";
    let tables = [("orgs", "rows = 10"), ("users", "rows = 200"), ("projects", "rows = 50"), ("tasks", "rows = 300")];
    let made = made(sql, &tables).expect("a plan");
    made.insert().unwrap_or_else(|error| panic!("{error}"));
    let with_project = made.column("tasks", "project_id").iter().filter(|project| **project != Value::Null).count();
    assert!(with_project > 200, "{with_project}");
}

#[test]
fn a_partial_unique_index_leaves_the_others_alone() {
    let sql = "
        CREATE TABLE orgs (id INTEGER PRIMARY KEY);
        CREATE TABLE subscriptions (id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL REFERENCES orgs(id),
            state TEXT NOT NULL CHECK (state IN ('active', 'trial', 'canceled')));
        CREATE UNIQUE INDEX one ON subscriptions (org_id) WHERE state <> 'canceled';";
    let made =
        made(sql, &[("orgs", "rows = 10"), ("subscriptions", "rows = 40")]).unwrap_or_else(|error| panic!("{error}"));
    made.insert().unwrap_or_else(|error| panic!("{error}"));
    let states = counts(&made.column("subscriptions", "state"));
    assert!(states.len() > 1, "{states:?}");
}

#[test]
fn a_key_that_another_table_shares_is_used_once() {
    let sql = "
        CREATE TABLE users (id INTEGER PRIMARY KEY);
        CREATE TABLE passwords (user_id INTEGER PRIMARY KEY REFERENCES users(id), hash TEXT NOT NULL);
        CREATE TABLE factors (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users(id),
            kind TEXT NOT NULL CHECK (kind IN ('totp', 'sms')), UNIQUE (user_id, kind));";
    let tables = [("users", "rows = 30"), ("passwords", "rows = 30"), ("factors", "rows = 60")];
    made(sql, &tables).expect("a plan").insert().unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn settings_say_what_values_are() {
    let settings = "
        rows = 200
        name = 'first_name'
        bio = { pattern = 'A-###' }
        email = { format = '{first_name}.{n}@example.com' }
        created_at = { between = ['2030-01-01', '2030-02-01'] }
        updated_at = { after = 'created_at', within = 1 }";
    let made = made(SHOP, &[("orgs", "rows = 5"), ("users", settings)]).expect("a plan");
    made.insert().unwrap_or_else(|error| panic!("{error}"));
    assert!(text(&made.column("users", "email")[6]).ends_with(".7@example.com"));
    assert!(made.column("users", "bio").iter().all(|bio| *bio == Value::Null || text(bio).starts_with("A-")));
    let created = made.column("users", "created_at");
    assert!(
        created
            .iter()
            .all(|created| text(created).starts_with("2030-01") || text(created).starts_with("2030-02-01T00"))
    );
}

#[test]
fn what_cannot_be_satisfied_names_its_constraint() {
    let mut said = String::new();
    let mut refuse = |sql: &str, tables: &[(&str, &str)]| {
        let error = made(sql, tables).err().unwrap_or_else(|| "nothing is wrong".to_owned());
        let _ = writeln!(said, "{error}");
    };
    refuse(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, c TEXT UNIQUE NOT NULL CHECK (c IN ('a', 'b', 'c')))",
        &[("t", "rows = 1000")],
    );
    refuse("CREATE TABLE t (id INTEGER PRIMARY KEY CHECK (id = 1))", &[("t", "rows = 2")]);
    refuse("CREATE TABLE t (code TEXT PRIMARY KEY CHECK (length(code) = 1)) WITHOUT ROWID", &[("t", "rows = 100")]);
    refuse(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER CONSTRAINT odd CHECK (n * n = 2))",
        &[("t", "rows = 2\nn = { null = 0 }")],
    );
    refuse("CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT NOT NULL CHECK (n <> n))", &[("t", "rows = 2")]);
    refuse(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT CHECK (s IN ('a', 'b')))",
        &[("t", "rows = 9\ns = { one_of = ['a', 'c'] }")],
    );
    refuse(
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (id INTEGER PRIMARY KEY, p_id INTEGER NOT NULL REFERENCES p(id))",
        &[("t", "rows = 9")],
    );
    refuse(
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (p_id INTEGER PRIMARY KEY REFERENCES p(id))",
        &[("p", "rows = 3"), ("t", "rows = 9")],
    );
    refuse("CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY);
        CREATE TABLE t (a_id INTEGER NOT NULL REFERENCES a(id), b_id INTEGER NOT NULL REFERENCES b(id), PRIMARY KEY (a_id, b_id))",
        &[("a", "rows = 3"), ("b", "rows = 4"), ("t", "rows = 13")]);
    refuse(
        "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE t (a_id INTEGER NOT NULL REFERENCES a(id), k TEXT NOT NULL CHECK (k IN ('x', 'y')), UNIQUE (a_id, k))",
        &[("a", "rows = 3"), ("t", "per = 'a'\nrows = '1..5'")],
    );
    insta::assert_snapshot!("refused", said);
}

#[test]
fn settings_that_are_wrong_are_said_with_what_is_known() {
    let mut said = String::new();
    for text in [
        "rows = -1",
        "rows = '5..1'",
        "rows = '1..5'",
        "rows = 1.5",
        "rows = 5\nper = 'posts'",
        "rows = 5\nemial = 'email'",
        "rows = 5\nemail = 'emial'",
        "rows = 5\nemail = { kind = 'email', value = 'x' }",
        "rows = 5\nemail = { knd = 'email' }",
        "rows = 5\nrole = { one_of = [] }",
        "rows = 5\nrole = { one_of = { a = 'b' } }",
        "rows = 5\nbio = { null = 2 }",
        "rows = 5\nemail = { null = 0.5 }",
        "rows = 5\ncreated_at = { between = ['2026-01-01', '2024-01-01'] }",
        "rows = 5\ncreated_at = { after = 'birth' }",
        "rows = 5\nname = { format = '{fist_name}' }",
        "rows = 5\nname = { int = '9..1' }",
        "rows = 5\nseed = 'x'",
    ] {
        let error =
            made(SHOP, &[("orgs", "rows = 5"), ("users", text)]).err().unwrap_or_else(|| "NOTHING IS WRONG".to_owned());
        let _ = writeln!(said, "{}\n    {}", text.replace('\n', "; "), error.replace('\n', "\n    "));
    }
    insta::assert_snapshot!("settings", said);
}
