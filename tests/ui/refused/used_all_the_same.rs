//! What is wrong with an attribute is wrong once, however much uses the type.

use dbmigrate::{ColumnName, ColumnType, Table, View, column};

#[derive(ColumnType)]
#[column_type(rename = "lowercase")]
enum Status {
    Open,
}

#[derive(Table)]
#[table(name = "customers", without_row_id)]
struct Customer {
    #[column(primary_key)]
    id: i64,
}

#[derive(Table)]
struct Order {
    #[column(primary_key)]
    id: i64,
    #[column(references = Customer::id)]
    customer: i64,
    status: Status,
    former: Option<Status>,
}

#[derive(View)]
#[view(query = "SELECT id FROM orders", kind = "temporary")]
struct Recent {
    id: i64,
}

const ID: ColumnName<Customer, i64> = column!(Customer::id);

fn main() {
    println!("{} {} {ID} {}", Customer::NAME, Customer::SELECT, column!(Recent::id));
    println!("{} {} {}", Recent::SELECT, Order::SELECT, Status::SQL_TYPE);
    let _ = Status::Open;
}
