use super::*;

#[test]
fn a_step_can_only_read_and_write_rows() {
    for sql in ["SELECT 1", "VALUES (1)", "WITH a AS (SELECT 1) SELECT * FROM a", "EXPLAIN QUERY PLAN SELECT 1;"] {
        assert_eq!(allowed(sql), Ok(Allowed::Reads), "{sql}");
    }
    for sql in [
        "INSERT INTO t VALUES (?1)",
        "REPLACE INTO t VALUES (1)",
        "UPDATE t SET a = 1;",
        "DELETE FROM t",
        "WITH a AS (SELECT 1) DELETE FROM t WHERE id IN a",
        "UPDATE t SET a = '_dbmigrate_history'",
    ] {
        assert_eq!(allowed(sql), Ok(Allowed::Writes), "{sql}");
    }
    for sql in [
        "BEGIN",
        "COMMIT",
        "end transaction",
        "ROLLBACK",
        "SAVEPOINT a",
        "RELEASE a",
        "ROLLBACK TO a",
        "ATTACH 'x' AS y",
        "DETACH y",
        "PRAGMA foreign_keys = ON",
        "PRAGMA user_version",
        "VACUUM",
        "VACUUM INTO 'x'",
        "ANALYZE",
        "REINDEX",
        "CREATE TABLE t (a)",
        "CREATE TEMP TABLE t (a)",
        "CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT 1; END",
        "ALTER TABLE t ADD COLUMN b",
        "DROP TABLE t",
        "/* */ COMMIT -- SELECT",
        "SELECT 1; COMMIT",
        "",
        ";",
        "SELECT * FROM _dbmigrate_history",
        "SELECT * FROM \"_DBMIGRATE_history\"",
        "DELETE FROM main.[_dbmigrate_history]",
        "INSERT INTO t SELECT * FROM _dbmigrate_kept_0007_users",
    ] {
        assert!(allowed(sql).is_err(), "{sql}");
    }
    let error = allowed("pragma  foreign_keys = ON").expect_err("it is refused").to_string();
    assert!(error.starts_with("`PRAGMA FOREIGN_KEYS` in a step"), "{error}");
}

#[test]
fn a_value_is_read_as_what_it_is_or_not_at_all() {
    let row = Row::new(vec![Value::Integer(300), Value::Null, Value::Text("a".into()), Value::Blob(vec![1])]);
    assert_eq!(row.get::<i64>(0), Ok(300));
    assert_eq!(row.get::<Option<String>>(1), Ok(None));
    assert_eq!(row.get::<String>(2).as_deref(), Ok("a"));
    assert_eq!(row.get::<Vec<u8>>(3), Ok(vec![1]));
    assert_eq!(row.get::<u8>(0).unwrap_err().to_string(), "column 0 is an integer, which is no u8");
    assert_eq!(row.get::<i64>(1).unwrap_err().to_string(), "column 1 is NULL, which is no i64");
    assert!(row.get::<bool>(0).is_err());
    assert!(row.get::<f64>(0).is_err());
    assert_eq!(row.get::<i64>(4).unwrap_err().to_string(), "no column 4: the query returns 4 columns, counted from 0");
}

#[test]
fn an_error_is_said_with_where_it_comes_from() {
    let inner = std::io::Error::other("the disk\nis full");
    let outer = std::io::Error::other(inner);
    assert_eq!(said(&outer), "the disk is full");
}

#[test]
fn every_value_arrives_as_it_was_sent() {
    let values = vec![
        Value::Null,
        Value::Integer(i64::MIN),
        Value::Integer(i64::MAX),
        Value::Real(-0.0),
        Value::Real(f64::INFINITY),
        Value::Real(0.1 + 0.2),
        Value::Text("a\n\"b\"\u{0} ü 🦀".into()),
        Value::Blob(vec![0, 255, 10]),
        Value::Blob(Vec::new()),
    ];
    let mut line = Vec::new();
    let rows = wire::to_wire(vec![values.clone()]);
    wire::write(&mut line, &wire::Said::Rows { rows }).expect("it is short");
    assert_eq!(line.split(|byte| *byte == b'\n').count() - 1, 1, "a message is one line");
    match wire::read(&mut &line[..]).expect("it can be read") {
        wire::Line::Message(wire::Said::Rows { rows }) => assert_eq!(wire::from_wire(rows), Some(vec![values])),
        other => panic!("{other:?}"),
    }
    assert_eq!(wire::Value::Blob("0g".into()).stored(), None);
    assert_eq!(wire::Value::Blob("0".into()).stored(), None);
}

#[test]
fn what_is_no_message_is_shown_as_what_it_is() {
    let read = |bytes: &[u8]| match wire::read::<wire::Heard>(&mut &bytes[..]).expect("it can be read") {
        wire::Line::Other(text) => text,
        other => panic!("{other:?}"),
    };
    assert_eq!(read(b"hello\n"), "hello");
    assert_eq!(read(b"\xff\x00{}\n"), "\\u{fffd}\\u{0}{}");
    assert_eq!(read(b"{\"done\":{}}"), "{\\\"done\\\":{}}", "a line has an end");
    assert_eq!(read(b"{\"done\":{\"more\":1}}\n").len(), 23);
    assert!(read("x".repeat(100).as_bytes()).ends_with("xx…"));
    assert!(matches!(wire::read::<wire::Heard>(&mut &b""[..]), Ok(wire::Line::End)));
    let long = wire::Said::Refused { message: "x".repeat(wire::LONGEST) };
    let error = wire::write(&mut Vec::new(), &long).expect_err("it is too long").to_string();
    assert_eq!(error, "more than 64 MiB at once: read and write rows in parts");
}
