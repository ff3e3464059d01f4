//! `revert` of what was dropped or converted with `--keep`: every surviving row has its value again.

use crate::project::Project;

const NONE: &str = "";

fn users(fields: &str) -> String {
    format!(
        "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User {{ #[column(primary_key)] id: i64, {fields} }}\n"
    )
}

fn posts(fields: &str) -> String {
    format!(
        "#[derive(Table)]\n#[table(name = \"posts\")]\nstruct Post {{ #[column(primary_key, autoincrement)] id: i64, {fields} }}\n"
    )
}

fn migrated(structs: &str, rows: &str) -> Project {
    let project = Project::migrated(structs);
    project.sql(rows);
    project
}

fn step(project: &Project, structs: &str, flags: &str) {
    project.structs(structs);
    project.runs(&format!("generate --keep {flags}"));
    project.runs("migrate");
}

fn reverted(project: &Project, flags: &str) -> String {
    let said = project.runs(&format!("revert {flags}")).err;
    project.runs("migrate");
    let hidden = "SELECT count(*) FROM sqlite_master WHERE name LIKE '\\_dbmigrate\\_kept\\_%' ESCAPE '\\'";
    assert_eq!(project.query(hidden), ["0"], "{said}");
    assert!(project.query("PRAGMA foreign_key_check").is_empty());
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
    said
}

#[test]
fn values_of_a_dropped_column_come_back_row_by_row() {
    let project = migrated(
        &users("legacy: Option<String>, name: Option<String>"),
        "INSERT INTO users VALUES (1, 'a', 'x'), (2, NULL, 'y'), (3, x'00', 'z'), (4, 'd', 'w')",
    );
    step(&project, &users("name: Option<String>"), "--accept drop_column:users.legacy");
    // rows change, go, take over the key of one that is gone, and are new
    project.sql("PRAGMA foreign_keys = ON; UPDATE users SET name = 'changed' WHERE id = 1; DELETE FROM users WHERE id = 4; INSERT INTO users VALUES (4, 'reused'), (5, 'new'); UPDATE users SET id = 30 WHERE id = 3");
    let said = reverted(&project, NONE);
    assert!(said.contains("Restoring `users.legacy`: values kept by 0002_"), "{said}");
    assert_eq!(
        project.query("SELECT id, quote(legacy), name FROM users ORDER BY id"),
        ["1|'a'|changed", "2|NULL|y", "4|NULL|reused", "5|NULL|new", "30|X'00'|z"]
    );
}

#[test]
fn what_is_asked_for_not_null_goes_to_rows_that_are_new() {
    let project = migrated(&users("legacy: String"), "INSERT INTO users VALUES (1, 'a'), (2, 'b')");
    step(&project, &users("").replace(", }", " }"), "--accept drop_column:users.legacy");
    project.sql("INSERT INTO users VALUES (3)");
    project.refuses(3, "revert");
    let said = reverted(&project, "--backfill users.legacy='n'");
    assert!(said.contains("rows added since get 'n'"), "{said}");
    assert_eq!(project.query("SELECT id, legacy FROM users"), ["1|a", "2|b", "3|n"]);
}

#[test]
fn originals_come_back_where_they_are_still_what_was_made_of_them() {
    let project =
        migrated(&users("age: Option<String>"), "INSERT INTO users VALUES (1, '007'), (2, '12'), (3, NULL), (4, 'x')");
    project.structs(&users("age: Option<i64>"));
    project.runs(
        "generate --keep --convert users.age=CAST(age+AS+INTEGER)"
            .replace('+', "\u{a0}")
            .replace("\u{a0}", "/**/")
            .as_str(),
    );
    project.runs("migrate");
    assert_eq!(project.query("SELECT quote(age) FROM users"), ["7", "12", "NULL", "0"]);
    project.sql("UPDATE users SET age = 13 WHERE id = 2; UPDATE users SET age = 5 WHERE id = 3; INSERT INTO users VALUES (5, 50)");
    reverted(&project, NONE);
    assert_eq!(project.query("SELECT quote(age) FROM users"), ["'007'", "'13'", "'5'", "'x'", "'50'"]);
}

