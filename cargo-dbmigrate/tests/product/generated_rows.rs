//! `seed` with rows that are generated: `[users]` with `rows = 1000`.

use crate::project::Project;
use crate::seeds::{STRUCTS, is_done, says};

fn project(set: &str) -> Project {
    let project = Project::migrated(STRUCTS);
    project.write("seeds/full/rows.toml", set);
    project
}

#[test]
fn rows_are_generated_and_a_second_run_finds_nothing_to_do() {
    let project = project("[users]\nrows = 300\n\n[posts]\nper = \"users\"\nrows = \"1..5\"\n");
    let run = project.runs("seed");
    insta::assert_snapshot!(run.err);
    insta::assert_snapshot!(project.query("SELECT * FROM users LIMIT 3").join("\n"));
    insta::assert_snapshot!(project.query("SELECT * FROM posts LIMIT 4").join("\n"));
    assert_eq!(project.query("SELECT count(*) BETWEEN 300 AND 1500, max(id) = count(*) FROM posts"), ["1|1"]);
    is_done(&project, "seed");
}

#[test]
fn more_rows_keep_those_that_are_there() {
    let project = project("[users]\nrows = 30\n");
    project.runs("seed");
    let before = project.query("SELECT * FROM users");
    project.replace("seeds/full/rows.toml", "30", "50");
    says(&project.runs("seed"), &["20 rows inserted"]);
    assert_eq!(project.query("SELECT * FROM users WHERE id <= 30"), before);
    is_done(&project, "seed");
}

#[test]
fn what_was_changed_is_set_right_again() {
    let project = project("[users]\nrows = 30\n");
    project.runs("seed");
    let before = project.query("SELECT * FROM users");
    project.sql("UPDATE users SET name = 'Eve' WHERE id = 7; DELETE FROM users WHERE id = 9");
    says(&project.runs("seed"), &["1 row inserted, 1 updated"]);
    assert_eq!(project.query("SELECT * FROM users"), before);
}

#[test]
fn another_seed_gives_other_rows() {
    let project = project("[users]\nrows = 30\n");
    project.runs("seed");
    let before = project.query("SELECT email FROM users");
    project.write("seeds/full/_set.toml", "seed = 7\n");
    says(&project.runs("seed"), &["30 rows updated"]);
    assert_ne!(project.query("SELECT email FROM users"), before);
    project.write("seeds/full/_set.toml", "seed = -1\n");
    let run = project.run("seed");
    says(&run, &["`seed` is a number from 0 on"]);
}

#[test]
fn generated_rows_refer_to_rows_of_files_whose_keys_only_the_database_knows() {
    let structs = format!(
        "{STRUCTS}#[derive(Table)]\n#[table(name = \"a\")]\npub struct A {{ #[column(primary_key)] pub id: i64 }}\n"
    );
    let project = Project::migrated(&structs);
    project.write("seeds/full/rows.toml", "[posts]\nrows = 40\n\n[a]\nrows = 2\n");
    project.write(
        "seeds/full/users.toml",
        "[users.admin]\nemail = \"admin@example.com\"\nrole = \"admin\"\n\n[users.bob]\nemail = \"bob@example.com\"\nrole = \"member\"\n",
    );
    project.sql("INSERT INTO users (id, email, role) VALUES (77, 'other@example.com', 'member')");
    project.runs("seed");
    assert_eq!(project.query("SELECT DISTINCT author_id FROM posts ORDER BY 1"), ["78", "79"]);
    is_done(&project, "seed");
}

#[test]
fn a_table_has_rows_of_files_and_generated_ones() {
    let project = project("[users]\nrows = 40\n");
    project.write(
        "seeds/full/users.json",
        r#"[{"id": 5, "email": "admin@example.com", "role": "admin"}, {"email": "bob@example.com", "role": "member"}]"#,
    );
    project.runs("seed");
    assert_eq!(project.query("SELECT count(*), max(id) FROM users"), ["42|1040"]);
    is_done(&project, "seed");
}

#[test]
fn what_a_schema_has_no_room_for_is_said_before_the_first_write() {
    let structs = "\
#[derive(ColumnType)]
#[column_type(check)]
pub enum Role { Admin, Member }
#[derive(Table)]
#[table(name = \"users\")]
pub struct User {
    #[column(primary_key)] pub id: i64,
    #[column(unique)] pub role: Role,
    #[column(check(odd, \"n * n = 2\"))] pub n: i64,
}
#[derive(Table)]
#[table(name = \"posts\")]
pub struct Post {
    #[column(primary_key)] pub id: i64,
    #[column(references = User::id)] pub user_id: i64,
}
";
    let project = Project::migrated(structs);
    project.write("seeds/full/rows.toml", "[users]\nrows = 1000\n");
    let run = project.run("seed");
    insta::assert_snapshot!(run.err);
    project.write("seeds/full/rows.toml", "[users]\nrows = 2\n");
    insta::assert_snapshot!(project.run("seed").err);
    project.write("seeds/full/rows.toml", "[posts]\nrows = 2\n");
    insta::assert_snapshot!(project.run("seed").err);
    project.write("seeds/full/rows.toml", "[posts]\nrows = 2\nusr_id = 1\n");
    insta::assert_snapshot!(project.run("seed").err);
    assert_eq!(project.query("SELECT count(*) FROM users"), ["0"]);
}

#[test]
fn generated_rows_are_not_synced() {
    let project = project("[users]\nrows = 10\nmode = \"sync\"\n");
    let run = project.run("seed");
    insta::assert_snapshot!(run.err);
    assert_eq!(project.query("SELECT count(*) FROM users"), ["0"]);
    project.replace("seeds/full/rows.toml", "sync", "insert");
    project.runs("seed");
    project.sql("UPDATE users SET name = 'Eve' WHERE id = 7; DELETE FROM users WHERE id = 8");
    says(&project.runs("seed"), &["1 row inserted"]);
    assert_eq!(project.query("SELECT name FROM users WHERE id = 7"), ["Eve"]);
}

#[test]
fn rows_are_generated_once_for_each_table() {
    let project = project("[users]\nrows = 10\n");
    project.write("seeds/full/more.toml", "[users]\nrows = 20\n");
    insta::assert_snapshot!(project.run("seed").err);
}
