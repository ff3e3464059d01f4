//! What was answered about conflicts: whose version of an object is taken, and what one is called.

use std::cell::Cell;
use std::fmt;

use crate::sql::Name;
use crate::sql::path::parse_path;

/// One of the two sides of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The migrations that are planned anew.
    Ours,
    /// Those that they are planned on.
    Theirs,
}

impl Side {
    /// Both of them.
    pub const BOTH: [Self; 2] = [Self::Ours, Self::Theirs];

    /// The word for it in a flag.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Theirs => "theirs",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Ours => Self::Theirs,
            Self::Theirs => Self::Ours,
        }
    }

    pub(super) fn at(self) -> usize {
        usize::from(self == Self::Theirs)
    }
}

/// Answers to conflicts, and which of them were of use.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    taken: Vec<Answer<Side>>,
    renamed: Vec<Answer<Name>>,
}

#[derive(Debug, Clone)]
struct Answer<T> {
    typed: String,
    path: Vec<Name>,
    value: T,
    is_used: Cell<bool>,
}

/// An answer that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerError {
    /// As it was typed.
    pub typed: String,
    /// How one is written.
    pub expected: &'static str,
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no answer: expected {}", self.typed, self.expected)
    }
}

impl std::error::Error for AnswerError {}

impl Answers {
    /// Takes an object as one side has it: `ours:users.email`. For a table, that is an answer for everything in it.
    ///
    /// # Errors
    /// If it is not written like this.
    pub fn take(&mut self, typed: &str) -> Result<(), AnswerError> {
        let error = || AnswerError { typed: typed.to_owned(), expected: "`ours:OBJECT` or `theirs:OBJECT`" };
        let (side, object) = typed.split_once(':').ok_or_else(error)?;
        let value = Side::BOTH.into_iter().find(|one| one.word() == side.trim()).ok_or_else(error)?;
        let (path, None) = parse_path(object).ok_or_else(error)? else { return Err(error()) };
        if path.len() > 2 {
            return Err(error());
        }
        self.taken.push(Answer { typed: typed.to_owned(), path, value, is_used: Cell::new(false) });
        Ok(())
    }

    /// Gives an object of ours another name: `users.email=mail`, by the name that it has on our side.
    ///
    /// # Errors
    /// If it is not written like this.
    pub fn rename(&mut self, typed: &str) -> Result<(), AnswerError> {
        let error = || AnswerError { typed: typed.to_owned(), expected: "`OBJECT=NAME`" };
        let (path, Some(name)) = parse_path(typed).ok_or_else(error)? else { return Err(error()) };
        let (mut names, None) = parse_path(name).ok_or_else(error)? else { return Err(error()) };
        let (Some(value), true, true) = (names.pop(), names.is_empty(), path.len() <= 2) else { return Err(error()) };
        self.renamed.push(Answer { typed: typed.to_owned(), path, value, is_used: Cell::new(false) });
        Ok(())
    }

    /// Either of them: with a `=` it is a new name.
    ///
    /// # Errors
    /// If it is neither.
    pub fn add(&mut self, typed: &str) -> Result<(), AnswerError> {
        match parse_path(typed) {
            Some((_, Some(_))) => self.rename(typed),
            _ => self.take(typed),
        }
    }

    /// The answers that no conflict was found for, as they were typed. Asked when everything is merged.
    pub fn unused(&self) -> Vec<&str> {
        let taken = self.taken.iter().filter(|answer| !answer.is_used.get()).map(|answer| &*answer.typed);
        let renamed = self.renamed.iter().filter(|answer| !answer.is_used.get()).map(|answer| &*answer.typed);
        taken.chain(renamed).collect()
    }

    /// Whose version is taken of an object that is known by these paths. What is said of the object itself counts more
    /// than what is said of its table, and what was typed last more than what was typed before.
    pub(super) fn side(&self, paths: &[Vec<Name>]) -> Option<Side> {
        let best = self
            .taken
            .iter()
            .filter(|answer| paths.iter().any(|path| path.starts_with(&answer.path)))
            .max_by_key(|answer| answer.path.len())?;
        best.is_used.set(true);
        Some(best.value)
    }

    /// What is taken of exactly this object.
    pub(super) fn exact_side(&self, paths: &[Vec<Name>]) -> Option<Side> {
        let found = self.taken.iter().rev().find(|answer| paths.contains(&answer.path))?;
        found.is_used.set(true);
        Some(found.value)
    }

    /// What is taken of exactly the object with this path, which need not be one of a schema.
    pub fn side_of(&self, path: &[Name]) -> Option<Side> {
        self.exact_side(&[path.to_vec()])
    }

    /// The name that an object of ours is given.
    pub(super) fn name(&self, path: &[Name]) -> Option<&Name> {
        let found = self.renamed.iter().rev().find(|answer| answer.path == path)?;
        found.is_used.set(true);
        Some(&found.value)
    }

    /// The objects of one name that are given another one.
    pub(super) fn renamed_objects(&self) -> impl Iterator<Item = (&Name, &Name)> {
        self.renamed.iter().filter_map(|answer| match &answer.path[..] {
            [only] => Some((only, &answer.value)),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(names: &[&str]) -> Vec<Name> {
        names.iter().map(|name| Name::from(*name)).collect()
    }

    #[test]
    fn the_more_exact_answer_wins_and_those_without_a_conflict_are_told() {
        let mut answers = Answers::default();
        for typed in ["ours:users", "theirs:Users.email", "theirs:posts", "users.nick=handle", "a.b=c"] {
            answers.add(typed).expect(typed);
        }
        assert_eq!(answers.side(&[path(&["users", "age"])]), Some(Side::Ours));
        assert_eq!(answers.side(&[path(&["people", "email"]), path(&["users", "email"])]), Some(Side::Theirs));
        assert_eq!(answers.side(&[path(&["tags"])]), None);
        assert_eq!(answers.name(&path(&["users", "nick"])), Some(&"handle".into()));
        assert_eq!(answers.unused(), ["theirs:posts", "a.b=c"]);
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for typed in ["users", "mine:users", "ours:", "ours:a.b.c", "a=", "a=b.c", "=x", "a.b.c=d"] {
            assert!(Answers::default().add(typed).is_err(), "{typed}");
        }
        let mut answers = Answers::default();
        answers.add("ours:\"my.t\".\"a=b\"").expect("it is one");
        assert_eq!(answers.side(&[path(&["my.t", "a=b"])]), Some(Side::Ours));
    }
}
