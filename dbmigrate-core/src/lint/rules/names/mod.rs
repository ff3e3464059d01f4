//! `names`.

use crate::config::{NameOf, Pattern, Rules};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::Place;
use crate::schema::{Index, Table};
use crate::sql::Name;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "names",
    group: Group::Style,
    level: Level::Warn,
    summary: "a name is not as `[rules.names]` wants it",
    explanation: include_str!("explanation.md"),
    find,
};

/// A name that is not as it is wanted.
struct Misnamed<'a> {
    of: NameOf,
    name: &'a Name,
    place: Place,
    object: String,
    patterns: &'a [Pattern],
}

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let rules = migration.rules;
    if rules.names.is_empty() {
        return;
    }
    let names = Names(rules);
    for &table in migration.touched() {
        let now = names.of_table(table);
        if now.is_empty() {
            continue;
        }
        let before = migration.before(table).map(|old| names.of_table(old)).unwrap_or_default();
        let was = |one: &Misnamed<'_>| before.iter().any(|old| old.of == one.of && old.name.same_spelling(one.name));
        found.extend(now.iter().filter(|one| !was(one)).map(|one| migration.located(finding(one))));
    }
    let diff = migration.diff;
    let others = names.of_created(NameOf::Table, &diff.virtual_tables.created, |name| {
        (Place::VirtualTable(name.clone()), None)
    });
    let views = names.of_created(NameOf::View, &diff.views.created, |name| (Place::View(name.clone()), None));
    let triggers = names.of_created(NameOf::Trigger, &diff.triggers.created, |name| {
        let on = migration.new.triggers.get(name).map(|trigger| &trigger.on);
        (Place::Trigger(name.clone()), on)
    });
    let created = others.iter().chain(&views).chain(&triggers);
    found.extend(created.map(|one| migration.located(finding(one))));
}

/// The names that a project wants.
struct Names<'a>(&'a Rules);

impl<'a> Names<'a> {
    /// The patterns for names, if there are any and the name is like none of them.
    fn missed(&self, of: NameOf, name: &Name, values: &[(&str, &str)]) -> Option<&'a [Pattern]> {
        let (_, patterns) = self.0.names.iter().find(|(one, _)| *one == of)?;
        (!patterns.iter().any(|pattern| pattern.fits(name.as_str(), values))).then_some(patterns)
    }

    fn of_table(&self, table: &'a Table) -> Vec<Misnamed<'a>> {
        let mut found = Vec::new();
        if self.0.names_except.hides(&table.name) {
            return found;
        }
        let own = ("table", table.name.as_str());
        let mut add = |of: NameOf, name: &'a Name, place: Place, values: &[(&str, &str)]| {
            if let Some(patterns) = self.missed(of, name, values) {
                let object = if of == NameOf::Table { path([name]) } else { path([&table.name, name]) };
                found.push(Misnamed { of, name, place, object, patterns });
            }
        };
        let name = || table.name.clone();
        add(NameOf::Table, &table.name, Place::Table(name()), &[]);
        for column in &table.columns {
            add(NameOf::Column, &column.name, Place::Column(name(), column.name.clone()), &[own]);
        }
        for index in &table.indexes {
            let columns = columns_of(index);
            let has_own = self.0.names.iter().any(|(of, _)| *of == NameOf::UniqueIndex);
            let of = if index.unique && has_own { NameOf::UniqueIndex } else { NameOf::Index };
            add(of, &index.name, Place::Index(name(), index.name.clone()), &[own, ("columns", &columns)]);
        }
        for (at, key) in table.foreign_keys.iter().enumerate() {
            let columns = key.columns.iter().map(Name::as_str).collect::<Vec<_>>().join("_");
            let values = [own, ("columns", columns.as_str()), ("parent", key.parent.as_str())];
            if let Some(constraint) = &key.name {
                add(NameOf::ForeignKey, constraint, Place::ForeignKey(name(), at), &values);
            }
            for column in &key.columns {
                add(NameOf::ForeignKeyColumn, column, Place::ForeignKey(name(), at), &values);
            }
        }
        found
    }

    /// Those of objects that are new, with the table that each is on.
    fn of_created<'n>(
        &self,
        of: NameOf,
        created: &'n [Name],
        about: impl Fn(&'n Name) -> (Place, Option<&'n Name>),
    ) -> Vec<Misnamed<'n>>
    where
        'a: 'n,
    {
        let misnamed = |name: &'n Name| {
            let (place, on) = about(name);
            let values: Vec<(&str, &str)> = on.iter().map(|on| ("table", on.as_str())).collect();
            let patterns = self.missed(of, name, &values)?;
            let is_left_out = self.0.names_except.hides(name) || on.is_some_and(|on| self.0.names_except.hides(on));
            (!is_left_out).then(|| Misnamed { of, name, place, object: path([name]), patterns })
        };
        created.iter().filter_map(misnamed).collect()
    }
}

/// The columns of an index, as they would be in its name.
fn columns_of(index: &Index) -> String {
    let column = |text: &str| {
        let words = text.split(|char: char| !char.is_alphanumeric() && char != '_').filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("_")
    };
    let parts = index.parts.iter().map(|part| match part.expr.as_column() {
        Some(name) => name.as_str().to_owned(),
        None => column(part.expr.as_str()),
    });
    parts.collect::<Vec<_>>().join("_")
}

fn finding(misnamed: &Misnamed<'_>) -> Finding {
    let Misnamed { of, object, place, patterns, .. } = misnamed;
    let what = match of {
        NameOf::Table => "table",
        NameOf::Column => "column",
        NameOf::Index | NameOf::UniqueIndex => "index",
        NameOf::ForeignKey => "foreign key",
        NameOf::ForeignKeyColumn => "referring column",
        NameOf::View => "view",
        NameOf::Trigger => "trigger",
    };
    let patterns: Vec<String> = patterns.iter().map(|pattern| format!("`{pattern}`")).collect();
    let message = format!("the name of the {what} `{object}` does not fit {}", patterns.join(" or "));
    Finding::new(&RULE, object, message)
        .at(place.clone())
        .help(format!("rename it, or change `{}` in `[rules.names]`", of.field()))
}
