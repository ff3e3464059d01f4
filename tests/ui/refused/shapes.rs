use dbmigrate::{ColumnType, Table, View};

#[derive(Table)]
struct Empty {}

#[derive(Table)]
struct Pair(i64, i64);

#[derive(Table)]
struct Generic<T> {
    value: T,
}

#[derive(Table)]
enum State {
    Draft,
}

#[derive(View)]
struct Active {
    id: i64,
}

#[derive(ColumnType)]
struct Point(f64, f64);

#[derive(ColumnType)]
#[column_type(rename_all = "snake", renam = "x")]
enum Kind {
    A,
}

fn main() {}
