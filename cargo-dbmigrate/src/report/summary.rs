//! The summary of a run as Markdown, for the page of a job.

use std::fmt::Write as _;

use dbmigrate_core::shell::shell_quoted;

use super::duration::Elapsed;
use super::outcome::Outcome;
use crate::exit;
use crate::messages::{self, Answer, Ended, FileAction, On};

/// GitHub takes one megabyte for a step, of which other commands get their part.
const MOST: usize = 256 * 1024;

/// The summary. `command` is what was run.
pub(super) fn markdown(outcome: &Outcome, command: &str, exit_code: u8) -> String {
    let all = &outcome.finished;
    let mut text = format!("### {}: {}\n\n", code(&format!("cargo dbmigrate {command}")), ended(exit_code));
    for error in outcome.errors() {
        let place = error.place.as_ref().map(|place| format!(" ({})", code(place))).unwrap_or_default();
        put(&mut text, &format!("**Error:** {}{place}\n", prose(&error.message)));
        list(&mut text, "", error.notes.iter().map(|note| prose(note)));
    }
    let targets = all.targets.iter().map(|one| {
        let database = one.database.as_ref().map(|database| format!(" ({})", code(database))).unwrap_or_default();
        format!("{}{database}: {}", prose(&one.target), became(one.outcome))
    });
    list(&mut text, "Targets", targets);
    let places = all.databases.iter().map(|place| {
        let of = |on: &On, all: &mut dyn Iterator<Item = &On>| all.filter(|one| *one == on).count();
        let applied = of(&place.on, &mut all.applied.iter().map(|one| &one.on));
        let pending = of(&place.on, &mut all.pending.iter().map(|one| &one.on));
        let counts = [(applied, "applied now"), (pending, "pending")].into_iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
        let colon = if counts.is_empty() { "" } else { ": " };
        format!("{}{colon}{}", shown(&place.on), counts.join(", "))
    });
    list(&mut text, "Databases", places);
    let several = all.databases.len() > 1;
    let there = |on: &On| if several { format!(" ({})", shown(on)) } else { String::new() };
    let applied =
        all.applied.iter().map(|one| format!("{} in {}{}", code(&one.name), Elapsed(one.milliseconds), there(&one.on)));
    list(&mut text, "Applied", applied);
    list(&mut text, "Pending", all.pending.iter().map(|one| format!("{}{}", code(&one.name), there(&one.on))));
    let changes = all.changes.iter().map(|change| match &change.cost {
        Some(cost) => format!("{} ({cost})", prose(&change.change)),
        None => prose(&change.change),
    });
    list(&mut text, "Changes", changes);
    let losses = all.losses.iter().map(|loss| format!("{} ({}), {}", code(&loss.object), loss.lint, loss.count));
    list(&mut text, "Losses, as accepted", losses);
    let rows = all.seeded.iter().flat_map(|seeded| seeded.tables.iter().map(move |table| (&seeded.on, table)));
    let rows = rows.filter(|(_, table)| table.inserted + table.updated + table.deleted > 0).map(|(on, table)| {
        let messages::SeededTable { inserted, updated, deleted, .. } = table;
        let name = code(&table.table);
        format!("{name}: {inserted} inserted, {updated} updated, {deleted} deleted{}", there(on))
    });
    list(&mut text, "Rows", rows);
    let files = all.files.iter().filter(|file| file.done != FileAction::Unchanged);
    list(&mut text, "Files", files.map(|file| format!("{} {}", verb(file.done), code(&file.path))));
    for (at, decision) in all.decisions.iter().enumerate() {
        if at == 0 {
            put(&mut text, "**Decisions**\n");
        }
        put(&mut text, &format!("{}. {}", at + 1, prose(&decision.message)));
        for answer in &decision.answers {
            put(&mut text, &format!("   - {}: {}{}", prose(&answer.label), code(&command_of(answer)), consent(answer)));
        }
        if at + 1 == all.decisions.len() {
            put(&mut text, "");
        }
    }
    list(&mut text, "Warnings", all.warnings.iter().map(|warning| prose(&warning.message)));
    let steps = if all.decisions.is_empty() { outcome.steps() } else { Vec::new() };
    list(&mut text, "Next", steps.iter().map(|step| prose(&step.text)));
    if text.len() > MOST {
        let end = (0..MOST).rev().find(|at| text.is_char_boundary(*at) && text[..*at].ends_with('\n')).unwrap_or(0);
        text.truncate(end);
        put(&mut text, "\n…, see the log for the rest");
    }
    text
}

