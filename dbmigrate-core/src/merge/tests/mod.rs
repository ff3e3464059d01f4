//! A case for every kind of conflict, and for what looks like one and is none. Each is merged both ways round.

mod names;
mod parts;
mod replanned;

use super::*;
use crate::ddl::read::schema_of;
use crate::diff::diff;
use crate::sql::path::parse_path;

const BASE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT, email TEXT, age INT CHECK (age > 0));
    CREATE TABLE posts (id INTEGER PRIMARY KEY, author INT REFERENCES users, title TEXT);
    CREATE INDEX users_email ON users (email);
    CREATE VIEW names AS SELECT id, nick FROM users;
    CREATE TRIGGER mark AFTER UPDATE OF nick ON users BEGIN UPDATE posts SET title = NEW.nick WHERE author = NEW.id; END;";

/// A side: what it replaces in the common script, what it adds, and what it renames (`a=b`, `t.a=b`, by the new name of
/// the table).
#[derive(Clone, Copy, Default)]
struct Does<'a> {
    replaces: &'a [(&'a str, &'a str)],
    adds: &'a str,
    renames: &'a [&'a str],
}

fn replaces<'a>(replaces: &'a [(&'a str, &'a str)]) -> Does<'a> {
    Does { replaces, ..Does::default() }
}

fn adds(adds: &str) -> Does<'_> {
    Does { adds, ..Does::default() }
}

impl Does<'_> {
    fn to(&self, base: &str) -> Schema {
        let text = self.replaces.iter().fold(base.to_owned(), |text, (was, now)| {
            assert!(text.contains(was), "{was} is not in {text}");
            text.replace(was, now)
        });
        schema_of(&format!("{text} {}", self.adds))
    }

    fn renames(&self) -> Renames {
        let mut renames = Renames::default();
        for text in self.renames {
            let (mut path, to) = parse_path(text).expect("a path");
            let (to, last) = (Name::from(to.expect("a name")), path.pop().expect("a name"));
            match path.pop() {
                None => renames.tables.push((last, to)),
                Some(table) => renames.columns.push((table, last, to)),
            }
        }
        renames
    }
}

struct Case<'a> {
    base: &'a str,
    ours: Does<'a>,
    theirs: Does<'a>,
}

impl Case<'_> {
    fn once(&self, is_swapped: bool, flags: &[&str]) -> Result<Merged, Vec<Conflict>> {
        let from = schema_of(self.base);
        let sides = if is_swapped { [self.theirs, self.ours] } else { [self.ours, self.theirs] };
        let [ours, theirs] = sides.map(|side| (side.to(self.base), side.renames()));
        let mut answers = Answers::default();
        for flag in flags {
            let flag = if is_swapped {
                let swap = |text: &str, one: &str, two: &str| text.strip_prefix(one).map(|rest| format!("{two}{rest}"));
                swap(flag, "ours:", "theirs:")
                    .or_else(|| swap(flag, "theirs:", "ours:"))
                    .unwrap_or_else(|| (*flag).to_owned())
            } else {
                (*flag).to_owned()
            };
            answers.add(&flag).expect("an answer");
        }
        let edit = |side: &'_ (Schema, Renames)| (side.0.clone(), side.1.clone());
        let ((our_schema, our_renames), (their_schema, their_renames)) = (edit(&ours), edit(&theirs));
        let merged = merge(
            &Edit { from: &from, to: &our_schema, renames: &our_renames },
            &Edit { from: &from, to: &their_schema, renames: &their_renames },
            &answers,
        )?;
        assert_eq!(answers.unused(), [""; 0], "every answer is of use");
        // what is planned with the renames leads there
        for (start, renames) in [(&their_schema, &merged.renames), (&our_schema, &merged.across)] {
            diff(start, &merged.schema, renames).expect("the renames fit");
        }
        Ok(merged)
    }

    /// The schema that both ways lead to.
    #[track_caller]
    fn merged(&self, flags: &[&str]) -> Merged {
        let merged = self.once(false, flags).unwrap_or_else(|conflicts| panic!("{}", said(&conflicts)));
        if flags.iter().all(|flag| flag.contains(':')) {
            let swapped = self.once(true, flags).unwrap_or_else(|conflicts| panic!("swapped: {}", said(&conflicts)));
            assert_eq!(merged.schema.canonical(), swapped.schema.canonical());
        }
        merged
    }

    /// The conflicts as they are named.
    #[track_caller]
    fn conflicts(&self) -> Vec<Conflict> {
        let conflicts = self.once(false, &[]).expect_err("a conflict");
        let swapped = self.once(true, &[]).expect_err("a conflict the other way round");
        let named = |all: &[Conflict]| {
            let mut named: Vec<String> = all.iter().map(ToString::to_string).collect();
            named.sort();
            named
        };
        assert_eq!(named(&conflicts), named(&swapped));
        for conflict in &conflicts {
            assert!(!conflict.ours.is_empty() && !conflict.theirs.is_empty(), "{conflict:?}");
        }
        conflicts
    }

    /// The one conflict, as a text of all that is said about it.
    #[track_caller]
    fn conflict(&self) -> String {
        let conflicts = self.conflicts();
        assert_eq!(conflicts.len(), 1, "{}", said(&conflicts));
        said(&conflicts)
    }
}

fn said(conflicts: &[Conflict]) -> String {
    let one = |conflict: &Conflict| {
        let answers = conflict.answers.iter().map(|(words, flag)| format!("  {words}: {flag}"));
        let said = [conflict.to_string(), format!("  ours {}", conflict.ours), format!("  theirs {}", conflict.theirs)];
        said.into_iter().chain(answers).collect::<Vec<_>>().join("\n")
    };
    conflicts.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn case<'a>(ours: Does<'a>, theirs: Does<'a>) -> Case<'a> {
    Case { base: BASE, ours, theirs }
}

#[track_caller]
fn leads_to(merged: &Merged, wanted: &str) {
    let (found, wanted) = (merged.schema.canonical(), schema_of(wanted).canonical());
    assert_eq!(found, wanted);
}

const PEOPLE: Does<'static> = Does { replaces: &[("users", "people")], adds: "", renames: &["users=people"] };
const HANDLE: Does<'static> = Does { replaces: &[("nick", "handle")], adds: "", renames: &["users.nick=handle"] };
