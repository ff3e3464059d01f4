use std::net::IpAddr;

use dbmigrate::{ColumnType, Table};

#[derive(Table)]
struct Host {
    address: IpAddr,
    other: Option<IpAddr>,
    #[column(default = MISSING)]
    port: i64,
}

#[derive(ColumnType)]
struct Address(IpAddr);

fn main() {}
