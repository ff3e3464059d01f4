//! Steps in Rust: the functions that `embed_migrations!` is given are those of the migrations that have one.

use crate::package::Package;

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY);\n";
const STEP: &str = "-- dbmigrate: rust\nUPDATE users SET id = id;\n";

/// A package with a migration and one with a step, and what its program says of the arguments.
fn said(name: &str, arguments: &str) -> Result<String, String> {
    let package = package(name);
    package.write("src/macro.in", arguments);
    package.run()
}

fn package(name: &str) -> Package {
    let package = Package::new(name, "");
    package.add("create users", USERS);
    package.add("hash tokens", STEP);
    package
}

#[test]
fn a_step_is_embedded_with_its_migration() {
    let with = "embed_migrations!(crate = crate::stand_in, steps { \"0002_hash_tokens\" => hash_tokens })";
    let said_of = said("step", with).expect("it compiles");
    assert!(said_of.ends_with("0002_hash_tokens: Ok(())\n"), "{said_of}");
    let closure = "embed_migrations!(\"migrations\", steps { \"0002_hash_tokens\" => |_| Err(\"no\".to_owned()), }, crate \
                   = crate::stand_in,)";
    let said_of = said("closure", closure).expect("it compiles");
    assert!(said_of.ends_with("0002_hash_tokens: Err(\"no\")\n"), "{said_of}");
}

#[test]
fn a_step_without_a_function_does_not_compile() {
    for (name, arguments) in [("missing", "crate = crate::stand_in"), ("empty", "crate = crate::stand_in, steps {}")] {
        let error = said(name, &format!("embed_migrations!({arguments})")).expect_err("the function is missing");
        assert!(
            error.contains("error: migration `0002_hash_tokens` has a step in Rust, and no function is named for it"),
            "{error}"
        );
        let help = "help: name it: `embed_migrations!(steps { \"0002_hash_tokens\" => hash_tokens })`";
        assert!(error.contains(help), "{error}");
        assert!(!error.contains("mismatched types"), "{error}");
    }
}

#[test]
fn a_function_without_a_step_does_not_compile() {
    let with = |steps: &str| format!("embed_migrations!(crate = crate::stand_in, steps {{ {steps} }})");
    let right = "\"0002_hash_tokens\" => hash_tokens";
    let error = said("renumbered", &with("\"0007_hash_tokens\" => hash_tokens")).expect_err("it has another number");
    assert!(error.contains("error: no migration `0007_hash_tokens`"), "{error}");
    assert!(error.contains("help: did you mean `0002_hash_tokens`?"), "{error}");
    assert!(!error.contains("no function is named"), "one mistake is one error: {error}");
    let error = said("misspelt", &with("\"0002_hash_tokns\" => hash_tokens")).expect_err("it is misspelt");
    assert!(error.contains("help: did you mean `0002_hash_tokens`?"), "{error}");
    assert!(error.contains("\"0002_hash_tokns\" => hash_tokens"), "the error stands at the name: {error}");
    let error =
        said("left_over", &with(&format!("{right}, \"0001_create_users\" => hash_tokens"))).expect_err("left over");
    assert!(error.contains("error: migration `0001_create_users` has no step in Rust"), "{error}");
    let error = said("gone", &with(&format!("{right}, \"0009_gone\" => hash_tokens"))).expect_err("left over");
    assert!(error.contains("error: no migration `0009_gone`"), "{error}");
    assert!(error.contains("help: remove the function"), "{error}");
    let error = said("twice", &with(&format!("{right}, {right}"))).expect_err("twice");
    assert!(error.contains("error: the step of `0002_hash_tokens` is there twice"), "{error}");
    let error = said("wrong_key", &with("hash_tokens => hash_tokens")).expect_err("no name");
    assert!(error.contains("expected the name of a migration"), "{error}");
}

#[test]
fn a_function_that_is_no_step_does_not_compile() {
    let with = "embed_migrations!(crate = crate::stand_in, steps { \"0002_hash_tokens\" => 7 })";
    let error = said("no_step", with).expect_err("it is a number");
    assert!(error.contains("mismatched types"), "{error}");
}

#[test]
fn a_directive_that_is_no_place_does_not_compile() {
    for (name, sql, expected) in [
        ("inside", "UPDATE users\n-- dbmigrate: rust\nSET id = id;\n", "`rust` is in the middle of a statement"),
        ("argument", "-- dbmigrate: rust hash_tokens\n", "`rust` takes no arguments, found `hash_tokens`"),
        ("two", "-- dbmigrate: rust\n-- dbmigrate: rust\n", "`rust` is there twice, first in line 1"),
        ("outside", "-- dbmigrate: rust\n-- dbmigrate: no-transaction\nVACUUM;\n", "`rust` in a migration with"),
        (
            "undo",
            "DELETE FROM users;\n-- dbmigrate: undo\n-- dbmigrate: rust\nDELETE FROM users;\n",
            "the way back can only",
        ),
    ] {
        let package = Package::new(name, "embed_migrations!(crate = crate::stand_in)");
        package.add("create users", USERS);
        package.add("step", sql);
        let error = package.run().expect_err(expected);
        assert!(error.contains(expected), "{name}: {error}");
    }
}
