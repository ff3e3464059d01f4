//! What is particular to sqlx: its queries, its errors, and values that have a declared type but no type of their own.

use dbmigrate::rows::arguments;
use dbmigrate::{Table, Value, column};
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteRow;

use crate::database::{all, execute, read, value, wait, with};

#[derive(Debug, PartialEq, Table)]
#[table(name = "notes")]
struct Note {
    #[column(primary_key)]
    id: i64,
    title: String,
    share: Option<f64>,
}

fn note(id: i64, title: &str, share: Option<f64>) -> Note {
    Note { id, title: title.to_owned(), share }
}

#[test]
fn queries_take_parameters_and_read_rows() {
    let connection = with::<Note>();
    let one = &mut *connection.0.borrow_mut();
    let found = wait(async {
        for note in [note(1, "a", None), note(2, "b", Some(0.5))] {
            // errors of rows are errors of the database, where one type of error is asked for
            sqlx::query_with(Note::INSERT, arguments(&note.params()?)?).execute(&mut *one).await?;
        }
        let first = sqlx::query(Note::SELECT).try_map(|row: SqliteRow| Ok(Note::from_row(&row)?)).fetch_one(&mut *one);
        let first = first.await?;
        let title = column!(Note::title).value("b")?;
        let sql = format!("{} WHERE {} = ?1", Note::SELECT, column!(Note::title));
        let rows = sqlx::query_with(AssertSqlSafe(sql), arguments(&[title])?).fetch_all(&mut *one).await?;
        let rows = rows.iter().map(Note::from_row).collect::<Result<Vec<Note>, _>>()?;
        Ok::<_, sqlx::Error>((first, rows))
    });
    assert_eq!(found.expect("they are read"), (note(1, "a", None), vec![note(2, "b", Some(0.5))]));
}

#[test]
fn a_row_comes_back_where_it_is_asked_for() {
    let connection = with::<Note>();
    let returning = format!("{} RETURNING *", Note::INSERT);
    let params = arguments(&note(7, "c", None).params().expect("it can be written")).expect("it has values");
    let query = sqlx::query_with(AssertSqlSafe(returning), params);
    let row = wait(query.fetch_one(&mut *connection.0.borrow_mut())).expect("it is inserted");
    assert_eq!(Note::from_row(&row).expect("it can be read"), note(7, "c", None));
}

#[test]
fn a_value_is_read_by_its_own_type_and_not_by_the_declared_one() {
    #[derive(Debug, PartialEq, Table)]
    struct Held {
        #[column(type = "DATETIME")]
        at: Value,
        #[column(type = "BOOLEAN")]
        flag: Value,
        #[column(type = "DATE")]
        day: Option<String>,
    }
    let connection = with::<Held>();
    execute(&connection, "INSERT INTO held VALUES ('2024-02-29', 1, NULL), (5, 'x', 'y'), (x'00', 0.5, NULL)");
    let held = |at: Value, flag: Value, day: Option<&str>| Held { at, flag, day: day.map(str::to_owned) };
    let expected = [
        held("2024-02-29".into(), 1_i64.into(), None),
        held(5_i64.into(), "x".into(), Some("y")),
        held(vec![0_u8].into(), 0.5.into(), None),
    ];
    assert_eq!(all::<Held>(&connection), expected);
    assert_eq!(value(&connection, "SELECT max(day) FROM held WHERE day IS NULL"), Value::Null);
}

#[test]
fn text_with_a_nul_character_is_read_whole() {
    let connection = with::<Note>();
    execute(&connection, "INSERT INTO notes VALUES (1, 'a' || char(0) || 'b', NULL)");
    assert_eq!(all::<Note>(&connection), [note(1, "a\0b", None)]);
}

#[test]
fn an_error_of_a_row_is_one_of_the_database_where_that_is_asked_for() {
    let connection = with::<Note>();
    execute(&connection, "INSERT INTO notes VALUES (1, x'00', NULL)");
    let error = sqlx::Error::from(read::<Note>(&connection, Note::SELECT).remove(0).expect_err("it is no title"));
    assert_eq!(
        error.to_string(),
        "error occurred while decoding: cannot read `notes.title`: expected TEXT, found BLOB of 1 bytes"
    );
    let error = sqlx::Error::from(note(1, "a", Some(f64::NAN)).params().expect_err("it has no value"));
    assert_eq!(
        error.to_string(),
        "error occurred while encoding a value: cannot write `notes.share`: SQL has no NaN: it would become NULL"
    );
}
