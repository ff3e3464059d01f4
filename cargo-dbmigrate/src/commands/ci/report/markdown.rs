//! The report as Markdown: whatever names and SQL have in them, they are shown as they are, and never read as Markdown or
//! HTML.

use std::fmt::Write as _;

use super::{queries, rehearsed};
use crate::messages::{DatabaseState, MemberState, MembersIn, NewMigration, Report};
use crate::report::counted;
use crate::report::markdown::{code, fenced};
use crate::rollout::survey::standing;

/// What a comment can hold is 65,536 characters; SQL that would exceed this is left out.
const LONGEST: usize = 60_000;

/// Operations of a migration that are listed.
const MOST: usize = 40;

/// What a pipeline finds its comment by: the first line.
fn marker(package: &str) -> String {
    format!("<!-- cargo-dbmigrate report: {} -->", package.replace("--", "- -"))
}

/// The report.
pub(super) fn written(said: &Report) -> String {
    let mut text = begun(&said.package, [said]);
    let title = match said.new.len() {
        0 => "No new migrations".to_owned(),
        count => counted(count, "new migration"),
    };
    // writing to a string cannot fail
    let _ = writeln!(text, "### {title}\n\n{}\n", compared(said));
    push(&mut text, said, LONGEST);
    ended(text)
}

/// The report on several databases of a package, each with its name.
pub(super) fn of_several(all: &[(&str, &Report)]) -> String {
    let Some((_, first)) = all.first() else { return String::new() };
    let mut text = begun(&first.package, all.iter().map(|(_, said)| *said));
    // writing to a string cannot fail
    let _ = writeln!(text, "{}\n", compared(first));
    for (at, (name, said)) in all.iter().enumerate() {
        let title = match said.new.len() {
            0 => "no new migrations".to_owned(),
            count => counted(count, "new migration"),
        };
        let _ = writeln!(text, "### Database {}: {title}\n", code(name));
        // those behind it have as much room each
        let left = LONGEST.saturating_sub(text.len()) / (all.len() - at);
        let length = text.len() + left;
        push(&mut text, said, length);
        text.truncate(text.trim_end().len());
        text.push_str("\n\n");
    }
    ended(text)
}

/// The first lines, which a program looks for.
fn begun<'r>(package: &str, all: impl IntoIterator<Item = &'r Report>) -> String {
    let mut text = marker(package) + "\n";
    if all.into_iter().all(|said| said.new.is_empty() && said.edited.is_empty() && said.removed.is_empty()) {
        text.push_str("<!-- nothing new -->\n");
    }
    text
}

fn compared(said: &Report) -> String {
    format!("Package {}, compared with {}.", code(&said.package), code(base(said)))
}

/// The commit that is compared with, as long as it is read.
fn base(said: &Report) -> &str {
    &said.base[..said.base.len().min(12)]
}

fn ended(mut text: String) -> String {
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// Adds what is to be said of one database of the package; with it, the text has at most so many bytes, SQL that is in
/// the way left out.
fn push(text: &mut String, said: &Report, longest: usize) {
    for (names, what) in [
        (&said.edited, "was edited: a database that has it refuses every migration"),
        (&said.removed, "was removed: a database that has it refuses every migration"),
    ] {
        for name in names {
            let _ = writeln!(text, "> **Warning:** {} {what}\n", code(name));
        }
    }
    let sections: Vec<(String, String)> = said.new.iter().map(|new| (section(new), folded(new))).collect();
    let databases = queries::section(&said.breaks, base(said)) + &databases(&said.databases);
    let diagram = said.diagram.as_ref().map(|text| format!("#### Schema\n\n{text}\n")).unwrap_or_default();
    // a comment that has no room for it does without
    let room = longest.saturating_sub(text.len() + databases.len());
    let diagram = if diagram.len() * 2 <= room { diagram } else { String::new() };
    text.push_str(&diagram);
    let mut left =
        longest.saturating_sub(text.len() + databases.len() + sections.iter().map(|(one, _)| one.len()).sum::<usize>());
    for ((section, sql), new) in sections.iter().zip(&said.new) {
        text.push_str(section);
        if sql.len() <= left {
            left -= sql.len();
            text.push_str(sql);
        } else {
            let _ = writeln!(text, "The SQL is too long to be shown here: {}\n", code(&new.file));
        }
    }
    text.push_str(&databases);
}

/// What a migration does, costs and loses.
fn section(new: &NewMigration) -> String {
    let mut text = format!("#### {} ({})\n\n", code(&new.name), cost(new.cost));
    for operation in new.operations.iter().take(MOST) {
        let _ = writeln!(text, "- {}: {}", code(&operation.title), cost(operation.cost));
    }
    match new.operations.len() {
        0 => text.push_str("- changes nothing\n"),
        count if count > MOST => {
            let _ = writeln!(text, "- and {} more", count - MOST);
        }
        _ => {}
    }
    text.push('\n');
    for loss in &new.losses {
        let _ = writeln!(text, "> **Loses data:** {}, as accepted\n", lost(&loss.lint, &loss.object));
    }
    for check in &new.checks {
        let _ = writeln!(text, "Does not start if {}\n", code(check));
    }
    if new.no_transaction {
        text.push_str("> **Warning:** it runs outside a transaction\n\n");
    }
    text
}

/// What is lost, in words.
fn lost(lint: &str, object: &str) -> String {
    let object = code(object);
    match lint {
        "drop_table" => format!("table {object} with all its rows"),
        "drop_column" => format!("column {object} with all its values"),
        "discard_values" => format!("the values of column {object}, which becomes generated"),
        "not_null_without_default" => format!("nothing, but it needs an empty table for column {object}"),
        "lossy_conversion" => format!("values of column {object} may change"),
        _ => format!("{} of {object}", code(lint)),
    }
}

fn cost(word: &str) -> &'static str {
    match word {
        "instant" => "catalog only",
        "scan" => "reads every row of a table",
        _ => "rewrites a table",
    }
}

