//! A column that changes its type around a deployment: what is asked, what is refused with which command, and what rows
//! do not convert.

use insta::assert_snapshot;

use crate::project::{Project, Run};

fn users(fields: &str) -> String {
    format!(
        "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User {{ #[column(primary_key)] id: i64, {fields} }}\n"
    )
}

/// A database of the running release, whose ages are text.
fn project(rows: &str) -> Project {
    let project = Project::migrated(&users("age: String,"));
    project.sql(&format!("INSERT INTO users VALUES {rows}"));
    project
}

const RENAME: &str = "--rename users.age=age_integer";
const BACK: &str = "--back 'users.age=CAST(age_integer AS TEXT)'";

fn generate(convert: &str) -> String {
    format!("cargo dbmigrate generate --phased {BACK} {RENAME} --convert \"users.age_integer={convert}\"")
}

/// Types a line that ends with that exit code.
#[track_caller]
pub(crate) fn types(project: &Project, code: i32, line: &str) -> Run {
    let run = project.shell(line);
    assert_eq!(run.code, code, "{line}\n{}{}", run.out, run.err);
    run
}

/// The command of the last help that has one.
fn suggested(run: &Run) -> String {
    let start = "`cargo dbmigrate ";
    let line = run.err.lines().rfind(|line| line.contains("help: ") && line.contains(start)).expect("there is one");
    let command = line.split(start).nth(1).and_then(|rest| rest.split('`').next());
    format!("cargo dbmigrate {}", command.expect("it is in backticks"))
}

#[test]
fn another_type_leads_from_the_refusal_to_two_releases_that_work() {
    let project = project("(1, '7'), (2, '12')");
    project.structs(&users("age: i64,"));
    let refused = project.refuses(3, "generate --phased");
    project.structs(&users("#[column(name = \"age_integer\")] age: i64,"));
    types(&project, 0, &suggested(&refused));
    project.runs("migrate --phase before");
    // the running release, then the new one
    project.sql("INSERT INTO users (id, age) VALUES (3, '30')");
    project.sql("UPDATE users SET age = '8' WHERE id = 1");
    project.sql("INSERT INTO users (id, age_integer) VALUES (4, 40)");
    project.sql("UPDATE users SET age_integer = 13 WHERE id = 2");
    // what is no number becomes one, as it was said
    project.sql("INSERT INTO users (id, age) VALUES (5, 'old')");
    let both = "SELECT id, quote(age), quote(age_integer) FROM users ORDER BY id";
    assert_eq!(project.query(both), ["1|'8'|8", "2|'13'|13", "3|'30'|30", "4|'40'|40", "5|'old'|0"]);
    project.runs("migrate --phase after");
    project.runs("status");
    project.runs("check");
    assert_eq!(project.query("SELECT age_integer FROM users ORDER BY id"), ["8", "13", "30", "40", "0"]);
    assert_snapshot!(project.transcript());
    assert_snapshot!("another_type_first", project.read("migrations/0002_update_users/migration.sql"));
    assert_snapshot!("another_type_second", project.read("migrations/0003_update_users_after_deploy/migration.sql"));
}

#[test]
fn what_is_said_of_the_old_name_is_said_of_the_new_one() {
    let project = project("(1, '7')");
    project.structs(&users("age: i64,"));
    let said =
        "cargo dbmigrate generate --phased --convert 'users.age=length(age)' --back \"users.age=printf('%d', age)\"";
    let run = types(&project, 3, said);
    let wanted = "cargo dbmigrate generate --phased --rename users.age=age_integer \
                  --convert 'users.age_integer=length(age_integer)' --back ";
    assert!(run.err.contains(wanted), "{}", run.err);
    project.structs(&users("age_integer: i64,"));
    let run = project.refuses(3, &format!("generate --phased {RENAME}"));
    types(&project, 0, &suggested(&run));
}

#[test]
fn what_could_not_be_read_is_refused_with_what_to_say() {
    let project = project("(1, '7'), (2, 'seven'), (3, 'eight')");
    project.structs(&users("age_integer: i64,"));
    let some = "CASE WHEN age_integer GLOB '[0-9]*' THEN CAST(age_integer AS INTEGER) END";
    types(&project, 3, &generate(some));
    types(&project, 3, &generate("age_integer"));
    types(&project, 0, &generate(&format!("coalesce({some}, -1)")));
    project.runs("migrate --phase before");
    assert_eq!(project.query("SELECT age_integer FROM users ORDER BY id"), ["7", "-1", "-1"]);
    assert_snapshot!(project.transcript());
}

#[test]
fn rows_that_do_not_convert_are_counted_before_the_first_half() {
    // a number in words is text that no generated row has
    let project = project("(1, '7'), (2, 'seven'), (3, 'seven')");
    project.structs(&users("age_integer: i64,"));
    types(&project, 0, &generate("CASE age_integer WHEN 'seven' THEN NULL ELSE CAST(age_integer AS INTEGER) END"));
    let run = project.refuses(3, "migrate --phase before");
    assert!(run.err.contains("2 rows of `users` would get NULL in `age_integer`"), "{}", run.err);
    // the other half is not applied by what is to be typed next
    assert!(run.err.contains("then run `cargo dbmigrate migrate --phase before` again"), "{}", run.err);
    assert_eq!(project.query("SELECT count(*) FROM pragma_table_info('users')"), ["2"]);
    project.sql("UPDATE users SET age = '7'");
    project.runs("migrate --phase before");
    // and what was written meanwhile
    project.sql("INSERT INTO users (id, age) VALUES (4, 'seven')");
    assert_eq!(project.query("SELECT quote(age_integer) FROM users WHERE id = 4"), ["NULL"]);
    project.refuses(3, "migrate --phase after");
    project.sql("UPDATE users SET age = '8' WHERE id = 4");
    project.runs("migrate --phase after");
    assert_eq!(project.query("SELECT age_integer FROM users ORDER BY id"), ["7", "7", "7", "8"]);
    assert_snapshot!(project.transcript());
}

#[test]
fn two_halves_take_the_place_of_the_last_migration() {
    let project = project("(1, '7')");
    project.structs(&users("years: String,"));
    let run = project.runs("generate --rename users.age=years");
    assert!(run.err.contains("`cargo dbmigrate generate --amend --phased`"), "{}", run.err);
    project.runs("generate --amend --phased");
    project.runs("check");
    project.runs("migrate --phase before");
    project.sql("INSERT INTO users (id, age) VALUES (2, '8')");
    project.refuses(5, "generate --amend --phased");
    project.runs("migrate --phase after");
    assert_eq!(project.query("SELECT years FROM users ORDER BY id"), ["7", "8"]);
    assert_snapshot!(project.transcript());
}
