//! What a rule finds.

use super::RuleRef;
use crate::plan::{KEYS_SHOWN, Preflight, keys_of};
use crate::schema::Table;
use crate::schema::validate::Place;
use crate::sql::Name;

/// Something that a rule has found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule.
    pub rule: RuleRef,
    /// What it is about, as `allow` names it: a path of names (`users`, `users.email`; of a table's index `users.by_email`; of
    /// a foreign key its table and first column).
    pub object: String,
    /// The same in the schema: by its new name, or by the old one of what is gone. `None` for what is in no schema.
    pub place: Option<Place>,
    /// The statement that it is found in, counted from 0.
    pub statement: Option<usize>,
    /// What is wrong, in one line.
    pub message: String,
    /// What else there is to know, a line each.
    pub notes: Vec<String>,
    /// What to do, a line each: what can be typed as it stands, or done by hand.
    pub help: Vec<String>,
    /// What the rows say, where they decide.
    pub probe: Option<Probe>,
    /// The one safe answer, if there is one.
    pub fix: Option<Fix>,
    /// Whether it only concerns tables with many rows, and nothing is known of them: shown where a database has been
    /// asked and its probe counts enough, or where somebody has set the level of the rule.
    pub only_with_rows: bool,
    /// Whether it is about the state of the schema, so that a later migration may have answered it ([`super::Standing`]).
    pub of_state: bool,
}

/// What a database is asked about its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// What it means if rows are found.
    pub kind: ProbeKind,
    /// The table whose rows are looked at, by its name before the migration. If a database has no such table (an earlier
    /// migration that is pending makes it), it has no such rows.
    pub table: Name,
    /// A query that returns how many rows are concerned, in the first column of its only row; no row means none.
    pub count: String,
    /// A query that returns the keys of some of them, at most five. Empty if there is none.
    pub keys: String,
    /// What is counted, in words that go on behind a number: `rows of users have no email`; for one row too.
    pub says: String,
    /// The finding is none where fewer rows than this are concerned: 1, unless only many of them matter.
    pub at_least: u64,
}

/// What it means if a probe finds rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeKind {
    /// The migration fails on each of them.
    Fails,
    /// They, or values of them, are lost.
    Loses,
    /// They are written anew, read, or locked, which takes time.
    Concerns,
}

impl Probe {
    /// A preflight as a probe: what `migrate` asks before it touches anything.
    pub fn of_preflight(preflight: &Preflight, says: impl Into<String>) -> Self {
        Self {
            kind: ProbeKind::Fails,
            table: preflight.table.clone(),
            count: preflight.query.clone(),
            keys: keys_of(&preflight.query).map(|keys| format!("{keys} LIMIT {KEYS_SHOWN}")).unwrap_or_default(),
            says: says.into(),
            at_least: 1,
        }
    }
}

/// A change of the schema that is the one safe answer.
#[derive(Debug, Clone)]
pub struct Fix {
    /// What is done, as an imperative: `add an index on posts.author_id`.
    pub says: String,
    /// The table as it is to be declared, in place of the one of that name.
    pub table: Table,
}

impl Finding {
    /// What a rule has found about an object.
    pub fn new(rule: impl Into<RuleRef>, object: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            object: object.into(),
            place: None,
            statement: None,
            message: message.into(),
            notes: Vec::new(),
            help: Vec::new(),
            probe: None,
            fix: None,
            only_with_rows: false,
            of_state: false,
        }
    }

    /// Says where in the schema it is.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Says in which statement it is.
    #[must_use]
    pub fn in_statement(mut self, statement: usize) -> Self {
        self.statement = Some(statement);
        self
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds a line of help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds what to ask the rows.
    #[must_use]
    pub fn probe(mut self, probe: Probe) -> Self {
        self.probe = Some(probe);
        self
    }

    /// Says that it only concerns tables with many rows.
    #[must_use]
    pub fn only_with_rows(mut self) -> Self {
        self.only_with_rows = true;
        self
    }

    /// Adds the one safe answer.
    #[must_use]
    pub fn fix(mut self, says: impl Into<String>, table: Table) -> Self {
        self.fix = Some(Fix { says: says.into(), table });
        self
    }
}
