//! A tracker follows what migrations change, whatever the encoding of the database and whatever its statements have in
//! them.

use dbmigrate_core::engine::Connection;
use dbmigrate_core::engine::tracker::Tracker;
use dbmigrate_core::ignore::Ignore;
use dbmigrate_core::sql::split;
use pollster::block_on;

/// What changes objects that are there, one migration a line.
const MIGRATIONS: &[&str] = &[
    "ALTER TABLE parent RENAME COLUMN name TO title;",
    "ALTER TABLE child DROP COLUMN gone; CREATE TABLE späť (id INTEGER PRIMARY KEY, größe TEXT);",
    "DROP VIEW seen; ALTER TABLE child RENAME TO kind;",
    "DROP TABLE späť; CREATE INDEX kind_parent ON kind (parent_id);",
    // what is removed last makes room for what comes next
    "DROP INDEX kind_parent; CREATE TABLE last (a TEXT UNIQUE, b TEXT UNIQUE); CREATE INDEX last_b ON last (b);",
    "DROP TABLE last; CREATE TABLE one (a TEXT UNIQUE); CREATE INDEX one_a ON one (a); CREATE TABLE two (a, b);",
    "CREATE TABLE three (a); DROP TABLE one; DROP TABLE two; CREATE TABLE two (b UNIQUE, c); CREATE INDEX i ON two (b);",
    "ALTER TABLE parent ADD COLUMN note TEXT; ALTER TABLE two DROP COLUMN c; ALTER TABLE parent ADD COLUMN more;",
    "CREATE VIEW v AS SELECT b FROM two; CREATE TRIGGER t INSTEAD OF INSERT ON v BEGIN DELETE FROM two; END;",
    "DROP VIEW v; DROP INDEX i; CREATE TRIGGER t AFTER INSERT ON two BEGIN DELETE FROM three; END;",
    // a rebuild, as the planner writes it
    "CREATE TABLE _dbmigrate_new_two (b TEXT, c TEXT UNIQUE); INSERT INTO _dbmigrate_new_two (b) SELECT b FROM two; \
     DROP TABLE two; ALTER TABLE _dbmigrate_new_two RENAME TO two; CREATE INDEX i ON two (b);",
    "CREATE TABLE x (a); DROP INDEX IF EXISTS nowhere; ALTER TABLE x ADD COLUMN b; DROP TABLE IF EXISTS x; DROP TRIGGER \
     IF EXISTS nowhere; CREATE TABLE y (a);",
    // whose names stand elsewhere
    "CREATE VIEW w AS SELECT a FROM y; ALTER TABLE y RENAME COLUMN a TO b; ALTER TABLE y ADD COLUMN c;",
    "CREATE TABLE z (a REFERENCES y (b)); ALTER TABLE y RENAME TO yy; DROP TABLE three;",
    "ALTER TABLE main.z ADD COLUMN b; DROP VIEW main.w; DROP TABLE main.z; CREATE TABLE z (b);",
    // a column whose name stands in other tables, in a trigger on one and in a view
    "CREATE TABLE p (k INTEGER PRIMARY KEY, n TEXT UNIQUE); CREATE TABLE c (pn TEXT REFERENCES P (n), n TEXT); \
     CREATE TABLE other (n TEXT); CREATE INDEX other_n ON other (n); CREATE VIEW pv AS SELECT n FROM 'p'; \
     CREATE VIEW pvv AS SELECT count(*) AS m FROM pv; \
     CREATE TRIGGER tr AFTER INSERT ON other BEGIN UPDATE [P] SET n = NEW.n; END;",
    "ALTER TABLE p RENAME COLUMN n TO \"n m\";",
    "ALTER TABLE p RENAME \"n m\" TO nn; ALTER TABLE other RENAME COLUMN n TO o;",
    // strings in double quotes, which become others
    "CREATE TABLE quoted (a TEXT CHECK (a <> \"zz\"), b TEXT DEFAULT \"b\"); CREATE VIEW qv AS SELECT \"lit\" AS l;",
    "ALTER TABLE c DROP COLUMN n;",
    "CREATE VIEW qw AS SELECT \"lit\" AS l; CREATE TABLE again (a TEXT CHECK (a <> \"it's\"));",
    "ALTER TABLE c RENAME COLUMN pn TO pm;",
];

const BEFORE: &str = "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT UNIQUE, größe TEXT);
    CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent, gone TEXT);
    CREATE VIEW seen AS SELECT name FROM parent;
    CREATE TRIGGER counted AFTER INSERT ON parent BEGIN UPDATE child SET gone = gone; DELETE FROM child WHERE id < 0; END;
    DROP TRIGGER counted;";

/// Runs the migrations on a database of that encoding, and compares what is known with what is read anew.
fn follow(encoding: &str, before: &[&str]) {
    let connection = block_on(Connection::in_memory()).expect("memory is there");
    block_on(connection.run(&format!("PRAGMA encoding = '{encoding}'"))).expect("it is an encoding");
    for statement in split(BEFORE).iter().map(|statement| statement.text).chain(before.iter().copied()) {
        block_on(connection.run(statement)).unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    let mut tracker = block_on(Tracker::new(&connection, Ignore::default())).expect("it can be read");
    for sql in MIGRATIONS {
        let statements = split(sql);
        for statement in &statements {
            block_on(connection.run(statement.text)).unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        block_on(tracker.update(&connection, &statements)).expect("it can be followed");
        let fresh = block_on(Tracker::new(&connection, Ignore::default())).expect("it can be read");
        assert_eq!(tracker.canonical(), fresh.canonical(), "{encoding}: {sql}");
        assert_eq!(tracker.hash(), fresh.hash(), "{encoding}: {sql}");
    }
}

#[test]
fn changes_are_followed_in_every_encoding() {
    for encoding in ["UTF-8", "UTF-16le", "UTF-16be"] {
        follow(encoding, &[]);
    }
}

#[test]
fn changes_are_followed_beside_a_statement_that_is_no_text() {
    // other programs may have stored anything: here a comment that is not UTF-8, and one that ends in the middle
    for bytes in ["x'2d2dff'", "x'2d2d0041'"] {
        let stored =
            format!("UPDATE sqlite_schema SET sql = sql || char(10) || CAST({bytes} AS TEXT) WHERE name = 'parent'");
        follow("UTF-8", &["PRAGMA writable_schema = ON", &stored, "PRAGMA writable_schema = RESET"]);
    }
}
