//! `-- dbmigrate: online` on a server, which refuses it so far.

use crate::served::Served;

const STRUCTS: &str = "#[derive(Table)]\n#[table(name = \"users\", index(name))]\npub struct User {\n\
    #[column(primary_key)] pub id: i64,\npub name: Option<String>,\n}\n";

#[test]
fn a_rebuild_online_is_refused_before_anything_is_touched_and_is_one_without_the_line() {
    let Some(served) = Served::new("online", STRUCTS) else { return };
    let project = &served.project;
    project.runs("generate");
    project.runs("migrate");
    let hand = served.hand();
    hand.run(&["INSERT INTO users VALUES (1, 'a'), (2, NULL)"]);
    project.structs(&STRUCTS.replace("name: Option<String>", "name: String"));
    project.runs("generate --online --name named --backfill users.name='none'");
    let schema = "SELECT name, sql FROM sqlite_schema ORDER BY name";
    let before = hand.query(schema);
    let run = project.refuses(1, "migrate");
    assert!(run.err.contains("rebuilds online are for local files, and this is a server"), "{}", run.err);
    assert!(run.err.contains("delete the line `-- dbmigrate: online`"), "{}", run.err);
    assert_eq!(hand.query(schema), before);
    assert_eq!(hand.query("SELECT count(*) FROM users WHERE name IS NULL"), ["1"]);
    let file = "migrations/0002_named/migration.sql";
    project.write(file, project.read(file).replace("-- dbmigrate: online\n", ""));
    project.runs("generate --custom");
    project.runs("migrate");
    assert_eq!(hand.query("SELECT name FROM users ORDER BY id"), ["a", "none"]);
}
