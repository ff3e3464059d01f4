//! Line ends: data in a literal, and nothing anywhere else.

use crate::project::{Project, sql_of};

const BEFORE: &str =
    "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: String }";

#[test]
fn a_line_end_in_a_literal_that_is_written_by_hand_is_stored_as_it_is() {
    let project = Project::migrated(BEFORE);
    project.runs("generate --custom");
    let file = sql_of("0002_custom");
    let draft = project.read(&file);
    let insert = "INSERT INTO users VALUES (1, 'Dear,\r\nbye'), (2, 'Dear,\nbye'), (3, '\r');\n";
    project.write(&file, format!("{draft}{insert}"));
    project.runs("generate --custom");
    project.runs("check");
    project.runs("migrate");
    let stored = project.query("SELECT hex(name) FROM users ORDER BY id");
    assert_eq!(stored, ["446561722C0D0A627965", "446561722C0A627965", "0D"]);
    // converted as a whole it is the same history; one literal that is edited is not
    project.write(&file, format!("{draft}{insert}").replace("\r\n", "\n"));
    project.runs("check");
    project.write(&file, format!("{draft}{}", insert.replace("Dear,\n", "Dear,\r\n")));
    project.refuses(5, "check");
}

#[test]
fn a_default_with_line_ends_leads_to_its_snapshot_on_every_checkout() {
    let notes = |more: &str| {
        format!(
            "#[derive(Table)]\n#[table(name = \"notes\")]\nstruct Note {{ #[column(primary_key)] id: i64, \
             #[column(default = \"a\\r\\nb\")] windows: String, #[column(default = \"a\\rb\")] mac: String, \
             #[column(default_sql = r#\"'a\n\"b\"'\"#)] unix: String{more} }}"
        )
    };
    let project = Project::migrated(&notes(""));
    project.sql("INSERT INTO notes (id) VALUES (1)");
    // a rebuild copies the literals as well
    project.structs(&notes(", #[column(check = \"sep <> 'x'\", default = \"\\r\\n\")] sep: Option<String>"));
    project.runs("generate");
    // the same history, and the same structs, in a checkout with the line ends of Windows
    let written = project.tree();
    for (path, bytes) in written {
        let text = String::from_utf8(bytes).expect("text").replace("\r\n", "\n").replace('\n', "\r\n");
        project.write(path.to_str().expect("a name"), text);
    }
    project.runs("check");
    project.runs("migrate");
    project.runs("status");
    project.sql("INSERT INTO notes (id) VALUES (2)");
    let stored = project.query("SELECT hex(windows), hex(mac), hex(unix), hex(sep) FROM notes WHERE id = 2");
    assert_eq!(stored, ["610D0A62|610D62|610A226222|0D0A"]);
    let stored = project.query("SELECT hex(windows), hex(mac), hex(unix) FROM notes WHERE id = 1");
    assert_eq!(stored, ["610D0A62|610D62|610A226222"]);
}

#[test]
fn rows_are_looked_for_with_the_line_ends_of_a_new_condition() {
    let project = Project::migrated(BEFORE);
    project.sql("INSERT INTO users VALUES (1, 'a b'), (2, 'a\nb')");
    let checked =
        |text: &str| BEFORE.replace("name: String", &format!("#[column(check = \"name <> '{text}'\")] name: String"));
    // the row that the condition forbids is found before anything is touched
    project.structs(&checked("a\\nb"));
    project.runs("generate");
    let refused = project.refuses(3, "migrate");
    assert!(refused.err.contains("row of `users` violates"), "{}", refused.err);
    project.sql("UPDATE users SET name = 'a\r\nb' WHERE id = 2");
    project.runs("migrate");
    assert_eq!(project.query("SELECT hex(name) FROM users"), ["612062", "610D0A62"]);
}
