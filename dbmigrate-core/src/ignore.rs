//! Tables of somebody else in the same database, which are not looked at.

use crate::schema::Schema;
use crate::sql::Name;
use crate::sql::glob::Glob;

/// Patterns for the names of tables, views and virtual tables that are somebody else's.
///
/// What has such a name is hidden together with its indexes, its triggers and the shadow tables behind it: it is not
/// part of any schema, so that nothing compares, changes or drops it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ignore(Vec<Glob>);

impl Ignore {
    /// Ignores nothing.
    pub const NONE: Self = Self(Vec::new());

    /// Ignores what one of the patterns stands for.
    pub fn new(patterns: impl IntoIterator<Item = Glob>) -> Self {
        Self(patterns.into_iter().collect())
    }

    /// The patterns.
    pub fn patterns(&self) -> impl Iterator<Item = &Glob> {
        self.0.iter()
    }

    /// The first table, view or virtual table of a schema that is hidden, and the pattern that hides it. Migrations
    /// must make none: it would seem to be missing in every database.
    pub fn hidden_in<'a>(&'a self, schema: &'a Schema) -> Option<(&'a Name, &'a Glob)> {
        let tables = schema.tables.iter().map(|table| &table.name);
        let virtual_tables = schema.virtual_tables.iter().map(|table| &table.name);
        let mut names = tables.chain(virtual_tables).chain(schema.views.iter().map(|view| &view.name));
        names.find_map(|name| Some((name, self.pattern_for(name)?)))
    }

    /// Whether nothing is ignored.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first pattern that stands for a table, a view or a virtual table of this name.
    pub fn pattern_for(&self, name: &Name) -> Option<&Glob> {
        self.0.iter().find(|pattern| pattern.matches(name))
    }

    /// Whether a table, a view or a virtual table of this name is hidden.
    pub fn hides(&self, name: &Name) -> bool {
        self.pattern_for(name).is_some()
    }
}