/// The SQL, folded.
fn folded(new: &NewMigration) -> String {
    format!("<details>\n<summary>SQL</summary>\n\n{}\n</details>\n\n", fenced("sql", &new.sql))
}

fn databases(states: &[DatabaseState]) -> String {
    let mut text = String::new();
    for state in states {
        let name = code(&state.name);
        let pending = match &state.pending[..] {
            [] => "nothing pending".to_owned(),
            [one] => format!("1 migration pending: {}", code(one)),
            [first, .., last] => {
                format!("{} migrations pending: {} to {}", state.pending.len(), code(first), code(last))
            }
        };
        let _ = match state {
            DatabaseState { error: Some(_), is_target: true, .. } => {
                writeln!(text, "- {name}: **could not be read**, the log says why")
            }
            DatabaseState { error: Some(error), .. } => {
                writeln!(text, "- {name}: **could not be read**: {}", code(error))
            }
            DatabaseState { members, .. } if !members.is_empty() => {
                writeln!(text, "- {name}: {}", fleet(members, &pending))
            }
            DatabaseState { is_foreign: true, .. } => {
                writeln!(text, "- {name}: has tables but no migration history, so it must be adopted first")
            }
            DatabaseState { differences: 1.., .. } => {
                let how = "`cargo dbmigrate capture` makes a migration of it";
                writeln!(text, "- {name}: {pending}; **its schema was changed by hand** ({how})")
            }
            _ => writeln!(text, "- {name}: {pending}"),
        };
        for loss in &state.losses {
            let noun = if loss.lint == "drop_table" { "row" } else { "value" };
            let count = counted(usize::try_from(loss.count).unwrap_or(usize::MAX), noun);
            let _ = writeln!(text, "  - **loses {count}** of {}, as accepted", code(&loss.object));
        }
        if let Some(rehearsal) = &state.rehearsal {
            text.push_str(&rehearsed::section(rehearsal));
        }
    }
    if text.is_empty() { text } else { format!("#### Databases\n\n{text}") }
}

/// Where the members of a fleet stand, and what the one lacks that lacks most.
fn fleet(members: &[MembersIn], pending: &str) -> String {
    let all = counted(members.iter().map(|one| one.members).sum(), "member");
    let states = members.iter().map(|one| {
        let state = format!("{} {}", one.members, standing(one.state, one.pending));
        if matches!(one.state, MemberState::AtHead | MemberState::Behind) { state } else { format!("**{state}**") }
    });
    let states = states.collect::<Vec<_>>().join(", ");
    let is_behind = members.iter().any(|one| one.state == MemberState::Behind);
    let behind = if is_behind { format!("; at most {pending}") } else { String::new() };
    format!("{all}: {states}{behind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_is_shown_as_it_is() {
        for (name, wanted) in [
            ("users", "`users`"),
            ("a`b", "``a`b``"),
            ("`a``", "``` `a`` ```"),
            ("<img src=x onerror=alert(1)>", "`<img src=x onerror=alert(1)>`"),
            ("a\n\n# @everybody", "`a  # @everybody`"),
            ("a\u{202e}b", "`a\u{fffd}b`"),
            ("", "` `"),
        ] {
            assert_eq!(code(name), wanted);
        }
    }

    #[test]
    fn a_fence_is_longer_than_what_is_in_it() {
        let sql = "SELECT '```';\n</details>";
        let new = NewMigration {
            name: "0001_a".to_owned(),
            file: "f".to_owned(),
            operations: Vec::new(),
            cost: "instant",
            losses: Vec::new(),
            checks: Vec::new(),
            no_transaction: false,
            sql: sql.to_owned(),
        };
        assert!(folded(&new).contains(&format!("\n````sql\n{sql}\n````\n")));
        let long = NewMigration { sql: "x".repeat(LONGEST), ..new.clone() };
        let said = Report {
            package: "app".to_owned(),
            base: "0123456789abcdef".to_owned(),
            new: vec![long, new],
            edited: Vec::new(),
            removed: vec!["0000_gone".to_owned()],
            breaks: Vec::new(),
            diagram: None,
            databases: Vec::new(),
        };
        let text = written(&said);
        assert!(text.len() < LONGEST && text.contains("too long to be shown here: `f`") && text.contains("````sql"));
        assert!(text.starts_with("<!-- cargo-dbmigrate report: app -->\n### 2 new migrations\n"));
        assert!(text.contains("`0000_gone` was removed"));
    }
}
