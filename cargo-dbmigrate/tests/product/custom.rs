//! `generate --custom`: a migration that somebody writes, from the draft to the database.

use insta::assert_snapshot;

use crate::project::{Project, sql_of};

const BEFORE: &str =
    "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: String }";
const AFTER: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, first: Option<String>, last: Option<String> }";

#[test]
fn a_column_is_split_with_its_values_carried_over() {
    let project = Project::migrated(BEFORE);
    project.sql("INSERT INTO users VALUES (1, 'Ada Lovelace'), (2, 'Grace Hopper')");
    project.structs(AFTER);
    let run = project.refuses(3, "generate --custom --name split_name");
    assert!(
        run.err.contains("cargo dbmigrate generate --custom --name split_name --accept drop_column:users.name"),
        "{}",
        run.err
    );
    project.transcript();
    // the draft is the plan, so that only the part in the middle is to be written
    project.runs("generate --custom --name split_name --accept drop_column:users.name");
    let file = sql_of("0002_split_name");
    let draft = project.read(&file);
    let update =
        "UPDATE users SET first = substr(name, 1, instr(name, ' ') - 1), last = substr(name, instr(name, ' ') + 1);\n";
    let drop = draft.find("ALTER TABLE users DROP COLUMN").expect("the draft drops the column");
    project.write(&file, format!("{}{update}{}", &draft[..drop], &draft[drop..]));
    // not recorded yet: nothing goes on
    project.refuses(5, "migrate");
    project.refuses(5, "check");
    project.runs("generate --custom");
    project.runs("check");
    project.runs("migrate");
    assert_eq!(project.query("SELECT * FROM users"), ["1|Ada|Lovelace", "2|Grace|Hopper"]);
    assert_snapshot!(project.transcript() + &draft);
}

#[test]
fn a_draft_without_a_change_of_the_structs_carries_data_only() {
    let project = Project::migrated(BEFORE);
    project.sql("INSERT INTO users VALUES (1, 'ada')");
    project.runs("generate --custom");
    let file = sql_of("0002_custom");
    let draft = project.read(&file);
    // as it stands it does nothing, and can be applied
    project.runs("check");
    project.write(&file, format!("{draft}UPDATE users SET name = upper(name);\n"));
    project.runs("generate --custom");
    project.runs("migrate");
    assert_eq!(project.query("SELECT name FROM users"), ["ADA"]);
    assert_snapshot!(project.transcript() + &draft);
}

#[test]
fn an_edit_that_leads_elsewhere_is_not_recorded() {
    let project = Project::generated(BEFORE);
    project.structs(AFTER);
    project.runs("generate --custom --accept all --name split");
    let file = sql_of("0002_split");
    project.write(&file, "ALTER TABLE users ADD COLUMN first TEXT;\nALTER TABLE users ADD COLUMN lst TEXT;\n");
    project.refuses(4, "generate --custom");
    project.write(&file, "ALTER TABLE users ADD COLUMN first TEXT\nALTER TABLE users ADD COLUMN last TEXT;\n");
    project.refuses(1, "generate --custom");
    project.write(&file, "BEGIN;\nALTER TABLE users ADD COLUMN first TEXT;\nCOMMIT;\n");
    project.refuses(1, "generate --custom");
    project.write(&file, "-- dbmigrate: alow(drop_column) users.name\nALTER TABLE users DROP COLUMN name;\n");
    project.refuses(1, "generate --custom");
    assert_snapshot!(project.transcript());
}

#[test]
fn the_struct_and_the_edit_can_change_together() {
    let project = Project::generated(BEFORE);
    project.structs(AFTER);
    project.runs("generate --custom --accept all --name split");
    // on second thoughts
    project.structs(&AFTER.replace("last: Option<String>", "surname: Option<String>"));
    project.replace(&sql_of("0002_split"), "last", "surname");
    project.runs("generate --custom");
    project.runs("check");
    project.runs("migrate");
    assert_eq!(project.query("SELECT name FROM pragma_table_info('users')"), ["id", "first", "surname"]);
}

#[test]
fn a_preflight_of_ones_own_refuses_rows() {
    let project = Project::migrated(BEFORE);
    project.sql("INSERT INTO users VALUES (1, 'Ada'), (2, '')");
    project.runs("generate --custom --name no_empty_names");
    let directive = "-- dbmigrate: expect-none \"user {} has no name\" SELECT id FROM users WHERE name = ''\n";
    project.write(&sql_of("0002_no_empty_names"), format!("{directive}UPDATE users SET name = trim(name);\n"));
    project.runs("generate --custom");
    project.transcript();
    project.refuses(3, "migrate");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_statement_outside_of_a_transaction_is_run_and_recorded() {
    let project = Project::migrated(BEFORE);
    project.runs("generate --custom --name vacuum");
    project.write(&sql_of("0002_vacuum"), "-- dbmigrate: no-transaction\nVACUUM;\n");
    project.runs("generate --custom");
    project.runs("check");
    project.runs("migrate");
    assert_eq!(project.query("SELECT name FROM _dbmigrate_history"), ["0001_create_users", "0002_vacuum"]);
}
