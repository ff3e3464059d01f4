//! Migrations that begin at a state that was seen in another database: they do what they would do in any other.

use dbmigrate_core::engine::apply::{
    Applied, ApplyError, Database, Inspected, Loss, Observer, Options, Outcome, Standing, States, apply_pending_with,
};
use dbmigrate_core::folder::{Folder, Slug};
use pollster::block_on;

struct Silent;

impl Observer for Silent {
    fn begin(&mut self, _: &str, _: usize, _: usize) {}
    fn loses(&mut self, _: &Loss) {}
    fn applied(&mut self, _: &Applied) {}
}

/// Migrations, and databases that have the first of them and a row.
struct Case {
    scratch: tempfile::TempDir,
    folder: Folder,
    states: States,
}

const A: &str = "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT);";
const AB: &str = "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT); CREATE TABLE b (a REFERENCES a ON DELETE CASCADE);";
/// Children keep their rows, and nothing may be left without its parent.
const REBUILD: &str = "CREATE TABLE n (id INTEGER PRIMARY KEY, x TEXT NOT NULL); INSERT INTO n SELECT id, x FROM a; \
     DROP TABLE a; ALTER TABLE n RENAME TO a;";
const REBUILT: &str =
    "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT NOT NULL); CREATE TABLE b (a REFERENCES a ON DELETE CASCADE);";

impl Case {
    fn new(databases: usize) -> Self {
        let scratch = crate::support::scratch_folder().expect("a folder");
        let mut folder = Folder::open(scratch.path().join("migrations")).expect("a folder");
        let mut add = |sql: &str, leads_to: &str| {
            let schema = crate::support::schema_of(leads_to).expect("the schema is right");
            folder.add(&Slug::sanitize("step").expect("a name"), sql, &schema.into()).expect("it is written");
        };
        add(A, A);
        add("CREATE TABLE b (a REFERENCES a ON DELETE CASCADE); INSERT INTO b SELECT id FROM a;", AB);
        add(&format!("-- dbmigrate: expect-none SELECT 1 FROM a WHERE x = 'no'\n\n{REBUILD}"), REBUILT);
        let states = States::of(&folder);
        let case = Self { scratch, folder, states };
        for at in 0..databases {
            let mut database = case.open(at);
            case.migrate(&mut database, Some("0001_step")).expect("it applies");
            case.run(at, &format!("INSERT INTO a VALUES (1, 'row {at}')"));
        }
        case
    }

    fn open(&self, at: usize) -> Database {
        crate::support::open(&self.scratch.path().join(format!("{at}.db"))).expect("a database")
    }

    fn run(&self, at: usize, sql: &str) {
        block_on(self.open(at).connection().run(sql)).expect(sql);
    }

    fn rows(&self, at: usize, sql: &str) -> String {
        format!("{:?}", block_on(self.open(at).connection().rows(sql)).expect(sql))
    }

    fn inspect(&self, at: usize) -> Result<Inspected, ApplyError> {
        block_on(self.states.inspect(&mut self.open(at), &self.folder))
    }

    fn migrate(&self, database: &mut Database, to: Option<&str>) -> Result<Outcome, ApplyError> {
        let options = Options { to, ..Options::default() };
        block_on(apply_pending_with(database, &self.folder, options, &mut Silent))
    }

    /// Migrates a database from the state that it was seen in.
    fn from(&self, at: usize, seen: &Inspected) -> Result<Outcome, ApplyError> {
        let base = seen.seen.and_then(|seen| self.states.base(seen)).expect("a state to begin at");
        self.migrate(&mut self.open(at).beginning_at(base), None)
    }

    /// All that is there, but for the times.
    fn content(&self, at: usize) -> Vec<String> {
        [
            "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid",
            "SELECT position, name, checksum, schema_hash, tool_version, kind, \
             schema_version = (SELECT schema_version FROM pragma_schema_version) FROM _dbmigrate_history",
            "SELECT * FROM b",
            "SELECT id FROM a",
            "PRAGMA foreign_key_check",
            "PRAGMA integrity_check",
        ]
        .map(|sql| self.rows(at, sql))
        .into()
    }
}

#[test]
fn what_begins_at_a_state_ends_as_what_is_looked_at_closely() {
    let case = Case::new(4);
    let first = case.inspect(0).expect("it can be read");
    let others = [1, 2].map(|at| case.inspect(at).expect("it can be read"));
    assert!(others.iter().all(|other| other.seen == first.seen && other.applied == 1), "{others:?}");
    for (at, seen) in [(0, &first), (1, &others[0]), (2, &others[1])] {
        assert_eq!(case.from(at, seen).expect("it applies").applied.len(), 2);
    }
    case.migrate(&mut case.open(3), None).expect("it applies");
    let wanted = case.content(3);
    (0..3).for_each(|at| assert_eq!(case.content(at), wanted));
    assert!(wanted.last().is_some_and(|integrity| integrity.contains("ok")));
    assert_eq!(case.rows(2, "SELECT a FROM b"), case.rows(2, "SELECT id FROM a"), "children keep their rows");
    let done = case.inspect(1).expect("it can be read");
    assert!(done.applied == 3 && matches!(done.standing, Standing::AsRecorded), "{done:?}");
    assert!(done.seen.and_then(|seen| case.states.base(seen)).is_none(), "nothing begins there");
}

