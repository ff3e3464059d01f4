//! A command on the members of a fleet: one after the other, what each fails with beside those with the same reason.

use std::collections::BTreeMap;

use super::context::Context;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages::{Ended, MemberRun};
use crate::project::url::DatabaseUrl;
use crate::report::counted;
use crate::report::member::names;

/// What stands for a member in a reason.
const MEMBER: &str = "…";

/// Members that failed with one reason.
struct Failed {
    /// What the first of them failed with.
    error: CommandError,
    members: Vec<String>,
}

/// Runs a command on each member. One that fails keeps none of the others from being run on; what is wrong with the
/// command line or the configuration is wrong for all.
///
/// # Errors
/// What is wrong for all.
pub(super) fn each<'u>(
    context: &Context,
    fleet: &str,
    urls: impl ExactSizeIterator<Item = &'u DatabaseUrl>,
    mut run: impl FnMut(&Context, &DatabaseUrl) -> Result<u8>,
) -> Result<u8> {
    let printer = &context.printer;
    let of = urls.len();
    let progress = printer.progress("Members", of as u64);
    let mut failed: BTreeMap<(u8, String), Failed> = BTreeMap::new();
    let mut codes: BTreeMap<u8, usize> = BTreeMap::new();
    for (url, done) in urls.zip(0..) {
        let whole = url.target().map_or("", |target| target.name.as_str());
        let name = whole.strip_prefix(fleet).and_then(|rest| rest.strip_prefix('/')).unwrap_or(whole);
        progress.step(done, name);
        let inner = Context { printer: printer.on_member(whole), ..context.clone() };
        let code = match run(&inner, url) {
            Ok(code) => code,
            Err(error) if error.exit_code() == exit::USAGE || error.is_cancelled() => {
                return Err(error.note(format!("the member is `{whole}`")));
            }
            Err(error) => {
                let code = error.exit_code();
                if printer.is_json() {
                    inner.printer.error(&error);
                }
                let reason = error.message().replace(&url.to_string(), MEMBER).replace(whole, MEMBER);
                let same = failed.entry((code, reason)).or_insert_with(|| Failed { error, members: Vec::new() });
                same.members.push(name.to_owned());
                code
            }
        };
        *codes.entry(code).or_default() += 1;
        printer.message(|| MemberRun {
            target: fleet.to_owned(),
            member: name.to_owned(),
            database: url.to_string(),
            outcome: outcome(code),
            exit_code: code,
        });
    }
    drop(progress);
    for Failed { error, members } in failed.into_values().filter(|_| !printer.is_json()) {
        let first = &members[0];
        let shown = names(12, members.iter().map(String::as_str));
        let whose = match members.len() {
            1 => format!("the member is `{first}`"),
            count => format!("so it is for {}: {shown}", counted(count, "member")),
        };
        context.printer.on_target(&format!("{fleet}/{first}")).error(&error.note(whose));
    }
    printer.status("Summary", format!("{fleet}: {}", said(of, &codes)));
    Ok(code(&codes))
}

fn outcome(code: u8) -> Ended {
    match code {
        exit::DONE => Ended::Done,
        exit::DIFFERENCE => Ended::Difference,
        exit::DECISION => Ended::Decision,
        _ => Ended::Failed,
    }
}

/// The exit code of all: that of what was found, unless members failed.
fn code(codes: &BTreeMap<u8, usize>) -> u8 {
    let worst = codes.keys().copied().filter(|code| *code != exit::DONE);
    worst.fold(exit::DONE, |worst, code| match (worst, code) {
        (exit::DONE | exit::DIFFERENCE, exit::DIFFERENCE) => exit::DIFFERENCE,
        (exit::DONE | exit::DIFFERENCE | exit::DECISION, exit::DECISION) => exit::DECISION,
        _ => exit::MEMBERS,
    })
}

/// What became of them, in words.
fn said(of: usize, codes: &BTreeMap<u8, usize>) -> String {
    let (mut done, mut differ, mut decide, mut failed) = (0, 0, 0, 0);
    for (code, count) in codes {
        *match outcome(*code) {
            Ended::Done => &mut done,
            Ended::Difference => &mut differ,
            Ended::Decision => &mut decide,
            _ => &mut failed,
        } += count;
    }
    if of == 0 {
        return "no member is meant".to_owned();
    }
    let others = [(differ, "differ"), (decide, "need a decision"), (failed, "failed")];
    let others = others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}"));
    format!("{done} of {} done{}", counted(of, "member"), others.collect::<String>())
}
