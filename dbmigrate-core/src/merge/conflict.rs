//! What two sides did that cannot both be: in words, and with the answers.

use std::fmt;

use super::answers::Side;
use crate::shell::shell_quoted;
use crate::sql::Name;
use crate::sql::path::path;

/// How two sides contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ConflictKind {
    /// One changes what the other drops.
    ChangedAndDropped,
    /// One makes something that needs what the other drops.
    NeedsDropped,
    /// Both rename it, to different names.
    RenamedDifferently,
    /// Two different objects end with the same name.
    SameName,
    /// Both add it, and differently.
    AddedDifferently,
    /// Both change it, and differently.
    ChangedDifferently,
    /// Both give the table another primary key.
    PrimaryKeys,
    /// A view, trigger or virtual table of one reads what the other renames, in a way that cannot be followed.
    ReadsRenamed,
    /// Each is good alone, and no database accepts both.
    Impossible,
    /// Rows that one writes may be what the other refuses from then on.
    RowsRefused,
}

impl ConflictKind {
    /// Its name, for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::ChangedAndDropped => "changed_and_dropped",
            Self::NeedsDropped => "needs_dropped",
            Self::RenamedDifferently => "renamed_differently",
            Self::SameName => "same_name",
            Self::AddedDifferently => "added_differently",
            Self::ChangedDifferently => "changed_differently",
            Self::PrimaryKeys => "primary_keys",
            Self::ReadsRenamed => "reads_renamed",
            Self::Impossible => "impossible",
            Self::RowsRefused => "rows_refused",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::ChangedAndDropped => "is changed on one side and dropped on the other",
            Self::NeedsDropped => "is needed on one side and dropped on the other",
            Self::RenamedDifferently => "is renamed to different names",
            Self::SameName => "would be the name of two different objects",
            Self::AddedDifferently => "is added on both sides, differently",
            Self::ChangedDifferently => "is changed on both sides, differently",
            Self::PrimaryKeys => "gets another primary key on both sides",
            Self::ReadsRenamed => "reads what the other side renames",
            Self::Impossible => "cannot have what both sides make of it",
            Self::RowsRefused => "refuses rows that the other side writes",
        }
    }
}

/// Something that only a person can decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The object, as flags name it: `users`, `users.email`.
    pub object: String,
    /// What kind of object: `table`, `column`, `index`, `view`, …
    pub noun: &'static str,
    /// How the sides contradict each other.
    pub kind: ConflictKind,
    /// What we do, as a sentence without a subject: "drops column `users.email`".
    pub ours: String,
    /// What they do.
    pub theirs: String,
    /// The flags that answer it, each with the words that introduce it.
    pub answers: Vec<(String, String)>,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { object, noun, kind, .. } = self;
        write!(f, "{noun} `{object}` {}", kind.words())
    }
}

impl Conflict {
    /// One without answers. `what` is what each side does.
    pub(super) fn new(kind: ConflictKind, noun: &'static str, object: &[Name], what: [String; 2]) -> Self {
        let [ours, theirs] = what;
        Self { object: path(object), noun, kind, ours, theirs, answers: Vec::new() }
    }

    /// With the answer that takes the object as one side has it.
    pub(super) fn or_take(mut self, side: Side, words: impl Into<String>) -> Self {
        let flag = format!("--take {}", shell_quoted(&format!("{}:{}", side.word(), self.object)));
        self.answers.push((words.into(), flag));
        self
    }

    /// With both answers of [`Conflict::or_take`].
    pub(super) fn or_either(self) -> Self {
        self.or_take(Side::Ours, "to take what this branch has").or_take(Side::Theirs, "to take what the other has")
    }

    /// With the answer that gives an object of ours another name.
    pub(super) fn or_rename(mut self, object: &[Name]) -> Self {
        let value = shell_quoted(&format!("{}=NAME", path(object)));
        self.answers.push(("to give what this branch has another name".to_owned(), format!("--rename {value}")));
        self
    }

    /// With the answer that takes back a rename of one side.
    pub(super) fn or_undo_rename(mut self, side: Side, object: &[Name], name: &Name) -> Self {
        let flag = format!("--take {}", shell_quoted(&format!("{}:{}", side.other().word(), path(object))));
        self.answers.push((format!("to leave `{name}` as the other calls it"), flag));
        self
    }
}
