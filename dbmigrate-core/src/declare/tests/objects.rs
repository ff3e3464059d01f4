//! Views and virtual tables.

use serde_json::json;

use super::{Derive, Object, declaration, declared, json as value};
use crate::schema::validate::Place;

#[test]
fn a_view_has_a_query_and_expects_its_fields() {
    let declared = declaration(
        Derive::View,
        r#"#[view(name = "active", query = "SELECT id, n FROM users", columns(id, count),
                  trigger(drop_it, instead_of = delete, body = "DELETE FROM users WHERE id = old.id;"))]
           struct Active { id: i64, #[column(name = "n")] count: Unknown }"#,
    );
    let Ok(declared) = declared else { panic!("{declared:?}") };
    let Object::View(view, expected) = &declared.object else { panic!("a view") };
    assert_eq!(value(view), json!({"name": "active", "columns": ["id", "n"], "query": "SELECT id, n FROM users"}));
    assert_eq!(value(expected), json!(["id", "n"]));
    assert_eq!(
        value(&declared.triggers),
        json!([{"name": "drop_it", "on": "active", "timing": "instead_of", "event": "delete",
            "body": "DELETE FROM users WHERE id = old.id"}])
    );
    assert!(declared.places.iter().any(|(place, _)| *place == Place::View("active".into())));
    assert!(declaration(Derive::View, r#"#[view(sql = "SELECT 1 AS a")] struct V { a: i64 }"#).is_ok());
}

#[test]
fn the_arguments_of_a_virtual_table_are_its_fields_and_then_its_options() {
    let module = |source: &str| match declared(source).object {
        Object::VirtualTable(table) => value(&table),
        other => panic!("not a virtual table: {other:?}"),
    };
    assert_eq!(
        module(
            r#"#[table(using = fts5, options("content='posts'", "tokenize = 'porter ascii'"))]
               struct PostSearch { title: String, #[column(unindexed)] r#order: String }"#
        ),
        json!({"name": "post_search", "module": "fts5",
            "arguments": ["title", "\"order\" UNINDEXED", "content='posts'", "tokenize = 'porter ascii'"]})
    );
    assert_eq!(
        module(
            r#"#[table(using = "rtree")] struct Box { id: i64, min_x: f32, max_x: f32,
               #[column(auxiliary, type = "TEXT")] label: String }"#
        )["arguments"],
        json!(["id", "min_x", "max_x", "+label TEXT"])
    );
}

#[test]
fn a_module_that_takes_no_columns_needs_no_fields() {
    let declared = declared(r#"#[table(using = fts5vocab, options("post_search", "'row'"))] struct Words {}"#);
    let Object::VirtualTable(words) = declared.object else { panic!("not a virtual table") };
    assert_eq!(value(&words)["arguments"], json!(["post_search", "'row'"]));
}

#[test]
fn what_is_not_compiled_says_so_and_needs_no_fields() {
    let unchecked = |source: &str| {
        let Ok(declared) = declaration(Derive::View, source) else { panic!("{source}") };
        let Object::View(view, expected) = declared.object else { panic!("a view") };
        (view.unchecked, expected.len(), declared.triggers.iter().map(|trigger| trigger.unchecked).collect::<Vec<_>>())
    };
    assert_eq!(unchecked(r#"#[view(unchecked, query = "SELECT * FROM t")] struct V {}"#), (true, 0, Vec::new()));
    assert_eq!(
        unchecked(
            r#"#[view(query = "SELECT app(a) AS a FROM t",
                trigger(unchecked, instead_of = delete, body = "SELECT 1"),
                trigger(b, instead_of = insert, unchecked, body = "SELECT 1"))] struct V { a: i64 }"#
        ),
        (false, 1, vec![false, true])
    );
    let wrong = |source: &str| super::errors(Derive::View, source).join(" | ");
    let message = wrong(r#"#[view(query = "SELECT 1 AS a")] struct V {}"#);
    assert!(message.contains("`V` has no fields, and a view needs columns"), "{message}");
    let message = wrong(r#"#[view(unchecked = true, query = "SELECT 1 AS a")] struct V { a: i64 }"#);
    assert!(message.starts_with("=: `unchecked`"), "{message}");
    let message = super::error("#[table(unchecked)] struct T { a: i64 }");
    assert!(message.contains("unknown key `unchecked`"), "{message}");
}
