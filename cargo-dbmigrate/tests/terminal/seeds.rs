//! A seed at a terminal: its progress, and what it asks.

use crate::project::Project;
use crate::screen::{ENTER, Terminal};

const USERS: &str = "#[derive(Table)]\n#[table(name = \"users\")]\npub struct User { #[column(primary_key)] pub id: i64, pub name: String }\n";

fn project(rows: usize) -> Project {
    let project = Project::migrated(USERS);
    let lines: Vec<String> = (1..=rows).map(|at| format!("{at},user {at}\n")).collect();
    project.write("seeds/full/users.csv", format!("id,name\n{}", lines.concat()));
    project
}

#[test]
fn a_seed_shows_how_many_rows_of_how_many_are_written() {
    let project = project(100_000);
    let mut terminal = Terminal::start(&project, 120, "seed");
    assert_eq!(terminal.ends(), 0, "{}", terminal.screen());
    let said = terminal.bytes();
    assert!(said.contains("Seeding") && said.contains("/100000: users"), "{said}");
    // nothing of it stays
    assert!(!terminal.screen().contains("Seeding "), "{}", terminal.screen());
    assert!(terminal.screen().contains("100000 rows inserted"), "{}", terminal.screen());
    let run = project.runs("seed --only-missing");
    assert!(!run.err.contains("Seeding"), "{}", run.err);
}

#[test]
fn rows_are_deleted_at_a_terminal_only_after_a_yes() {
    let project = project(3);
    project.write("seeds/full/_set.toml", "[users]\nmode = \"sync\"\n");
    project.sql("INSERT INTO users VALUES (9, 'x')");
    let mut terminal = Terminal::start(&project, 120, "seed");
    terminal.sees("`dev.db` has rows that `full` does not have: users: 1 row. Delete them? [y/N]").types(ENTER);
    assert_eq!(terminal.ends(), 3, "{}", terminal.screen());
    assert_eq!(project.query("SELECT id FROM users"), ["9"]);
    let mut terminal = Terminal::start(&project, 120, "seed");
    terminal.sees("[y/N]").types("y").types(ENTER);
    assert_eq!(terminal.ends(), 0, "{}", terminal.screen());
    assert_eq!(project.query("SELECT id FROM users"), ["1", "2", "3"]);
}

#[test]
fn a_seed_of_a_protected_target_takes_its_name() {
    let project = project(3);
    project.write("dbmigrate.toml", "[targets.live]\nurl = \"dev.db\"\nprotected = true\n");
    let mut terminal = Terminal::start(&project, 120, "seed -t live");
    terminal.sees("Type `live` to continue").types("live").types(ENTER);
    assert_eq!(terminal.ends(), 0, "{}", terminal.screen());
    assert_eq!(project.query("SELECT count(*) FROM users"), ["3"]);
}
