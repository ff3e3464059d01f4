//! Names: of columns that SQL would take for something else, in statements that are written by hand, and in views.

use dbmigrate::{ColumnName, Json, Table, Value, View, column};

use crate::database::{all, execute, insert, read, read_view, with};

#[derive(Debug, PartialEq, Table)]
#[table(name = "order \"table\"", primary_key(r#type, group))]
struct Odd {
    r#type: i64,
    #[column(name = "it's \"quoted\"")]
    quoted: Option<String>,
    group: String,
    #[column(name = "Ünï cödé")]
    unicode: bool,
    rowid: i64,
    #[column(name = " ")]
    empty: Json<i64>,
}

fn odd(rowid: i64) -> Odd {
    Odd { r#type: 1, quoted: None, group: format!("g{rowid}"), unicode: true, rowid, empty: Json(rowid) }
}

#[test]
fn names_of_every_kind_are_written_and_read() {
    let connection = with::<Odd>();
    for rowid in [1, 2] {
        insert(&connection, &odd(rowid));
    }
    let params = Odd { quoted: Some("q".to_owned()), ..odd(2) }.params().expect("it can be written");
    assert_eq!(crate::database::run(&connection, Odd::UPSERT, params), Ok(1));
    let found = read(&connection, &format!("{} ORDER BY {}", Odd::SELECT, column!(Odd::group)));
    let found: Vec<Odd> = found.into_iter().map(|row| row.expect("it can be read")).collect();
    assert_eq!(found, [odd(1), Odd { quoted: Some("q".to_owned()), ..odd(2) }]);
}

#[test]
fn a_name_of_a_column_is_what_the_column_is_called() {
    const QUOTED: ColumnName<Odd, Option<String>> = column!(Odd::quoted);
    assert_eq!((QUOTED.name(), QUOTED.to_string().as_str()), ("it's \"quoted\"", "\"it's \"\"quoted\"\"\""));
    assert_eq!(column!(Odd::r#type).to_string(), "type");
    assert_eq!(column!(self::Odd::group).to_string(), "\"group\"");
    assert_eq!(column!(Upper::title).name(), "Title");
    assert_eq!(column!(Borrowed<'_>::title).name(), "the title");
    assert_eq!(format!("{:?}", column!(crate::names::Odd::rowid)), "ColumnName(\"rowid\")");
}

#[test]
fn a_value_for_a_column_is_of_its_type() {
    assert_eq!(column!(Odd::group).value("a"), Ok(Value::Text("a".to_owned())));
    assert_eq!(column!(Odd::group).value(&"a".to_owned()), Ok(Value::Text("a".to_owned())));
    assert_eq!(column!(Odd::unicode).value(&true), Ok(Value::Integer(1)));
    assert_eq!(column!(Odd::quoted).value(&None::<String>), Ok(Value::Null));
    assert_eq!(column!(Odd::empty).value(&Json(3)), Ok(Value::Text("3".to_owned())));
}

#[derive(Debug, PartialEq, Table)]
#[table(name = "pages")]
struct Borrowed<'a> {
    #[column(name = "the title")]
    title: std::borrow::Cow<'a, str>,
    views: u32,
}

#[derive(Debug, PartialEq, View)]
#[view(
    query = "SELECT upper(\"the title\"), sum(views) FROM pages GROUP BY 1 ORDER BY 2 DESC",
    columns(title, views),
    trigger(no_delete, instead_of = delete, body = "SELECT raise(ABORT, 'no')")
)]
struct Upper {
    #[column(name = "Title")]
    title: String,
    views: u64_of_view::Sum,
}

mod u64_of_view {
    /// A number that no table has: views may have what they want.
    #[derive(Debug, PartialEq, dbmigrate::ColumnType)]
    pub(super) struct Sum(pub(super) i64);
}

#[test]
fn a_view_is_created_and_read() {
    let connection = with::<Borrowed<'_>>();
    for (title, views) in [("a", 1), ("A", 2), ("b", 4)] {
        insert(&connection, &Borrowed { title: title.into(), views });
    }
    assert_eq!(Upper::SELECT, "SELECT upper.Title, upper.views FROM upper");
    execute(&connection, &Upper::CREATE.to_string());
    let sql = format!("{} WHERE {} < 10", Upper::SELECT, column!(Upper::views));
    let found: Vec<Upper> = read_view(&connection, &sql).into_iter().map(|row| row.expect("it can be read")).collect();
    let row = |title: &str, views| Upper { title: title.to_owned(), views: u64_of_view::Sum(views) };
    assert_eq!(found, [row("B", 4), row("A", 3)]);
    assert_eq!(Upper::CREATE.statements().len(), 2);
}

#[test]
fn a_select_may_be_joined_with_tables_that_have_the_same_columns() {
    #[derive(Debug, PartialEq, Table)]
    struct Author {
        #[column(primary_key)]
        id: i64,
        name: String,
    }
    #[derive(Debug, PartialEq, Table)]
    struct Book {
        #[column(primary_key)]
        id: i64,
        #[column(references = Author::id)]
        author: i64,
        name: String,
    }
    let connection = with::<Author>();
    execute(&connection, &Book::CREATE.to_string());
    let author = Author { id: 1, name: "A".to_owned() };
    insert(&connection, &author);
    insert(&connection, &Book { id: 7, author: 1, name: "B".to_owned() });
    let sql = format!("{} JOIN book ON author.id = book.author WHERE book.name = 'B'", Author::SELECT);
    assert_eq!(read::<Author>(&connection, &sql).remove(0).expect("it can be read"), author);
    assert_eq!(all::<Book>(&connection).len(), 1);
}
