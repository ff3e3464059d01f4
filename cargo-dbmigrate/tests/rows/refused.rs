//! What cannot be read or written says what is wrong, and nothing panics.

use dbmigrate::rows::{FromValue, ToValue};
use dbmigrate::{ColumnType, Json, RowError, Table, Value};

use crate::database::{Connection, execute, read, with};

#[derive(Debug, Clone, Copy, PartialEq, ColumnType)]
enum State {
    Draft,
    Live,
    Gone,
}

#[derive(Debug, PartialEq, ColumnType)]
#[column_type(integer)]
enum Level {
    Low = -1,
    High = 7,
}

#[derive(Debug, PartialEq, ColumnType)]
struct Id(i64);

/// What a database without the constraints may hold, and what is said of it.
macro_rules! said_of {
    ($($ty:ty, $sql:literal: $said:literal;)+) => {{
        let mut said = Vec::new();
        let mut expected = Vec::new();
        $({
            #[derive(Table)]
            #[table(name = "held")]
            struct Held {
                #[allow(dead_code)]
                value: $ty,
            }
            let connection = crate::database::empty();
            execute(&connection, concat!("CREATE TABLE held (value); INSERT INTO held VALUES (", $sql, ")"));
            let error = read::<Held>(&connection, Held::SELECT).remove(0).err().expect($said);
            assert_eq!((error.table(), error.column()), ("held", Some("value")));
            said.push(format!("{} of {}: {error}", stringify!($ty), $sql));
            expected.push(format!("{} of {}: cannot read `held.value`: {}", stringify!($ty), $sql, $said));
        })+
        assert_eq!(said, expected);
    }};
}

#[test]
fn a_value_that_is_none_of_the_type_is_said_with_what_was_expected() {
    said_of! {
        i64, "NULL": "expected INTEGER, found NULL";
        i64, "'1'": "expected INTEGER, found TEXT '1'";
        i64, "1.5": "expected INTEGER, found REAL 1.5";
        i64, "1e300": "expected INTEGER, found REAL 1e300";
        i64, "x'0102'": "expected INTEGER, found BLOB of 2 bytes";
        u8, "256": "expected INTEGER from 0 to 255, found INTEGER 256";
        u8, "-1": "expected INTEGER from 0 to 255, found INTEGER -1";
        i16, "32768": "expected INTEGER from -32768 to 32767, found INTEGER 32768";
        u32, "4294967296": "expected INTEGER from 0 to 4294967295, found INTEGER 4294967296";
        bool, "2": "expected INTEGER 0 or 1, found INTEGER 2";
        f64, "'a'": "expected REAL, found TEXT 'a'";
        f64, "9007199254740993": "expected REAL, found INTEGER 9007199254740993";
        f32, "1e300": "expected REAL of single precision, found REAL 1e300";
        String, "5": "expected TEXT, found INTEGER 5";
        String, "NULL": "expected TEXT, found NULL";
        std::rc::Rc<str>, "x''": "expected TEXT, found BLOB of 0 bytes";
        char, "''": "expected TEXT of one character, found TEXT ''";
        char, "'ab'": "expected TEXT of one character, found TEXT 'ab'";
        Vec<u8>, "'a'": "expected BLOB, found TEXT 'a'";
        [u8; 2], "x'01'": "expected BLOB of 2 bytes, found BLOB of 1 bytes";
        [f32; 2], "zeroblob(12)": "expected BLOB with 2 numbers of single precision, found BLOB of 12 bytes";
        [f64; 2], "zeroblob(16)": "expected BLOB with 2 numbers of double precision, found BLOB of 16 bytes";
        State, "'archived'": "expected TEXT 'draft', 'live' or 'gone', found TEXT 'archived'";
        State, "1": "expected TEXT 'draft', 'live' or 'gone', found INTEGER 1";
        Level, "0": "expected INTEGER -1 or 7, found INTEGER 0";
        Option<Level>, "'low'": "expected INTEGER -1 or 7, found TEXT 'low'";
        Id, "NULL": "expected INTEGER, found NULL";
        Json<Vec<i64>>, "'[1,'": "expected TEXT with JSON (EOF while parsing a value at line 1 column 3), found TEXT '[1,'";
        Json<Vec<i64>>, "x''": "expected TEXT with JSON, found BLOB of 0 bytes";
        uuid::Uuid, "'1'": "expected TEXT with a UUID, found TEXT '1'";
        rust_decimal::Decimal, "'1,5'": "expected TEXT with a decimal number, found TEXT '1,5'";
        rust_decimal::Decimal, "1e300": "expected TEXT with a decimal number, found REAL 1e300";
        chrono::NaiveDate, "'2023-02-29'": "expected TEXT with a date, found TEXT '2023-02-29'";
        chrono::DateTime<chrono::Utc>, "1700000000": "expected TEXT with a date and a time, found INTEGER 1700000000";
        chrono::NaiveDateTime, "'2023-02-28 00:00:00Z'": "expected TEXT with a date and a time, found TEXT '2023-02-28 00:00:00Z'";
        jiff::Timestamp, "'2023-02-28'": "expected TEXT with a date and a time, found TEXT '2023-02-28'";
        jiff::civil::Time, "'12:00:00.0000000001'": "expected TEXT with a time, found TEXT '12:00:00.0000000001'";
        time::Time, "'23:59:60'": "expected TEXT with a time, found TEXT '23:59:60'";
        time::OffsetDateTime, "'2023-02-28 00:00+ä1:00'": "expected TEXT with a date and a time, found TEXT '2023-02-28 00:00+ä1:00'";
        jiff::Zoned, "'now'": "expected TEXT with a date, a time and a time zone (expected four digit year (or leading sign for six digit year), but found end of input), found TEXT 'now'";
    }
}

