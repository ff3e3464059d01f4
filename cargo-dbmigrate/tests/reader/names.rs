//! Types, references and consts are looked up as the compiler would.

use crate::project::Project;

#[test]
fn aliases_are_followed_across_modules() {
    let project = Project::new(&[
        ("src/lib.rs", "mod ids; mod a;"),
        (
            "src/ids.rs",
            "pub type Id = i64; pub type MaybeId = Option<Id>; pub type Maybe<T> = Option<T>; type Private = String;
            pub type Nested = Maybe<Private>; pub type Flipped<A, B> = (A, B); pub type Second<A, B> = Maybe<B>;",
        ),
        (
            "src/a.rs",
            "use crate::ids::{self, Id, Maybe as Perhaps};
            #[derive(dbmigrate::Table)] struct A {
                a: Id, b: ids::MaybeId, c: Perhaps<String>, d: Perhaps<Id>, e: super::ids::Nested,
                f: crate::ids::Second<bool, Vec<u8>>,
            }",
        ),
    ]);
    assert_eq!(project.columns("a"), ["a INTEGER", "b INTEGER?", "c TEXT?", "d INTEGER?", "e TEXT?", "f BLOB?"]);
}

#[test]
fn newtypes_and_enums_bring_their_types() {
    let project = Project::of(
        "#[derive(ColumnType)] struct UserId(i64);
        #[derive(Clone, dbmigrate::ColumnType)] struct Wrapped(Inner);
        #[derive(ColumnType)] struct Inner(String);
        #[derive(ColumnType)] enum State { Draft, Done }
        #[derive(ColumnType)] #[column_type(integer)] enum Level { Low = 1, High = 2 }
        #[derive(Table)] struct A { a: UserId, b: Option<Wrapped>, c: State, d: Option<Level>, e: Json<UserId> }",
    );
    assert_eq!(project.columns("a"), ["a INTEGER", "b TEXT?", "c TEXT", "d INTEGER?", "e TEXT"]);
}

