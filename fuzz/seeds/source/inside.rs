fn main() { if true { #[derive(dbmigrate::Table)] struct Deep { id: u8 } } else { { use self::x as y; } } }
macro_rules! t { () => { #[derive(Table)] struct M; } }
impl dbmigrate::ColumnType for X { const SQL_TYPE: &'static str = Self::T; }
impl X { const T: &str = "TEXT"; }
pub struct X; pub enum E { A = 1, B { c: i64 } }
pub type G<T> = Option<T>;
#[derive(dbmigrate::Table)] struct Y { x: G<X>, #[column(type = "DECIMAL(10, 2)", default = -0.5)] y: E }
