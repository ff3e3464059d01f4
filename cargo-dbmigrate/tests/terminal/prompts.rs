//! Questions: nothing is lost by a slip of the finger, and no answer is thrown away.

use insta::assert_snapshot;

use crate::project::Project;
use crate::screen::{CTRL_C, DOWN, ENTER, ESCAPE, Terminal, UP};

/// A table `users` with these fields besides the key.
fn users(fields: &str) -> String {
    format!(
        "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User {{\n    #[column(primary_key)]\n    id: i64,\n    {fields}\n}}\n"
    )
}

/// A database with two rows in `users(id, nick)`, and other fields in the struct.
fn changed(fields: &str) -> Project {
    let project = Project::migrated(&users("nick: String,"));
    project.sql("INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace')");
    project.structs(&users(fields));
    project
}

const RENAMED_OR_NOT: &str = "handle: Option<String>,";
const LIST: &str = "renamed to `handle`";
const CONFIRM: &str = "[y/N]";

fn second(project: &Project) -> Option<String> {
    let names = project.file_names();
    let name = names.lines().find(|name| name.contains("0002_") && name.ends_with("migration.sql"))?;
    Some(project.read(name))
}

#[test]
fn ctrl_c_and_escape_end_a_question_and_leave_the_cursor_there() {
    for key in [CTRL_C, ESCAPE, "\x04"] {
        for question in ["a list", "a line", "a confirmation"] {
            let project = match question {
                "a list" => changed(RENAMED_OR_NOT),
                "a line" => changed("nick: String,\n    age: i64,"),
                _ => changed(""),
            };
            let before = project.tree();
            let mut terminal = Terminal::start(&project, 100, "generate");
            terminal.sees(match question {
                "a list" => LIST,
                "a line" => "such as 0",
                _ => CONFIRM,
            });
            terminal.types(key);
            assert_eq!(terminal.ends(), 3, "{question}:\n{}", terminal.screen());
            assert!(terminal.screen().contains("cancelled, nothing was written"), "{}", terminal.screen());
            assert!(!terminal.is_cursor_hidden());
            assert!(!terminal.bytes().contains("\x1b[?25l"), "it was never hidden");
            assert!(before == project.tree());
        }
    }
}

#[test]
fn a_list_does_not_wrap_around_to_a_loss() {
    let project = changed(RENAMED_OR_NOT);
    let mut terminal = Terminal::start(&project, 100, "generate");
    terminal.sees(LIST).types(UP).types(UP).types(DOWN).types(UP).types(ENTER);
    assert_eq!(terminal.ends(), 0, "{}", terminal.screen());
    let sql = second(&project).expect("it was written");
    assert!(sql.contains("RENAME COLUMN nick TO handle"), "{sql}");
}

#[test]
fn enter_alone_loses_nothing() {
    for (fields, code) in [(RENAMED_OR_NOT, 0), ("", 3)] {
        let project = changed(fields);
        let mut terminal = Terminal::start(&project, 100, "generate");
        terminal.sees("column `users.nick` is gone");
        for _ in 0..5 {
            terminal.types(ENTER);
        }
        assert_eq!(terminal.ends(), code, "{}", terminal.screen());
        assert!(!second(&project).unwrap_or_default().contains("drop_column"), "{}", terminal.screen());
    }
}

#[test]
fn a_loss_that_is_chosen_from_a_list_is_confirmed() {
    let project = changed(RENAMED_OR_NOT);
    let mut terminal = Terminal::start(&project, 100, "generate");
    terminal.sees(LIST).types(DOWN).types(DOWN).types(DOWN).types(ENTER).sees("This cannot be undone. [y/N]");
    // not that, then: the list is there again
    terminal.types(ENTER).sees("> renamed to `handle`").types(DOWN).types(ENTER);
    terminal.sees_times("This cannot be undone. [y/N]", 2).types("maybe").types(ENTER).sees("type `y` or `n`");
    terminal.types("\x15").types("y").types(ENTER);
    assert_eq!(terminal.ends(), 0, "{}", terminal.screen());
    assert!(second(&project).expect("it was written").contains("allow(drop_column) users.nick"));
    assert_snapshot!(terminal.screen());
}

