//! One change as two migrations: what is planned for both halves is proven, and the statements of both releases work
//! between them, whatever they write; what cannot be had both ways is refused.

use dbmigrate_core::diff::{Diff, Renames, diff};
use dbmigrate_core::engine::Connection;
use dbmigrate_core::engine::between::{BetweenError, Shared, prove_between};
use dbmigrate_core::engine::prove::prove;
use dbmigrate_core::plan::phased::{Backs, Phased, PhasedError, phased};
use dbmigrate_core::plan::{Decisions, create_all};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::{Expr, Name};
use pollster::block_on;

use crate::support::schema_of;

/// A change, with the answers to what it asks.
#[derive(Default, Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) old: &'a str,
    pub(crate) new: &'a str,
    pub(crate) tables: &'a [(&'a str, &'a str)],
    pub(crate) columns: &'a [(&'a str, &'a str, &'a str)],
    pub(crate) backfills: &'a [(&'a str, &'a str, &'a str)],
    pub(crate) converts: &'a [(&'a str, &'a str, &'a str)],
    pub(crate) backs: &'a [(&'a str, &'a str, &'a str)],
}

pub(crate) struct Made {
    pub(crate) old: Schema,
    pub(crate) new: Schema,
    pub(crate) diff: Diff,
    pub(crate) phased: Phased,
}

fn expressions(all: &[(&str, &str, &str)]) -> Backs {
    all.iter().map(|(table, column, expr)| ((Name::from(*table), Name::from(*column)), Expr::new(expr))).collect()
}

impl Case<'_> {
    pub(crate) fn plan(&self) -> Result<Made, PhasedError> {
        let (old, new) = (schema_of(self.old).unwrap(), schema_of(self.new).unwrap());
        let mut decisions = Decisions { knows_renames: true, ..Decisions::default() };
        // what is converted must stay readable
        decisions.accepted.all = self.converts.is_empty();
        decisions.renames = Renames {
            tables: self.tables.iter().map(|(from, to)| (Name::from(*from), Name::from(*to))).collect(),
            columns: self
                .columns
                .iter()
                .map(|(table, from, to)| (Name::from(*table), Name::from(*from), Name::from(*to)))
                .collect(),
        };
        decisions.backfills = expressions(self.backfills);
        decisions.conversions = expressions(self.converts);
        let diff = diff(&old, &new, &decisions.renames).unwrap();
        let phased = phased(&old, &new, &diff, &decisions, &expressions(self.backs), 7)?;
        Ok(Made { old, new, diff, phased })
    }

    #[track_caller]
    pub(crate) fn planned(&self) -> Made {
        self.plan().unwrap_or_else(|error| panic!("{error}\n{}", self.new))
    }

    /// Proves both halves, and what is between them with several seeds.
    #[track_caller]
    pub(crate) fn works(&self) -> Made {
        let made = self.planned();
        let Made { old, new, diff, phased } = &made;
        let sql = || format!("{}\n----\n{}", phased.first.to_sql("0007_a"), phased.second.to_sql("0008_b"));
        if let Err(error) = block_on(prove(old, &phased.between, &phased.renames, &phased.first)) {
            panic!("the first half: {error}\n{}", sql());
        }
        if let Err(error) = block_on(prove(&phased.between, new, &Renames::default(), &phased.second)) {
            panic!("the second half: {error}\n{}", sql());
        }
        let mut all = Shared::default();
        for seed in 0..6 {
            match block_on(prove_between(old, new, diff, phased, (seed, 150))) {
                Ok(shared) => {
                    all.of_old += shared.of_old;
                    all.of_new += shared.of_new;
                }
                Err(error) => panic!("seed {seed}: {error}\n{error:?}\n{}", sql()),
            }
        }
        assert!(all.of_old > 50 && all.of_new > 50, "too little was tried: {all:?}\n{}", sql());
        made
    }

    #[track_caller]
    pub(crate) fn refused(&self) -> String {
        match self.plan() {
            Err(PhasedError::Cannot { what, why, .. }) => format!("{what}, {why}"),
            Err(error) => panic!("{error}"),
            Ok(made) => panic!("it is planned:\n{}", made.phased.first.to_sql("0007_a")),
        }
    }
}

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER)";

