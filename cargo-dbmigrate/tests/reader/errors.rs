//! What is wrong is said in one line, at its place, with what to do.

use crate::project::Project;

#[track_caller]
fn assert_says(project: &Project, parts: &[&str]) {
    let errors = project.errors();
    for part in parts {
        assert!(errors.contains(part), "`{part}` is not in:\n{errors}");
    }
}

#[test]
fn two_structs_with_one_table_name_are_both_shown() {
    let project = Project::new(&[
        ("src/lib.rs", "mod a; mod b;"),
        ("src/a.rs", "#[derive(dbmigrate::Table)]\npub struct User { id: i64 }"),
        ("src/b.rs", "\n#[derive(dbmigrate::Table)]\n#[table(name = \"USER\")] pub struct Person { id: i64 }"),
    ]);
    assert_says(
        &project,
        &["error: two structs declare `USER`", "src/b.rs:3:36", "src/a.rs:2:12", "first declared here"],
    );
}

#[test]
fn an_unresolvable_type_asks_for_a_column_type() {
    let project = Project::of(
        "struct Plain(i64);\n#[derive(Table)] struct A {\n    é: i64, a: Missing,\n    b: Plain,\n    c: Option<gone::T>,\n}",
    );
    assert_says(
        &project,
        &[
            "src/lib.rs:4:16",
            "`Missing`",
            "src/lib.rs:5:8",
            "#[derive(ColumnType)]` to `Plain`",
            "src/lib.rs:6:",
            "#[column(type =",
        ],
    );
}

#[test]
fn places_are_right_with_a_byte_order_mark_crlf_and_wide_characters() {
    let source = "\u{feff}#!/usr/bin/env -S cargo run\r\n// äöü 漢字\r\nuse dbmigrate::Table;\r\n#[derive(Table)]\r\nstruct A {\r\n    /* 漢 */ a: Missing,\r\n}\r\n";
    let project = Project::new(&[("src/lib.rs", source)]);
    let errors = project.read().unwrap_err();
    let label = &errors[0].labels[0];
    assert_eq!(&source[label.span.clone()], "Missing");
    assert_says(&project, &["src/lib.rs:6:16"]);
}

#[test]
fn a_syntax_error_is_shown_as_rustc_would() {
    let project = Project::new(&[
        ("src/lib.rs", "mod a;\n"),
        ("src/a.rs", "use dbmigrate::Table;\n#[derive(Table)]\nstruct A { id: i64,, name: String }\n"),
    ]);
    let errors = project.errors();
    assert!(errors.starts_with("error: expected"), "{errors}");
    assert!(errors.contains(" --> src/a.rs:3:20"), "{errors}");
    assert!(errors.contains("3 | struct A { id: i64,, name: String }"), "{errors}");
}

#[test]
fn an_unclosed_brace_is_a_syntax_error_too() {
    let project = Project::of("#[derive(Table)] struct A { id: i64");
    assert!(project.errors().contains("src/lib.rs:2:"), "{}", project.errors());
}

#[test]
fn references_that_lead_nowhere_say_what_was_meant() {
    let project = Project::of(
        "#[derive(Table)] struct User { #[column(primary_key)] id: i64, email: String }
        struct Plain { id: i64 }
        mod other { #[derive(dbmigrate::Table)] pub struct Org { #[column(primary_key)] id: i64 } }
        #[derive(Table)] struct A {
            #[column(references = User::ide)] a: i64,
            #[column(references = Usr::id)] b: i64,
            #[column(references = Plain::id)] c: i64,
            #[column(references = Org::id)] d: i64,
        }",
    );
    assert_says(
        &project,
        &[
            "`User` has no field `ide`",
            "did you mean `User::id`?",
            "cannot find struct `Usr`",
            "did you mean `User`?",
            "`Plain` is not a table",
            "add `#[derive(Table)]` to `Plain`",
            "cannot find struct `Org`",
            "from its module with `use`",
        ],
    );
}

#[test]
fn problems_of_the_whole_schema_are_shown_in_the_struct() {
    let project = Project::of(
        "#[derive(Table)] struct User { #[column(primary_key)] id: i64, email: String }
        #[derive(Table)] struct A {
            id: i64,
            #[column(references = User::email)] owner: String,
        }",
    );
    assert_says(&project, &["src/lib.rs:5:", "email"]);
}

#[test]
fn consts_that_cannot_be_read_ask_for_the_value() {
    let project = Project::of(
        "const COMPUTED: i64 = 1 + 1; const LOOP: i64 = LOOP;
        #[derive(Table)] struct A {
            #[column(default = COMPUTED)] a: i64,
            #[column(default = LOOP)] b: i64,
            #[column(default = GONE)] c: i64,
        }",
    );
    assert_says(
        &project,
        &["`COMPUTED` is not a literal", "`LOOP` is not a literal", "cannot find const `GONE`", "src/lib.rs:6:32"],
    );
}

#[test]
fn aliases_in_a_circle_are_an_error() {
    let project = Project::of("type A = B; type B = Option<A>;\n#[derive(Table)] struct T { id: i64, a: A }");
    assert_says(&project, &["refers to itself", "src/lib.rs:3:41"]);
}

#[test]
fn an_error_inside_an_alias_is_shown_where_it_is_used() {
    let project = Project::new(&[
        ("src/lib.rs", "mod ids;\n#[derive(dbmigrate::Table)] struct T { id: ids::Bad }"),
        (
            "src/ids.rs",
            "// a long line of text that is longer than the other file is, by far, and then some\npub type Bad = Option<Gone>;",
        ),
    ]);
    assert_says(&project, &["src/lib.rs:2:44"]);
}

#[test]
fn an_error_in_a_column_type_is_shown_once_in_its_own_file() {
    let project = Project::new(&[
        ("src/lib.rs", "mod ids; use ids::Id;\n#[derive(dbmigrate::Table)] struct T { id: Id, other: Id }"),
        ("src/ids.rs", "\n\n#[derive(dbmigrate::ColumnType)] pub struct Id { a: i64, b: i64 }"),
    ]);
    let errors = project.errors();
    assert_eq!(errors.matches("error:").count(), 1, "{errors}");
    assert!(errors.contains("src/ids.rs:3:"), "{errors}");
}

#[test]
fn all_errors_of_all_structs_are_shown_at_once() {
    let project = Project::of(
        "#[derive(Table)] struct A {}
        #[derive(Table)] struct B<T> { id: T }
        #[derive(Table)] #[table(strickt)] struct C { id: i64 }",
    );
    assert_says(&project, &["`A` has no fields", "generic", "strickt", "did you mean"]);
}
