//! The decisions of a migration, carried over to another head: the same intent, by the names that things have there.

use super::mentions::follow_expression;
use super::{Edit, Merged};
use crate::diff::{Diff, RenameError, diff};
use crate::plan::decide::{allowed, questions};
use crate::plan::{Decisions, Lint, Question, Trace, conversions};
use crate::schema::Schema;
use crate::sql::path::{parse_path, path};
use crate::sql::{Expr, Name};

/// What the decisions of a migration come to on another head.
#[derive(Debug, Clone)]
pub struct Replanned {
    /// The decisions for the plan from theirs to what is merged. Losses are accepted by name only.
    pub decisions: Decisions,
    /// What they leave open, and has to be asked: nothing that was not accepted is lost.
    pub questions: Vec<Question>,
    /// What could not be carried over.
    pub left: Vec<Left>,
}

/// A decision that is of no use on another head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The decision: "the backfill of `users.email`".
    pub what: String,
    /// Why not.
    pub why: String,
}

/// Carries the decisions of a migration of ours over to their head. `number` is the one that it gets.
///
/// # Errors
/// If the renames of one of the two do not fit its schemas.
pub fn replan(
    ours: &Edit<'_>,
    theirs: &Edit<'_>,
    decisions: &Decisions,
    merged: &Merged,
    number: u32,
) -> Result<Replanned, RenameError> {
    let names = Names::of(ours, theirs, merged);
    let mut carried = Decisions {
        renames: merged.renames.clone(),
        accepted: decisions.accepted.clone(),
        keep: decisions.keep.map(|_| number),
        knows_renames: true,
        online: decisions.online,
        ..Decisions::default()
    };
    let original = diff(ours.from, ours.to, ours.renames)?;
    carried.accepted.named.clear();
    carried.accepted.all = false;
    for (lint, object) in accepted(decisions, ours, &original) {
        if let Some(object) = names.object(lint, &object) {
            carried.accepted.add(lint, &object);
        }
    }
    let mut left = Vec::new();
    for (what, from, to) in [
        ("backfill", &decisions.backfills, &mut carried.backfills),
        ("conversion", &decisions.conversions, &mut carried.conversions),
    ] {
        for ((table, column), expr) in from {
            let said = || format!("the {what} of `{}`", path([table, column]));
            match names.expression(table, column, expr) {
                Ok((place, expr)) => drop(to.insert(place, expr)),
                Err(why) => left.push(Left { what: said(), why }),
            }
        }
    }
    let before = carried.clone();
    carried.keep_what_fits(theirs.to, &merged.schema);
    for (what, before, after) in
        [("backfill", &before.backfills, &carried.backfills), ("conversion", &before.conversions, &carried.conversions)]
    {
        let gone = before.keys().filter(|place| !after.contains_key(*place));
        left.extend(gone.map(|(table, column)| Left {
            what: format!("the {what} of `{}`", path([table, column])),
            why: "the column is already like this on the other side".to_owned(),
        }));
    }
    let now = diff(theirs.to, &merged.schema, &carried.renames)?;
    let mut open = questions(&now, theirs.to, &merged.schema, &carried);
    open.extend(conversions(&now, &merged.schema, &carried));
    Ok(Replanned { decisions: carried, questions: open, left })
}

/// The losses that were accepted, each by name.
fn accepted(decisions: &Decisions, ours: &Edit<'_>, original: &Diff) -> Vec<(Lint, String)> {
    if !decisions.accepted.all {
        return decisions.accepted.named.iter().cloned().collect();
    }
    let mut named = decisions.clone();
    named.name_conversions(original);
    let mut all: Vec<(Lint, String)> = named.accepted.named.iter().cloned().collect();
    all.extend(allowed(original, ours.from, ours.to, decisions));
    all
}

/// What the names of ours are on the other head.
struct Names {
    /// Those of the common schema, in theirs.
    theirs: Trace,
    /// Those of ours before, in the common schema.
    back: Trace,
    /// Those of ours, in what is merged.
    merged: Trace,
    /// The common schema with the renames of ours, in which expressions are written.
    before: Schema,
    /// Its names, in theirs with the renames that are left.
    expressions: Trace,
}

impl Names {
    fn of(ours: &Edit<'_>, theirs: &Edit<'_>, merged: &Merged) -> Self {
        let before = ours.renames.apply(ours.from);
        let back = Trace::between(ours.from, &before, ours.renames).inverse();
        let made = Trace::between(theirs.from, theirs.to, theirs.renames);
        let last = Trace::between(theirs.to, &merged.renames.apply(theirs.to), &merged.renames);
        Self {
            expressions: back.then(&made).then(&last),
            theirs: made,
            merged: Trace::between(ours.to, &merged.schema, &merged.across),
            back,
            before,
        }
    }

    /// What is accepted, by its name on the other head; nothing if it is gone there.
    fn object(&self, lint: Lint, object: &str) -> Option<String> {
        let (names, None) = parse_path(object)? else { return None };
        match (&names[..], lint) {
            ([table], Lint::DropTable) => Some(path([self.theirs.table(table)?])),
            ([table, column], Lint::DropColumn) => {
                let base = self.back.table(table)?;
                let (_, now) = self.theirs.column(base, column)?;
                Some(path([self.merged.table(table)?, now]))
            }
            ([table, column], _) => {
                let (table, column) = self.merged.column(table, column)?;
                Some(path([table, column]))
            }
            _ => None,
        }
    }

    /// An expression that fills or converts a column.
    fn expression(&self, table: &Name, column: &Name, expr: &Expr) -> Result<((Name, Name), Expr), String> {
        let gone = || "the column is gone on the other side".to_owned();
        let place = self.merged.column(table, column).ok_or_else(gone)?.clone();
        let expr = follow_expression(&self.before, table, expr, &self.expressions)?;
        Ok((place, expr))
    }
}
