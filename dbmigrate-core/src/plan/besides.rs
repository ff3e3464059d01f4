//! What a database has besides what is declared. It is left alone, unless somebody says otherwise: the schema that is
//! wanted of a database is what is declared together with it.

use super::decide::{Decisions, table_candidates};
use super::lint::Lint;
use crate::schema::Schema;
use crate::sql::Name;
use crate::sql::path::path;

/// What is wanted of a database.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// What is declared, and what is left alone.
    pub schema: Schema,
    /// What is left alone.
    pub besides: Besides,
}

/// The names of what no struct declares and is left alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Besides {
    /// Tables, virtual ones among them.
    pub tables: Vec<Name>,
    /// Views.
    pub views: Vec<Name>,
    /// Triggers on these, and on what cannot be read.
    pub triggers: Vec<Name>,
    /// Views whose name is that of a table which is declared: they have to go, which nobody has accepted yet.
    pub views_in_the_way: Vec<Name>,
    /// Triggers on what is left alone whose name is that of a trigger which is declared.
    pub triggers_in_the_way: Vec<Name>,
}

impl Besides {
    /// Whether nothing is left alone.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.views.is_empty() && self.triggers.is_empty()
    }
}

impl Wanted {
    /// What is wanted of a database that has `live`, given what is declared and the decisions.
    ///
    /// An unknown table that looks like one of the new ones under an old name is not wanted, so that the difference
    /// asks about it, until it is accepted as one to keep. Indexes and triggers belong to their table: those on tables
    /// that are declared follow the declaration.
    pub fn of(declared: &Schema, live: &Schema, decisions: &Decisions) -> Self {
        let live = decisions.renames.apply(live);
        let accepted = &decisions.accepted;
        let mut schema = declared.clone();
        let mut besides = Besides::default();
        let is_declared = |name: &Name| {
            declared.tables.contains(name) || declared.virtual_tables.contains(name) || declared.views.contains(name)
        };
        let created: Vec<Name> =
            declared.tables.iter().map(|table| table.name.clone()).filter(|name| !live.tables.contains(name)).collect();
        let stays = |name: &Name| {
            let is_kept = accepted.kept_tables.contains(name);
            !is_declared(name) && (is_kept || !accepted.has(Lint::DropTable, &path([name])))
        };
        for table in live.tables.iter().filter(|table| stays(&table.name)) {
            let may_be_renamed = !table_candidates(table, &created, declared).is_empty();
            if accepted.kept_tables.contains(&table.name) || !may_be_renamed {
                besides.tables.push(table.name.clone());
                schema.tables.insert(table.clone());
            }
        }
        for table in live.virtual_tables.iter().filter(|table| stays(&table.name)) {
            besides.tables.push(table.name.clone());
            schema.virtual_tables.insert(table.clone());
        }
        besides.tables.sort();
        for view in live.views.iter().filter(|view| !declared.views.contains(&view.name)) {
            let is_dropped = accepted.all || accepted.dropped_views.contains(&view.name);
            match (is_dropped, is_declared(&view.name)) {
                (true, _) => {}
                (false, true) => besides.views_in_the_way.push(view.name.clone()),
                (false, false) => {
                    besides.views.push(view.name.clone());
                    schema.views.insert(view.clone());
                }
            }
        }
        let is_known =
            |on: &Name| live.tables.contains(on) || live.virtual_tables.contains(on) || live.views.contains(on);
        let hangs_on_these = |on: &Name| {
            besides.tables.contains(on) || besides.views.contains(on) || (!is_known(on) && !is_declared(on))
        };
        // a trigger is still on the table by its old name
        let now_called = |on: &Name| {
            let renamed = decisions.renames.tables.iter().find(|(from, _)| from == on);
            renamed.map_or_else(|| on.clone(), |(_, to)| to.clone())
        };
        for trigger in live.triggers.iter().filter(|trigger| hangs_on_these(&now_called(&trigger.on))) {
            if declared.triggers.contains(&trigger.name) {
                besides.triggers_in_the_way.push(trigger.name.clone());
            } else {
                besides.triggers.push(trigger.name.clone());
                schema.triggers.insert(trigger.clone());
            }
        }
        Self { schema, besides }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::read::schema_of;
    use crate::diff::Renames;

    fn schema(statements: &[&str]) -> Schema {
        schema_of(&statements.join(";\n"))
    }

    fn names(objects: &[Name]) -> Vec<&str> {
        objects.iter().map(Name::as_str).collect()
    }

    /// A declared table, and beside it a table, a virtual table and a view of somebody else.
    fn live() -> Schema {
        schema(&[
            "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT)",
            "CREATE TABLE legacy (a, b REFERENCES users(nick))",
            "CREATE INDEX legacy_a ON legacy(a)",
            "CREATE VIRTUAL TABLE search USING fts5(body)",
            "CREATE VIEW names AS SELECT nick FROM users",
            "CREATE TRIGGER on_legacy AFTER INSERT ON legacy BEGIN SELECT 1; END",
            "CREATE TRIGGER on_users AFTER INSERT ON users BEGIN SELECT 1; END",
            "CREATE TRIGGER on_unreadable AFTER INSERT ON unreadable BEGIN SELECT 1; END",
        ])
    }

    fn declared() -> Schema {
        schema(&["CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT)"])
    }

    #[test]
    fn what_is_not_declared_stays_with_what_hangs_on_it() {
        let wanted = Wanted::of(&declared(), &live(), &Decisions::default());
        assert_eq!(names(&wanted.besides.tables), ["legacy", "search"]);
        assert_eq!(names(&wanted.besides.views), ["names"]);
        // a trigger on a declared table follows the declaration; one on what cannot be read is left alone
        assert_eq!(names(&wanted.besides.triggers), ["on_legacy", "on_unreadable"]);
        assert!(wanted.schema.table(&"legacy".into()).is_some_and(|table| table.indexes.contains(&"legacy_a".into())));
        assert!(!wanted.schema.triggers.contains(&"on_users".into()));
    }

    #[test]
    fn what_stays_follows_renames() {
        let renames = Renames {
            tables: vec![("users".into(), "people".into())],
            columns: vec![("people".into(), "nick".into(), "handle".into())],
        };
        let decisions = Decisions { renames, ..Decisions::default() };
        let declared = schema(&["CREATE TABLE people (id INTEGER PRIMARY KEY, handle TEXT)"]);
        let wanted = Wanted::of(&declared, &live(), &decisions);
        let key = &wanted.schema.table(&"legacy".into()).expect("it stays").foreign_keys[0];
        assert_eq!((key.parent.as_str(), names(&key.parent_columns)), ("people", vec!["handle"]));
    }

    #[test]
    fn a_trigger_on_a_renamed_table_follows_its_declaration() {
        let renames = Renames { tables: vec![("users".into(), "people".into())], columns: Vec::new() };
        let decisions = Decisions { renames, ..Decisions::default() };
        let declared = schema(&[
            "CREATE TABLE people (id INTEGER PRIMARY KEY, nick TEXT)",
            "CREATE TRIGGER on_users AFTER INSERT ON people BEGIN SELECT 1; END",
        ]);
        let wanted = Wanted::of(&declared, &live(), &decisions);
        assert_eq!(names(&wanted.besides.triggers), ["on_legacy", "on_unreadable"]);
        assert_eq!(names(&wanted.besides.triggers_in_the_way), Vec::<&str>::new());
    }

    #[test]
    fn what_is_accepted_goes() {
        let mut decisions = Decisions::default();
        decisions.accepted.add(Lint::DropTable, "Legacy");
        decisions.accepted.dropped_views.insert("NAMES".into());
        let wanted = Wanted::of(&declared(), &live(), &decisions);
        assert_eq!((names(&wanted.besides.tables), wanted.besides.views.len()), (vec!["search"], 0));
        assert_eq!(names(&wanted.besides.triggers), ["on_unreadable"]);
        decisions.accepted.all = true;
        assert!(Wanted::of(&declared(), &live(), &decisions).besides.tables.is_empty());
        // a word for one table counts more than one for all
        decisions.accepted.kept_tables.insert("legacy".into());
        assert_eq!(names(&Wanted::of(&declared(), &live(), &decisions).besides.tables), ["legacy"]);
    }

    #[test]
    fn a_table_that_is_like_a_new_one_stays_only_when_that_is_said() {
        let declared = schema(&["CREATE TABLE people (id INTEGER PRIMARY KEY, nick TEXT)"]);
        let live = schema(&["CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT)", "CREATE TABLE log (at, line)"]);
        let mut decisions = Decisions::default();
        assert_eq!(names(&Wanted::of(&declared, &live, &decisions).besides.tables), ["log"]);
        decisions.accepted.kept_tables.insert("users".into());
        assert_eq!(names(&Wanted::of(&declared, &live, &decisions).besides.tables), ["log", "users"]);
    }

    #[test]
    fn a_view_does_not_stay_in_the_place_of_a_declared_table() {
        let declared = schema(&["CREATE TABLE names (id INTEGER PRIMARY KEY)"]);
        let live = schema(&["CREATE VIEW names AS SELECT 1"]);
        let mut decisions = Decisions::default();
        let wanted = Wanted::of(&declared, &live, &decisions);
        assert_eq!((names(&wanted.besides.views_in_the_way), wanted.schema.views.len()), (vec!["names"], 0));
        decisions.accepted.dropped_views.insert("names".into());
        assert_eq!(Wanted::of(&declared, &live, &decisions).besides, Besides::default());
    }
}
