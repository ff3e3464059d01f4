//! Which derives are ours, and where in the source they are found.

use dbmigrate_core::sql::Name;

use crate::project::{Project, manifest};

#[test]
fn a_derive_is_found_by_path_by_use_and_by_another_name() {
    let project = Project::new(&[(
        "src/lib.rs",
        "mod a { use dbmigrate::Table; #[derive(Debug, Table)] struct A { id: i64 } }
        mod b { #[derive(Clone)] #[derive(::dbmigrate::Table, Debug)] struct B { id: i64 } }
        mod c { use dbmigrate::Table as T; #[derive(T)] struct C { id: i64 } }
        mod d { use dbmigrate as db; #[derive(db::Table)] struct D { id: i64 } }
        mod e { extern crate dbmigrate as db; #[derive(self::db::Table)] struct E { id: i64 } }",
    )]);
    assert_eq!(project.tables(), ["a", "b", "c", "d", "e"]);
}

#[test]
fn a_renamed_dependency_is_known_by_its_new_name() {
    let manifest = manifest("").replace(
        "dbmigrate-rs = \"0.1\"",
        "schema-tool = { package = \"dbmigrate-rs\", version = \"0.1\" }\ndbmigrate = \"9\"",
    );
    let source = "#[derive(schema_tool::Table)] struct A { id: i64, tags: schema_tool::Json<Vec<String>> }
                  #[derive(dbmigrate::Table)] struct OfAnUnrelatedCrate { id: i64 }";
    let project = Project::new(&[("Cargo.toml", &manifest), ("src/lib.rs", source)]);
    assert_eq!(project.tables(), ["a"]);
    assert_eq!(project.columns("a"), ["tags TEXT"]);
}

#[test]
fn a_re_export_within_the_package_is_followed() {
    let project = Project::new(&[
        ("src/lib.rs", "mod prelude; mod a; mod b; mod c;"),
        ("src/prelude.rs", "pub use dbmigrate::{Table as Entity, View};"),
        ("src/a.rs", "use crate::prelude::Entity;\n#[derive(Entity)] struct A { id: i64 }"),
        ("src/b.rs", "use super::prelude::*;\n#[derive(Entity)] struct B { id: i64 }"),
        ("src/c.rs", "#[derive(crate::prelude::Entity)] struct C { id: i64 }"),
    ]);
    assert_eq!(project.tables(), ["a", "b", "c"]);
}

#[test]
fn a_table_of_another_crate_is_not_ours() {
    let project = Project::new(&[(
        "src/lib.rs",
        "mod a { use other::Table; #[derive(Table)] struct A { id: Unknown } }
        mod b { use other::{derives as d}; #[derive(d::Table, other::View)] struct B { id: Unknown } }
        mod c { use dbmigrate::Table; #[derive(Table)] struct C { id: i64 } }",
    )]);
    assert_eq!(project.tables(), ["c"]);
}

#[test]
fn with_only_globs_in_sight_a_table_is_ours() {
    let project = Project::new(&[(
        "src/lib.rs",
        "mod a { use dbmigrate::*; #[derive(Table)] struct A { id: i64 } }
        mod b { use common::prelude::*; use std::collections::*; #[derive(Table)] struct B { id: i64 } }",
    )]);
    assert_eq!(project.tables(), ["a", "b"]);
}

#[test]
fn tables_inside_functions_are_found_with_the_names_of_their_block() {
    let project = Project::of(
        "type Id = String;
        fn f() {
            use dbmigrate::Table as T;
            type Id = i64;
            #[derive(T)] struct InFn { id: i64, other: Id }
            if true { #[derive(T)] struct InIf { id: i64, other: Id } }
            let _ = || { type Id = f64; #[derive(T)] struct InClosure { id: i64, other: Id } };
            fn inner() { #[derive(T)] struct InInner { id: i64, other: Id } }
            mod module { #[derive(dbmigrate::Table)] struct InModule { id: i64, other: super::Id } }
        }
        struct S;
        impl S { fn method(&self) { #[derive(Table)] struct InMethod { id: i64, other: Id } } }
        trait Tr { async fn provided() { match 1 { _ => { #[derive(Table)] struct InTrait { id: i64 } } } } }
        const _: () = { #[derive(Table)] struct InConst { id: i64, other: self::Id } };
        static S2: fn() = { fn g() { #[derive(Table)] struct InStatic { id: i64 } } g };",
    );
    assert_eq!(
        project.tables(),
        ["in_closure", "in_const", "in_fn", "in_if", "in_inner", "in_method", "in_module", "in_static", "in_trait"]
    );
    for (table, column) in [
        ("in_fn", "other INTEGER"),
        ("in_if", "other INTEGER"),
        ("in_closure", "other REAL"),
        ("in_inner", "other INTEGER"),
        ("in_module", "other TEXT"),
        ("in_method", "other TEXT"),
        ("in_const", "other TEXT"),
    ] {
        assert_eq!(project.columns(table), [column], "{table}");
    }
}

#[test]
fn a_macro_that_makes_tables_is_warned_of() {
    let project = Project::of(
        "macro_rules! table { ($name:ident) => {
            #[derive(Clone, Table)] struct $name { id: i64 }
        } }
        table!(A);
        fn f() { other! { #[derive(dbmigrate::View)] struct B { id: i64 } } }
        macro_rules! harmless { () => { #[derive(Clone)] struct Table; } }",
    );
    let declared = project.declared();
    assert!(declared.schema.is_empty());
    let shown = project.show(&declared.warnings);
    assert_eq!(declared.warnings.len(), 2, "{shown}");
    assert!(
        shown.starts_with(
            "warning: `#[derive(Table)]` made by this macro is not seen: macros are not expanded\n --> src/lib.rs:2:14"
        ),
        "{shown}"
    );
    assert!(shown.contains("`#[derive(View)]` inside a macro call") && shown.contains("src/lib.rs:6:18"), "{shown}");
}

#[test]
fn views_say_which_columns_they_expect() {
    let project = Project::of(
        "#[derive(Table)] struct User { id: i64, name: String }
        #[derive(View)] #[view(query = \"SELECT id, name FROM user\")] struct Names { id: i64, name: String }",
    );
    let declared = project.declared();
    let (view, columns) = &declared.view_columns[0];
    assert_eq!(view.as_str(), "names");
    assert_eq!(columns, &[Name::from("id"), Name::from("name")]);
    assert!(declared.schema.views.contains(view));
}

#[test]
fn renames_are_handed_on() {
    let project = Project::of(
        "#[derive(Table)] #[table(name = \"people\", renamed_from = \"users\")]
        struct Person { id: i64, #[column(renamed_from = \"nick\")] handle: String }",
    );
    let declared = project.declared();
    assert_eq!(declared.renamed_tables, [("users".into(), "people".into())]);
    assert_eq!(declared.renamed_columns, [("people".into(), "nick".into(), "handle".into())]);
}
