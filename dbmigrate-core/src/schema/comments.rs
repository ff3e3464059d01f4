//! What people say of a table or view and of its columns. No part of what is compared: two schemas that differ in
//! nothing else are the same.

use crate::sql::Name;

/// The documentation of an object: what its `CREATE` statement has in comments, and its struct in doc comments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comments {
    /// What is said of the whole object.
    pub table: Option<String>,
    /// What is said of columns, in their order.
    pub columns: Vec<(Name, String)>,
}

impl Comments {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.table.is_none() && self.columns.is_empty()
    }

    /// What is said of a column.
    pub fn column(&self, name: &Name) -> Option<&str> {
        self.columns.iter().find(|(column, _)| column == name).map(|(_, text)| text.as_str())
    }
}
