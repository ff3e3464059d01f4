use dbmigrate::Table as Row; mod nothing; extern crate self as me;
#[derive(Row)] #[table(nmae = "x", idnex(a,, b), index())] struct B { a: u64, b: Option<Option<i64>>, c: HashMap<u8, u8>, d: me::B }
