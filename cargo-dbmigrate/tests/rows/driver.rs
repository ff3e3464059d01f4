//! What is particular to libsql: its vectors, its prepared statements, its errors.

use dbmigrate::{Table, Value, column};

use crate::database::{all, come_back, execute, text, value, wait, with};

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
fn vectors_come_back_and_are_what_libsql_makes_of_their_text() {
    #[derive(Debug, PartialEq, Table)]
    #[table(index("libsql_vector_idx(single)", name = "nearest"))]
    struct Document {
        #[column(primary_key)]
        id: i64,
        single: [f32; 3],
        double: Option<[f64; 2]>,
    }
    let rows = [
        Document { id: 1, single: [1.0, -0.5, f32::MIN_POSITIVE], double: Some([0.1, f64::MAX]) },
        Document { id: 2, single: [0.0, 1.0, 0.0], double: None },
    ];
    let connection = come_back(&rows);
    assert_eq!(text(&connection, "SELECT vector_extract(single) FROM document WHERE id = 2"), "[0,1,0]");
    let same = "SELECT single = vector32('[0,1,0]') FROM document WHERE id = 2";
    assert_eq!(value(&connection, same), Value::Integer(1));
    let same = "SELECT double = vector64('[0.1,1.7976931348623157e308]') FROM document WHERE id = 1";
    assert_eq!(value(&connection, same), Value::Integer(1));
    let nearest = "SELECT id FROM vector_top_k('nearest', vector('[0,1,0]'), 1)";
    assert_eq!(value(&connection, nearest), Value::Integer(2));
    // what the database makes of a text is read as well
    execute(&connection, "UPDATE document SET double = vector64('[3,4]') WHERE id = 2");
    assert_eq!(all::<Document>(&connection)[1].double, Some([3.0, 4.0]));
}

#[test]
fn prepared_statements_take_the_parameters_again_and_again() {
    let connection = with::<Note>();
    let notes = [note(1, "a", None), note(2, "b", Some(0.5))];
    wait(async {
        let statement = connection.prepare(Note::INSERT).await.expect("it compiles");
        for note in &notes {
            statement.execute(note.params()?).await?;
            statement.reset();
        }
        // errors of rows are errors of the database, where one type of error is asked for
        Ok::<(), libsql::Error>(())
    })
    .expect("they are inserted");
    assert_eq!(all::<Note>(&connection), notes);
    let returning = format!("{} RETURNING *", Note::INSERT);
    let row = wait(async {
        let mut rows = connection.query(&returning, note(7, "c", None).params()?).await?;
        let row = rows.next().await?.expect("a row comes back");
        Ok::<Note, libsql::Error>(Note::from_row(&row)?)
    });
    assert_eq!(row.expect("it is inserted"), note(7, "c", None));
}

#[test]
fn a_value_of_a_column_is_a_parameter() {
    let connection = with::<Note>();
    execute(&connection, "INSERT INTO notes VALUES (1, 'a', NULL), (2, 'b', 0.5)");
    let sql = format!("{} WHERE {} = ?1", Note::SELECT, column!(Note::title));
    let found = wait(async {
        let mut rows = connection.query(&sql, [column!(Note::title).value("b")?]).await?;
        let row = rows.next().await?.expect("there is a row");
        Ok::<Note, libsql::Error>(Note::from_row(&row)?)
    });
    assert_eq!(found.expect("it is found"), note(2, "b", Some(0.5)));
}

#[test]
fn an_error_of_a_row_is_one_of_the_database_where_that_is_asked_for() {
    let connection = with::<Note>();
    execute(&connection, "INSERT INTO notes VALUES (1, x'00', NULL)");
    let failed = || -> Result<Note, libsql::Error> {
        let mut rows = wait(connection.query(Note::SELECT, ()))?;
        let row = wait(rows.next())?.expect("there is a row");
        // the row stands behind its statement, which is at its end then
        assert!(wait(rows.next())?.is_none());
        Ok(Note::from_row(&row)?)
    };
    let error = failed().expect_err("there is nothing to read").to_string();
    assert!(
        error.starts_with("SQL conversion failure: `cannot read `notes.id`: expected INTEGER, found NULL"),
        "{error}"
    );
    let unwritable = Note { id: 1, title: "a".to_owned(), share: Some(f64::NAN) };
    let error = unwritable.params().map_err(libsql::Error::from).expect_err("it has no value").to_string();
    assert!(error.contains("cannot write `notes.share`: SQL has no NaN"), "{error}");
}
