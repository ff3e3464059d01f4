//! A type that cannot be read or written is an error where somebody reads or writes, and only there.

use std::net::IpAddr;

use dbmigrate::{ColumnType, Table, View};

#[derive(ColumnType)]
#[column_type(type = "TEXT")]
struct Several(i64, i64);

#[derive(Table)]
struct Host {
    #[column(type = "TEXT")]
    address: Option<IpAddr>,
}

#[derive(Table)]
struct Pair {
    several: Several,
}

#[derive(Table)]
struct Name<'a> {
    name: &'a str,
}

#[derive(View)]
#[view(query = "SELECT name FROM name")]
struct Names<'a> {
    name: Option<&'a str>,
}

fn read(row: &libsql::Row) {
    let _ = Host::from_row(row);
    let _ = Pair::from_row(row);
    let _ = Name::from_row(row);
    let _ = Names::from_row(row);
}

fn write(host: &Host, pair: &Pair, name: &Name<'_>) {
    let _ = host.params();
    let _ = pair.params_without_key();
    let _ = name.params();
}

fn main() {}