#[test]
fn a_dropped_table_comes_back_with_its_rows_keys_and_indexes() {
    let both = users("name: Option<String>")
        + &posts(
            "#[column(references = User::id, on_delete = cascade)] user_id: i64, #[column(unique, index(name = \"by_title\"))] title: String",
        );
    let project = migrated(
        &both,
        "INSERT INTO users VALUES (1, 'a'), (2, 'b'); INSERT INTO posts VALUES (1, 1, 't'), (9, 2, 'u'), (5, 1, 'v'); DELETE FROM posts WHERE id = 9; INSERT INTO posts VALUES (7, 2, 'w')",
    );
    step(&project, &users("name: Option<String>"), "--accept drop_table:posts");
    project.sql("PRAGMA foreign_keys = ON; DELETE FROM users WHERE id = 2");
    let said = reverted(&project, NONE);
    assert!(said.contains("Restoring `posts`: rows kept by 0002_"), "{said}");
    assert_eq!(project.query("SELECT * FROM posts"), ["1|1|t", "5|1|v"]);
    project.sql("INSERT INTO posts (user_id, title) VALUES (1, 'next')");
    assert_eq!(project.query("SELECT max(id) FROM posts"), ["10"]);
    project.refuses(0, "status");
}

#[test]
fn what_was_kept_under_other_names_comes_back_to_the_old_ones() {
    let project = migrated(
        &users("legacy: Option<String>, nick: Option<String>"),
        "INSERT INTO users VALUES (1, 'a', 'n'), (2, 'b', 'm')",
    );
    step(&project, &users("nick: Option<String>"), "--accept drop_column:users.legacy");
    let people = users("handle: Option<String>").replace("\"users\"", "\"people\"").replace(" id: i64", " pid: i64");
    step(&project, &people, "--rename users=people --rename people.nick=handle --rename people.id=pid");
    project.sql("UPDATE people SET pid = 20 WHERE pid = 2");
    // alone
    let said = reverted(&project, "0002");
    assert!(said.contains("`people.legacy`: values kept by"), "{said}");
    assert_eq!(project.query("SELECT pid, legacy, handle FROM people"), ["1|a|n", "20|b|m"]);
    // and all of it
    let project = migrated(
        &users("legacy: Option<String>, nick: Option<String>"),
        "INSERT INTO users VALUES (1, 'a', 'n'), (2, 'b', 'm')",
    );
    step(&project, &users("nick: Option<String>"), "--accept drop_column:users.legacy");
    step(&project, &people, "--rename users=people --rename people.nick=handle --rename people.id=pid");
    project.sql("UPDATE people SET pid = 20 WHERE pid = 2");
    reverted(&project, "--to 0001");
    assert_eq!(project.query("SELECT id, legacy, nick FROM users"), ["1|a|n", "20|b|m"]);
}

#[test]
fn a_revert_without_what_was_kept_is_refused_before_anything_is_touched() {
    let project = migrated(&users("legacy: Option<String>"), "INSERT INTO users VALUES (1, 'a')");
    step(&project, &users("").replace(", }", " }"), "--accept drop_column:users.legacy");
    project.runs("revert");
    project.sql("DROP TRIGGER _dbmigrate_kept_0002_users_insert; DROP TRIGGER _dbmigrate_kept_0002_users_update; DROP TRIGGER _dbmigrate_kept_0002_users_delete; DROP TABLE _dbmigrate_kept_0002_users");
    let run = project.refuses(3, "migrate");
    assert!(run.err.contains("`_dbmigrate_kept_0002_users` is gone, and with it what `0002_"), "{}", run.err);
    assert!(run.err.contains("`cargo dbmigrate revert --without-kept`"), "{}", run.err);
    project.runs("generate --undo --accept edits");
    let said = project.runs("revert --without-kept").err;
    assert!(said.contains("values not kept"), "{said}");
    project.runs("migrate");
    assert_eq!(project.query("SELECT id, legacy FROM users"), ["1|NULL"]);
}