fn ended(exit_code: u8) -> &'static str {
    match exit_code {
        exit::DONE => "done",
        exit::USAGE => "wrong usage",
        exit::DECISION => "a decision is needed",
        exit::DIFFERENCE => "a difference was found",
        exit::INCONSISTENT => "migrations or histories are inconsistent",
        _ => "failed",
    }
}

fn became(outcome: Ended) -> &'static str {
    match outcome {
        Ended::Done => "done",
        Ended::Difference => "differs",
        Ended::Decision => "needs a decision",
        Ended::Failed => "failed",
        Ended::Skipped => "skipped, its variable is not set",
        Ended::NotTried => "not tried",
    }
}

fn verb(done: FileAction) -> &'static str {
    match done {
        FileAction::Created => "created",
        FileAction::Unchanged => "unchanged",
        FileAction::Overwrote => "overwrote",
        FileAction::Replaced => "replaced",
        FileAction::Updated => "updated",
        FileAction::Removed => "removed",
    }
}

fn shown(on: &On) -> String {
    match &on.target {
        Some(target) => format!("{} ({})", prose(target), code(&on.database)),
        None => code(&on.database),
    }
}

/// The command of an answer, as a shell takes it.
fn command_of(answer: &Answer) -> String {
    answer.arguments.iter().fold("cargo dbmigrate".to_owned(), |line, word| format!("{line} {}", shell_quoted(word)))
}

fn consent(answer: &Answer) -> &'static str {
    if answer.consent { " (asks for consent)" } else { "" }
}

fn put(text: &mut String, line: &str) {
    // writing to a string cannot fail
    let _ = writeln!(text, "{line}");
}

fn list(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    if !title.is_empty() {
        put(text, &format!("**{title}**\n"));
    }
    for line in lines {
        put(text, &format!("- {line}"));
    }
    put(text, "");
}

/// A text as code on one line, whatever is in it.
fn code(text: &str) -> String {
    let line = one_line(text);
    let longest = line.split(|char| char != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // a backtick at an end would be one of the fence
    let space = if line.starts_with('`') || line.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{line}{space}{fence}")
}

/// A sentence with code in backticks: what is outside of those is no Markdown.
fn prose(text: &str) -> String {
    let line = one_line(text);
    let parts = line.split('`').enumerate().map(|(at, part)| {
        if at % 2 == 1 {
            return part.to_owned();
        }
        let mut escaped = String::new();
        for char in part.chars() {
            match char {
                '<' => escaped.push_str("&lt;"),
                '&' => escaped.push_str("&amp;"),
                '*' | '_' | '[' | ']' | '\\' | '|' | '#' | '@' => {
                    escaped.push('\\');
                    escaped.push(char);
                }
                char => escaped.push(char),
            }
        }
        escaped
    });
    let mut joined = parts.collect::<Vec<_>>().join("`");
    if line.matches('`').count() % 2 == 1 {
        joined = joined.replace('`', "\\`");
    }
    joined
}

fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Warning;

    #[test]
    fn nothing_in_a_name_is_markdown() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a``b`"), "``` a``b` ```");
        assert_eq!(prose("column `a_b<c>` *is* <img>\nnew_one"), "column `a_b<c>` \\*is\\* &lt;img> new\\_one");
        assert_eq!(prose("a ` b"), "a \\` b");
    }

    #[test]
    fn a_summary_ends_in_time() {
        let mut outcome = Outcome::default();
        outcome.finished.warnings = vec![Warning { target: None, message: "x".repeat(100), help: Vec::new() }; 10_000];
        let text = markdown(&outcome, "check", 0);
        assert!(text.len() < MOST + 100 && text.ends_with("see the log for the rest\n"), "{}", text.len());
    }
}
