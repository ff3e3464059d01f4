//! What a test function can take: whatever can be opened for the database of the test.

use std::error::Error;
use std::fmt::Display;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::TestDatabase;
use crate::thread::message_of;

/// Why something could not be opened.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// What a function with `#[dbmigrate::test]` can take. Implement it for what your tests use, so that they can take that:
///
/// ```ignore
/// impl FromTest for App {
///     async fn from_test(database: &TestDatabase) -> Result<Self, BoxError> {
///         Ok(App::start(Config { database: database.url(), ..Config::for_tests() }).await?)
///     }
/// }
///
/// #[dbmigrate::test]
/// #[tokio::test]
/// async fn signs_in(app: App) { … }
/// ```
#[diagnostic::on_unimplemented(
    message = "a test cannot take `{Self}`",
    label = "no database of a test",
    note = "it can take `dbmigrate::testing::TestDatabase` and, with the features of these names, what `libsql`, \
            `rusqlite` and `sqlx` open",
    note = "anything else can be taken after `impl dbmigrate::testing::FromTest for {Self}`"
)]
pub trait FromTest: Sized {
    /// Opens it for the database of a test.
    fn from_test(database: &TestDatabase) -> impl Future<Output = Result<Self, BoxError>>;
}

impl FromTest for TestDatabase {
    async fn from_test(database: &TestDatabase) -> Result<Self, BoxError> {
        Ok(database.clone())
    }
}

/// What the parameter of a test is.
///
/// # Panics
/// If it cannot be opened, which fails the test.
#[doc(hidden)]
pub async fn open<T: FromTest>(database: &TestDatabase) -> T {
    T::from_test(database).await.unwrap_or_else(|error| panic!("cannot open the database of the test: {error}"))
}

/// Runs a test whose function is asynchronous and that no other attribute runs. One that takes a while is no news.
///
/// # Panics
/// If the test does.
#[doc(hidden)]
pub fn run<T>(test: impl Future<Output = T>) -> T {
    catch_unwind(AssertUnwindSafe(|| pollster::block_on(test))).unwrap_or_else(|panic| {
        if message_of(&*panic).contains("Tokio") {
            tell_of_tokio();
        }
        resume_unwind(panic)
    })
}

#[expect(clippy::print_stderr, reason = "libtest shows it with the failure")]
fn tell_of_tokio() {
    eprintln!("help: run it with tokio: write `#[tokio::test]` below `#[dbmigrate::test]`");
}

/// An error with what to do about it, for the panic of a test.
pub(super) fn with_help(message: impl Display, help: &[String]) -> String {
    let mut text = message.to_string();
    for line in help {
        text.push_str("\nhelp: ");
        text.push_str(line);
    }
    text
}
