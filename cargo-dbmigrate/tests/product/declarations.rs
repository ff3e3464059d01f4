//! Structs that declare something wrong: said at the place, with what was meant, and nothing is written.

use insta::assert_snapshot;

use crate::project::Project;

/// What `generate` says about structs that it refuses.
#[track_caller]
fn refused(structs: &str) -> String {
    let project = Project::new(structs);
    project.refuses(1, "generate");
    let generated = project.transcript();
    // every command that reads the structs says the same
    project.refuses(1, "check");
    let checked = project.transcript().replace("dbmigrate check", "dbmigrate generate");
    assert_eq!(checked, generated);
    generated
}

#[test]
fn an_unknown_attribute_is_refused_with_a_suggestion() {
    assert_snapshot!(refused(
        "#[derive(Table)]
#[table(strickt)]
struct User {
    #[column(primary_key, autoincrment)]
    id: i64,
}"
    ));
}

#[test]
fn an_unknown_value_is_refused_with_a_suggestion() {
    assert_snapshot!(refused(
        "#[derive(Table)]
struct User {
    #[column(primary_key)]
    id: i64,
    #[column(references = User::id, on_delete = casade)]
    manager: Option<i64>,
}"
    ));
}

#[test]
fn a_default_of_another_type_is_refused() {
    assert_snapshot!(refused(
        "#[derive(ColumnType)]
enum Role { Admin, Member }
#[derive(Table)]
struct User {
    id: i64,
    #[column(default = \"none\")]
    age: i64,
    #[column(default = 1)]
    name: String,
    #[column(default = \"admn\")]
    role: Role,
    #[column(default = 99999999999999999999)]
    points: i64,
}"
    ));
}

#[test]
fn a_reference_that_leads_nowhere_is_refused() {
    assert_snapshot!(refused(
        "#[derive(Table)]
struct User {
    #[column(primary_key)]
    id: i64,
    email: String,
}
#[derive(Table)]
struct Post {
    id: i64,
    #[column(references = Usr::id)]
    author: i64,
    #[column(references = User::uid)]
    editor: i64,
}"
    ));
}

#[test]
fn a_reference_to_a_column_that_is_neither_key_nor_unique_is_refused() {
    assert_snapshot!(refused(
        "#[derive(Table)]
struct User {
    #[column(primary_key)]
    id: i64,
    email: String,
}
#[derive(Table)]
struct Post {
    id: i64,
    #[column(references = User::email)]
    contact: String,
}"
    ));
}

#[test]
fn a_collation_that_libsql_does_not_have_is_refused() {
    assert_snapshot!(refused(
        "#[derive(Table)]
struct User {
    id: i64,
    #[column(collate = nocas)]
    email: String,
}"
    ));
}

#[test]
fn a_foreign_key_of_several_columns_needs_a_key_that_fits() {
    assert_snapshot!(refused(
        "#[derive(Table)]
struct Org {
    #[column(primary_key)]
    id: i64,
    region: String,
}
#[derive(Table)]
#[table(foreign_key(org, region, references = Org(id, region)))]
struct Member {
    id: i64,
    org: i64,
    region: String,
}"
    ));
}

#[test]
fn two_fields_of_one_column_are_refused() {
    assert_snapshot!(refused(
        "#[derive(Table)]
struct User {
    id: i64,
    email: String,
    #[column(name = \"EMAIL\")]
    contact: String,
}"
    ));
}

#[test]
fn an_index_or_key_over_a_missing_column_is_refused() {
    assert_snapshot!(refused(
        "#[derive(Table)]
#[table(index(emial), unique(id, nme), primary_key(uid))]
struct User {
    id: i64,
    email: String,
    name: String,
}"
    ));
}

#[test]
fn a_type_that_nobody_knows_is_refused() {
    assert_snapshot!(refused(
        "struct Money(i64);
#[derive(Table)]
struct User {
    id: i64,
    balance: Money,
    avatar: Option<image::Picture>,
    age: u64,
}"
    ));
}

#[test]
fn two_structs_of_one_table_are_refused() {
    assert_snapshot!(refused(
        "#[derive(Table)]
struct User {
    id: i64,
}
mod admin {
    #[derive(dbmigrate::Table)]
    #[table(name = \"User\")]
    struct Administrator {
        id: i64,
    }
}"
    ));
}

#[test]
fn a_struct_that_cannot_be_a_table_is_refused() {
    assert_snapshot!(refused(
        "#[derive(Table)]
struct Empty {}
#[derive(Table)]
struct Unit;
#[derive(Table)]
struct Pair(i64, String);
#[derive(Table)]
struct Holder<T> {
    value: T,
}
#[derive(Table)]
enum Kind {
    One,
}
#[derive(Table)]
#[table(check(positive, \"id > 0\"))]
struct Borrowed<'a> {
    name: &'a str,
}"
    ));
}

#[test]
fn a_broken_source_file_is_refused() {
    assert_snapshot!(refused(
        "#[derive(Table)]
struct User {
    id: i64,
    name String,
}"
    ));
}

#[test]
fn a_module_file_that_is_missing_is_refused() {
    assert_snapshot!(refused("mod schema;"));
}

#[test]
fn sql_that_libsql_does_not_accept_is_refused_at_its_struct() {
    assert_snapshot!(refused(
        "#[derive(Table)]
#[table(check(adult, \"agee >= 18\"))]
struct User {
    id: i64,
    age: i64,
}"
    ));
}

#[test]
fn a_view_of_a_missing_table_is_refused_at_its_struct() {
    assert_snapshot!(refused(
        "#[derive(Table)]
struct User {
    id: i64,
}
#[derive(View)]
#[view(query = \"SELECT id FROM usres\")]
struct Everybody {
    id: i64,
}"
    ));
}

#[test]
fn in_json_every_error_has_its_file_and_line() {
    let project = Project::new("#[derive(Table)]\n#[table(strickt)]\nstruct User {\n    id: i64,\n}");
    let run = project.refuses(1, "generate --message-format json");
    assert_eq!(run.err, "");
    let objects = run.json();
    let [diagnostic, error] = &objects[..] else { panic!("not two objects: {}", run.out) };
    assert_eq!((&diagnostic["reason"], &error["reason"]), (&"diagnostic".into(), &"error".into()));
    assert!(diagnostic.to_string().contains("src/lib.rs"), "{diagnostic}");
    assert!(diagnostic.to_string().contains("did you mean `strict`?"), "{diagnostic}");
    assert_eq!(error["exit_code"], 1);
}