#[test]
fn a_renamed_column_is_there_by_both_names() {
    for (definition, to) in [
        ("name TEXT NOT NULL", "full_name TEXT NOT NULL"),
        ("name TEXT", "full_name TEXT"),
        ("name TEXT COLLATE NOCASE", "full_name TEXT COLLATE NOCASE"),
        ("name TEXT NOT NULL DEFAULT 'a'", "full_name TEXT NOT NULL DEFAULT 'a'"),
        ("name TEXT NOT NULL DEFAULT 'a' COLLATE NOCASE", "full_name TEXT NOT NULL DEFAULT 'a' COLLATE NOCASE"),
        ("name TEXT DEFAULT 'a'", "full_name TEXT DEFAULT 'a'"),
        ("name TEXT NOT NULL UNIQUE", "full_name TEXT NOT NULL UNIQUE"),
        ("name TEXT UNIQUE", "full_name TEXT UNIQUE"),
        ("name TEXT NOT NULL DEFAULT 'a' UNIQUE", "full_name TEXT NOT NULL DEFAULT 'a' UNIQUE"),
        ("name TEXT NOT NULL", "full_name TEXT NOT NULL DEFAULT 'b'"),
        ("name TEXT NOT NULL CHECK (name <> 'x')", "full_name TEXT NOT NULL CHECK (full_name <> 'x')"),
        ("name ANY", "full_name ANY"),
        ("name REAL", "full_name REAL"),
    ] {
        let old = format!("CREATE TABLE users (id INTEGER PRIMARY KEY, {definition}, age INTEGER)");
        let new = format!("CREATE TABLE users (id INTEGER PRIMARY KEY, {to}, age INTEGER)");
        Case { old: &old, new: &new, columns: &[("users", "name", "full_name")], ..Case::default() }.works();
    }
}

#[test]
fn a_renamed_column_that_becomes_not_null_is_filled_for_the_running_release_too() {
    let made = Case {
        old: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER)",
        new: "CREATE TABLE users (id INTEGER PRIMARY KEY, full_name TEXT NOT NULL, age INTEGER)",
        columns: &[("users", "name", "full_name")],
        backfills: &[("users", "full_name", "'user ' || id")],
        ..Case::default()
    }
    .works();
    let connection = block_on(async {
        let connection = Connection::in_memory().await?;
        connection.run_all(&create_all(&made.old)).await?;
        connection.run("INSERT INTO users (id, name) VALUES (1, NULL), (2, 'b')").await?;
        connection.run_each(made.phased.first.statements()).await.map_err(|(_, error)| error)?;
        connection.run("INSERT INTO users (id, name) VALUES (3, NULL)").await?;
        connection.run("UPDATE users SET name = NULL WHERE id = 2").await?;
        Ok::<_, dbmigrate_core::engine::EngineError>(connection)
    })
    .unwrap();
    let filled = "SELECT id FROM users WHERE full_name IS 'user ' || id AND name IS NULL";
    assert_eq!(block_on(connection.rows(filled)).unwrap().len(), 3);
}

#[test]
fn a_renamed_column_keeps_its_indexes_and_references() {
    Case {
        old: "CREATE TABLE teams (id INTEGER PRIMARY KEY, title TEXT);
              CREATE TABLE users (id INTEGER PRIMARY KEY, team INTEGER NOT NULL REFERENCES teams ON DELETE CASCADE, nick TEXT NOT NULL);
              CREATE INDEX users_team ON users (team);
              CREATE UNIQUE INDEX users_nick ON users (team, lower(nick)) WHERE nick <> ''",
        new: "CREATE TABLE teams (id INTEGER PRIMARY KEY, title TEXT);
              CREATE TABLE users (id INTEGER PRIMARY KEY, team_id INTEGER NOT NULL REFERENCES teams ON DELETE CASCADE, handle TEXT NOT NULL);
              CREATE INDEX users_team ON users (team_id);
              CREATE UNIQUE INDEX users_nick ON users (team_id, lower(handle)) WHERE handle <> ''",
        columns: &[("users", "team", "team_id"), ("users", "nick", "handle")],
        ..Case::default()
    }
    .works();
}

#[test]
fn tables_without_rowids_and_strict_ones_are_shared_too() {
    for options in ["WITHOUT ROWID", "STRICT", "STRICT, WITHOUT ROWID"] {
        let table = |column: &str| {
            format!(
                "CREATE TABLE t (a TEXT NOT NULL, b INTEGER NOT NULL, {column} TEXT NOT NULL, PRIMARY KEY (a, b)) {options}"
            )
        };
        let (old, new) = (table("c"), table("d"));
        Case { old: &old, new: &new, columns: &[("t", "c", "d")], ..Case::default() }.works();
    }
}