#[test]
fn a_push_says_how_much_would_be_lost_before_it_is() {
    let project = changed(RENAMED_OR_NOT);
    let before = project.dump();
    let mut terminal = Terminal::start(&project, 100, "push --accept history");
    terminal
        .sees(LIST)
        .types(DOWN)
        .types(ENTER)
        .sees("drop column `users.nick` with 2 values?")
        .types("n")
        .types(ENTER);
    terminal.sees("> renamed to `handle`").types(CTRL_C);
    assert_eq!(terminal.ends(), 3, "{}", terminal.screen());
    assert_eq!(project.dump(), before);
    let mut terminal = Terminal::start(&project, 100, "push --accept history");
    terminal.sees(LIST).types(DOWN).types(ENTER).sees("with 2 values?").types("y").types(ENTER);
    assert_eq!(terminal.ends(), 0, "{}", terminal.screen());
    assert_eq!(project.dump(), "-- users\nid|handle\n1|NULL\n2|NULL\n");
}

#[test]
fn an_expression_that_does_not_work_is_asked_for_again_and_earlier_answers_stay() {
    let project = changed("handle: String,\n    country: String,");
    let mut terminal = Terminal::start(&project, 100, "generate");
    terminal.sees("renamed to `handle`").types(ENTER);
    terminal.sees("what value do existing rows get?").types("de").types(ENTER);
    terminal.sees("no such column: de; put text in single quotes: 'de'");
    // the text is there to be mended
    terminal.types("\x1b[H").types("'").types("\x1b[F").types("'").types(ENTER);
    assert_eq!(terminal.ends(), 0, "{}", terminal.screen());
    let sql = second(&project).expect("it was written");
    assert!(sql.contains("'de'") && sql.contains("RENAME COLUMN nick TO handle"), "{sql}");
    assert_snapshot!(terminal.screen());
    project.runs("migrate");
    assert_eq!(project.dump(), "-- users\nid|handle|country\n1|Ada|de\n2|Grace|de\n");
}

