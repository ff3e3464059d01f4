//! Structs that are pulled read every row of what they are pulled from: views of all kinds, and every hostile name.

/// What `pull --enums` makes of the schema, kept in step by the test below.
#[rustfmt::skip]
#[allow(dead_code, unreachable_pub, clippy::struct_field_names, reason = "the text is what pull writes")]
mod structs;

use std::collections::BTreeMap;
use std::fmt::Debug;

use cargo_dbmigrate::codegen::{self, Request};
use dbmigrate::{FromRow, Table as _, View as _};
use dbmigrate_core::engine::{Connection as Engine, introspect, view_columns};
use dbmigrate_core::sql::split;

use crate::database::{each, empty, execute, wait};

const SCHEMA: &str = include_str!("schema.sql");
const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rows/pulled/structs.rs");

#[test]
fn the_structs_are_those_that_pull_writes() {
    let rendered = wait(async {
        let connection = Engine::in_memory().await.expect("a database");
        for statement in split(SCHEMA) {
            connection.run(statement.text).await.expect(statement.text);
        }
        let schema = introspect(&connection).await.expect("it can be read").schema;
        let view_columns = view_columns(&connection, &schema).await.expect("the views compile");
        let comments = BTreeMap::new();
        codegen::structs(&Request {
            schema: &schema,
            view_columns: &view_columns,
            comments: &comments,
            unreadable: &[],
            enums: true,
        })
    });
    assert_eq!(rendered.inexpressible, []);
    let text = rendered.file();
    if std::env::var_os("UPDATE_RENDERED").is_some() {
        std::fs::write(FIXTURE, &text).expect("the repository is writable");
    }
    let fixture = std::fs::read_to_string(FIXTURE).expect("the fixture is there");
    assert!(fixture == text, "run this test with UPDATE_RENDERED=1, and look at the difference:\n{text}");
}

/// Reads all rows of tables or views, and says how many there are.
macro_rules! read_all {
    ($connection:expr; $($struct:ident: $count:literal),+ $(,)?) => { $(
        let rows = every(stringify!($struct), each($connection, structs::$struct::SELECT, structs::$struct::from_row));
        assert_eq!(rows.len(), $count, "{}", stringify!($struct));
    )+ };
}

fn every<T: FromRow + Debug, E: std::fmt::Display>(name: &str, rows: Vec<Result<T, E>>) -> Vec<T> {
    rows.into_iter().map(|row| row.unwrap_or_else(|error| panic!("{name}: {error}"))).collect()
}

#[test]
fn every_row_of_every_view_reads() {
    let connection = empty();
    execute(&connection, SCHEMA);
    read_all! { &connection;
        SalesByStore: 3, IntegerSales: 1, NoSales: 1, Computed: 5, Joined: 6, United: 8, OfViews: 3, Counted: 4, Either: 15,
        Async: 1, Values: 2,
    }
    let sales = every("sales", each(&connection, structs::SalesByStore::SELECT, structs::SalesByStore::from_row));
    let sales: Vec<_> = sales.into_iter().map(|one| (one.store, one.total_sales, one.payments)).collect();
    let wanted = [("Lethbridge, 1", Some(5.99), 2), ("Woodridge, 2", Some(9.1), 3), ("Nowhere, 3", None, 0)];
    assert_eq!(sales, wanted.map(|(store, total, payments)| (store.to_owned(), total, payments)));
    let whole = every("sales", each(&connection, structs::IntegerSales::SELECT, structs::IntegerSales::from_row));
    assert_eq!(whole.iter().map(|one| one.total_sales).collect::<Vec<_>>(), [Some(12.0)]);
    let none = every("none", each(&connection, structs::NoSales::SELECT, structs::NoSales::from_row));
    assert_eq!(none.iter().map(|one| (one.n, one.amount, one.total)).collect::<Vec<_>>(), [(0, None, 0.0)]);
    let mixed = every("mixed", each(&connection, structs::Computed::SELECT, structs::Computed::from_row));
    let mixed: Vec<dbmigrate::Value> = mixed.into_iter().map(|one| one.anything).collect();
    let all = [1.into(), "text".into(), 2.5.into(), vec![0xff_u8].into(), dbmigrate::Value::Null];
    assert_eq!(mixed, all);
}

#[test]
fn names_that_rust_has_a_use_for_are_names() {
    let connection = empty();
    execute(&connection, SCHEMA);
    let found = every("yield", each(&connection, structs::Yield::SELECT, structs::Yield::from_row));
    assert_eq!(found.iter().map(|one| (one.r#yield, one.r#try)).collect::<Vec<_>>(), [(Some(2.5), Some(1))]);
    read_all! { &connection; Option2: 1, String2: 1, Vec2: 1, Json2: 1, Table2: 0, Result: 0, Some: 1, Box: 0, Self2: 0, View2: 0 }
    read_all! { &connection; ColumnType2: 0, Default: 0, T1st: 0, AB: 0, AB2: 0, SerdeJson: 0, Core: 0, I64: 0, Value2: 0, Send: 0 }
}
