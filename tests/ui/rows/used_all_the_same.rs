//! What is wrong with an attribute is no error again where rows are read and written.

use dbmigrate::{ColumnType, Table, View};

#[derive(ColumnType)]
#[column_type(rename = "lowercase")]
enum Status {
    Open,
}

#[derive(Table)]
#[table(without_row_id)]
struct Customer {
    #[column(primary_key)]
    id: i64,
}

#[derive(Table)]
struct Order {
    status: Status,
}

#[derive(View)]
#[view(query = "SELECT id FROM orders", kind = "temporary")]
struct Recent<'a> {
    name: std::borrow::Cow<'a, str>,
}

fn both(row: &libsql::Row, customer: &Customer, order: &Order) -> Result<(), dbmigrate::RowError> {
    let _ = (Customer::from_row(row)?, Order::from_row(row)?, Recent::from_row(row)?);
    let _ = (customer.params()?, customer.params_without_key()?, order.params()?, Customer::UPSERT);
    Ok(())
}

fn main() {
    let _ = (both, Status::Open);
}
