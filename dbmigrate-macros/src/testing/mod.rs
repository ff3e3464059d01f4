//! Expands `#[dbmigrate::test]`: the function stays as it is, inside of a test that makes a database for it.

mod arguments;
mod function;
mod source;

pub(crate) use function::expand;
