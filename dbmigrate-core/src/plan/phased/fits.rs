//! What a release can read of a column that has what the other one has written, and what rows are asked because of that
//! before either half.

use super::Input;
use super::link::{Link, Side, same_values};
use crate::diff::TableDiff;
use crate::plan::conversion::{refused_by_strict, unreadable};
use crate::plan::preflight::{Preflight, counting};
use crate::plan::{Decisions, Lint};
use crate::schema::validate::Place;
use crate::schema::{Column, Reads, Table};
use crate::sql::path::path;

/// The condition that a column of this table could not hold a value, or that its release could not read it.
pub(super) fn unfit(value: &str, table: &Table, column: &Column, reads: Option<&Reads>) -> Option<String> {
    let null = table.rejects_null(column).then(|| format!("{value} IS NULL"));
    let all: Vec<String> = null.into_iter().chain(unreadable_in(value, table, column, reads)).collect();
    (!all.is_empty()).then(|| all.join(" OR "))
}

/// The same for what is not NULL.
fn unreadable_in(value: &str, table: &Table, column: &Column, reads: Option<&Reads>) -> Option<String> {
    let holds_anything = column.decl_type.is_empty() || column.decl_type.canonical() == "any";
    let strict = refused_by_strict(value, column).filter(|_| table.strict);
    let unread = reads.filter(|_| !holds_anything).map(|reads| unreadable(value, table.affinity(column), reads));
    let all: Vec<String> = strict.into_iter().chain(unread).collect();
    (!all.is_empty()).then(|| all.join(" OR "))
}

/// The queries for rows of which the new release could not read what they get: before the first half.
pub(super) fn before(input: &Input<'_>, links: &[Link]) -> Vec<Preflight> {
    let converted = links.iter().filter(|link| link.same().is_none());
    let sides = converted.flat_map(|link| link.news.iter().map(move |side| (link, side)));
    sides.flat_map(|(link, side)| before_one(input, link, side)).collect()
}

fn before_one(input: &Input<'_>, link: &Link, side: &Side) -> Vec<Preflight> {
    let (Some(table), Some(from)) = (input.new.table(&link.table), &side.from_other) else { return Vec::new() };
    let Some(column) = table.column(&side.name) else { return Vec::new() };
    let known = input.diff.tables.iter().find(|one| one.name == link.table);
    let diff = known.cloned().unwrap_or_else(|| TableDiff::nothing(&link.table));
    let renames = &input.diff.renames;
    let old_table = renames.old_table(&link.table);
    let value = format!("({from})");
    // what is shown of a row is what it is made of
    let made_of: Vec<_> = link.olds.iter().filter(|old| from.mentions(&old.name)).map(|old| old.name.sql()).collect();
    let shown = made_of.iter().map(|name| format!("quote({name})")).collect::<Vec<_>>().join(" || ', ' || ");
    // no expression of the plan is to be put in the place of a column once more
    let decisions = Decisions { renames: renames.clone(), knows_renames: true, ..Decisions::default() };
    let asked = crate::plan::Input { old: input.old, new: input.new, diff: input.diff, decisions: &decisions };
    let count = |what: String, condition: &str| {
        let mut found = counting(&asked, &diff, &what, condition, &shown)?;
        if !shown.is_empty() {
            found.message.push_str(": {}");
        }
        found.place = Some(Place::Column(link.table.clone(), side.name.clone()));
        Some(found)
    };
    let object = path([&link.table, &side.name]);
    let null = table.rejects_null(column).then(|| format!("{value} IS NULL"));
    let null = null.and_then(|condition| {
        let what = format!("{{}} rows of `{old_table}` would get NULL in `{}`, which is NOT NULL", side.name);
        count(what, &condition)
    });
    let reads = input.new.reads(&link.table, column);
    let reads = reads.filter(|_| !input.decisions.accepted.has(Lint::LossyConversion, &object));
    let unread = unreadable_in(&value, table, column, reads.as_ref()).and_then(|condition| {
        let kind = match &reads {
            Some(reads) => reads.describe(),
            None => column.decl_type.to_string(),
        };
        let what = format!("{{}} rows of `{old_table}` would get a value in `{}` that is not {kind}", side.name);
        count(what, &condition)
    });
    null.into_iter().chain(unread).collect()
}

/// The queries for rows whose values were not carried over, because the triggers were gone for a while, or could not be:
/// before the second half.
pub(super) fn behind(links: &[Link]) -> Vec<Preflight> {
    links.iter().flat_map(behind_one).collect()
}

fn behind_one(link: &Link) -> Vec<Preflight> {
    let table = &link.table;
    let asked = |what: String, condition: &str| {
        let query = format!(
            "SELECT * FROM (SELECT count(*) AS _count FROM {} WHERE {condition}) WHERE _count > 0",
            table.sql()
        );
        Preflight::new(table, format!("{{}} rows of `{table}` {what}"), query)
    };
    if let Some((old, new)) = link.same() {
        let condition = format!("NOT ({})", same_values(&old.name, &new.name));
        return vec![asked(format!("with another `{}` than `{}`", old.name, new.name), &condition)];
    }
    let names = |sides: &[Side]| sides.iter().map(|side| format!("`{}`", side.name)).collect::<Vec<_>>().join(", ");
    let apart = link.out_of_step().map(|condition| {
        let what = format!(
            "whose {} is not what becomes of {}, nor the other way round",
            names(&link.news),
            names(&link.olds)
        );
        asked(what, &condition)
    });
    let unread = link.news.iter().filter_map(|side| {
        // of what is NULL the planner asks
        let condition = format!("({}) AND {} IS NOT NULL", side.unfit.as_ref()?, side.name.sql());
        Some(asked(format!("with a value in `{}` that the new release cannot read", side.name), &condition))
    });
    apart.into_iter().chain(unread).collect()
}
