//! The list of all literals with what they use.

use super::judged::{Judged, Outcome};
use super::places::{by_table, on_one_line, said};
use crate::messages::{self, FoundQuery, UsedTable};
use crate::report::Printer;
use crate::source::Literals;

/// Prints the list.
pub(super) fn list(printer: &Printer, judged: &[&Judged<'_>], literals: &Literals) {
    let mut lines = Vec::new();
    for one in judged {
        let place = format!("{}:{}", one.written.path, one.written.line);
        let database = one.database.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        lines.push(format!("{place}{database}"));
        lines.push(format!("    {}", on_one_line(one.written.literal.value())));
        match &one.outcome {
            Outcome::Fits(accesses) => {
                for (verb, is_write) in [("reads", false), ("writes", true)] {
                    let tables = by_table(accesses, is_write);
                    if !tables.is_empty() {
                        lines.push(format!("    {verb} {}", said(&tables)));
                    }
                }
            }
            Outcome::Refused(refused) => {
                lines.extend(refused.iter().map(|refusal| format!("    fails: {}", refusal.message)));
            }
            Outcome::Unknown(why) => lines.push(format!("    not judged: {why}")),
        }
    }
    for (path, line) in &literals.at_run_time {
        lines.push(format!("{path}:{line}"));
        lines.push("    not judged: built at run time".to_owned());
    }
    if lines.is_empty() {
        lines.push("no SQL in string literals".to_owned());
    }
    printer.result(lines.join("\n"));
    printer.message(|| message(judged, literals));
}

fn message(judged: &[&Judged<'_>], literals: &Literals) -> messages::Queries {
    let found = judged.iter().map(|one| {
        let (accesses, problem) = match &one.outcome {
            Outcome::Fits(accesses) => (accesses.as_slice(), None),
            Outcome::Refused(refused) => (&[][..], refused.first().map(|refusal| refusal.message.clone())),
            Outcome::Unknown(why) => (&[][..], Some(why.clone())),
        };
        let used = |is_write| -> Vec<UsedTable> {
            let tables = by_table(accesses, is_write).into_iter();
            tables.map(|(table, columns)| UsedTable { table, columns }).collect()
        };
        FoundQuery {
            file: one.written.path.clone(),
            line: one.written.line,
            sql: one.written.literal.value().to_owned(),
            database: one.database.clone(),
            fits: match one.outcome {
                Outcome::Fits(_) => Some(true),
                Outcome::Refused(_) => Some(false),
                Outcome::Unknown(_) => None,
            },
            problem,
            reads: used(false),
            writes: used(true),
        }
    });
    let at_run_time = literals.at_run_time.iter().map(|(path, line)| format!("{path}:{line}"));
    messages::Queries { queries: found.collect(), at_run_time: at_run_time.collect() }
}
