//! The generated rows that changes are proven on.

use crate::support::schema_of;
use dbmigrate_core::engine::{Connection, populate};
use dbmigrate_core::plan::create_all;
use pollster::block_on;

#[test]
fn children_keep_their_rows_where_a_check_of_the_parent_refuses_some() {
    let schema = schema_of(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL CHECK (email LIKE '_%@_%'), n INTEGER CHECK (n < 2));
         CREATE TABLE members (org INTEGER, user_id INTEGER REFERENCES users (id), PRIMARY KEY (org, user_id)) WITHOUT ROWID;",
    )
    .unwrap();
    let connection = block_on(Connection::in_memory()).unwrap();
    block_on(connection.run("PRAGMA foreign_keys = OFF")).unwrap();
    block_on(connection.run_all(&create_all(&schema))).unwrap();
    let filled = block_on(populate::populate(&connection, &schema)).unwrap();
    assert!(filled.empty.is_empty(), "{:?}", filled.empty);
    assert!(block_on(connection.rows("PRAGMA foreign_key_check")).unwrap().is_empty());
}

#[test]
fn a_unique_mail_address_is_found_for_every_row() {
    let schema = schema_of("CREATE TABLE users (email TEXT NOT NULL UNIQUE CHECK (email LIKE '_%@_%'))").unwrap();
    let connection = block_on(Connection::in_memory()).unwrap();
    block_on(connection.run_all(&create_all(&schema))).unwrap();
    assert_eq!(block_on(populate::populate(&connection, &schema)).unwrap().rows, 3);
}
