//! A row of one's own is read as those of the drivers.

use dbmigrate::rows::{Row, ValueError};
use dbmigrate::{Table, Value};

/// A row of a driver that nobody knows, with names or without.
struct Own {
    names: Option<[&'static str; 2]>,
    values: Vec<Value>,
}

impl Row for Own {
    fn column_count(&self) -> usize {
        self.values.len()
    }

    fn column_name(&self, at: usize) -> Option<&str> {
        self.names.map(|names| names[at])
    }

    fn value(&self, at: usize) -> Result<Value, ValueError> {
        match &self.values[at] {
            Value::Blob(_) => Err(ValueError::new("the line is dead")),
            value => Ok(value.clone()),
        }
    }
}

#[derive(Debug, PartialEq, Table)]
#[table(name = "users")]
struct User {
    id: u8,
    name: Option<String>,
}

fn said(names: Option<[&'static str; 2]>, values: &[Value]) -> Result<User, String> {
    User::from_row(&Own { names, values: values.to_vec() }).map_err(|error| error.to_string())
}

#[test]
fn a_row_of_another_driver_is_read_and_refused_as_all_others() {
    let ada = User { id: 7, name: Some("Ada".to_owned()) };
    assert_eq!(said(None, &[7_i64.into(), "Ada".into()]), Ok(ada));
    assert_eq!(said(Some(["ID", "name"]), &[7_i64.into(), Value::Null]), Ok(User { id: 7, name: None }));
    let refused = [
        said(None, &[7_i64.into()]),
        said(Some(["id", "email"]), &[7_i64.into(), "Ada".into()]),
        said(None, &[700_i64.into(), "Ada".into()]),
        said(None, &[7_i64.into(), vec![0_u8].into()]),
    ];
    let help = "\nhelp: select the columns with `SELECT` of the same struct";
    let expected = [
        format!("cannot read `users`: the row has 1 column, expected 2{help}"),
        format!("cannot read `users.name`: column 2 of the row is `email`{help}"),
        "cannot read `users.id`: expected INTEGER from 0 to 255, found INTEGER 700".to_owned(),
        "cannot read `users.name`: the line is dead".to_owned(),
    ];
    assert_eq!(refused, expected.map(Err));
}