#[test]
fn a_text_is_shown_in_one_line_and_not_whole() {
    let error = State::from_value(Value::Text(format!("a\n{}", "x".repeat(99)))).expect_err("it is no state");
    let expected = format!("expected TEXT 'draft', 'live' or 'gone', found TEXT 'a\\n{}…'", "x".repeat(38));
    assert_eq!(error.to_string(), expected);
}

#[derive(Debug, PartialEq, Table)]
#[table(name = "notes")]
struct Note {
    #[column(primary_key)]
    id: i64,
    title: String,
    share: Option<f64>,
}

fn said(connection: &Connection, sql: &str) -> Result<Note, String> {
    read::<Note>(connection, sql).remove(0).map_err(|error| error.to_string())
}

#[test]
fn a_row_of_another_select_is_refused() {
    let connection = with::<Note>();
    execute(&connection, "INSERT INTO notes VALUES (1, 'a', NULL)");
    let note = Note { id: 1, title: "a".to_owned(), share: None };
    assert_eq!(said(&connection, "SELECT * FROM notes"), Ok(note));
    assert_eq!(
        said(&connection, "SELECT id, title FROM notes"),
        Err("cannot read `notes`: the row has 2 columns, expected 3\n\
             help: select the columns with `SELECT` of the same struct"
            .to_owned())
    );
    // both would be read, and mean something else
    assert_eq!(
        said(&connection, "SELECT title, title, share FROM notes"),
        Err("cannot read `notes.id`: column 1 of the row is `title`\n\
             help: select the columns with `SELECT` of the same struct"
            .to_owned())
    );
    assert_eq!(
        said(&connection, "SELECT ID, upper(title) AS title, 1 AS share, 2 FROM notes").map(|note| note.title),
        Ok("A".to_owned())
    );
}

#[test]
fn text_that_is_not_utf_8_is_an_error_and_no_panic() {
    let connection = with::<Note>();
    execute(&connection, "INSERT INTO notes VALUES (1, CAST(x'ff' AS TEXT), NULL), (2, 'b', NULL)");
    let read: Vec<Result<i64, String>> = read::<Note>(&connection, Note::SELECT)
        .into_iter()
        .map(|row| row.map(|note| note.id).map_err(|error| error.to_string()))
        .collect();
    assert_eq!(read, [Err("cannot read `notes.title`: found TEXT that is not UTF-8".to_owned()), Ok(2)]);
}

#[test]
fn what_would_be_read_as_something_else_is_not_written() {
    let note = |title: &str, share| Note { id: 1, title: title.to_owned(), share };
    let said = |note: Note| note.params().map_err(|error: RowError| error.to_string());
    assert_eq!(
        said(note("a\0b", None)),
        Err("cannot write `notes.title`: text with a NUL character would be cut off there when read".to_owned())
    );
    assert_eq!(
        said(note("a", Some(f64::NAN))),
        Err("cannot write `notes.share`: SQL has no NaN: it would become NULL".to_owned())
    );
    let far = jiff::civil::date(-1, 1, 1).to_value().expect_err("it has no text");
    assert_eq!(far.to_string(), "the year -1, but years in SQLite are 0000 to 9999");
    let keys = Json(std::collections::HashMap::from([((1, 2), 3)])).to_value().expect_err("it is no JSON");
    assert_eq!(keys.to_string(), "not JSON: key must be a string");
}
