//! The proof that what was kept comes back: generated rows go through the migrations, and back through the revert.

use dbmigrate_core::engine::prove::{Proof, Returned, RoundTrip, round_trip};
use dbmigrate_core::folder::{SQL_FILE, Script};
use dbmigrate_core::kept::Kept;
use dbmigrate_core::plan::Plan;
use dbmigrate_core::sql::{Name, Statement};
use pollster::block_on;

use super::history::Entry;
use super::kept::AllReturning;
use super::returning::Returning;
use crate::error::{CommandError, Result};
use crate::project::Context;

/// Proves it on the rows that the migrations have kept (`is_sure`: under the names that they had before), and takes the
/// tables whose rows were among them out of those that the proof on made-up rows has found empty.
///
/// # Errors
/// If rows come back other than they were, and no statement was written by hand that could be why.
pub(super) fn prove(
    context: &Context,
    (run, is_sure): (&[Entry], bool),
    returning: &AllReturning,
    plan: &Plan,
    proof: &mut Proof,
) -> Result<()> {
    let Some(first) = run.first().filter(|_| !returning.is_empty()) else { return Ok(()) };
    let mut scripts = Vec::with_capacity(run.len());
    for entry in run {
        let file = context.folder_path.join(entry.name()).join(SQL_FILE);
        scripts.push(Script::parse(&entry.text, &file)?);
    }
    let forward: Vec<Statement<'_>> = scripts.iter().flat_map(|script| script.statements.iter().copied()).collect();
    let (all, returned): (Vec<&Returning>, Vec<Returned>) =
        returning.all().filter_map(|one| Some((one, returned(one, first)?))).unzip();
    let trip = block_on(round_trip(&first.before.schema, &forward, plan, &returned));
    let Some(RoundTrip { rows, are_the_same }) = trip else { return Ok(()) };
    let is_by_hand = run.iter().any(|entry| !entry.by_hand.is_empty());
    for ((one, rows), is_same) in all.iter().zip(&rows).zip(&are_the_same) {
        if !is_same && is_sure && !is_by_hand {
            let message = format!(
                "the planned revert failed its proof, so the migration was not written: `{}` does not have the rows \
                 that it had",
                one.to
            );
            return Err(CommandError::failed(message)
                .note("this is a bug in cargo-dbmigrate, not in your structs: please report it with the migrations"));
        }
        if *is_same && *rows > 0 {
            let names = [&one.hidden.name, &one.now.table];
            proof.empty.retain(|table| !names.contains(&table));
            proof.unproven.retain(|table| !names.contains(&table));
        }
    }
    let count: usize = rows.iter().sum();
    context.printer.detail("Proved", format!("on {count} rows that were kept and came back"));
    Ok(())
}

/// What comes back, by the names in the first schema, if these lead there: the names of the target are those that a
/// later migration may have given.
fn returned(one: &Returning, first: &Entry) -> Option<Returned> {
    let table = first.before.schema.table(&one.to)?;
    let key = one.key.iter().map(|(_, name)| name);
    let columns = one.columns.iter().map(|(name, _, _)| name);
    let columns: Vec<&Name> = match one.table.kept {
        Kept::Whole => columns.collect(),
        Kept::Columns(_) => key.chain(columns).collect(),
    };
    let is_stored = |name: &&&Name| table.column(name).is_none_or(|column| column.generated.is_none());
    let columns: Vec<&Name> = columns.iter().filter(is_stored).copied().collect();
    let are_there = columns.iter().all(|name| table.column(name).is_some());
    are_there.then(|| Returned {
        table: (one.to.clone(), one.to.clone()),
        columns: columns.into_iter().map(|name| (name.clone(), name.clone())).collect(),
    })
}