#[test]
fn what_a_revert_drops_can_be_kept_as_well() {
    let project = migrated(&users("nick: Option<String>"), "INSERT INTO users VALUES (1, 'a')");
    step(&project, &users("nick: Option<String>, bio: Option<String>"), "");
    project.sql("UPDATE users SET bio = 'b'");
    let asked = project.refuses(3, "revert --keep");
    assert!(asked.err.contains("column `users.bio`, which `0002_users_bio` has added, is dropped"), "{}", asked.err);
    project.runs("revert --keep --accept drop_column:users.bio");
    project.runs("migrate");
    reverted(&project, NONE);
    assert_eq!(project.query("SELECT * FROM users"), ["1|a|b"]);
}

/// Tables of many kinds: what stands in the attribute, the fields that stay, the column that goes, what it becomes, and
/// flags.
const SHAPES: [[&str; 5]; 12] = [
    [
        "strict",
        "#[column(primary_key, autoincrement)] id: i64, #[column(unique, collate = nocase)] email: String",
        "legacy: Option<String>",
        "",
        "",
    ],
    ["without_rowid", "#[column(primary_key, collate = nocase)] id: String", "legacy: Option<String>", "", ""],
    ["primary_key(part, id)", "id: i64, part: String", "legacy: Option<i64>", "", ""],
    ["strict, without_rowid, primary_key(part, id)", "id: i64, part: String", "legacy: Option<f64>", "", ""],
    ["strict", "#[column(primary_key)] id: i64", "#[column(default = \"x\")] legacy: String", "", ""],
    ["strict", "#[column(unique)] mail: String", "legacy: Option<i64>", "", ""],
    [
        "check(known, \"legacy IN ('draft', 'done')\")",
        "#[column(primary_key)] id: i64",
        "legacy: Option<String>",
        "",
        "",
    ],
    [
        "check(order, \"legacy > n\")",
        "#[column(primary_key)] id: i64, n: i64",
        "#[column(default = 1000000)] legacy: i64",
        "",
        "",
    ],
    ["", "#[column(primary_key)] id: i64", "#[column(unique)] legacy: Option<String>", "", ""],
    [
        "",
        "#[column(primary_key)] id: i64",
        "#[column(references = Org::id, on_delete = cascade)] legacy: Option<i64>",
        "",
        "",
    ],
    [
        "strict",
        "#[column(primary_key)] id: i64",
        "legacy: Option<String>",
        "legacy: Option<i64>",
        "--convert t.legacy=CAST(legacy/**/AS/**/INTEGER)",
    ],
    [
        "check(known, \"legacy IN ('1', '2')\")",
        "#[column(primary_key)] id: i64",
        "legacy: String",
        "legacy: i64",
        "--convert t.legacy=CAST(legacy/**/AS/**/INTEGER)",
    ],
];

#[test]
fn what_comes_back_is_proven_on_rows_whatever_the_table_is() {
    for [attribute, fields, legacy, becomes, flags] in SHAPES {
        let table = |last: &str| {
            // a CHECK of the column goes with it
            let attribute = if last != legacy && attribute.starts_with("check") { "" } else { attribute };
            let attribute = if attribute.is_empty() { String::new() } else { format!(", {attribute}") };
            format!(
                "#[derive(Table)]\n#[table(name = \"orgs\")]\nstruct Org {{ #[column(primary_key)] id: i64 }}\n\
                 #[derive(Table)]\n#[table(name = \"t\"{attribute})]\nstruct T {{ {fields}, {last} }}\n"
            )
            .replace(",  }", " }")
        };
        let project = Project::migrated(&table(legacy));
        project.structs(&table(becomes));
        let kept = project.runs(&format!("generate --keep {flags}")).err;
        let back = project.runs("revert -v").err;
        for said in [&kept, &back] {
            assert!(!said.contains("cannot generate rows"), "{attribute}, {legacy}: {said}");
        }
        let proven = back.lines().find(|line| line.contains("rows that were kept and came back"));
        assert!(proven.is_some_and(|line| !line.contains("on 0 rows")), "{attribute}, {legacy}: {back}");
    }
    // and a table as a whole
    let project = Project::migrated(&(users("name: Option<String>") + &posts("title: String")));
    project.structs(&users("name: Option<String>"));
    project.runs("generate --keep");
    let back = project.runs("revert -v").err;
    assert!(back.contains("on 3 rows that were kept and came back") && !back.contains("warning: cannot"), "{back}");
}
