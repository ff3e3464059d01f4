//! What `#[column(…)]` makes of a field.

use serde_json::json;

use super::{column_of, declared, table, table_of};
use crate::schema::validate::Place;

#[test]
fn a_field_is_a_not_null_column_and_an_option_a_nullable_one() {
    assert_eq!(column_of("a: i64"), json!({"name": "a", "type": "INTEGER", "not_null": true}));
    assert_eq!(column_of("a: Option<i64>"), json!({"name": "a", "type": "INTEGER"}));
    assert_eq!(column_of("r#type: String"), json!({"name": "type", "type": "TEXT", "not_null": true}));
}

#[test]
fn name_and_type_are_taken_as_written() {
    let column = column_of(r#"#[column(name = "Full Name", type = "VARCHAR(10)")] a: Option<Unknown>"#);
    assert_eq!(column, json!({"name": "Full Name", "type": "VARCHAR(10)"}));
    assert_eq!(column_of(r#"#[column(r#type = "")] a: Unknown"#), json!({"name": "a", "not_null": true}));
}

#[test]
fn an_integer_primary_key_is_the_rowid_and_needs_no_not_null() {
    let id = table_of("#[column(primary_key, autoincrement)] id: i64");
    assert_eq!(id["columns"], json!([{"name": "id", "type": "INTEGER"}]));
    assert_eq!(id["primary_key"], json!({"parts": [{"column": "id"}], "autoincrement": true}));
    assert_eq!(column_of("#[column(primary_key, not_null)] id: i64")["not_null"], json!(true));
    assert_eq!(column_of("#[column(primary_key)] id: String")["not_null"], json!(true));
    assert_eq!(column_of("#[column(primary_key(desc))] id: i64")["not_null"], json!(true));
    assert_eq!(column_of(r#"#[column(primary_key, type = "INT")] id: i64"#)["not_null"], json!(true));
    let without_rowid = table("#[table(without_rowid)] struct T { #[column(primary_key)] id: i64 }");
    assert!(without_rowid.columns[0].not_null);
}

#[test]
fn keys_of_a_column_take_a_name_an_order_and_a_conflict_clause() {
    let key = &table_of(r#"#[column(primary_key(desc, name = "pk", on_conflict = replace))] id: i64"#)["primary_key"];
    assert_eq!(*key, json!({"name": "pk", "parts": [{"column": "id", "descending": true}], "conflict": "replace"}));
    let unique = &table_of(r#"#[column(unique(on_conflict = ignore, name = "u"))] a: i64"#)["uniques"];
    assert_eq!(*unique, json!([{"name": "u", "parts": [{"column": "a"}], "conflict": "ignore"}]));
    assert_eq!(table_of("#[column(unique)] a: i64")["uniques"], json!([{"parts": [{"column": "a"}]}]));
    let not_null = column_of(r#"#[column(not_null(name = "nn", on_conflict = fail))] a: Option<i64>"#);
    assert_eq!(not_null["not_null"], json!(true));
    assert_eq!((&not_null["not_null_name"], &not_null["not_null_conflict"]), (&json!("nn"), &json!("fail")));
}

#[test]
fn an_index_of_a_column_is_named_after_it() {
    let index = |field: &str| table_of(field)["indexes"][0].clone();
    assert_eq!(index("#[column(index)] a: i64"), json!({"name": "t_a_idx", "parts": [{"expr": "a"}]}));
    assert_eq!(index("#[column(unique_index)] a: i64")["name"], json!("t_a_key"));
    assert_eq!(
        index(r#"#[column(index(desc, unique, collate = nocase, name = "i", where = "a > 0"))] a: i64"#),
        json!({"name": "i", "unique": true, "where": "a > 0",
            "parts": [{"expr": "a", "collate": "nocase", "descending": true}]})
    );
    assert_eq!(index("#[column(index)] r#order: i64")["parts"][0]["expr"], json!("\"order\""));
}

#[test]
fn defaults_are_sql_literals() {
    let default = |field: &str| column_of(&format!("#[column(default = {field}"))["default"].clone();
    for (field, sql) in [
        ("1)] a: i64", "1"),
        ("-1)] a: i64", "-1"),
        ("0x1F_u8)] a: Option<i64>", "31"),
        ("1.5)] a: f64", "1.5"),
        ("-2.5e3)] a: f64", "-2.5e3"),
        ("1f64)] a: f64", "1.0"),
        ("3)] a: f32", "3"),
        ("true)] a: bool", "TRUE"),
        ("false)] a: bool", "FALSE"),
        ("\"it's\")] a: String", "'it''s'"),
        ("'x')] a: char", "'x'"),
        ("\"x\")] a: char", "'x'"),
        ("b\"\\x00\\xff\")] a: Vec<u8>", "x'00ff'"),
        ("\"draft\")] a: State", "'draft'"),
        ("7)] a: OrgId", "7"),
        ("LOWEST)] a: i64", "-5"),
        ("TITLE)] a: String", "'it''s'"),
        ("\"whatever\", type = \"JSON\")] a: i64", "'whatever'"),
    ] {
        assert_eq!(default(field), json!(sql), "{field}");
    }
    assert_eq!(column_of(r#"#[column(default_sql = "unixepoch()")] a: i64"#)["default"], json!("unixepoch()"));
}

#[test]
fn what_rustc_has_to_judge_is_listed_and_not_guessed() {
    let declared = declared(
        "struct T { #[column(default = FAR_AWAY)] a: i64, #[column(references = Later::id)] b: i64, c: Later }",
    );
    let names: Vec<String> = declared.deferred.iter().map(|deferred| format!("{deferred:?}")).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    let super::Object::Table(table) = declared.object else { panic!("a table") };
    assert!(table.columns[0].default.is_none());
    assert!(table.foreign_keys.is_empty());
    assert!(table.columns[2].decl_type.is_empty());
}

#[test]
fn collations_checks_and_generated_columns_are_kept() {
    assert_eq!(column_of("#[column(collate = nocase)] a: String")["collate"], json!("nocase"));
    assert_eq!(column_of(r#"#[column(collate = "de_DE")] a: String"#)["collate"], json!("de_DE"));
    assert_eq!(
        table_of(r#"#[column(check = "a > 0", check(small, "a < 9"), check("a <> 5"))] a: i64"#)["checks"],
        json!([{"expr": "a > 0"}, {"name": "small", "expr": "a < 9"}, {"expr": "a <> 5"}])
    );
    assert_eq!(
        column_of(r#"#[column(generated = "b + 1", stored)] a: i64"#)["generated"],
        json!({"expr": "b + 1", "stored": true})
    );
    assert_eq!(column_of(r#"#[column(generated = "b + 1", virtual)] a: i64"#)["generated"], json!({"expr": "b + 1"}));
}

#[test]
fn the_check_of_a_type_names_the_column_outside_of_quotes_only() {
    assert_eq!(
        table_of(r#"#[column(name = "my state")] a: State"#)["checks"],
        json!([{"expr": "\"my state\" IN ('draft', 'pub{}lic')"}])
    );
}

#[test]
fn references_name_a_field_or_a_table() {
    let key = |field: &str| table_of(&format!("#[column(references = {field})] a: i64"))["foreign_keys"][0].clone();
    assert_eq!(key("User::id"), json!({"columns": ["a"], "parent": "users", "parent_columns": ["id"]}));
    assert_eq!(key("crate::User::id")["parent_columns"], json!(["id"]));
    assert_eq!(key("Self::id")["parent"], json!("ts"));
    assert_eq!(key("User(id)"), key("User::id"));
}

#[test]
fn references_of_text_may_be_quoted_and_may_leave_the_columns_out() {
    let key = |text: &str| {
        let source = format!("#[column(references = {text:?})] a: i64");
        table_of(&source)["foreign_keys"][0].clone()
    };
    assert_eq!(key("users(id)"), json!({"columns": ["a"], "parent": "users", "parent_columns": ["id"]}));
    assert_eq!(key("users"), json!({"columns": ["a"], "parent": "users"}));
    assert_eq!(key("\"order lines\"(\"the id\")")["parent"], json!("order lines"));
}

#[test]
fn references_take_actions_and_deferrable() {
    let key =
        |rest: &str| table_of(&format!("#[column(references = User::id, {rest})] a: i64"))["foreign_keys"][0].clone();
    assert_eq!(key("on_delete = cascade")["on_delete"], json!("cascade"));
    assert_eq!(key("on_update = set_null")["on_update"], json!("set_null"));
    assert_eq!(key("on_delete = restrict")["on_delete"], json!("restrict"));
    assert_eq!(key("on_delete = set_default")["on_delete"], json!("set_default"));
    assert_eq!(key("on_delete = no_action")["on_delete"], json!(null));
    assert_eq!(key("deferrable = initially_deferred")["deferrable"], json!("initially_deferred"));
    assert_eq!(key("deferrable")["deferrable"], json!("initially_immediate"));
    assert_eq!(key("deferrable = not")["deferrable"], json!("not"));
    assert_eq!(key("match = full")["match_name"], json!("full"));
}

#[test]
fn attributes_may_be_split_and_places_are_the_tokens() {
    let declared = declared(r#"struct T { #[column(unique)] #[column(renamed_from = "tag")] label: String }"#);
    assert_eq!(declared.renamed_columns, [("tag".into(), "label".into())]);
    let place = |wanted: &Place| {
        let found = declared.places.iter().find(|(place, _)| place == wanted);
        found.and_then(|(_, span)| span.source_text())
    };
    assert_eq!(place(&Place::Column("t".into(), "label".into())).as_deref(), Some("label"));
    assert_eq!(place(&Place::Unique("t".into(), 0)).as_deref(), Some("unique"));
    assert_eq!(place(&Place::Table("t".into())).as_deref(), Some("T"));
}
