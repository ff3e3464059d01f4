//! Expands `#[dbmigrate::test]`, where the function stays as it is inside of a test that makes a database for it, and
//! `migration_test!`.

mod arguments;
mod asked;
mod function;
mod migration;
mod source;

pub(crate) use function::expand;
pub(crate) use migration::expand as expand_migration;
