//! `breaks_release`.

use crate::lint::facts::Broken;
use crate::lint::release::column_path;
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::sql::Name;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "breaks_release",
    group: Group::Compatibility,
    level: Level::Deny,
    summary: "queries of a release that still runs fail on the new schema, as the engine says",
    explanation: include_str!("explanation.md"),
    find,
};

/// At most so many queries are named.
const MOST_PLACES: usize = 8;

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let facts = &migration.target.facts;
    let mut left: Vec<&Broken> = facts.broken.iter().collect();
    while let Some(first) = left.first() {
        let cause = Cause::of(migration, first);
        let (these, others): (Vec<_>, Vec<_>) = left.iter().partition(|one| Cause::of(migration, one) == cause);
        left = others;
        let count = if these.len() == 1 { "1 query".to_owned() } else { format!("{} queries", these.len()) };
        let message = format!("breaks {count} of `{}`{}", facts.release, cause.said());
        let mut finding = Finding::new(&RULE, cause.object(), message);
        finding.place = Some(cause.place());
        for broken in these.iter().take(MOST_PLACES) {
            finding = finding.note(format!("`{}`: {}", broken.place, broken.message));
        }
        if these.len() > MOST_PLACES {
            finding = finding.note(format!("and {} more", these.len() - MOST_PLACES));
        }
        for help in cause.help(&facts.release, these.iter().any(|one| one.is_still_there)) {
            finding = finding.help(help);
        }
        found.push(migration.located(finding));
    }
}

/// What a migration takes away from a query.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cause {
    /// A column that has another name now; with its table by its new name.
    RenamedColumn(Name, Name, Name),
    /// A column that is gone.
    DroppedColumn(Name, Name),
    /// A table that has another name now.
    RenamedTable(Name, Name),
    /// A table or view that is gone.
    Dropped(Name),
    /// Something else about the first table that it uses.
    Other(Name),
}

impl Cause {
    fn of(migration: &Migration<'_>, broken: &Broken) -> Self {
        let renames = &migration.diff.renames;
        let has = |name: &Name| {
            let new = migration.new;
            new.table(name).is_some() || new.views.contains(name) || new.virtual_tables.contains(name)
        };
        for (table, column) in &broken.uses {
            let to = renames.tables.iter().find(|(from, _)| from == table).map(|(_, to)| to);
            let now = to.unwrap_or(table);
            if !has(table) {
                return to.map_or_else(
                    || Self::Dropped(table.clone()),
                    |to| Self::RenamedTable(table.clone(), to.clone()),
                );
            }
            let (Some(column), Some(after)) = (column, migration.new.table(now)) else { continue };
            let was = migration.old.table(table).is_some_and(|before| before.column(column).is_some());
            if was && after.column(column).is_none() {
                let renamed = renames.columns.iter().find(|(on, from, _)| on == now && from == column);
                return renamed.map_or_else(
                    || Self::DroppedColumn(now.clone(), column.clone()),
                    |(_, _, to)| Self::RenamedColumn(now.clone(), column.clone(), to.clone()),
                );
            }
        }
        Self::Other(broken.uses.first().map_or_else(|| Name::from(""), |(table, _)| table.clone()))
    }

    /// As `allow` names it.
    fn object(&self) -> String {
        match self {
            Self::RenamedColumn(table, column, _) | Self::DroppedColumn(table, column) => column_path(table, column),
            Self::RenamedTable(table, _) | Self::Dropped(table) | Self::Other(table) => path([table]),
        }
    }

    fn place(&self) -> Place {
        match self {
            Self::RenamedColumn(table, _, to) => Place::Column(table.clone(), to.clone()),
            Self::DroppedColumn(table, column) => Place::Column(table.clone(), column.clone()),
            Self::RenamedTable(_, to) => Place::Table(to.clone()),
            Self::Dropped(table) | Self::Other(table) => Place::Table(table.clone()),
        }
    }

    fn said(&self) -> String {
        let object = self.object();
        match self {
            Self::RenamedColumn(_, _, to) | Self::RenamedTable(_, to) => format!(": `{object}` is called `{to}` now"),
            Self::DroppedColumn(..) | Self::Dropped(_) => format!(": `{object}` is gone"),
            Self::Other(_) => String::new(),
        }
    }

    /// Which half of expand and contract is missing.
    fn help(&self, release: &str, is_still_there: bool) -> Vec<String> {
        let object = self.object();
        match self {
            Self::RenamedColumn(_, from, to) => vec![
                format!("the half that expands is missing: add `{to}` beside `{from}` and write both in this version"),
                format!("drop `{from}` in a later migration, once no instance of `{release}` runs"),
            ],
            Self::RenamedTable(from, to) => {
                vec![format!("the half that expands is missing: keep a view `{from}` of `{to}` while `{release}` runs")]
            }
            Self::DroppedColumn(..) | Self::Dropped(_) if is_still_there => vec![format!(
                "this version still asks for `{object}`: remove that from the source, release it, and drop it later"
            )],
            Self::DroppedColumn(..) | Self::Dropped(_) => vec![format!(
                "this half contracts, and `{release}` comes before it: release this version without the migration first"
            )],
            Self::Other(_) => vec![format!(
                "release a version first whose queries run before and after it: `{release}` runs while it is applied"
            )],
        }
    }
}
