//! What a database has besides what is declared. It is left alone, unless somebody says otherwise: the schema that is
//! wanted of a database is what is declared together with it.

use super::decide::{Decisions, table_candidates};
use super::lint::Lint;
use crate::schema::Schema;
use crate::sql::Name;

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
    /// Triggers on these.
    pub triggers: Vec<Name>,
    /// Views whose name is that of a table which is declared: they have to go, which nobody has accepted yet.
    pub views_in_the_way: Vec<Name>,
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
            !is_declared(name) && (is_kept || !accepted.has(Lint::DropTable, name.as_str()))
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
        let hangs_on_these = |on: &Name| besides.tables.contains(on) || besides.views.contains(on);
        let triggers = live.triggers.iter().filter(|trigger| hangs_on_these(&trigger.on));
        for trigger in triggers.filter(|trigger| !declared.triggers.contains(&trigger.name)) {
            besides.triggers.push(trigger.name.clone());
            schema.triggers.insert(trigger.clone());
        }
        Self { schema, besides }
    }
}
