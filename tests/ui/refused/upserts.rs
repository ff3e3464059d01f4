//! What a table has no statement for is an error where it is used.

use dbmigrate::Table;

#[derive(Table)]
struct Keyless {
    value: i64,
}

#[derive(Table)]
#[table(using = fts5vocab, options("'search', 'row'"))]
struct Terms {}

const UPSERT: &str = Keyless::UPSERT;
const SELECT: &str = Terms::SELECT;

fn main() {}
