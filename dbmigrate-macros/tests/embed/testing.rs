//! What rustc says of `#[dbmigrate::test]` and `migration_test!`: each error stands at the word that is wrong.

use crate::USERS;
use crate::package::Package;

/// A package with two migrations and the sets `demo` and `full`, and what rustc says of its program.
fn said(name: &str, source: &str) -> String {
    let package = Package::new(name, "");
    package.add("create users", USERS);
    package.add("create posts", crate::POSTS);
    package.write("seeds/demo/users.toml", "");
    package.write("seeds/full/users.toml", "");
    package.write("src/main.rs", &format!("fn main() {{}}\n\n{source}\n"));
    package.run().expect_err("it is wrong")
}

/// That the error has the help line, and is shown at the text.
#[track_caller]
fn must_say(said: &str, error: &str, help: &str, at: &str) {
    assert!(said.contains(&format!("error: {error}\n")), "{said}");
    let shown = said.split(&format!("error: {error}\n")).nth(1).unwrap_or_default();
    let shown = shown.split("\nerror").next().unwrap_or_default();
    assert!(said.contains(help), "{said}");
    let line = shown.lines().find(|line| line.trim_end().ends_with('^')).unwrap_or_default();
    assert_eq!(line.matches('^').count(), at.chars().count(), "`{at}`: {shown}");
    assert!(shown.contains(at), "{shown}");
}

#[test]
fn a_set_that_is_not_there_is_an_error_at_its_name() {
    let said = said("set", "#[dbmigrate_macros::test(seed = \"dmeo\")]\nfn t(_: u8) {}");
    must_say(
        &said,
        "no set named `dmeo` in `seeds`",
        "help: did you mean `demo`? accepted: `demo`, `full`",
        "\"dmeo\"",
    );
}

#[test]
fn a_key_that_is_unknown_and_one_that_is_there_twice_are_errors() {
    let unknown = said("key", "#[dbmigrate_macros::test(sede = \"demo\")]\nfn t(_: u8) {}");
    let help = "help: did you mean `seed`? accepted: `seed`, `database`, `migrations`, `crate`";
    must_say(&unknown, "unknown key `sede` in `#[dbmigrate::test(…)]`", help, "sede");
    let twice = said("twice", "#[dbmigrate_macros::test(seed = \"demo\", seed = \"full\")]\nfn t(_: u8) {}");
    must_say(&twice, "`seed` is there twice", "", "seed");
}

#[test]
fn a_folder_that_is_not_there_is_an_error_at_its_name() {
    let said = said("folder", "#[dbmigrate_macros::test(migrations = \"db\")]\nfn t(_: u8) {}");
    must_say(&said, "no migrations folder at `db`", "help: create it: `cargo dbmigrate init`", "\"db\"");
}

#[test]
fn a_test_takes_its_database() {
    let nothing = said("nothing", "#[dbmigrate_macros::test]\nasync fn empty() {}");
    let help = "help: take it: `async fn empty(database: dbmigrate::testing::TestDatabase)`";
    must_say(&nothing, "the test does not take the database that it is given", help, "empty");
    let generic = said("generic", "#[dbmigrate_macros::test]\nfn t<T>(_: T) {}");
    must_say(&generic, "a test has no generic parameters", "", "T");
}

#[test]
fn a_migration_that_is_not_there_is_an_error_at_its_name() {
    let unknown = said("unknown", "dbmigrate_macros::migration_test! { fn t; apply \"0002_create_psots\"; }");
    let error = "no migration named `0002_create_psots` in `migrations`";
    must_say(&unknown, error, "help: did you mean `0002_create_posts`?", "\"0002_create_psots\"");
    let order = said("order", "dbmigrate_macros::migration_test! { fn t; at \"2\"; apply \"1\"; }");
    let error = "`0002_create_posts` does not come before `0001_create_users`";
    must_say(&order, error, "help: name one that does, or leave `at` out", "\"2\"");
}

#[test]
fn a_word_that_is_unknown_or_missing_is_an_error_at_its_place() {
    let word = said("word", "dbmigrate_macros::migration_test! { fn t; row \"x\"; apply \"1\"; }");
    must_say(&word, "unknown word `row` in `migration_test!`", "help: did you mean `rows`?", "row");
    let nothing = said("applies", "dbmigrate_macros::migration_test! { fn t; rows \"x\"; }");
    must_say(
        &nothing,
        "the test applies no migration",
        "help: name the one that it is about: `apply \"0007_…\";`",
        "t",
    );
    let end = said("end", "dbmigrate_macros::migration_test! { fn t; rows \"x\" apply \"1\"; }");
    must_say(&end, "expected `;`", "help: each line ends with one, and begins with `at`, `rows`", "apply");
}

#[test]
fn a_step_that_only_the_program_has_is_an_error_that_says_how_a_test_gets_it() {
    let package = Package::new("step_of_test", "");
    package.add("create users", USERS);
    package.add("hash tokens", "-- dbmigrate: rust\nUPDATE users SET id = id;\n");
    package.write("src/main.rs", "fn main() {}\n\n#[dbmigrate_macros::test]\nfn t(_: u8) {}\n");
    let said = package.run().expect_err("the test has no step");
    assert!(said.contains("error: `0002_hash_tokens` has a step in Rust, which only the program has"), "{said}");
    let help = "help: name the value of `embed_migrations!` that has it: `migrations = crate::MIGRATIONS`";
    assert!(said.contains(help), "{said}");
}

/// The same with a database `tenant`, whose folder is that of the migrations, and a set of rows of its own.
fn said_of_two(name: &str, source: &str) -> String {
    let package = Package::new(name, "");
    package.add("create users", USERS);
    package.write("dbmigrate.toml", "migrations = \"none\"\n[databases.tenant]\nmigrations = \"migrations\"\n");
    package.write("seeds/demo/users.toml", "");
    package.write("seeds-tenant/full/users.toml", "");
    package.write("src/main.rs", &format!("fn main() {{}}\n\n{source}\n"));
    package.run().expect_err("it is wrong")
}

#[test]
fn a_database_that_is_not_there_and_a_set_of_another_one_are_errors_at_their_names() {
    let unknown = said_of_two("database", "#[dbmigrate_macros::test(database = \"tenent\")]\nfn t(_: u8) {}");
    let error = "no database named `tenent` in `dbmigrate.toml`";
    must_say(&unknown, error, "help: did you mean `tenant`?", "\"tenent\"");
    let set =
        said_of_two("set_of", "#[dbmigrate_macros::test(database = \"tenant\", seed = \"demo\")]\nfn t(_: u8) {}");
    must_say(&set, "no set named `demo` in `seeds-tenant`", "help: accepted: `full`", "\"demo\"");
    let both = "#[dbmigrate_macros::test(database = \"tenant\", migrations = \"db\")]\nfn t(_: u8) {}";
    let help = "help: leave `migrations` out, or name the value of an `embed_migrations!`";
    must_say(&said_of_two("both", both), "`database` says where the migrations are", help, "\"db\"");
    let word = said_of_two("word_of", "dbmigrate_macros::migration_test! { fn t; database \"tenent\"; apply \"1\"; }");
    must_say(&word, error, "help: did you mean `tenant`?", "\"tenent\"");
}