#[test]
fn a_column_can_be_split_and_joined() {
    let split = "CREATE TABLE users (id INTEGER PRIMARY KEY, first TEXT NOT NULL, last TEXT NOT NULL, age INTEGER)";
    Case {
        old: USERS,
        new: split,
        backfills: &[
            ("users", "first", "substr(name, 1, instr(name || ' ', ' ') - 1)"),
            ("users", "last", "ltrim(substr(name, instr(name || ' ', ' ')))"),
        ],
        backs: &[("users", "name", "trim(first || ' ' || last)")],
        ..Case::default()
    }
    .works();
    Case {
        old: split,
        new: USERS,
        backfills: &[("users", "name", "trim(first || ' ' || last)")],
        backs: &[
            ("users", "first", "substr(name, 1, instr(name || ' ', ' ') - 1)"),
            ("users", "last", "ltrim(substr(name, instr(name || ' ', ' ')))"),
        ],
        ..Case::default()
    }
    .works();
}

#[test]
fn what_becomes_not_null_is_filled_until_then() {
    let old = "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT, age INTEGER);
               CREATE TABLE audit (what TEXT);
               CREATE TRIGGER noted AFTER UPDATE ON users BEGIN INSERT INTO audit VALUES ('users'); END";
    let new = "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT NOT NULL, age INTEGER NOT NULL DEFAULT 3, bio TEXT NOT NULL);
               CREATE TABLE audit (what TEXT);
               CREATE TRIGGER noted AFTER UPDATE ON users BEGIN INSERT INTO audit VALUES ('users'); END";
    let made =
        Case { old, new, backfills: &[("users", "nick", "'user ' || id"), ("users", "bio", "''")], ..Case::default() }
            .works();
    assert_eq!(made.phased.fills.len(), 3);
    // the update of the first half fires no trigger
    let connection = block_on(async {
        let connection = Connection::in_memory().await?;
        connection.run_all(&create_all(&made.old)).await?;
        connection.run("INSERT INTO users (id, nick) VALUES (1, NULL), (2, 'b')").await?;
        connection.run_each(made.phased.first.statements()).await.map_err(|(_, error)| error)?;
        Ok::<_, dbmigrate_core::engine::EngineError>(connection)
    })
    .unwrap();
    let rows = |sql: &str| block_on(connection.rows(sql)).unwrap();
    assert!(rows("SELECT * FROM audit").is_empty());
    assert_eq!(rows("SELECT * FROM users WHERE nick IS 'user 1' AND age IS 3 AND bio IS ''").len(), 1);
    block_on(connection.run("INSERT INTO users (id) VALUES (3)")).unwrap();
    block_on(connection.run("UPDATE users SET nick = NULL WHERE id = 2")).unwrap();
    assert_eq!(rows("SELECT * FROM users WHERE nick IS 'user ' || id AND age IS 3 AND bio IS ''").len(), 3);
}

#[test]
fn a_dropped_column_waits_and_gets_what_the_new_release_does_not_write() {
    let new = "CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER)";
    Case { old: USERS, new, backs: &[("users", "name", "'gone'")], ..Case::default() }.works();
    let nullable = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER)";
    let made = Case { old: nullable, new, ..Case::default() }.works();
    assert!(made.phased.first.is_empty(), "nothing has to be done for it before");
    assert_eq!(
        Case { old: USERS, new, ..Case::default() }.refused(),
        "`users.name` is dropped, which cannot be NULL, and the new release does not write it"
    );
}

#[test]
fn a_renamed_table_can_be_used_by_its_old_name() {
    let made = Case {
        old: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x', age INTEGER);
              CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users ON DELETE CASCADE);
              CREATE INDEX users_age ON users (age);
              CREATE VIEW adults AS SELECT name FROM users WHERE age > 17",
        new: "CREATE TABLE people (id INTEGER PRIMARY KEY, full_name TEXT NOT NULL DEFAULT 'x', age INTEGER);
              CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES people ON DELETE CASCADE);
              CREATE INDEX users_age ON people (age);
              CREATE VIEW adults AS SELECT full_name AS name FROM people WHERE age > 17",
        tables: &[("users", "people")],
        columns: &[("people", "name", "full_name")],
        ..Case::default()
    }
    .works();
    assert_eq!(made.phased.stand_ins.len(), 1);
}

