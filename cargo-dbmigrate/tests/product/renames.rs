//! Renames: by flag and by attribute, of tables and columns, crossed over, and together with other changes. Every value
//! ends up where it belongs.

use insta::assert_snapshot;

use crate::project::Project;

fn table(fields: &str) -> String {
    format!("#[derive(Table)]\n#[table(name = \"t\")]\nstruct T {{ #[column(primary_key)] id: i64, {fields} }}\n")
}

/// A database with a row `1, 'A', 'B', 'C'` in `t(id, a, b, c)`.
fn project() -> Project {
    let project = Project::migrated(&table("a: String, b: String, c: String"));
    project.sql("INSERT INTO t VALUES (1, 'A', 'B', 'C')");
    project
}

/// Generates and migrates; then there is nothing left to do.
#[track_caller]
fn settle(project: &Project, generate: &str) {
    project.runs(generate);
    project.runs("check");
    project.runs("migrate");
    let again = project.runs("generate");
    assert!(again.err.contains("Unchanged"), "{}", again.err);
}

#[test]
fn columns_swapped_by_flags() {
    let project = project();
    // the structs are the same: only the flags say that something happens
    settle(&project, "generate --rename t.a=b --rename t.b=a");
    assert_eq!(project.query("SELECT a, b, c FROM t"), ["B|A|C"]);
    assert_snapshot!(project.transcript());
}

#[test]
fn columns_swapped_by_attributes() {
    let project = project();
    project.structs(&table(
        "#[column(renamed_from = \"b\")] a: String, #[column(renamed_from = \"a\")] b: String, c: String",
    ));
    settle(&project, "generate");
    assert_eq!(project.query("SELECT a, b, c FROM t"), ["B|A|C"]);
    // the attributes stay, and do nothing again
    for command in ["generate", "check", "migrate", "generate --check"] {
        project.refuses(0, command);
    }
    assert_eq!(project.query("SELECT a, b, c FROM t"), ["B|A|C"]);
}

#[test]
fn columns_shifted() {
    let project = project();
    project.structs(&table("b: String, c: String, d: String"));
    settle(&project, "generate --rename t.a=b --rename t.b=c --rename t.c=d");
    assert_eq!(project.query("SELECT b, c, d FROM t"), ["A|B|C"]);
}

#[test]
fn columns_in_a_circle_of_three() {
    let project = project();
    settle(&project, "generate --rename t.a=b --rename t.b=c --rename t.c=a");
    assert_eq!(project.query("SELECT a, b, c FROM t"), ["C|A|B"]);
}

#[test]
fn a_rename_and_a_new_column_under_the_old_name() {
    let project = project();
    project.structs(&table("a: Option<i64>, b: String, c: String, #[column(renamed_from = \"a\")] d: String"));
    settle(&project, "generate");
    assert_eq!(project.query("SELECT a, b, c, d FROM t"), ["NULL|B|C|A"]);
}

#[test]
fn a_rename_with_another_type_and_a_rebuild() {
    let project = project();
    project.structs(
        &table("#[column(collate = nocase)] b: String, c: String, #[column(renamed_from = \"a\")] d: Option<String>")
            .replace("name = \"t\"", "name = \"t\", strict"),
    );
    settle(&project, "generate");
    assert_eq!(project.query("SELECT b, c, d FROM t"), ["B|C|A"]);
}

#[test]
fn a_table_with_its_columns() {
    let project = project();
    project.structs(&table("x: String, b: String, c: String").replace("\"t\"", "\"u\""));
    settle(&project, "generate --rename t=u --rename u.a=x");
    assert_eq!(project.query("SELECT x, b, c FROM u"), ["A|B|C"]);
    assert_snapshot!(project.transcript());
}

#[test]
fn a_column_of_a_renamed_table_is_named_by_the_new_name_of_the_table() {
    let project = project();
    project.structs(&table("x: String, b: String, c: String").replace("\"t\"", "\"u\""));
    project.refuses(2, "generate --rename t=u --rename t.a=x");
    assert_snapshot!(project.transcript());
    settle(&project, "generate --rename t=u --rename u.a=u.x");
}