#[test]
fn what_was_changed_since_it_was_seen_is_looked_at_as_ever() {
    for (change, wanted) in [
        ("CREATE TABLE by_hand (x)", Err("Drift")),
        ("ALTER TABLE a ADD COLUMN y", Err("Drift")),
        ("UPDATE _dbmigrate_history SET checksum = 'other'", Err("History")),
        ("DELETE FROM _dbmigrate_history", Err("NotEmpty")),
        ("DROP TABLE _dbmigrate_history", Err("NotEmpty")),
        ("UPDATE a SET x = 'no'", Err("Preflight")),
        ("UPDATE a SET x = NULL", Err("Statement")),
        ("INSERT INTO a VALUES (2, 'more')", Ok(2)),
        ("PRAGMA user_version = 3", Ok(2)),
    ] {
        let case = Case::new(1);
        let seen = case.inspect(0).expect("it can be read");
        case.run(0, change);
        match (case.from(0, &seen), wanted) {
            (Ok(outcome), Ok(count)) => assert_eq!(outcome.applied.len(), count, "{change}"),
            (Err(error), Err(kind)) => assert!(format!("{error:?}").contains(kind), "{change}: {error:?}"),
            (found, _) => panic!("{change}: {found:?}"),
        }
        let applied = if wanted == Err("Preflight") || wanted == Err("Statement") { 2 } else { 1 };
        if wanted.is_err() && !change.contains("_history") {
            assert!(
                case.rows(0, "SELECT count(*) FROM _dbmigrate_history").contains(&format!("({applied})")),
                "{change}"
            );
        }
        assert!(case.rows(0, "PRAGMA integrity_check").contains("ok"));
        assert_eq!(case.rows(0, "PRAGMA foreign_key_check"), "[]", "{change}");
    }
}

#[test]
fn what_another_runner_has_applied_meanwhile_is_not_applied_twice() {
    let case = Case::new(1);
    let seen = case.inspect(0).expect("it can be read");
    case.migrate(&mut case.open(0), Some("0002_step")).expect("it applies");
    let outcome = case.from(0, &seen).expect("it applies");
    assert_eq!((outcome.applied.len(), outcome.before), (1, 2));
    assert_eq!(case.rows(0, "SELECT count(*) FROM b"), "[[Integer(1)]]");
}

#[test]
fn rows_that_were_without_a_parent_before_stay_as_they_are() {
    let case = Case::new(2);
    (0..2).for_each(|at| drop(case.migrate(&mut case.open(at), Some("0002_step")).expect("it applies")));
    let seen = [0, 1].map(|at| case.inspect(at).expect("it can be read"));
    let open = case.open(0);
    for sql in ["PRAGMA foreign_keys = OFF", "INSERT INTO b VALUES (77)"] {
        block_on(open.connection().run(sql)).expect(sql);
    }
    drop(open);
    let both = [0, 1].map(|at| case.from(at, &seen[at]).expect("it applies").applied.len());
    assert_eq!(both, [1, 1]);
    assert!(case.rows(0, "SELECT a FROM b").contains("77"), "it is not the migration's");
    assert_eq!(case.rows(1, "PRAGMA foreign_key_check"), "[]");
}

#[test]
fn a_rebuild_of_many_rows_is_made_in_place_as_ever() {
    let mut case = Case::new(2);
    let sql = "-- dbmigrate: rebuild a\nCREATE TABLE n (id INTEGER PRIMARY KEY, x TEXT CHECK (x <> '')); \
               INSERT INTO n (id, x) SELECT id, x FROM a; DROP TABLE a; ALTER TABLE n RENAME TO a;";
    let schema = crate::support::schema_of(&REBUILT.replace("x TEXT NOT NULL", "x TEXT CHECK (x <> '')"));
    case.folder
        .add(&Slug::sanitize("check").expect("a name"), sql, &schema.expect("the schema is right").into())
        .expect("it is written");
    case.states = States::of(&case.folder);
    for at in 0..2 {
        case.migrate(&mut case.open(at), Some("0003_step")).expect("it applies");
    }
    let seen = case.inspect(0).expect("it is looked at");
    let base = || seen.seen.and_then(|seen| case.states.base(seen)).expect("a state to begin at");
    for (at, least, wanted) in [(0, 0, true), (1, 1000, false)] {
        let mut database = case.open(at).beginning_at(base()).sparing_from(least);
        let outcome = case.migrate(&mut database, None).expect("it applies");
        assert_eq!(outcome.applied.iter().map(|applied| applied.in_place).collect::<Vec<_>>(), [wanted]);
    }
    assert_eq!(case.content(0).len(), case.content(1).len());
}

#[test]
fn a_database_that_has_drifted_is_no_state_to_begin_at() {
    let case = Case::new(2);
    (0..2).for_each(|at| case.run(at, "CREATE TABLE by_hand (x)"));
    for at in 0..2 {
        let found = case.inspect(at).expect("it can be read");
        assert!(matches!(found.standing, Standing::Drifted(_)) && found.seen.is_none(), "{found:?}");
    }
}
