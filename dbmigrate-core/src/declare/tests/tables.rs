//! What `#[table(…)]` makes of a struct.

use serde_json::json;

use super::{Object, declared, table, table_with};
use crate::schema::validate::Place;

#[test]
fn a_struct_is_a_table_named_in_snake_case() {
    assert_eq!(table("struct BlogPost { id: i64 }").name.as_str(), "blog_post");
    assert_eq!(table(r#"#[table(name = "Posts")] struct BlogPost { id: i64 }"#).name.as_str(), "Posts");
    assert_eq!(table("struct Borrowed<'a> { name: &'a str }").columns[0].decl_type.as_str(), "TEXT");
}

#[test]
fn options_of_a_table_are_flags() {
    assert_eq!(table_with("strict")["strict"], json!(true));
    assert_eq!(table_with("without_rowid, primary_key(a)")["without_rowid"], json!(true));
    assert_eq!(table_with("random_rowid")["random_rowid"], json!(true));
    assert_eq!(table_with("crate = my::dbmigrate")["strict"], json!(null));
}

#[test]
fn composite_keys_take_orders_collations_names_and_conflict_clauses() {
    assert_eq!(
        table_with(r#"primary_key(a, b collate nocase desc, name = "pk", on_conflict = rollback)"#)["primary_key"],
        json!({"name": "pk", "conflict": "rollback",
            "parts": [{"column": "a"}, {"column": "b", "collate": "nocase", "descending": true}]})
    );
    assert_eq!(
        table_with(r#"unique(a, b asc, name = "u", on_conflict = abort), unique("c")"#)["uniques"],
        json!([
            {"name": "u", "parts": [{"column": "a"}, {"column": "b"}], "conflict": "abort"},
            {"parts": [{"column": "c"}]}
        ])
    );
}

#[test]
fn a_single_key_of_the_table_may_count_by_itself() {
    let table = table("#[table(primary_key(id))] struct T { #[column(autoincrement)] id: i64 }");
    assert!(table.is_autoincrement());
    assert!(!table.columns[0].not_null);
}

#[test]
fn indexes_have_columns_expressions_conditions_and_default_names() {
    assert_eq!(
        table_with(
            r#"index(a, b desc), unique_index(c), index("lower(a)" desc, "b + 1" collate nocase, name = "x", where = "a > 0"), index(b, unique)"#
        )["indexes"],
        json!([
            {"name": "t_a_b_idx", "parts": [{"expr": "a"}, {"expr": "b", "descending": true}]},
            {"name": "t_b_key", "unique": true, "parts": [{"expr": "b"}]},
            {"name": "t_c_key", "unique": true, "parts": [{"expr": "c"}]},
            {"name": "x", "where": "a > 0",
                "parts": [{"expr": "lower(a)", "descending": true}, {"expr": "b + 1", "collate": "nocase"}]}
        ])
    );
    assert_eq!(
        table_with(r#"index("libsql_vector_idx(a)")"#)["indexes"][0]["name"],
        json!("t_libsql_vector_idx_a_idx")
    );
}

#[test]
fn a_word_in_a_key_is_the_field_before_it_is_the_column() {
    let source = r#"#[table(index(one), index(two), unique(Third))]
        struct T { #[column(name = "two")] one: i64, #[column(name = "one")] two: i64, third: i64 }"#;
    let table = table(source);
    let indexed: Vec<_> = table.indexes.iter().map(|index| index.parts[0].expr.as_str().to_owned()).collect();
    assert_eq!(indexed, ["one", "two"]);
    assert_eq!(table.indexes.iter().next().map(|index| index.name.as_str()), Some("t_one_idx"));
    assert_eq!(table.uniques[0].parts[0].column.as_str(), "third");
    // `unique` as a column of an index is written raw
    let raw = super::table("#[table(index(r#unique))] struct T { r#unique: i64 }");
    assert_eq!(raw.indexes.iter().next().map(|index| index.unique), Some(false));
}

#[test]
fn checks_may_have_names() {
    assert_eq!(
        table_with(r#"check(positive, "a > 0"), check("b > 0"), check("odd name", "c > 0"), check = "a < b""#)["checks"],
        json!([
            {"name": "positive", "expr": "a > 0"},
            {"expr": "b > 0"},
            {"name": "odd name", "expr": "c > 0"},
            {"expr": "a < b"}
        ])
    );
}

#[test]
fn foreign_keys_of_several_columns_refer_to_structs_or_tables() {
    assert_eq!(
        table_with(
            r#"foreign_key(a, b, references = User(org_id, id), on_delete = cascade, on_update = restrict,
                deferrable = initially_deferred, match = simple, name = "fk"),
               foreign_key(c, references = "orgs(id)", deferrable), foreign_key(a, references = Org::id),
               foreign_key(a, b, references = "pairs")"#
        )["foreign_keys"],
        json!([
            {"name": "fk", "columns": ["a", "b"], "parent": "users", "parent_columns": ["org_id", "id"],
                "on_delete": "cascade", "on_update": "restrict", "match_name": "simple",
                "deferrable": "initially_deferred"},
            {"columns": ["c"], "parent": "orgs", "parent_columns": ["id"], "deferrable": "initially_immediate"},
            {"columns": ["a"], "parent": "orgs", "parent_columns": ["id"]},
            {"columns": ["a", "b"], "parent": "pairs"}
        ])
    );
}

#[test]
fn triggers_know_their_table_time_event_and_body() {
    let declared = declared(
        r#"#[table(
            trigger(touch, after = update, update_of(a, "b"), when = "new.a > 0", body = "UPDATE t /* why */ SET b = 1 -- so"),
            trigger(guard, before = delete, body = "SELECT 1;")
        )] struct T { a: i64, b: i64 }"#,
    );
    assert_eq!(
        super::json(&declared.triggers),
        json!([
            {"name": "touch", "on": "t", "timing": "after", "event": {"update": ["a", "b"]}, "when": "new.a > 0",
                "body": "UPDATE t /* why */ SET b = 1"},
            {"name": "guard", "on": "t", "timing": "before", "event": "delete", "body": "SELECT 1"}
        ])
    );
    assert!(declared.places.iter().any(|(place, _)| *place == Place::Trigger("guard".into())));
}

#[test]
fn renames_are_reported_beside_the_model() {
    let declared = declared(
        r#"#[table(renamed_from = "old")] struct New { #[column(renamed_from = "b")] a: i64, #[column(renamed_from = "a")] b: i64 }"#,
    );
    assert_eq!(declared.renamed_from, Some("old".into()));
    assert_eq!(declared.renamed_columns, [("b".into(), "a".into()), ("a".into(), "b".into())]);
    let Object::Table(table) = declared.object else { panic!("a table") };
    assert_eq!(table.name.as_str(), "new");
}

#[test]
fn every_part_of_a_table_has_a_place() {
    let declared = declared(
        r"#[table(index(a), unique(b), foreign_key(a, references = Org::id))]
           struct T { #[column(primary_key)] a: i64, #[column(unique, references = User::id)] b: i64 }",
    );
    let places: Vec<&Place> = declared.places.iter().map(|(place, _)| place).collect();
    let t = || "t".into();
    for place in [
        Place::Table(t()),
        Place::PrimaryKey(t()),
        Place::Column(t(), "a".into()),
        Place::Column(t(), "b".into()),
        Place::Unique(t(), 0),
        Place::Unique(t(), 1),
        Place::ForeignKey(t(), 0),
        Place::ForeignKey(t(), 1),
        Place::Index(t(), "t_a_idx".into()),
    ] {
        assert!(places.contains(&&place), "{place:?}");
    }
    assert_eq!(places.len(), 9, "{places:?}");
}
