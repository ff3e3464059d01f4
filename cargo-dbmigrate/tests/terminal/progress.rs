//! Progress within a migration, and the colours of what is said.

use crate::project::Project;
use crate::screen::Terminal;

const BEFORE: &str = "#[derive(Table)]\n#[table(name = \"events\")]\nstruct Event {\n    #[column(primary_key)]\n    id: i64,\n    name: Option<String>,\n}\n";
const AFTER: &str = "#[derive(Table)]\n#[table(name = \"events\")]\nstruct Event {\n    #[column(primary_key, autoincrement)]\n    id: i64,\n    name: String,\n}\n";
const ROWS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000)
    INSERT INTO events SELECT i, 'the name of event ' || i FROM n";

#[test]
fn a_rebuild_says_how_many_rows_of_how_many_are_copied() {
    let project = Project::migrated(BEFORE);
    project.sql(ROWS);
    project.structs(AFTER);
    project.runs("generate");
    let mut terminal = Terminal::start(&project, 120, "migrate");
    assert_eq!(terminal.ends(), 0, "{}", terminal.screen());
    let said = terminal.bytes();
    assert!(said.contains(" of 3,000,000 rows"), "{said}");
    // nothing of it stays
    assert!(
        !terminal.screen().contains("rows") && terminal.screen().contains("Finished dev.db"),
        "{}",
        terminal.screen()
    );
    assert_eq!(
        project.query("SELECT count(*), count(DISTINCT name), sum(id) FROM events"),
        ["3000000|3000000|4500001500000"]
    );
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
}

#[test]
fn progress_is_for_terminals_only() {
    let project = Project::generated(BEFORE);
    let run = project.runs("migrate");
    assert!(!run.err.contains('\x1b') && !run.err.contains("Applying"), "{}", run.err);
}

#[test]
fn what_is_left_to_do_is_yellow_and_what_was_done_is_green() {
    let project = Project::generated(BEFORE);
    let colored = |line: &str, code: i32| {
        let mut terminal = Terminal::start(&project, 100, line);
        assert_eq!(terminal.ends(), code, "{}", terminal.screen());
        terminal.bytes()
    };
    let (green, yellow, bold) = ("\x1b[1m\x1b[92m", "\x1b[1m\x1b[33m", "\x1b[1m");
    let has =
        |text: &str, style: &str, verb: &str| assert!(text.contains(&format!("{style}{verb:>12}\x1b[0m")), "{text:?}");
    has(&colored("status", 4), yellow, "Pending");
    has(&colored("migrate --dry-run", 0), yellow, "Pending");
    let migrated = colored("migrate", 0);
    has(&migrated, green, "Applied");
    has(&migrated, green, "Finished");
    has(&colored("migrate", 0), bold, "Unchanged");
    has(&colored("status", 0), green, "Current");
    project.sql("ALTER TABLE events ADD COLUMN extra");
    has(&colored("status", 4), yellow, "Drifted");
    has(&colored("diff", 4), yellow, "Different");
}
