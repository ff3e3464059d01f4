//! `strict_on_existing_rows`.

use crate::lint::refusal::{self, Said};
use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::plan::{Preflight, Sought};
use crate::schema::validate::Place;
use crate::sql::path::path;

pub(super) static RULE: Rule = Rule {
    name: "strict_on_existing_rows",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a column takes values of its type only, and existing rows may have others",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let say = |preflight: &Preflight, place: &Place| {
        let Place::Column(table, column) = place else { return None };
        let declared = migration.new.table(table)?;
        let kind = declared.column(column)?.decl_type.as_str().to_ascii_uppercase();
        let (object, old) = (path([table, column]), path([&preflight.table]));
        let because = if declared.strict { "in a STRICT table" } else { "as the primary key" };
        let article = if kind.starts_with(['A', 'I']) { "an" } else { "a" };
        Some(Said {
            change: format!("`{object}` takes nothing but {kind} {because}"),
            rows: format!("rows of `{old}` have a value that cannot become {article} {kind}"),
            counted: format!("values of `{object}` cannot become {article} {kind}"),
            object,
        })
    };
    refusal::find(migration, found, &RULE, Sought::Refused, say);
}