#[test]
fn what_gets_stricter_waits_and_what_gets_looser_does_not() {
    let made = Case {
        old: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT, c TEXT UNIQUE, d TEXT CHECK (d <> 'x'))",
        new: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT UNIQUE, c TEXT, d TEXT CHECK (d <> ''), e TEXT);
              CREATE TABLE u (id INTEGER PRIMARY KEY)",
        ..Case::default()
    }
    .works();
    let table = made.phased.between.table(&"t".into()).unwrap();
    assert!(table.uniques.is_empty() && table.checks.is_empty());
    assert!(table.columns.iter().all(|column| !column.not_null));
    assert!(made.phased.between.table(&"u".into()).is_some());
    assert!(made.phased.second.to_sql("0008_b").contains("-- dbmigrate: after-deploy\n"));
}

#[test]
fn what_breaks_nothing_is_one_migration() {
    let made = Case {
        old: USERS,
        new: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER, bio TEXT)",
        ..Case::default()
    }
    .planned();
    assert!(made.phased.is_one() && made.phased.links.is_empty());
}

#[test]
fn what_cannot_be_had_both_ways_is_refused() {
    let table = |columns: &str| format!("CREATE TABLE users (id INTEGER PRIMARY KEY, {columns})");
    let one = |old: &str, new: &str, columns: &[(&str, &str, &str)]| {
        Case { old: &table(old), new: &table(new), columns, ..Case::default() }.refused()
    };
    assert_eq!(
        one("age TEXT", "age INTEGER", &[]),
        "`users.age` changes its type, and a row has one value under one name, which both releases read"
    );
    let renamed = &[("users", "a", "b")];
    assert_eq!(
        one("a TEXT", "b INTEGER", renamed),
        "`users.a` is renamed to `b`, and each release writes values of another kind"
    );
    assert_eq!(
        one("a TEXT DEFAULT 'x'", "b TEXT DEFAULT 'y'", renamed),
        "`users.a` is renamed to `b`, and gets another default"
    );
    assert!(
        one("a TEXT DEFAULT (hex(1))", "b TEXT DEFAULT (hex(1))", renamed).contains("it is unknown who wrote NULL")
    );
    assert_eq!(
        one("a TEXT", "a TEXT NOT NULL", &[]),
        "`users.a` cannot be NULL, and the release that runs may leave it so"
    );
    assert!(one("a TEXT, b TEXT", "b TEXT", renamed).contains("another column for the release that runs"));
    let key = Case {
        old: "CREATE TABLE t (id INTEGER PRIMARY KEY)",
        new: "CREATE TABLE t (key INTEGER PRIMARY KEY)",
        columns: &[("t", "id", "key")],
        ..Case::default()
    };
    assert!(key.refused().contains("another primary key"));
}

#[test]
fn the_proof_finds_a_view_that_only_one_release_can_read() {
    let case = Case {
        old: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE VIEW v AS SELECT name FROM users",
        new: "CREATE TABLE users (id INTEGER PRIMARY KEY, full_name TEXT); CREATE VIEW v AS SELECT full_name FROM users",
        columns: &[("users", "name", "full_name")],
        ..Case::default()
    };
    let Made { old, new, diff, phased } = case.planned();
    let error = block_on(prove_between(&old, &new, &diff, &phased, (1, 50))).expect_err("it has to be refused");
    assert!(matches!(&error, BetweenError::Fails { release: "new", .. }), "{error}");
    assert!(error.to_string().contains("no column `full_name` yet"), "{error}");
}

#[test]
fn the_proof_finds_triggers_that_carry_nothing() {
    let case = Case {
        old: USERS,
        new: "CREATE TABLE users (id INTEGER PRIMARY KEY, full_name TEXT NOT NULL, age INTEGER)",
        columns: &[("users", "name", "full_name")],
        ..Case::default()
    };
    let Made { old, new, diff, phased } = case.planned();
    for event in ["insert", "forward", "back"] {
        let mut broken = phased.clone();
        for step in &mut broken.first.steps {
            step.statements
                .retain(|sql| !(sql.starts_with("CREATE TRIGGER") && sql.contains(&format!("_phase_0007_{event}"))));
        }
        let tried = (0..5).map(|seed| block_on(prove_between(&old, &new, &diff, &broken, (seed, 150))));
        assert!(tried.into_iter().any(|result| result.is_err()), "without `{event}` it is proven");
    }
}
