//! `reference_to_non_unique`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::validate::{Place, is_parent_key};
use crate::schema::{ForeignKey, Schema, Table};
use crate::sql::Name;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "reference_to_non_unique",
    group: Group::Correctness,
    // with foreign keys off, which an application may have turned off, such keys do no harm
    level: Level::Warn,
    summary: "a foreign key refers to columns that are not unique, so that each write fails",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    migration.introduced(found, of_table);
}

fn of_table(schema: &Schema, table: &Table, found: &mut Vec<Finding>) {
    for (at, key) in table.foreign_keys.iter().enumerate() {
        let (Some(first), Some(parent)) = (key.columns.first(), schema.table(&key.parent)) else { continue };
        let Some(problem) = problem(schema, key, parent) else { continue };
        let object = path([&table.name, first]);
        let mut finding = Finding::new(&RULE, &object, format!("{} references {}", said(table, &key.columns), problem.is))
            .at(Place::ForeignKey(table.name.clone(), at))
            .note(format!(
                "each INSERT and UPDATE of `{}`, and each DELETE from `{}`, fails with `foreign key mismatch`",
                path([&table.name]),
                path([&parent.name])
            ));
        if let Some(note) = problem.note {
            finding = finding.note(note);
        }
        found.push(finding.help(problem.help));
    }
}

struct Problem {
    is: String,
    note: Option<String>,
    help: String,
}

fn problem(schema: &Schema, key: &ForeignKey, parent: &Table) -> Option<Problem> {
    let referenced = schema.referenced_columns(key)?;
    let name = path([&parent.name]);
    if referenced.is_empty() {
        return Some(Problem {
            is: format!("`{name}`, which has no primary key"),
            note: None,
            help: format!("name the columns of `{name}`, or give it a primary key"),
        });
    }
    // what is not there is `reference_to_missing`
    if referenced.iter().any(|column| parent.column(column).is_none()) {
        return None;
    }
    if referenced.len() != key.columns.len() {
        return Some(Problem {
            is: format!("the primary key of `{name}`, which has {} columns", referenced.len()),
            note: None,
            help: format!("refer to all columns of the primary key of `{name}`, or to a unique column of it"),
        });
    }
    if is_parent_key(parent, &referenced) {
        return None;
    }
    let same = |parts: &[Name]| parts.len() == referenced.len() && referenced.iter().all(|one| parts.contains(one));
    let near = parent.indexes.iter().find(|index| {
        let parts: Option<Vec<Name>> = index.parts.iter().map(|part| part.expr.as_column()).collect();
        index.unique && parts.is_some_and(|parts| same(&parts))
    });
    let note = near.map(|index| {
        let why = if index.predicate.is_some() { "it covers some of the rows only" } else { "it is in another collation" };
        format!("the unique index `{}` does not count: {why}", index.name)
    });
    let columns = referenced.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
    let verb = if referenced.len() == 1 { "is" } else { "are" };
    Some(Problem {
        is: format!("{}, which {verb} not unique", said(parent, &referenced)),
        note,
        help: format!("make `{columns}` of `{name}` unique, or refer to its primary key"),
    })
}

/// Columns of a table, for messages.
fn said(table: &Table, columns: &[Name]) -> String {
    match columns {
        [one] => format!("`{}`", path([&table.name, one])),
        all => {
            format!("`{}` ({})", path([&table.name]), all.iter().map(Name::as_str).collect::<Vec<_>>().join(", "))
        }
    }
}
