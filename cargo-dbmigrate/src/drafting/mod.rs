//! What is drafted before it is written: a plan proven, a migration shown, and whether one is as it was generated.

mod followers;
mod halves;
mod kind;
mod marks;
mod told;
mod way_back;
mod written;

use dbmigrate_core::engine::prove::{self, Proof};
use dbmigrate_core::plan::{Decisions, Plan};
use dbmigrate_core::schema::Schema;
use pollster::block_on;

pub(crate) use followers::warn_of_lost_keys;
pub(crate) use halves::{Halves, last_halves};
pub(crate) use kind::kind;
pub(crate) use marks::{Marks, online};
pub(crate) use told::{is_told_by_header, told};
pub(crate) use way_back::{WayBack, failed as way_back_failed, said as say_way_back};
pub(crate) use written::{
    BASELINE, CAPTURE, Written, generated, is_baseline, is_captured, is_generated, snapshot_before, template, traced,
    with_command,
};

use crate::error::Result;
use crate::messages;
use crate::project::Context;
use crate::proof::{say_assumed, unproven, wrong_backfill};

/// Shows a migration that is not written.
pub(crate) fn show(context: &Context, migration: &str, sql: &str, plan: &Plan) {
    context.printer.result(sql.trim_end());
    context.printer.message(|| messages::Plan {
        name: migration.to_owned(),
        sql: sql.to_owned(),
        changes: plan.changes.iter().map(Into::into).collect(),
    });
}

/// Proves the plan that leads from one schema to the other. Of which tables there were no rows is left to say.
///
/// # Errors
/// If it fails its proof; `by_hand` says how to do without it.
pub(crate) fn prove(
    context: &Context,
    (old, new): (&Schema, &Schema),
    decisions: &Decisions,
    plan: &Plan,
    by_hand: &str,
) -> Result<Proof> {
    say_assumed(context, new, plan.statements());
    if old.is_empty() && plan.only_creates(new) {
        // what was checked before, statement by statement
        context.printer.detail("Proved", "on an empty database");
        return Ok(Proof::default());
    }
    let proof = block_on(prove::prove(old, new, &decisions.renames, plan)).map_err(|error| {
        wrong_backfill(&error, decisions)
            .unwrap_or_else(|| unproven(&error, plan, "migration", "the migration was not written").help(by_hand))
    })?;
    context.printer.detail("Proved", format!("on {} generated rows", proof.rows));
    Ok(proof)
}
