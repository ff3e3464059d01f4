//! Views, triggers and virtual tables.

use serde::{Deserialize, Serialize};

use super::named::Named;
use crate::sql::{Expr, Name};

/// A view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Its name.
    pub name: Name,
    /// The names given to its columns in `CREATE VIEW v(a, b)`; empty where the query names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Name>,
    /// The query: everything behind `AS`.
    pub query: Expr,
    /// Whether it is not compiled, because it needs what only the application has (functions, modules). No part of
    /// what is compared: the database does not know of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unchecked: bool,
}

/// A virtual table, such as an FTS5 or an R-Tree table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VirtualTable {
    /// Its name.
    pub name: Name,
    /// The module behind `USING`.
    pub module: Name,
    /// The arguments of the module, each as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<Expr>,
}

impl PartialEq for VirtualTable {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.module == other.module && self.arguments == other.arguments
    }
}

impl Eq for VirtualTable {}

impl VirtualTable {
    /// The value of an argument written as `name = value` (`content='posts'`), its quotes taken off.
    pub fn option(&self, name: &str) -> Option<String> {
        self.arguments.iter().find_map(|argument| {
            let (key, value) = argument.as_str().split_once('=')?;
            let value = value.trim();
            let quoted = value.starts_with(['\'', '"', '`', '[']);
            let value = if quoted { crate::sql::token::unquote(value) } else { value.to_owned() };
            key.trim().eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// The names of the columns that the arguments declare, without options and marks.
    pub fn column_names(&self) -> Vec<Name> {
        self.arguments.iter().filter_map(Self::column_name).collect()
    }

    /// The name of the column that an argument declares, if it does not set an option.
    pub fn column_name(argument: &Expr) -> Option<Name> {
        if argument.as_str().contains('=') {
            return None;
        }
        let tokens = crate::sql::token::significant(argument.as_str());
        tokens.iter().find_map(crate::sql::Token::identifier).map(Name::from)
    }
}

/// When a trigger fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerTiming {
    /// `BEFORE`, which is also what SQLite means when nothing is said.
    Before,
    /// `AFTER`.
    After,
    /// `INSTEAD OF`, on views.
    InsteadOf,
}

/// What a trigger fires on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerEvent {
    /// `INSERT`.
    Insert,
    /// `DELETE`.
    Delete,
    /// `UPDATE`, or `UPDATE OF` the columns.
    Update(Vec<Name>),
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Its name.
    pub name: Name,
    /// The table or view that it is on.
    pub on: Name,
    /// When it fires.
    pub timing: TriggerTiming,
    /// What it fires on.
    pub event: TriggerEvent,
    /// The condition behind `WHEN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Expr>,
    /// The statements between `BEGIN` and `END`, separated by semicolons.
    pub body: Expr,
    /// As [`View::unchecked`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unchecked: bool,
}

impl Trigger {
    /// Whether it fires on, or its condition or body names, `object`.
    pub fn mentions(&self, object: &Name) -> bool {
        self.on == *object
            || self.body.mentions(object)
            || self.when.as_ref().is_some_and(|condition| condition.mentions(object))
    }
}

impl Named for View {
    fn name(&self) -> &Name {
        &self.name
    }
}

impl Named for VirtualTable {
    fn name(&self) -> &Name {
        &self.name
    }
}

impl Named for Trigger {
    fn name(&self) -> &Name {
        &self.name
    }
}
