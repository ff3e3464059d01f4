//! `CREATE` statements that were read and written as something else, or not refused: each was found by the fuzz target
//! of the SQL reader.

use dbmigrate_core::ddl::{Object, comments, read, render};
use dbmigrate_core::schema::Table;

fn table(sql: &str) -> Table {
    match read(sql) {
        Ok(Object::Table(table)) => table,
        other => panic!("{sql}: {other:?}"),
    }
}

#[track_caller]
fn refused(sql: &str, message: &str) {
    assert_eq!(read(sql).expect_err(sql).to_string(), message);
}

#[test]
fn a_type_in_quotes_is_written_in_quotes_where_it_is_no_type_without() {
    for (written, decl_type) in [
        ("\"(10)\"", "(10)"),
        ("\"a(\"", "a("),
        ("\"a(1))\"", "a(1))"),
        ("\"a()\"", "a()"),
        ("\"a -- b\"", "a -- b"),
        ("\"a 'b\"", "a 'b"),
        ("\"\u{feff}a\"", "\u{feff}a"),
        ("\"a,b\"", "a,b"),
        ("\"check\"", "check"),
        ("VARCHAR(10)", "VARCHAR(10)"),
        ("DECIMAL(10, -2)", "DECIMAL(10, -2)"),
        ("DOUBLE PRECISION", "DOUBLE PRECISION"),
    ] {
        let read = table(&format!("CREATE TABLE t (c {written})"));
        assert_eq!(read.columns[0].decl_type.as_str(), decl_type);
        let again = render::create_table(&read);
        assert_eq!(again, format!("CREATE TABLE t (\n  c {written}\n)"));
        assert_eq!(table(&again).columns[0].decl_type.as_str(), decl_type);
    }
}

#[test]
fn an_indexed_expression_with_a_collation_gets_no_more_parentheses_each_time() {
    for part in ["lower(a) COLLATE nocase", "(a || b) COLLATE nocase DESC", "a COLLATE rtrim", "(lower(a)) COLLATE x"] {
        let sql = format!("CREATE INDEX i ON t ({part})");
        let Ok(Object::Index(on, index)) = read(&sql) else { panic!("{sql}") };
        assert_eq!(render::create_index(&on, &index), sql);
    }
}

#[test]
fn a_body_with_tabs_and_lines_of_spaces_is_written_as_it_was() {
    let body = "UPDATE t SET a = (\n\tSELECT 1\n   \n)\n\n\t\tWHERE b";
    let sql = format!("CREATE TRIGGER r AFTER INSERT ON t BEGIN {body}; END");
    let Ok(Object::Trigger(trigger)) = read(&sql) else { panic!("{sql}") };
    assert_eq!(trigger.body.as_str(), body);
    let Ok(Object::Trigger(again)) = read(&render::create_trigger(&trigger)) else { panic!("{trigger:?}") };
    assert_eq!(again.body.as_str(), body);
}

#[test]
fn a_key_of_a_column_that_is_not_there_is_refused_and_not_left_out() {
    for key in ["PRIMARY KEY (b)", "UNIQUE (a, b)", "UNIQUE (b)", "FOREIGN KEY (b) REFERENCES t"] {
        refused(&format!("CREATE TABLE t (a, {key})"), "a key names `b`, which is not a column");
    }
    refused("CREATE TABLE t (a, b, A)", "two columns are named `A`");
}

#[test]
fn what_is_no_sql_is_refused() {
    refused("CREATE TABLE t (a CHECK (a = 'b))", "`'b))` is not SQL");
    refused("CREATE INDEX i ON t (a, \u{b})", "`\u{b}` is not SQL");
    refused("CREATE VIEW v AS SELECT 1a", "`1a` is not SQL");
}

#[test]
fn thousands_of_comments_in_a_table_are_read_in_linear_time() {
    // does not end in reasonable time if every comment looks for the code around it
    let sql = format!("CREATE TABLE t ({}a INT{}, b)", "/**/".repeat(100_000), "\n-- c".repeat(100_000) + "\n");
    let comments = comments(&sql);
    assert_eq!(comments.column(&"a".into()), None);
    assert_eq!(comments.column(&"b".into()).map(|text| text.lines().count()), Some(100_000));
}