#[test]
fn a_trait_implemented_by_hand_counts() {
    let project = Project::new(&[
        (
            "src/lib.rs",
            "mod types; mod foreign;\n#[derive(dbmigrate::Table)] struct A { a: types::Money, b: types::Point }",
        ),
        (
            "src/types.rs",
            "use dbmigrate::ColumnType; pub struct Money(u128); pub struct Point;
            impl ColumnType for Money { const SQL_TYPE: &'static str = TEXT; } const TEXT: &str = \"TEXT\";",
        ),
        (
            "src/foreign.rs",
            "use super::types::Point;
            impl other::ColumnType for Point { const SQL_TYPE: &'static str = \"WRONG\"; }
            impl dbmigrate::ColumnType for Point { const SQL_TYPE: &'static str = \"BLOB\"; }",
        ),
    ]);
    assert_eq!(project.columns("a"), ["a TEXT", "b BLOB"]);
}

#[test]
fn standard_types_may_be_renamed_and_shadowed() {
    let project = Project::new(&[(
        "src/lib.rs",
        "mod a {
            use std::string::String as Text; use core::option::Option as Perhaps; use std::borrow::Cow;
            #[derive(dbmigrate::Table)] struct A<'a> { a: Text, b: Perhaps<Text>, c: Cow<'a, str>, d: &'a [u8], e: std::primitive::i64 }
        }
        mod b {
            #[derive(dbmigrate::ColumnType)] struct String(i64);
            #[derive(dbmigrate::Table)] struct B { a: String, b: ::std::string::String, c: Option<String> }
        }",
    )]);
    assert_eq!(project.columns("a"), ["a TEXT", "b TEXT?", "c TEXT", "d BLOB", "e INTEGER"]);
    assert_eq!(project.columns("b"), ["a INTEGER", "b TEXT", "c INTEGER?"]);
}

#[test]
fn types_of_other_crates_are_known_by_their_paths() {
    let project = Project::new(&[(
        "src/lib.rs",
        "mod a {
            use chrono::{DateTime as Moment, Utc}; use uuid::Uuid;
            #[derive(dbmigrate::Table)] struct A { a: Moment<Utc>, b: Option<Uuid>, c: chrono::NaiveDate, d: dbmigrate::Json<Vec<Uuid>> }
        }
        mod b { use serde::*; use chrono::prelude::*; #[derive(dbmigrate::Table)] struct B { a: DateTime<Utc> } }",
    )]);
    assert_eq!(project.columns("a"), ["a TEXT", "b TEXT?", "c TEXT", "d TEXT"]);
    assert_eq!(project.columns("b"), ["a TEXT"]);
}

#[test]
fn imports_go_through_globs_groups_and_re_exports() {
    let project = Project::new(&[
        ("src/lib.rs", "mod types; mod facade; mod a;"),
        ("src/types.rs", "pub mod deep { pub type Id = i64; pub type Name = String; } pub use deep::*;"),
        (
            "src/facade.rs",
            "pub use crate::types::{deep::{Id as Key, Name}, *}; pub use self::circle::*; mod circle { pub use super::*; }",
        ),
        (
            "src/a.rs",
            "use crate::facade::*;\n#[derive(dbmigrate::Table)] struct A { a: Key, b: Name, c: Id, r#type: Option<Name> }",
        ),
    ]);
    assert_eq!(project.columns("a"), ["a INTEGER", "b TEXT", "c INTEGER", "type TEXT?"]);
}

#[test]
fn a_binary_sees_its_library_by_the_name_of_the_package() {
    let project = Project::new(&[
        (
            "src/lib.rs",
            "pub mod ids { pub type Id = i64; } #[derive(dbmigrate::Table)] pub struct User { #[column(primary_key)] pub id: i64 }",
        ),
        (
            "src/main.rs",
            "use app::{ids::Id, User};\n#[derive(dbmigrate::Table)] struct Job { id: Id, #[column(references = User::id)] of: Id, #[column(references = app::User::id)] by: Id }\nfn main() {}",
        ),
    ]);
    assert_eq!(project.columns("job"), ["of INTEGER", "by INTEGER"]);
    assert_eq!(project.declared().schema.table(&"job".into()).unwrap().foreign_keys.len(), 2);
}

#[test]
fn references_lead_to_the_struct_that_is_meant() {
    let project = Project::new(&[
        ("src/lib.rs", "mod a; mod b; mod posts;"),
        (
            "src/a.rs",
            "#[derive(dbmigrate::Table)] #[table(name = \"a_users\")] pub struct User { #[column(primary_key)] pub id: i64 }",
        ),
        (
            "src/b.rs",
            "pub mod deep { #[derive(dbmigrate::Table)] #[table(name = \"b_users\")] pub struct User { #[column(primary_key, name = \"key\")] pub r#type: i64 } }",
        ),
        (
            "src/posts.rs",
            "use super::a::User; type Alias = User;
            #[derive(dbmigrate::Table)] struct Post {
                #[column(primary_key)] id: i64,
                #[column(references = User::id)] a: i64,
                #[column(references = crate::b::deep::User::r#type)] b: i64,
                #[column(references = super::a::User::id)] c: i64,
                #[column(references = Alias::id)] d: i64,
                #[column(references = Post::id)] e: Option<i64>,
                #[column(references = Self::id)] f: Option<i64>,
            }",
        ),
    ]);
    let declared = project.declared();
    let keys: Vec<String> = declared
        .schema
        .table(&"post".into())
        .unwrap()
        .foreign_keys
        .iter()
        .map(|key| format!("{} {}.{}", key.columns[0], key.parent, key.parent_columns[0]))
        .collect();
    assert_eq!(keys, ["a a_users.id", "b b_users.key", "c a_users.id", "d a_users.id", "e post.id", "f post.id"]);
}

#[test]
fn consts_are_read_wherever_they_stand() {
    let project = Project::new(&[
        ("src/lib.rs", "mod limits; mod a;"),
        (
            "src/limits.rs",
            "pub const MIN: i64 = -1; pub const ALSO: i64 = crate::limits::MIN; pub const NAME: &str = \"none\";
            pub const SIZE: usize = 8; pub struct Limits; impl Limits { pub const MAX: i64 = (10); }",
        ),
        (
            "src/a.rs",
            "use crate::limits::{ALSO, Limits, self};
            #[derive(dbmigrate::Table)] struct A {
                #[column(default = crate::limits::MIN)] a: i64,
                #[column(default = ALSO)] b: i64,
                #[column(default = limits::NAME)] c: String,
                #[column(default = Limits::MAX)] d: i64,
                #[column(default = Self::OWN)] e: i64,
                f: [f32; limits::SIZE],
            }
            impl A { const OWN: i64 = Self::BASE; const BASE: i64 = 7; }",
        ),
    ]);
    let declared = project.declared();
    let table = declared.schema.table(&"a".into()).unwrap();
    let defaults: Vec<&str> =
        table.columns.iter().filter_map(|column| Some(column.default.as_ref()?.as_str())).collect();
    assert_eq!(defaults, ["-1", "-1", "'none'", "10", "7"]);
    assert_eq!(table.columns[5].decl_type.as_str(), "F32_BLOB(8)");
}

#[test]
fn an_aliased_option_with_a_named_type_may_be_null() {
    let project = Project::of(
        "type Maybe<T> = Option<T>; use std::option::Option as Perhaps;
        #[derive(Table)] struct A { #[column(type = \"TEXT\")] a: Maybe<u128>, #[column(type = \"TEXT\")] b: Perhaps<u128>, #[column(type = \"TEXT\")] c: u128 }",
    );
    assert_eq!(project.columns("a"), ["a TEXT?", "b TEXT?", "c TEXT"]);
}

#[test]
fn a_crate_that_does_not_compile_is_read() {
    let project = Project::of(
        "use missing::Thing; use crate::nowhere::Other;
        fn broken() -> Undefined { let x: i64 = \"text\"; undefined(x) + Thing }
        #[derive(Table)] struct A { id: i64, name: String }
        impl Nothing for Missing { const X: u8 = 1; }",
    );
    assert_eq!(project.columns("a"), ["name TEXT"]);
}
