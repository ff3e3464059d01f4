//! Findings as diagnostics: at the statement, at the struct, with what the rows say and what to do about it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use dbmigrate_core::lint::{Level, Probe, ProbeKind};
use dbmigrate_core::plan::Lint;

use super::run::{Counted, Found};
use super::{Linted, Set};
use crate::diagnostic::{Diagnostic, Suggestion};
use crate::messages::{Asked, AskedMeaning};
use crate::report::counted;

/// Where the findings are shown, which decides about the ways out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// In migrations that are written: a directive in the file accepts one.
    File,
    /// In what will be written, or is no migration: flags behind this command accept them.
    Command(&'a str),
    /// In migrations that somebody else is to judge: none of them is an error.
    Preview,
}

/// How the command begins that writes migrations.
const GENERATE: &str = "cargo dbmigrate generate";

/// The findings of a run.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// What is denied.
    pub(crate) denied: Vec<Diagnostic>,
    /// What is warned of.
    pub(crate) warnings: Vec<Diagnostic>,
}

impl Shown {
    /// All of them, for people and programs.
    pub(crate) fn of(all: &[Linted], set: &Set, place: Place<'_>) -> Self {
        let mut shown = Self::default();
        // how a lint is explained and accepted is said once
        let mut explained: BTreeSet<String> = BTreeSet::new();
        for linted in all {
            for found in &linted.found {
                let is_first = explained.insert(found.finding.rule.name.to_string());
                let diagnostic = of_finding(linted, found, (set, place), is_first);
                if diagnostic.is_error() { &mut shown.denied } else { &mut shown.warnings }.push(diagnostic);
            }
            for unused in &linted.unused {
                let warning = Diagnostic::warning(&unused.message);
                let warning = match &linted.file {
                    Some(file) => warning.at(file, unused.span.clone(), ""),
                    None => warning,
                };
                shown.warnings.push(warning.help(&unused.help));
            }
        }
        shown
    }

    /// What was found, in words: `2 findings are denied, 3 warnings`.
    pub(crate) fn tally(&self) -> String {
        let (denied, warnings) = (self.denied.len(), counted(self.warnings.len(), "warning"));
        match (denied, self.warnings.len()) {
            (0, 0) => "nothing found".to_owned(),
            (0, _) => warnings,
            (_, 0) => are_denied(denied, ""),
            _ => format!("{}, {warnings}", are_denied(denied, "")),
        }
    }
}

/// `1 finding is denied`, `2 findings in 3 migrations are denied`.
pub(crate) fn are_denied(count: usize, place: &str) -> String {
    format!("{}{place} {} denied", counted(count, "finding"), if count == 1 { "is" } else { "are" })
}

