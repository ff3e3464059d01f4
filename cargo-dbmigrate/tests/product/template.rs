//! `template build`: a database with all migrations that new ones are copied from, and `check`, which keeps it in step.

use crate::project::Project;

fn plans(fields: &str) -> String {
    format!("#[derive(Table)]\n#[table(name = \"plans\")]\nstruct Plan {{ #[column(primary_key)] id: i64, {fields} }}")
}

#[test]
fn a_template_has_all_migrations_and_rows_and_check_says_when_it_is_out_of_step() {
    let project = Project::migrated(&plans("name: String"));
    project.runs("check");
    project.write("seeds/base/plans.toml", "[[rows]]\nid = 1\nname = \"free\"\n");
    let made = project.runs("template build --seed base");
    assert!(made.err.contains("`template.db`: 1 migration applied, and verified"), "{}", made.err);
    // it is replaced as a whole, so each look at it opens it
    let template = || project.database("template.db");
    assert_eq!(template().query("SELECT id || name FROM plans"), ["1free"]);
    assert_eq!(template().query("SELECT name FROM _dbmigrate_history"), ["0001_create_plans"]);
    assert_eq!(template().query("PRAGMA integrity_check"), ["ok"]);
    project.runs("check");
    let before = project.bytes("template.db");
    let again = project.runs("template build --seed base");
    assert!(again.err.contains("`template.db` is up to date: 1 migration"), "{}", again.err);
    assert_eq!(project.bytes("template.db"), before);
    // the rows, the migrations, the file itself, and what says of what it was made
    let out_of_step = |why: &str, command: &str| {
        let refused = project.ends(4, "check");
        assert!(refused.err.contains(&format!("`template.db` is out of date: {why}")), "{}", refused.err);
        assert!(refused.err.contains(&format!("make it again: `{command}`")), "{}", refused.err);
        project.runs(command.strip_prefix("cargo dbmigrate ").expect("it is ours"));
        project.runs("check");
    };
    let with_rows = "cargo dbmigrate template build --seed base";
    project.write("seeds/base/plans.toml", "[[rows]]\nid = 1\nname = \"gratis\"\n");
    out_of_step("the set `base` has changed", with_rows);
    assert_eq!(template().query("SELECT name FROM plans"), ["gratis"]);
    project.structs(&plans("name: String, cents: i64"));
    project.write("seeds/base/plans.toml", "[[rows]]\nid = 1\nname = \"gratis\"\ncents = 0\n");
    project.runs("generate --backfill plans.cents=0");
    out_of_step("it was made of other migrations", with_rows);
    template().run("UPDATE plans SET cents = 1");
    out_of_step("it was changed after it was made", with_rows);
    project.remove("seeds/base");
    out_of_step("no set named `base`", "cargo dbmigrate template build");
}

#[test]
fn a_file_that_is_no_template_is_left_alone() {
    let project = Project::migrated(&plans("name: String"));
    project.database("template.db").run("CREATE TABLE own (a); INSERT INTO own VALUES (1)");
    let before = project.bytes("template.db");
    project.runs("check");
    let run = project.refuses(1, "template build");
    assert!(run.err.contains("`template.db` was not made by `template build`"), "{}", run.err);
    project.refuses(1, "template build --out dev.db");
    assert_eq!(project.bytes("template.db"), before);
    project.runs("template build --out new-template.db");
}

#[test]
fn a_template_that_cannot_be_made_leaves_the_old_one() {
    let project = Project::migrated(&plans("name: String"));
    project.runs("template build");
    let before = project.bytes("template.db");
    project.write("seeds/base/plans.toml", "[[rows]]\nid = 1\n");
    let failed = project.run("template build --seed base");
    assert_ne!(failed.code, 0);
    assert!(failed.err.contains("`template.db` was not changed"), "{}", failed.err);
    assert_eq!(project.bytes("template.db"), before);
    assert!(!project.file_names().contains(".new"), "{}", project.file_names());
    // elsewhere, which `check` does not look at
    project.runs("template build --out other.db");
    assert_eq!(project.database("other.db").query("SELECT count(*) FROM _dbmigrate_history"), ["1"]);
}