#[test]
fn tables_swapped() {
    let both = |attributes: [&str; 2]| {
        format!(
            "#[derive(Table)]\n#[table(name = \"one\"{})]\nstruct One {{ #[column(primary_key)] id: i64, a: String }}\n\
             #[derive(Table)]\n#[table(name = \"two\"{})]\nstruct Two {{ #[column(primary_key)] id: i64, a: String }}\n",
            attributes[0], attributes[1]
        )
    };
    let rows = "INSERT INTO one VALUES (1, 'one'); INSERT INTO two VALUES (1, 'two')";
    let project = Project::migrated(&both(["", ""]));
    project.sql(rows);
    settle(&project, "generate --rename one=two --rename two=one");
    assert_eq!(project.query("SELECT one.a, two.a FROM one, two"), ["two|one"]);

    let project = Project::migrated(&both(["", ""]));
    project.sql(rows);
    project.structs(&both([", renamed_from = \"two\"", ", renamed_from = \"one\""]));
    settle(&project, "generate");
    assert_eq!(project.query("SELECT one.a, two.a FROM one, two"), ["two|one"]);
}

#[test]
fn an_attribute_that_was_made_true_long_ago_does_nothing() {
    let project = project();
    project.structs(&table("a: String, b: String, #[column(renamed_from = \"c\")] d: String"));
    settle(&project, "generate");
    // a column of the old name comes back later, beside the attribute
    project.structs(&table("a: String, b: String, #[column(renamed_from = \"c\")] d: String, c: Option<String>"));
    settle(&project, "generate");
    assert_eq!(project.query("SELECT a, b, c, d FROM t"), ["A|B|NULL|C"]);
    // a fresh database comes to the same
    project.runs("migrate --url fresh.db");
    assert_eq!(
        project.database("fresh.db").query("SELECT name FROM pragma_table_info('t')"),
        ["id", "a", "b", "d", "c"]
    );
}

#[test]
fn an_attribute_that_cannot_be_true_is_refused() {
    let project = project();
    project.structs(&table("a: String, b: String, c: String, #[column(renamed_from = \"z\")] d: Option<String>"));
    let run = project.run("generate");
    assert_ne!(run.code, 0, "{}", run.err);
    assert_snapshot!(project.transcript());
}

#[test]
fn a_change_of_case_only() {
    let project = project();
    project.structs(&table("A: String, b: String, c: String").replace("\"t\"", "\"T\""));
    let run = project.run("generate");
    assert!(run.code == 0, "{}", run.err);
    project.runs("migrate");
    assert_eq!(project.query("SELECT a, b, c FROM t"), ["A|B|C"]);
}

#[test]
fn views_triggers_and_children_follow_a_rename() {
    let rest = "#[derive(Table)]\n#[table(name = \"kid\", trigger(stamp, after = insert, body = \"UPDATE t SET b = 'seen' WHERE id = new.parent;\"))]\nstruct Kid { #[column(primary_key)] id: i64, #[column(references = T::id, on_delete = cascade)] parent: i64 }\n\
                #[derive(View)]\n#[view(name = \"v\", query = \"SELECT id, a FROM t\")]\nstruct V { id: i64, a: String }\n";
    let project = Project::migrated(&format!("{}{rest}", table("a: String, b: String")));
    project.sql("INSERT INTO t VALUES (1, 'A', 'B'); INSERT INTO kid VALUES (1, 1)");
    let rest = rest
        .replace("SET b", "SET seen")
        .replace("SELECT id, a FROM t", "SELECT id, a FROM u")
        .replace("UPDATE t", "UPDATE u");
    project.structs(&format!("{}{rest}", table("a: String, seen: String").replace("\"t\"", "\"u\"")));
    settle(&project, "generate --rename t=u --rename u.b=seen");
    assert_eq!(project.query("SELECT * FROM u"), ["1|A|seen"]);
    assert_eq!(project.query("SELECT * FROM kid"), ["1|1"]);
    assert_eq!(project.query("SELECT * FROM v"), ["1|A"]);
}
