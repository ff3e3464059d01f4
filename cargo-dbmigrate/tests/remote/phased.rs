//! A change in two halves on a server: both releases write between them, through connections of their own.

use crate::served::{Served, applied};

fn users(fields: &str) -> String {
    format!(
        "#[derive(Table)]\n#[table(name = \"users\", index(age))]\nstruct User {{ #[column(primary_key)] id: i64, {fields} age: Option<i64> }}\n"
    )
}

#[test]
fn a_rename_is_applied_around_a_deployment_and_both_releases_work_between() {
    let Some(served) = Served::new("phased", &users("name: String,")) else { return };
    let (project, hand) = (&served.project, served.hand());
    project.runs("generate");
    project.runs("migrate --phase before");
    hand.run(&["INSERT INTO users VALUES (1, 'Ann Lee', 3), (2, 'Bo', NULL)"]);
    project.structs(&users("full_name: String,"));
    project.runs("generate --phased --rename users.name=full_name");
    project.runs("migrate --phase before --dry-run");
    assert_eq!(applied(&hand).len(), 1);
    project.runs("migrate --phase before");
    assert_eq!(applied(&hand).len(), 2);
    hand.run(&["INSERT INTO users (id, name) VALUES (3, 'Cy')", "UPDATE users SET name = 'Ann Li' WHERE id = 1"]);
    hand.run(&[
        "INSERT INTO users (id, full_name) VALUES (4, 'Di')",
        "UPDATE users SET full_name = 'Bob' WHERE id = 2",
    ]);
    let both = ["1|Ann Li|Ann Li", "2|Bob|Bob", "3|Cy|Cy", "4|Di|Di"];
    assert_eq!(hand.query("SELECT id, name, full_name FROM users ORDER BY id"), both);
    let run = project.ends(4, "status");
    assert!(run.err.contains("Waiting") && run.out.contains("(after the deployment)"), "{}{}", run.out, run.err);
    let run = project.runs("migrate --phase before");
    assert!(run.err.contains("Unchanged"), "{}", run.err);
    project.runs("plan --phase after --out plan.json");
    project.runs("migrate --plan plan.json");
    project.runs("status");
    assert_eq!(hand.query("SELECT full_name FROM users ORDER BY id"), ["Ann Li", "Bob", "Cy", "Di"]);
    assert!(hand.integrity_check().is_empty() && hand.foreign_key_check().is_empty());
}

#[test]
fn a_column_changes_its_type_around_a_deployment() {
    let Some(served) = Served::new("phased_types", &users("age_text: String,")) else { return };
    let (project, hand) = (&served.project, served.hand());
    project.runs("generate");
    project.runs("migrate --phase before");
    hand.run(&["INSERT INTO users (id, age_text) VALUES (1, '7'), (2, '12')"]);
    project.structs(&users("years: i64,"));
    let run = project.shell(
        "cargo dbmigrate generate --phased --rename users.age_text=years --convert 'users.years=CAST(years AS INTEGER)' \
         --back 'users.age_text=CAST(years AS TEXT)'",
    );
    assert_eq!(run.code, 0, "{}", run.err);
    project.runs("migrate --phase before");
    hand.run(&["INSERT INTO users (id, age_text) VALUES (3, '30')", "UPDATE users SET age_text = '8' WHERE id = 1"]);
    hand.run(&["INSERT INTO users (id, years) VALUES (4, 40)", "UPDATE users SET years = 13 WHERE id = 2"]);
    let both = "SELECT id, quote(age_text), quote(years) FROM users ORDER BY id";
    assert_eq!(hand.query(both), ["1|'8'|8", "2|'13'|13", "3|'30'|30", "4|'40'|40"]);
    let run = project.runs("migrate --phase after");
    assert!(run.err.contains("`users.age_text`, whose values (4) went over to `years`"), "{}", run.err);
    project.runs("status");
    assert_eq!(hand.query("SELECT years FROM users ORDER BY id"), ["8", "13", "30", "40"]);
    assert!(hand.integrity_check().is_empty() && hand.foreign_key_check().is_empty());
}

#[test]
fn what_is_wrong_with_one_of_several_columns_is_said_of_that_one() {
    let table = |kind: &str| {
        format!(
            "#[derive(Table)]\n#[table(name = \"t\")]\nstruct T {{ #[column(primary_key)] id: i64, a: {kind}, b: {kind}, c: {kind} }}\n"
        )
    };
    let Some(served) = Served::new("together", &table("Option<String>")) else { return };
    let (project, hand) = (&served.project, served.hand());
    project.runs("generate");
    project.runs("migrate");
    hand.run(&["INSERT INTO t VALUES (1, 'a', 'b', 'c'), (2, 'a', NULL, 'c'), (3, 'a', NULL, NULL)"]);
    project.structs(&table("String"));
    let accepted = ["a", "b", "c"].map(|column| format!("--accept not_null_without_default:t.{column}")).join(" ");
    project.runs(&format!("generate {accepted}"));
    let run = project.refuses(3, "migrate");
    assert!(run.err.contains("2 rows have NULL in `t.b`"), "{}", run.err);
    hand.run(&["UPDATE t SET b = '' WHERE b IS NULL"]);
    let run = project.refuses(3, "migrate");
    assert!(run.err.contains("1 row has NULL in `t.c`"), "{}", run.err);
    hand.run(&["UPDATE t SET c = '' WHERE c IS NULL"]);
    project.runs("migrate");
    assert_eq!(hand.query("SELECT count(*) FROM t WHERE a || b || c <> ''"), ["3"]);
}

#[test]
fn references_that_a_migration_cannot_break_are_none_of_its_business() {
    let tables = |kind: &str| {
        format!(
            "#[derive(Table)]\n#[table(name = \"t\")]\nstruct T {{ #[column(primary_key)] id: i64, a: {kind} }}\n\
             #[derive(Table)]\n#[table(name = \"p\")]\nstruct P {{ #[column(primary_key)] id: i64 }}\n\
             #[derive(Table)]\n#[table(name = \"c\")]\nstruct C {{ #[column(primary_key)] id: i64, #[column(references = P::id)] p: i64, #[column(references = T::id)] t: Option<i64> }}\n"
        )
    };
    let Some(served) = Served::new("references", &tables("Option<i64>")) else { return };
    let (project, hand) = (&served.project, served.hand());
    project.runs("generate");
    project.runs("migrate");
    hand.run(&["PRAGMA foreign_keys = OFF", "INSERT INTO t VALUES (1, 1)", "INSERT INTO c VALUES (1, 77, 1)"]);
    project.structs(&tables("i64"));
    project.runs("generate --accept not_null_without_default:t.a");
    project.runs("migrate");
    assert_eq!(hand.query("SELECT \"table\" || rowid FROM pragma_foreign_key_check"), ["c1"]);
    project.runs("generate --custom --name harm");
    project.write("migrations/0003_harm/migration.sql", "DELETE FROM t;\n");
    project.runs("generate --custom");
    let run = project.refuses(3, "migrate");
    assert!(run.err.contains("`c` has 1 dangling reference to `t`"), "{}", run.err);
    assert_eq!(hand.query("SELECT count(*) FROM t"), ["1"]);
}
