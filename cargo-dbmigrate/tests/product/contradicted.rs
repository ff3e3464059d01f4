//! Rows that contradict what a migration computes for them: found before anything is changed, with count and place.

use crate::project::Project;

fn table(fields: &str) -> String {
    format!("#[derive(Table)]\n#[table(name = \"t\")]\nstruct T {{ #[column(primary_key)] id: i64, {fields} }}")
}

fn project(before: &str, rows: &str, after: &str) -> Project {
    let project = Project::migrated(&table(before));
    project.sql(rows);
    project.structs(&table(after));
    project
}

#[test]
fn a_generated_column_that_is_null_for_a_row_is_found_before() {
    let project = project(
        "a: Option<String>",
        "INSERT INTO t VALUES (1, 'x'), (2, NULL)",
        "a: Option<String>, #[column(generated = \"lower(a)\", stored)] k: String",
    );
    project.runs("generate");
    let run = project.refuses(3, "migrate");
    assert!(run.err.contains("1 row would get NULL in `t.k`, which is NOT NULL, first at rowid 2"), "{}", run.err);
}

#[test]
fn a_generated_column_that_has_a_value_twice_is_found_before() {
    for (before, after) in [
        ("m: String", "m: String, #[column(generated = \"lower(m)\", stored, unique)] k: String"),
        (
            "m: String, #[column(generated = \"lower(m)\")] k: Option<String>",
            "m: String, #[column(generated = \"lower(m)\", unique_index)] k: Option<String>",
        ),
    ] {
        let project = project(before, "INSERT INTO t (id, m) VALUES (1, 'A'), (2, 'a')", after);
        project.runs("generate");
        let run = project.refuses(3, "migrate");
        assert!(run.err.contains("1 duplicate in `t` (k), which becomes unique: 'a'"), "{}", run.err);
    }
}

#[test]
fn a_backfill_that_is_null_for_a_row_is_found_before() {
    for after in ["d: Option<String>, y: String", "d: String"] {
        let project = project("d: Option<String>", "INSERT INTO t VALUES (1, '2020-02-03'), (2, NULL)", after);
        let column = if after.contains('y') { "y" } else { "d" };
        project.runs(&format!("generate --backfill t.{column}=date(d)"));
        let run = project.refuses(3, "migrate");
        assert!(run.err.contains(&format!("1 row would get NULL in `t.{column}`")), "{}", run.err);
    }
}

#[test]
fn a_backfill_of_a_renamed_table_names_it_by_its_new_name() {
    let project = project("a: String", "INSERT INTO t VALUES (1, 'A'), (2, 'B')", "a: String");
    project.structs(
        "#[derive(Table)]\n#[table(name = \"u\")]\nstruct T { #[column(primary_key)] id: i64, a: String, \
         #[column(unique)] c: String }",
    );
    project.runs("generate --rename t=u --backfill u.c=u.a||u.id");
    project.runs("migrate");
    assert_eq!(project.query("SELECT c FROM u ORDER BY id"), ["A1", "B2"]);
}

#[test]
fn a_constraint_that_only_the_engine_finds_violated_is_a_decision_and_names_the_table() {
    // the default of the new column and the old one meet in a check
    let project = project(
        "a: i64, b: Option<i64>",
        "INSERT INTO t VALUES (1, 5, 1), (2, 50, 1)",
        "a: i64, b: i64, #[column(default = 10, check = \"a < c\")] c: i64",
    );
    project.runs("generate --backfill t.b=1");
    let run = project.refuses(3, "migrate");
    assert!(run.err.contains("CHECK constraint failed") && !run.err.contains("failed: _dbmigrate"), "{}", run.err);
}

#[test]
fn what_can_only_be_done_about_the_last_migration_is_suggested_for_that_alone() {
    let project = project("a: Option<String>", "INSERT INTO t VALUES (1, NULL)", "a: String");
    project.runs("generate");
    assert!(project.refuses(3, "migrate").err.contains("--amend"));
    project.structs(&table("a: String, b: Option<i64>"));
    project.runs("generate");
    let run = project.refuses(3, "migrate");
    assert!(!run.err.contains("--amend") && run.err.contains("fix the rows"), "{}", run.err);
}

#[test]
fn an_expression_is_amended_in_the_last_migration_alone() {
    let indexed = "#[column(index)] a: String, #[column(generated = \"json(a)\")] j: Option<String>";
    let project = project("a: String", "INSERT INTO t VALUES (1, '{')", indexed);
    project.runs("generate");
    assert!(project.refuses(3, "migrate").err.contains("--amend"));
    project.structs(&table(&format!("{indexed}, b: Option<i64>")));
    project.runs("generate");
    let run = project.refuses(3, "migrate");
    assert!(!run.err.contains("--amend") && run.err.contains("fix the rows"), "{}", run.err);
}
