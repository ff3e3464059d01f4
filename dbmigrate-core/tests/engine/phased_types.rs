//! Columns that change their type between two releases: under another name, with a conversion each way. Both releases read
//! what the other one has written, no write fails because of what it becomes, and what no release could read is found
//! before it is there.

use dbmigrate_core::engine::Connection;
use dbmigrate_core::engine::between::{BetweenError, prove_between};
use dbmigrate_core::plan::phased::PhasedError;
use dbmigrate_core::plan::{Preflight, create_all};
use pollster::block_on;

use crate::phased::{Case, Made};

fn table(column: &str, rest: &str) -> String {
    format!("CREATE TABLE users (id INTEGER PRIMARY KEY, {column}, note TEXT){rest}")
}

/// The change of `old` to `new`, whose names are `a` and `b`.
fn changed(old: &str, new: &str, rest: &str, (forward, back): (&str, &str), mut tried: impl FnMut(&Case<'_>)) {
    let (old, new) = (table(old, rest), table(new, rest));
    tried(&Case {
        old: &old,
        new: &new,
        columns: &[("users", "a", "b")],
        converts: &[("users", "b", forward)],
        backs: &[("users", "a", back)],
        ..Case::default()
    });
}

const NUMBER: (&str, &str) = ("CAST(b AS INTEGER)", "CAST(b AS TEXT)");

#[test]
fn a_type_can_change_with_the_name() {
    let text = ("CAST(b AS TEXT)", "CAST(b AS INTEGER)");
    let real = ("CAST(b AS REAL)", "CAST(b AS INTEGER)");
    let bytes = ("CAST(b AS BLOB)", "CAST(b AS TEXT)");
    for (old, new, rest, both) in [
        ("a TEXT NOT NULL", "b INTEGER NOT NULL", "", NUMBER),
        ("a TEXT", "b INTEGER", "", NUMBER),
        ("a TEXT COLLATE NOCASE", "b INTEGER", "", NUMBER),
        ("a INTEGER NOT NULL", "b TEXT NOT NULL", "", text),
        ("a INTEGER NOT NULL", "b REAL NOT NULL", "", real),
        ("a REAL", "b INTEGER", "", (real.1, real.0)),
        ("a TEXT NOT NULL", "b BLOB NOT NULL", "", bytes),
        ("a BLOB", "b TEXT", "", (bytes.1, bytes.0)),
        ("a TEXT NOT NULL", "b INTEGER NOT NULL", " STRICT", NUMBER),
        ("a INTEGER NOT NULL", "b TEXT NOT NULL", " STRICT", text),
        // money as a number of cents, and a list of words as numbers
        ("a REAL NOT NULL", "b INTEGER NOT NULL", "", ("CAST(round(b * 100) AS INTEGER)", "b / 100.0")),
        ("a TEXT NOT NULL", "b INTEGER NOT NULL", "", ("b = 'yes'", "CASE b WHEN 1 THEN 'yes' ELSE 'no' END")),
        (
            "a TEXT NOT NULL",
            "b INTEGER NOT NULL",
            "",
            ("coalesce(unixepoch(b), 0)", "datetime(max(min(b, 9e9), 0), 'unixepoch')"),
        ),
    ] {
        changed(old, new, rest, both, |case| drop(case.works()));
    }
}

#[test]
fn what_may_be_null_on_one_side_has_a_value_for_it_on_the_other() {
    changed("a TEXT", "b INTEGER NOT NULL", "", ("coalesce(CAST(b AS INTEGER), 0)", NUMBER.1), |case| {
        drop(case.works());
    });
    changed("a TEXT NOT NULL", "b INTEGER", "", (NUMBER.0, "coalesce(CAST(b AS TEXT), '')"), |case| drop(case.works()));
}

#[test]
fn defaults_are_converted_like_other_values() {
    for (old, new) in [
        ("a TEXT NOT NULL DEFAULT '7'", "b INTEGER NOT NULL DEFAULT 7"),
        ("a TEXT DEFAULT '7'", "b INTEGER DEFAULT 7"),
        ("a TEXT NOT NULL DEFAULT '7' UNIQUE", "b INTEGER NOT NULL DEFAULT 7 UNIQUE"),
        ("a TEXT NOT NULL DEFAULT '7'", "b INTEGER NOT NULL"),
        ("a TEXT NOT NULL", "b INTEGER NOT NULL DEFAULT 7"),
        ("a TEXT NOT NULL", "b INTEGER NOT NULL DEFAULT (3 + 4)"),
    ] {
        changed(old, new, "", NUMBER, |case| drop(case.works()));
    }
    // a default that means something else is found
    changed("a TEXT NOT NULL DEFAULT '7'", "b INTEGER NOT NULL DEFAULT 8", "", NUMBER, |case| {
        assert!(matches!(proven(case), Err(BetweenError::NotCarried { .. })));
    });
}

#[test]
fn what_waits_for_the_end_makes_no_statement_fail() {
    // '1' and '01' are two texts and one number
    let old = "CREATE TABLE teams (id INTEGER PRIMARY KEY);
               CREATE TABLE users (id INTEGER PRIMARY KEY, a TEXT NOT NULL UNIQUE, team TEXT, note TEXT);
               CREATE UNIQUE INDEX users_both ON users (a, note)";
    let new = "CREATE TABLE teams (id INTEGER PRIMARY KEY);
               CREATE TABLE users (id INTEGER PRIMARY KEY, b INTEGER NOT NULL UNIQUE, team_id INTEGER REFERENCES teams, note TEXT);
               CREATE UNIQUE INDEX users_both ON users (b, note)";
    let made = Case {
        old,
        new,
        columns: &[("users", "a", "b"), ("users", "team", "team_id")],
        converts: &[("users", "b", NUMBER.0), ("users", "team_id", "CAST(team_id AS INTEGER)")],
        backs: &[("users", "a", NUMBER.1), ("users", "team", "CAST(team_id AS TEXT)")],
        ..Case::default()
    }
    .works();
    let between = made.phased.between.table(&"users".into()).unwrap();
    assert!(between.foreign_keys.is_empty());
    let index = between.indexes.get(&"users_both_between".into()).expect("the new release finds rows as fast");
    assert!(!index.unique);
    assert!(between.indexes.iter().any(|index| index.name == *"users_b_between" && !index.unique));
    let connection = behind_first_half(&made, "INSERT INTO users VALUES (1, '1', NULL, NULL)");
    block_on(connection.run("INSERT INTO users (id, a, team) VALUES (2, '01', 'none')")).unwrap();
    let found = asked(&connection, &made.phased.second.preflights);
    assert!(found.iter().any(|message| message.contains("`users`") && message.contains("unique")), "{found:?}");
}

#[test]
fn integers_by_another_word_keep_their_name() {
    for (old, new) in
        [("a INTEGER", "a NUMERIC"), ("a BOOLEAN NOT NULL", "a INTEGER NOT NULL"), ("a DECIMAL(10,2)", "a BIGINT")]
    {
        let (old, new) = (table(old, ""), table(new, ""));
        Case { old: &old, new: &new, ..Case::default() }.works();
    }
}

/// The proof of what is between, with several seeds.
fn proven(case: &Case<'_>) -> Result<(), BetweenError> {
    let Made { old, new, diff, phased } = case.planned();
    (0..6).try_for_each(|seed| block_on(prove_between(&old, &new, &diff, &phased, (seed, 150))).map(drop))
}

#[test]
fn the_proof_finds_values_that_the_other_release_could_not_read() {
    let unreadable = |old: &str, new: &str, both: (&str, &str)| {
        let mut found = None;
        changed(old, new, "", both, |case| found = proven(case).err());
        found.unwrap_or_else(|| panic!("{old} → {new} by {both:?} is proven"))
    };
    // text that is no number stays text
    let error = unreadable("a TEXT NOT NULL", "b INTEGER NOT NULL", ("b", NUMBER.1));
    assert!(matches!(error, BetweenError::Unreadable { release: "running", is_null: false, .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "between the two migrations, what the running release writes can become a value that the other one cannot \
         read in `users.b`"
    );
    let some = "CASE WHEN b GLOB '[0-9]*' THEN CAST(b AS INTEGER) END";
    let error = unreadable("a TEXT NOT NULL", "b INTEGER NOT NULL", (some, NUMBER.1));
    assert!(matches!(error, BetweenError::Unreadable { release: "running", is_null: true, .. }), "{error:?}");
    // and NULL, which only the other release knows
    let error = unreadable("a TEXT", "b INTEGER NOT NULL", NUMBER);
    assert!(matches!(error, BetweenError::Unreadable { release: "running", is_null: true, .. }), "{error:?}");
    let error = unreadable("a TEXT NOT NULL", "b INTEGER", NUMBER);
    assert!(matches!(error, BetweenError::Unreadable { release: "new", is_null: true, .. }), "{error:?}");
    // a conversion that fails makes the statement fail
    let error = unreadable("a TEXT", "b INTEGER", ("json_extract(b, '$.n')", NUMBER.1));
    assert!(matches!(error, BetweenError::Fails { release: "running", .. }), "{error:?}");
    // where NULL may be, what does not convert is nothing
    changed("a TEXT", "b INTEGER", "", (some, NUMBER.1), |case| drop(case.works()));
}

/// A database with rows, behind the first half.
fn behind_first_half(made: &Made, rows: &str) -> Connection {
    block_on(async {
        let connection = Connection::in_memory().await?;
        connection.run_all(&create_all(&made.old)).await?;
        connection.run(rows).await?;
        connection.run("PRAGMA foreign_keys = OFF").await?;
        connection.run_each(made.phased.first.statements()).await.map_err(|(_, error)| error)?;
        connection.run("PRAGMA foreign_keys = ON").await?;
        Ok::<_, dbmigrate_core::engine::EngineError>(connection)
    })
    .unwrap()
}

/// The messages of the preflights that find something.
fn asked(connection: &Connection, preflights: &[Preflight]) -> Vec<String> {
    let found = |one: &&Preflight| !block_on(connection.rows(&one.query)).unwrap().is_empty();
    preflights.iter().filter(found).map(|one| one.message.clone()).collect()
}

#[test]
fn rows_that_do_not_convert_are_found_before_either_half() {
    let some = "CASE WHEN b GLOB '[0-9]*' THEN CAST(b AS INTEGER) END";
    changed("a TEXT NOT NULL", "b INTEGER NOT NULL", "", (some, NUMBER.1), |case| {
        let made = case.planned();
        let before = |rows: &str| {
            let connection = block_on(Connection::in_memory()).unwrap();
            block_on(connection.run_all(&create_all(&made.old))).unwrap();
            block_on(connection.run(rows)).unwrap();
            asked(&connection, &made.phased.first.preflights)
        };
        assert!(before("INSERT INTO users VALUES (1, '7', NULL)").is_empty());
        assert_eq!(
            before("INSERT INTO users VALUES (1, '7', NULL), (2, 'x', NULL)"),
            ["{} rows of `users` would get NULL in `b`, which is NOT NULL, first at rowid {}: {}"]
        );
        // and what was written meanwhile
        let connection = behind_first_half(&made, "INSERT INTO users VALUES (1, '7', NULL)");
        assert!(asked(&connection, &made.phased.second.preflights).is_empty());
        block_on(connection.run("INSERT INTO users (id, a) VALUES (2, 'x')")).unwrap();
        assert_eq!(asked(&connection, &made.phased.second.preflights).len(), 1);
    });
    changed("a TEXT", "b INTEGER", "", ("b", NUMBER.1), |case| {
        let made = case.planned();
        let connection = block_on(Connection::in_memory()).unwrap();
        block_on(connection.run_all(&create_all(&made.old))).unwrap();
        block_on(connection.run("INSERT INTO users VALUES (1, '7', NULL), (2, NULL, NULL), (3, 'x', NULL)")).unwrap();
        let found = asked(&connection, &made.phased.first.preflights);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("would get a value in `b` that is not"), "{found:?}");
        let row = &block_on(connection.rows(&made.phased.first.preflights[0].query)).unwrap()[0];
        assert_eq!(format!("{:?}", row[0]), "Integer(1)");
        // rows that no trigger has seen
        let connection = behind_first_half(&made, "INSERT INTO users VALUES (1, '7', NULL)");
        let triggers =
            made.phased.between.triggers.iter().map(|trigger| format!("DROP TRIGGER {}", trigger.name.sql()));
        block_on(connection.run_all(&triggers.collect::<Vec<_>>())).unwrap();
        block_on(connection.run("UPDATE users SET a = '8'")).unwrap();
        let found = asked(&connection, &made.phased.second.preflights);
        assert_eq!(found, ["{} rows of `users` whose `b` is not what becomes of `a`, nor the other way round"]);
    });
}

#[test]
fn another_type_under_the_same_name_says_how_it_is_done() {
    let (old, new) =
        (table("age TEXT NOT NULL, age_integer TEXT", ""), table("age INTEGER NOT NULL, age_integer TEXT", ""));
    let help = |case: Case<'_>| match case.plan() {
        Err(PhasedError::Cannot { help, .. }) => help,
        other => panic!("{:?}", other.err()),
    };
    let plain = Case { old: &old, new: &new, ..Case::default() };
    assert_eq!(
        help(plain),
        [
            "give the column another name, which the field need not have: `#[column(name = \"age_integer_2\")]`",
            "then carry its values over, both ways: `--rename users.age=age_integer_2 \
             --convert 'users.age_integer_2=CAST(age_integer_2 AS INTEGER)' --back 'users.age=CAST(age_integer_2 AS TEXT)'`",
        ]
    );
    let said = Case { converts: &[("users", "age", "length(age)")], backs: &[("users", "age", "hex(age)")], ..plain };
    assert!(
        help(said)[1]
            .contains("--convert 'users.age_integer_2=length(age_integer_2)' --back 'users.age=hex(age_integer_2)'")
    );
}