fn of_finding(linted: &Linted, found: &Found, (set, place): (&Set, Place<'_>), is_first: bool) -> Diagnostic {
    let finding = &found.finding;
    let rule = &finding.rule;
    let probe = finding.probe.as_ref();
    let message = match (probe, &found.counted) {
        (Some(probe), Some(counted)) => format!("{}: {}", finding.message, said(probe, counted)),
        _ => finding.message.clone(),
    };
    let is_error = found.level == Level::Deny && place != Place::Preview;
    let mut shown = if is_error { Diagnostic::error(message) } else { Diagnostic::warning(message) };
    shown.code = Some(rule.name.to_string());
    shown.object = Some(finding.object.as_str().into());
    if let (Some(file), Some(span)) = (&linted.file, &found.span) {
        shown = shown.at(file, span.clone(), "");
    }
    if let Some(declared) = &found.declared {
        let label = if shown.labels.is_empty() { "" } else { &declared.label };
        shown = shown.at(&declared.file, declared.span.clone(), label);
    }
    shown = finding.notes.iter().fold(shown, Diagnostic::note);
    if let (Some(probe), None) = (probe, &found.counted) {
        shown = shown.note(unasked(probe));
    }
    if is_first && let Some(said) = set.reason(rule) {
        let word = if found.level == Level::Deny { "denied" } else { "warned of" };
        shown = shown.note(format!("{word} by `{said}`"));
    }
    shown = finding.help.iter().fold(shown, |shown, help| match place {
        // what is not written cannot be amended: the flags belong to the command that was typed
        Place::Command(command) if command.starts_with(GENERATE) => {
            shown.help(help.replace(&format!("`{GENERATE} --amend"), &format!("`{command}")))
        }
        _ => shown.help(help),
    });
    if let Some(fix) = &finding.fix {
        let edits: Vec<_> =
            found.edits.iter().map(|one| (one.file.clone(), one.range.clone(), one.text.clone())).collect();
        if edits.is_empty() {
            shown = shown.help(&fix.says);
        } else {
            shown.suggestion = Some(Box::new(Suggestion { says: fix.says.clone(), edits }));
        }
    }
    if is_first {
        let name = &rule.name;
        shown = match place {
            Place::File | Place::Preview => {
                // what a migration is planned with is a part of what is recorded
                let has_effect = name.parse::<Lint>().is_ok();
                let then = if has_effect { ", then record the edit: `cargo dbmigrate generate --custom`" } else { "" };
                shown
                    .help(format!("to accept it: `-- dbmigrate: allow({name}) {} because \"…\"`{then}", finding.object))
            }
            Place::Command(command) => shown.help(format!("to accept it: `{command} --allow {name}`")),
        };
        shown = shown.help(format!("for an explanation: `cargo dbmigrate lints {name}`"));
    }
    shown.asked = probe.map(|probe| Box::new(asked(probe, found.counted.as_ref())));
    shown
}

/// What a probe has found: `3 rows of users have no email: id 1, 2, 7`.
fn said(probe: &Probe, found: &Counted) -> String {
    let says = if found.rows == 1 { singular(&probe.says) } else { probe.says.clone() };
    let keys = found.keys.as_ref().map(|(name, keys)| {
        let more = if found.rows > keys.len() as u64 { ", …" } else { "" };
        let name = if name.is_empty() { String::new() } else { format!("{name} ") };
        format!(": {name}{}{more}", keys.join(", "))
    });
    format!("{} {says}{}", found.rows, keys.unwrap_or_default())
}

/// What probes count: of many, of one.
const NOUNS: [(&str, &str); 4] =
    [("rows ", "row "), ("values ", "value "), ("keys ", "key "), ("duplicates ", "duplicate ")];

/// The verbs that go with it, and what stands in front of one that stays as it is.
const VERBS: [(&str, &str); 9] = [
    (" have ", " has "),
    (" are ", " is "),
    (" violate ", " violates "),
    (" reference ", " references "),
    (" refer ", " refers "),
    (" become ", " becomes "),
    (" get ", " gets "),
    (" would ", " would "),
    (" cannot ", " cannot "),
];

fn singular(says: &str) -> String {
    let mut nouns = NOUNS.iter();
    let counted = nouns.find_map(|(plural, singular)| Some(format!("{singular}{}", says.strip_prefix(plural)?)));
    let text = counted.unwrap_or_else(|| says.to_owned());
    // only the first one is about what is counted
    let found = VERBS.iter().filter_map(|(plural, singular)| Some((text.find(plural)?, plural, singular)));
    match found.min() {
        Some((at, plural, singular)) => format!("{}{singular}{}", &text[..at], &text[at + plural.len()..]),
        None => text,
    }
}

/// What is not known without a database. What makes a migration fail is in the message already.
fn unasked(probe: &Probe) -> String {
    let Probe { says, at_least, .. } = probe;
    let query = to_type(&probe.count);
    match probe.kind {
        ProbeKind::Fails if *at_least > 1 => format!("fails if at least {at_least} {says}: `{query}`"),
        ProbeKind::Fails => format!("to count them: `{query}`"),
        ProbeKind::Loses | ProbeKind::Concerns => format!("how many {says}: `{query}`"),
    }
}

/// The query as a person types it: without what lets `migrate` take no row for no problem.
fn to_type(query: &str) -> Cow<'_, str> {
    let inner = query.strip_prefix("SELECT * FROM (SELECT count(*) AS _count");
    match inner.and_then(|inner| inner.strip_suffix(") WHERE _count > 0")) {
        Some(inner) => Cow::Owned(format!("SELECT count(*){inner}")),
        None => Cow::Borrowed(query),
    }
}

fn asked(probe: &Probe, found: Option<&Counted>) -> Asked {
    Asked {
        meaning: match probe.kind {
            ProbeKind::Fails => AskedMeaning::Fails,
            ProbeKind::Loses => AskedMeaning::Loses,
            ProbeKind::Concerns => AskedMeaning::Concerns,
        },
        query: probe.count.clone(),
        rows: found.map(|found| found.rows),
        keys: found.and_then(|found| found.keys.as_ref()).map(|(_, keys)| keys.clone()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_is_said_in_the_singular() {
        assert_eq!(singular("rows of `users` have no email"), "row of `users` has no email");
        assert_eq!(singular("values of `a.b` are lost"), "value of `a.b` is lost");
        assert_eq!(singular("rows of `a` refer to rows that are gone"), "row of `a` refers to rows that are gone");
        assert_eq!(singular("values become others or cannot be read"), "value becomes others or cannot be read");
        assert_eq!(singular("rows of `a` would have NULL in `a.b`"), "row of `a` would have NULL in `a.b`");
    }

    #[test]
    fn a_query_is_shown_as_a_person_types_it() {
        let query = "SELECT * FROM (SELECT count(*) AS _count, min(rowid) FROM t WHERE a IS NULL) WHERE _count > 0";
        assert_eq!(to_type(query), "SELECT count(*), min(rowid) FROM t WHERE a IS NULL");
        assert_eq!(to_type("SELECT count(*) FROM t"), "SELECT count(*) FROM t");
    }
}
