//! Suggested commands work as typed whatever the names are: dots, equals signs, dashes, backticks, quotes, line breaks.

use crate::project::Project;

const BEFORE: &str = "
#[derive(Table)]
#[table(name = \"my.t=u\")]
pub struct A {
    #[column(primary_key)]
    pub id: i64,
    #[column(name = \"e=f`\\n-x\")]
    pub x: String,
}
#[derive(Table)]
#[table(name = \"-x\")]
pub struct B {
    #[column(primary_key)]
    pub id: i64,
    #[column(name = \"it's \\\"$HOME\\\"\")]
    pub y: Option<String>,
}";

const ROWS: &str = "
INSERT INTO \"my.t=u\" VALUES (1, 'one'), (2, 'two');
INSERT INTO \"-x\" VALUES (7, 'seven');";

fn populated() -> Project {
    let project = Project::migrated(BEFORE);
    project.sql(ROWS);
    project
}

#[test]
fn every_suggested_rename_can_be_typed_whatever_the_names_are() {
    let project = populated();
    project.structs(
        &BEFORE
            .replace("my.t=u", "my.v=w")
            .replace("e=f`\\n-x", "g.h")
            .replace("\"-x\"", "\"--y\"")
            .replace("it's \\\"$HOME\\\"", "z=`"),
    );
    let mut line = "cargo dbmigrate generate".to_owned();
    for _ in 0..4 {
        let run = project.shell(&line);
        if run.code == 0 {
            project.runs("migrate");
            project.runs("check");
            assert_eq!(project.query("SELECT * FROM \"my.v=w\""), ["1|one", "2|two"]);
            assert_eq!(project.query("SELECT * FROM \"--y\""), ["7|seven"]);
            return;
        }
        assert_eq!(run.code, 3, "`{line}` said\n{}", run.err);
        // the first answer to each question is a rename to the first of the new names, which is the right one where only
        // one is left; of two tables each is told by its columns
        let flags = |from: &str, to: &str| {
            let flag = format!("--rename {from}");
            let lines = run.err.lines().filter(|text| text.contains("if renamed: `"));
            lines.filter(|text| text.contains(&flag)).any(|text| text.contains(to))
        };
        for (from, to) in [
            ("'\"my.t=u\"=", "\"my.v=w\"'"),
            ("'\"-x\"=", "\"--y\"'"),
            ("'\"my.v=w\".\"e=f\\x60\\n-x\"=", "\"g.h\"'"),
            ("'\"--y\".\"it'\\''s \\\"$HOME\\\"\"=", "\"z=\\x60\"'"),
        ] {
            let flag = format!(" --rename {from}{to}");
            if flags(from, to) && !line.contains(&flag) {
                line.push_str(&flag);
            }
        }
    }
    panic!("the renames come to no end: {line}");
}

#[test]
fn every_suggested_loss_can_be_typed_whatever_the_names_are() {
    let project = populated();
    // a column and a table are gone
    let (first, _) = BEFORE.split_once("#[derive(Table)]\n#[table(name = \"-x\")]").expect("it has two structs");
    project.structs(&first.replace("    #[column(name = \"e=f`\\n-x\")]\n    pub x: String,\n", ""));
    let run = project.ends(3, "generate");
    let accepts: Vec<&str> =
        run.err.lines().filter_map(|line| line.split_once(" --accept ")).map(|(_, flag)| flag).collect();
    assert_eq!(accepts.len(), 2, "{}", run.err);
    let flags: Vec<String> =
        accepts.iter().map(|flag| format!(" --accept {}", flag.trim_end().trim_end_matches('`'))).collect();
    let run = project.shell(&format!("cargo dbmigrate generate{}", flags.concat()));
    assert_eq!(run.code, 0, "{}", run.err);
    let run = project.runs("migrate");
    assert!(run.err.contains("with 2 values") && run.err.contains("with 1 row"), "{}", run.err);
    assert_eq!(project.query("SELECT * FROM \"my.t=u\""), ["1", "2"]);
}
