//! Rendered structs that rustc has compiled: the file is a fixture of the derives' own tests.

use crate::project::{load, structs};

/// A shop with a bit of everything that a schema can have.
const SHOP: &str = include_str!("shop.sql");
const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/ui/accepted/rendered.rs");

#[test]
fn the_structs_that_the_derives_compile_are_what_is_rendered() {
    let loaded = load(SHOP).expect("it loads");
    assert_eq!(loaded.schema.problems(), []);
    let structs = structs(&loaded).expect("it can be said");
    let text = format!(
        "//! What `codegen` renders of a schema with many features, kept in step by its test.\n\n{structs}\nfn main() {{}}\n"
    );
    if std::env::var_os("UPDATE_RENDERED").is_some() {
        std::fs::write(FIXTURE, &text).expect("the repository is writable");
    }
    let fixture = std::fs::read_to_string(FIXTURE).expect("the fixture is there");
    assert!(fixture == text, "run this test with UPDATE_RENDERED=1, and look at the difference:\n{text}");
}
