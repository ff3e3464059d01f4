//! The macros of applications in a package that cargo compiles. Here `embed_migrations!()`: what is embedded, when cargo
//! compiles it again, and what rustc says of a folder that is not right.

mod package;
mod steps;
mod testing;

use package::Package;

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY);\n";
const POSTS: &str = "CREATE TABLE posts (id INTEGER PRIMARY KEY);\n";

#[test]
fn the_lock_and_the_sql_are_embedded_in_their_order() {
    let package = Package::new("in_order", "embed_migrations!(crate = crate::stand_in)");
    package.configure("ignore = [\"legacy_*\", \"geo\"]\nbusy_timeout = 7\n");
    package.add("create users", USERS);
    package.add("create posts", POSTS);
    let said = package.run().expect("it compiles");
    let lock = package.read("migrations/migrations.lock");
    assert_eq!(said, format!("migrations\n{lock}{USERS}{POSTS}legacy_*\ngeo\n7\n"));
}

#[test]
fn cargo_compiles_again_when_something_is_added_and_only_then() {
    let package = Package::new("again", "embed_migrations!(crate = crate::stand_in)");
    package.add("create users", USERS);
    assert!(package.run().expect("it compiles").contains(USERS));
    assert!(!package.is_compiled_again().expect("it compiles"), "nothing has changed");
    package.add("create posts", POSTS);
    assert!(package.run().expect("it compiles").contains(POSTS), "the lock has changed");
    assert!(!package.is_compiled_again().expect("it compiles"), "nothing has changed");

    // what cannot be told by the lock
    package.write("migrations/0001_create_users/migration.sql", "CREATE TABLE others (id INTEGER);\n");
    let error = package.run().expect_err("the SQL was edited");
    assert!(error.contains("`migrations/0001_create_users/migration.sql` was edited after it was recorded"), "{error}");
    package.write("migrations/0001_create_users/migration.sql", USERS);
    package.run().expect("it is as it was recorded");
    let snapshot = package.read("migrations/0002_create_posts/snapshot.json");
    package.write("migrations/0002_create_posts/snapshot.json", &snapshot.replace("posts", "notes"));
    let error = package.run().expect_err("the last snapshot was edited");
    assert!(error.contains("only cargo-dbmigrate writes snapshots"), "{error}");
    package.write("migrations/0002_create_posts/snapshot.json", &snapshot);
    package.run().expect("it is as it was recorded");
}

#[test]
fn a_change_of_the_configuration_is_seen() {
    let package = Package::new("configured", "embed_migrations!(crate = crate::stand_in)");
    package.configure("busy_timeout = 1\n");
    package.add("create users", USERS);
    assert!(package.run().expect("it compiles").ends_with("\n1\n"));
    package.configure("busy_timeout = 2\n");
    assert!(package.run().expect("it compiles").ends_with("\n2\n"));
    package.configure("ignore = [\"user?\"]\n");
    let error = package.run().expect_err("a pattern hides a table of the migrations");
    assert!(error.contains("the migrations create `users`, but the pattern `user?` hides it"), "{error}");
    package.configure("busy_timeuot = 2\n");
    let error = package.run().expect_err("there is no such field");
    assert!(error.contains("dbmigrate.toml:1:1: unknown field `busy_timeuot`"), "{error}");
}

#[test]
fn the_folder_can_be_named() {
    let package = Package::new("named", "embed_migrations!(\"db/steps\", crate = crate::stand_in)");
    package.add_to("db/steps", "create users", USERS);
    assert!(package.run().expect("it compiles").starts_with("db/steps\n"));
    package.write("src/macro.in", "embed_migrations!(\"db/setps\", crate = crate::stand_in)");
    let error = package.run().expect_err("there is none");
    assert!(error.contains("error: no migrations folder at `db/setps`"), "{error}");
    assert!(error.contains("help: create it: `cargo dbmigrate init`"), "{error}");
    assert!(error.contains("\"db/setps\", crate"), "the error stands at the name: {error}");
    package.write("src/macro.in", "embed_migrations!(db, crate = crate::stand_in)");
    let error = package.run().expect_err("it is no text");
    assert!(error.contains("the migrations folder, relative to the package, or nothing"), "{error}");
}

#[test]
fn a_folder_that_is_not_whole_does_not_compile() {
    let package = Package::new("broken", "embed_migrations!(crate = crate::stand_in)");
    package.add("create users", USERS);
    package.add("create posts", POSTS);
    let lock = package.read("migrations/migrations.lock");
    let refused = |what: &str, text: &str, expected: &str| {
        package.write("migrations/migrations.lock", text);
        let error = package.run().expect_err(what);
        assert!(error.contains(expected), "{what}: {error}");
        assert!(error.contains("help: "), "{what}: {error}");
    };
    let lines: Vec<&str> = lock.lines().collect();
    refused("a line is gone", &format!("{}\n{}\n", lines[0], lines[2]), "was changed by hand, at line 2");
    refused(
        "a migration is not listed",
        &format!("{}\n{}\n", lines[0], lines[1]),
        "is not listed in `migrations.lock`",
    );
    refused("a conflict", &format!("<<<<<<< ours\n{lock}"), "has merge conflict markers at line 1");
    package.write("migrations/migrations.lock", &lock);
    package.run().expect("it is whole again");
    package.add("wrong", "-- dbmigrate: alow(drop_table) x\nCREATE TABLE x (id INTEGER);\n");
    let error = package.run().expect_err("a directive is not understood");
    assert!(error.contains("unknown directive `alow`") && error.contains("did you mean `allow`?"), "{error}");
}

#[test]
fn a_new_package_has_no_migrations() {
    let package = Package::new("new", "embed_migrations!(crate = crate::stand_in)");
    let error = package.run().expect_err("there is no folder");
    assert!(error.contains("no migrations folder at `migrations`"), "{error}");
    package.create("migrations");
    let lock = package.read("migrations/migrations.lock");
    assert_eq!(package.run().expect("it is empty"), format!("migrations\n{lock}10\n"));
}
