//! `allow`: an accepted loss, or something else that a lint finds and somebody has decided on.

use super::Problem;
use crate::sql::Name;
use crate::sql::path::parse_path;
use crate::sql::token::{TokenKind, tokenize};

/// `-- dbmigrate: allow(lint) object`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// The directive's line, counted from 1.
    pub line: usize,
    /// The name of the lint: `drop_column`.
    pub lint: String,
    /// What it is about: `users.legacy`.
    pub object: String,
    /// Why, if its author says so: `because "…"`.
    pub because: Option<String>,
}

impl Allow {
    /// The object as the name of a table, a view or a trigger. One with a dot in it that is not in quotes is a name too.
    pub fn name(&self) -> Name {
        match parse_path(&self.object) {
            Some((mut parts, None)) if parts.len() == 1 => parts.remove(0),
            _ => Name::from(self.object.as_str()),
        }
    }

    /// The object as a table and a column of it.
    pub fn column(&self) -> Option<(Name, Name)> {
        match parse_path(&self.object) {
            Some((parts, None)) if parts.len() == 2 => {
                parts.try_into().ok().map(|[table, column]: [Name; 2]| (table, column))
            }
            _ => self.object.split_once('.').map(|(table, column)| (table.into(), column.into())),
        }
    }
}

pub(super) fn parse(line: usize, rest: &str) -> Result<Allow, Problem> {
    let parse = || {
        let (name, object) = rest.trim_start().strip_prefix('(')?.split_once(')')?;
        let (object, because) = reason(object);
        let (name, object) = (name.trim(), object.trim());
        let valid = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            && !object.is_empty();
        valid.then(|| Allow { line, lint: name.to_owned(), object: object.to_owned(), because })
    };
    parse().ok_or_else(|| {
        let help = "write `-- dbmigrate: allow(drop_column) users.legacy`".to_owned();
        (line, "`allow` names a lint and an object".to_owned(), help)
    })
}

/// The object of an `allow`, and the text in quotes behind `because`, if there is one.
pub(super) fn reason(text: &str) -> (&str, Option<String>) {
    let said = || {
        let (object, reason) = text.rsplit_once(" because ")?;
        let reason = reason.trim();
        let quoted = tokenize(reason).next()?;
        let is_all = quoted.kind == TokenKind::QuotedName && quoted.text.len() == reason.len();
        let said = quoted.identifier().filter(|said| is_all && reason.starts_with('"') && !said.trim().is_empty())?;
        Some((object, Some(said)))
    };
    said().unwrap_or((text, None))
}
