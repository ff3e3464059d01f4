//! Questions, their answers and their examples.

use super::*;
use crate::schema::{KeyPart, PrimaryKey, Unique};

fn examples(parts: &[&str], added: &[&str]) -> Vec<String> {
    let mut before = Table::new("t");
    before.columns.push(Column::new("old", "TEXT"));
    let mut after = before.clone();
    after.columns.extend([Column::new("name", "TEXT"), Column::new("number", "INT"), Column::new("bytes", "BLOB")]);
    let parts = parts.iter().map(|part| KeyPart::new(*part)).collect();
    after.uniques.push(Unique { name: None, parts, conflict: None });
    let added: Vec<Name> = added.iter().map(|name| Name::from(*name)).collect();
    let columns = added.iter().filter_map(|name| after.column(name));
    columns.map(|column| example_value(column, &added, &before, &after).to_string()).collect()
}

#[test]
fn existing_rows_get_different_values_where_a_key_of_new_columns_needs_them() {
    assert_eq!(examples(&["name"], &["name", "number", "bytes"]), ["lower(hex(randomblob(16)))", "0", "x''"]);
    assert_eq!(examples(&["number"], &["name", "number"]), ["''", "rowid"]);
    assert_eq!(examples(&["bytes"], &["bytes"]), ["randomblob(16)"]);
    // what the rows have already tells them apart
    assert_eq!(examples(&["old", "name"], &["name"]), ["''"]);
}

#[test]
fn a_new_primary_key_needs_different_values_too() {
    let mut table = Table::new("t");
    table.columns.push(Column { not_null: true, ..Column::new("id", "TEXT") });
    let parts = vec![KeyPart::new("id")];
    table.primary_key = Some(PrimaryKey { name: None, parts, autoincrement: false, conflict: None });
    let example = example_value(&table.columns[0], &["id".into()], &Table::new("t"), &table);
    assert_eq!(example.as_str(), "lower(hex(randomblob(16)))");
}

#[test]
fn a_key_that_is_there_gets_different_values_where_it_has_none() {
    let key = |decl_type: &str| {
        let mut table = Table::new("t");
        table.columns.push(Column { not_null: true, ..Column::new("id", decl_type) });
        let parts = vec![KeyPart::new("id")];
        table.primary_key = Some(PrimaryKey { name: None, parts, autoincrement: false, conflict: None });
        example_value(&table.columns[0], &[], &table, &table).to_string()
    };
    assert_eq!(key("TEXT"), "lower(hex(randomblob(16)))");
    // not the number of the row, which another row may have as its value
    assert_eq!(key("INT"), "random()");
}

#[test]
fn questions_say_how_much_they_are_about_where_it_is_known() {
    let gone = |candidates: &[&str]| Question::ColumnGone {
        table: "t".into(),
        column: "a".into(),
        candidates: candidates.iter().map(|name| Name::from(*name)).collect(),
    };
    assert_eq!(gone(&[]).message(None), "column `t.a` is gone: its values would be lost");
    assert_eq!(gone(&[]).message(Some(1)), "column `t.a` is gone: 1 value would be lost");
    assert_eq!(
        gone(&["b"]).message(Some(42)),
        "column `t.a` is gone and `t.b` is new: renamed, or dropped with 42 values?"
    );
    let table = Question::TableGone { table: "t".into(), candidates: vec!["u".into()], may_stay: true };
    assert_eq!(
        table.message(Some(3)),
        "table `t` is declared by no struct and `u` is new: renamed, or dropped with 3 rows?"
    );
    let flags: Vec<String> = table.answers().into_iter().map(|(_, flag)| flag).collect();
    assert_eq!(flags, ["--rename t=u", "--accept drop_table:t", "--accept keep_table:t"]);
}

#[test]
fn what_a_question_is_about_is_counted_by_the_names_of_before() {
    let renames =
        Renames { tables: vec![("old t".into(), "t".into())], columns: vec![("t".into(), "a".into(), "b".into())] };
    let becomes = Question::BecomesGenerated { table: "t".into(), column: "b".into() };
    assert_eq!(becomes.count_query(&renames), "SELECT count(a) FROM \"old t\"");
    // the column whose name another one takes over
    let gone = Question::ColumnGone { table: "t".into(), column: "b".into(), candidates: Vec::new() };
    let guard = gone.guard(&renames);
    assert_eq!(guard.query, "SELECT * FROM (SELECT count(b) AS _count FROM \"old t\") WHERE _count > 0");
    assert_eq!(guard.table.as_str(), "old t");
}