#[test]
fn answers_before_a_cancelled_question_are_said_as_a_command_that_gives_them_again() {
    let project = changed("handle: String,\n    country: String,\n    city: String,");
    let mut terminal = Terminal::start(&project, 200, "generate");
    terminal.sees(LIST).types(ENTER);
    terminal.sees("users.country").types("'it''s'").types(ENTER);
    terminal.sees("users.city").types(CTRL_C);
    assert_eq!(terminal.ends(), 3);
    let screen = terminal.screen();
    let line = screen.lines().find(|line| line.contains("to give the same answers again")).expect("they are said");
    let command = line.split('`').nth(1).expect("it is a command").to_owned();
    assert_snapshot!(command, @r#"cargo dbmigrate generate --rename users.nick=handle --backfill "users.country='it''s'""#);
    let city = " --backfill \"users.city='x'\"";
    let run = project.shell(&format!("{command}{city}"));
    assert_eq!(run.code, 0, "{}", run.err);
}

#[test]
fn an_error_of_an_amend_says_how_to_give_the_same_answers_again() {
    let project = Project::generated(&users("nick: String,"));
    project.structs(&users("nick: String,\n    email: Option<String>,"));
    project.runs("generate");
    project.structs(&users("nick: String,\n    country: String,\n    city: String,"));
    let mut terminal = Terminal::start(&project, 200, "generate --amend --name places");
    terminal.sees("users.country").types("'de'").types(ENTER);
    terminal.sees("users.city").types(CTRL_C);
    assert_eq!(terminal.ends(), 3);
    let screen = terminal.screen();
    let line = screen.lines().find(|line| line.contains("same answers")).unwrap_or_else(|| panic!("{screen}"));
    let command = line.split('`').nth(1).expect("it is a command");
    let run = project.shell(&format!("{command} --backfill \"users.city='x'\""));
    assert_eq!(run.code, 0, "`{command}`: {}", run.err);
    let sql = second(&project).expect("it was written");
    assert!(sql.contains("'de'") && sql.contains("'x'"), "{sql}");
}

#[test]
fn what_would_be_lost_can_be_kept_by_a_letter_and_from_a_list() {
    let project = changed("");
    let mut terminal = Terminal::start(&project, 200, "generate");
    terminal.sees("drop, but keep its values for a revert").sees("[y/N]").types("k").types(ENTER);
    assert_eq!(terminal.ends(), 0, "{}", terminal.screen());
    let sql = second(&project).expect("it was written");
    assert!(sql.contains("-- dbmigrate: keep users.nick in _dbmigrate_kept_0002_users\n"), "{sql}");
    project.runs("migrate");
    assert_eq!(project.query("SELECT nick FROM _dbmigrate_kept_0002_users"), ["Ada", "Grace"]);

    let project = changed(RENAMED_OR_NOT);
    let mut terminal = Terminal::start(&project, 200, "generate");
    terminal.sees(LIST).types(DOWN).types(ENTER);
    terminal.sees("drop, but keep its values for a revert").sees("[y/N]").types("k").types(ENTER);
    assert_eq!(terminal.ends(), 0, "{}", terminal.screen());
    let sql = second(&project).expect("it was written");
    assert!(sql.contains("-- dbmigrate: keep users.nick in _dbmigrate_kept_0002_users\n"), "{sql}");
}

/// The screens of a dialogue in a terminal of so many columns.
fn dialogue(columns: u16) -> String {
    let structs = users("display_name_of_the_account_as_it_is_shown_to_others: String,\n    country: String,");
    let project = Project::migrated(&users("nick: String,"));
    project.sql("INSERT INTO users VALUES (1, 'Ada')");
    project.structs(&structs);
    // what lints say would push the dialogue off the screen
    let mut terminal = Terminal::start(&project, columns, "generate -A warnings");
    let mut screens = Vec::new();
    terminal.sees("dropped").types(DOWN).types(DOWN).types(DOWN).sees("> dropped");
    screens.push(terminal.types(UP).types(UP).types(UP).sees("> renamed to `disp").screen());
    terminal.types(ENTER).sees("such as").types("lower(substr('a text that is longer than the terminal', 1, 2))");
    screens.push(terminal.sees("1, 2))").screen());
    terminal.types("\x15de").types(ENTER).sees("no such column").types("\x15'de'").types(ENTER);
    assert_eq!(terminal.ends(), 0, "{}", terminal.screen());
    let name = |line: &str| !line.contains("0002_");
    screens.push(terminal.screen().lines().filter(|line| name(line)).collect::<Vec<_>>().join("\n") + "\n");
    for screen in &screens {
        // drawn once, and never behind the last column
        assert_eq!(screen.matches("? column `users.nick`").count(), 1, "{screen}");
    }
    screens.join("----\n")
}

#[test]
fn a_dialogue_can_be_read_at_40_columns() {
    assert_snapshot!(dialogue(40));
}

#[test]
fn a_dialogue_can_be_read_at_100_columns() {
    assert_snapshot!(dialogue(100));
}

#[test]
fn a_dialogue_can_be_read_at_200_columns() {
    assert_snapshot!(dialogue(200));
}

#[test]
fn what_is_typed_ahead_is_taken_and_not_echoed_twice() {
    let project = changed("nick: String,\n    country: String,\n    city: String,");
    let mut terminal = Terminal::start(&project, 100, "generate -A warnings");
    terminal.sees("users.country").types("'a'\r'b'\r");
    assert_eq!(terminal.ends(), 0, "{}", terminal.screen());
    assert_eq!(terminal.screen().matches("'a'").count(), 1, "{}", terminal.screen());
    let sql = second(&project).expect("it was written");
    assert!(sql.contains("'a'") && sql.contains("'b'"), "{sql}");
}

#[test]
fn a_conversion_is_asked_for_and_checked_like_a_backfill() {
    let project = changed("nick: bool,");
    let mut terminal = Terminal::start(&project, 200, "generate");
    terminal
        .sees("> converted with an SQL expression")
        .types(DOWN)
        .types(ENTER)
        .sees("cannot be read? [y/N]")
        .types(ENTER);
    terminal.sees("> converted with").types(ENTER).sees("such as").types("nik = 1").types(ENTER);
    terminal.sees("no such column: nik").types("\x15nick = 'Ada'").types(ENTER);
    assert_eq!(terminal.ends(), 0, "{}", terminal.screen());
    project.runs("migrate");
    assert_eq!(project.dump(), "-- users\nid|nick\n1|1\n2|0\n");
}
