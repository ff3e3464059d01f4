//! What the fuzz target of the source reader checks (`docs/testing.md`), on its seeds and simple mutations of them, and
//! source that is long or deeply nested.

#![allow(unreachable_pub, reason = "the fuzz targets include the same files")]

#[path = "../../../fuzz/src/seeds.rs"]
mod seeds;
#[path = "../../../fuzz/src/source.rs"]
mod source;

use std::thread;
use std::time::Duration;

use cargo_dbmigrate::source::STACK;

use crate::project::Project;

#[test]
fn seeds_of_the_source_reader() {
    assert!(seeds::run("source", 120, source::check) > 500);
}

#[test]
fn source_that_is_nested_too_deeply_is_refused_at_its_place() {
    let project = Project::of(&format!("const X: i64 =\n{}1{};", "(".repeat(5000), ")".repeat(5000)));
    let errors = project.errors();
    assert!(errors.starts_with("error: nested too deeply: more than 500 levels\n"), "{errors}");
    assert!(errors.contains("src/lib.rs:3:"), "{errors}");
    assert!(errors.contains("= help: files without tables and modules are not read"), "{errors}");
    // such a file is not parsed
    let aside = Project::new(&[
        ("src/lib.rs", "mod deep; #[derive(dbmigrate::Table)] struct A { id: i64 }"),
        ("src/deep.rs", &format!("pub const X: i64 = {}1{};", "(".repeat(5000), ")".repeat(5000))),
    ]);
    assert_eq!(aside.tables(), ["a"]);
}

#[test]
fn the_deepest_source_that_is_read_fits_into_the_stack() {
    // how many levels each piece is
    let inputs = [
        ("const X: i64 = ", "(", 1, "1", ")", ";"),
        ("const X: i64 = ", "f([", 2, "1", "])", ";"),
        ("const X: i64 = ", "|x|", 1, "1", "", ";"),
        ("const X: i64 = ", "match x { _ => ", 2, "1", "}", ";"),
        ("const X: i64 = ", "if x {", 2, "1", "}", ";"),
        ("const X: i64 = ", "x = ", 1, "1", "", ";"),
        ("type X = ", "A<", 1, "u8", ">", ";"),
        ("type X = ", "A<[", 2, "u8", "]>", ";"),
        ("type X = ", "impl A<B = ", 3, "u8", ">", ";"),
        ("type X = ", "&", 1, "u8", "", ";"),
        ("", "mod a {", 1, "", "}", ""),
        ("fn f() {", "fn f() {", 1, "", "}", "}"),
        ("#[cfg(", "not(", 1, "unix", ")", ")] struct X;"),
    ];
    let read = || {
        for (before, open, levels, middle, close, after) in inputs {
            let text = |count: usize| format!("{before}{}{middle}{}{after}", open.repeat(count), close.repeat(count));
            match Project::of(&text(490 / levels)).read() {
                Ok(declared) => assert!(declared.schema.is_empty()),
                Err(errors) => panic!("{open}: {}", errors[0].message),
            }
            assert!(Project::of(&text(510 / levels)).errors().contains("nested too deeply"), "{open}");
        }
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, read);
        thread.expect("there is a thread").join().expect("all of it can be read");
    });
}

#[test]
fn long_source_is_read_in_linear_time() {
    let many = |line: &str| (0..2000).map(|at| line.replace("{}", &at.to_string())).collect::<String>();
    let fields = many("#[column(unique, index, check = \"f{} > 0\")] f{}: i64,\n");
    for text in [
        format!("#[derive(dbmigrate::Table)] struct A {{ {fields} }}"),
        many("#[derive(dbmigrate::Table)] struct A{} { id: i64 }\n"),
        "/// a\n".repeat(20_000) + "struct X;",
        "const X: i64 = 1".to_owned() + &" + 1".repeat(2000) + ";",
        "/*".repeat(50_000) + &"*/".repeat(50_000),
        "'".repeat(50_000),
        "r#\"".repeat(50_000),
        "mod a".repeat(20_000),
    ] {
        let took = dbmigrate_test_support::work_of(|| source::check(&text));
        assert!(took < Duration::from_secs(60), "{took:?}: {}…", &text[..60]);
    }
}
