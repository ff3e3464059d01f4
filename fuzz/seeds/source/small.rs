use dbmigrate::*;
#[derive(Table)] struct A<'a> { id: i64, b: &'a str, c: Option<bool>, d: f64 }
