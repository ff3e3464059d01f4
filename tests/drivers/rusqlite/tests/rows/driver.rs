//! What is particular to rusqlite: its closures, its prepared statements, its errors.

use dbmigrate::{Table, Value, column};
use rusqlite::params_from_iter;

use crate::database::{all, execute, with};

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
fn prepared_statements_take_the_parameters_again_and_again() {
    let connection = with::<Note>();
    let notes = [note(1, "a", None), note(2, "b", Some(0.5))];
    let insert = || -> rusqlite::Result<()> {
        let mut statement = connection.prepare(Note::INSERT)?;
        for note in &notes {
            // errors of rows are errors of the database, where one type of error is asked for
            statement.execute(params_from_iter(note.params()?))?;
        }
        Ok(())
    };
    insert().expect("they are inserted");
    assert_eq!(all::<Note>(&connection), notes);
}

#[test]
fn the_closures_of_queries_read_rows() {
    let connection = with::<Note>();
    let returning = format!("{} RETURNING *", Note::INSERT);
    let params = note(7, "c", None).params().expect("it can be written");
    let found = connection.query_row(&returning, params_from_iter(params), |row| Ok(Note::from_row(row)?));
    assert_eq!(found, Ok(note(7, "c", None)));
    let mut statement = connection.prepare(Note::SELECT).expect("it compiles");
    let all = statement.query_map((), |row| Ok(Note::from_row(row)?)).expect("it runs");
    assert_eq!(all.collect::<rusqlite::Result<Vec<_>>>(), Ok(vec![note(7, "c", None)]));
}

#[test]
fn a_value_of_a_column_is_a_parameter_and_any_value_is_read() {
    let connection = with::<Note>();
    execute(&connection, "INSERT INTO notes VALUES (1, 'a', NULL), (2, 'b', 0.5)");
    let sql = format!("{} WHERE {} = ?1", Note::SELECT, column!(Note::title));
    let title = column!(Note::title).value("b").expect("it has a value");
    let found = connection.query_row(&sql, [title], |row| Ok(Note::from_row(row)?));
    assert_eq!(found, Ok(note(2, "b", Some(0.5))));
    let shares = connection.query_row("SELECT min(share), max(id), 'x', x'00', NULL FROM notes", (), |row| {
        Ok([row.get::<_, Value>(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?])
    });
    assert_eq!(shares, Ok([0.5.into(), 2_i64.into(), "x".into(), vec![0_u8].into(), Value::Null]));
    let unreadable = connection.query_row("SELECT CAST(x'ff' AS TEXT)", (), |row| row.get::<_, Value>(0));
    assert!(unreadable.expect_err("it is no text").to_string().contains("found TEXT that is not UTF-8"));
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
    let error = connection.query_row(Note::SELECT, (), |row| Ok(Note::from_row(row)?)).expect_err("it is no title");
    assert_eq!(error.to_string(), "cannot read `notes.title`: expected TEXT, found BLOB of 1 bytes");
    let error = rusqlite::Error::from(note(1, "a", Some(f64::NAN)).params().expect_err("it has no value"));
    assert_eq!(error.to_string(), "cannot write `notes.share`: SQL has no NaN: it would become NULL");
}
