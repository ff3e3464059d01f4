//! Two random edits of a random schema: merged both ways round they come to the same, or both refuse; and planned one
//! on top of the other, in both orders, they keep every row.

use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::folder::Folder;
use dbmigrate_core::merge::{Answers, Conflict, Edit, Merged, merge};
use dbmigrate_core::schema::{Column, Schema, Table};

use crate::case::{describe, refusal, script};
use crate::gene::{CaseGenes, Gene, Second};
use crate::runner::{Counts, count, run_cases_twofold, share};
use crate::support::{self, Change, Ending};
use crate::{edit, gene, generate, rows};

/// A side: what it made of the common schema, and its renames.
type Side = (Schema, Renames);

#[test]
fn two_random_edits_merge_both_ways_round_to_the_same_with_rows_kept() {
    let counts = run_cases_twofold(120, gene::two_sides, |(genes, edits), counts| run_case(genes, edits, counts));
    let merged = share(&counts, "kept");
    assert!(merged >= 30, "only {merged} % of the edits merged: {counts:?}");
}

fn run_case(genes: &CaseGenes, their_edits: &[Gene], counts: &Counts) -> Result<(), String> {
    let Second::Edits(our_edits) = &genes.second else { return Ok(()) };
    let common = generate::model(&genes.first);
    let [ours, theirs] = [our_edits, their_edits].map(|edits| {
        let model = edit::edited(&common, edits);
        (model.schema(), model.renames_from(&common))
    });
    let common = common.schema();
    for schema in [&common, &ours.0, &theirs.0] {
        if refusal(schema)?.is_some() {
            count(counts, "discarded");
            return Ok(());
        }
    }
    let one = merged(&common, &ours, &theirs);
    let two = merged(&common, &theirs, &ours);
    let (one, two) = match (one, two) {
        (Ok(one), Ok(two)) => (one, two),
        (Err(_), Err(_)) => {
            count(counts, "refused");
            return Ok(());
        }
        (one, two) => return Err(told("one way round only", &common, &ours, &theirs, &[one.err(), two.err()])),
    };
    if one.schema.canonical() != two.schema.canonical() {
        let both = format!("different schemas:\n{}\n-- and:\n{}", script(&one.schema), script(&two.schema));
        return Err(told(&both, &common, &ours, &theirs, &[]));
    }
    if let Some(reason) = refusal(&one.schema)? {
        // what only the engine knows: a generated column over another type, a check that never holds
        if reason.contains("no such") || reason.contains("syntax") {
            return Err(told(&format!("{reason}\n{}", script(&one.schema)), &common, &ours, &theirs, &[]));
        }
        count(counts, "refused by the engine");
        return Ok(());
    }
    for (first, merged) in [(&theirs, &one), (&ours, &two)] {
        in_order(&common, first, merged, genes, counts).map_err(|error| told(&error, &common, &ours, &theirs, &[]))?;
    }
    Ok(())
}

fn merged(common: &Schema, ours: &Side, theirs: &Side) -> Result<Merged, Vec<Conflict>> {
    let edit = |side| -> Edit<'_> {
        let (to, renames): &Side = side;
        Edit { from: common, to, renames }
    };
    merge(&edit(ours), &edit(theirs), &Answers::default())
}

/// One side, and then the other as it was planned on top of it.
fn in_order(common: &Schema, first: &Side, merged: &Merged, genes: &CaseGenes, counts: &Counts) -> Result<(), String> {
    let change = |current: &Schema, desired: &Schema, renames: &Renames| Change {
        current: current.clone(),
        desired: desired.clone(),
        renames: renames.clone(),
        accept_all: true,
        populate: true,
        ..Change::default()
    };
    diff(&first.0, &merged.schema, &merged.renames).map_err(|error| error.to_string())?;
    let mut before = change(common, &first.0, &first.1);
    before.tries = rows::statements(common, &genes.rows);
    before.backfills = support::example_backfills(&before)?;
    let mut after = change(&first.0, &merged.schema, &merged.renames);
    after.backfills = support::example_backfills(&after)?;
    let folder = support::scratch_folder()?;
    // what is wrong with one side alone is found elsewhere
    let Ok(Ending::Applied(mut database, _)) = before.run(folder.path()) else {
        count(counts, "not to be planned alone");
        return Ok(());
    };
    let plan = match after.generate() {
        Ok(plan) => plan,
        Err(reason) if reason.contains("--custom") => {
            count(counts, "unsupported");
            return Ok(());
        }
        Err(reason) => return Err(describe(&reason, &after)),
    };
    let image = after.image(database.connection())?;
    if !plan.is_empty() {
        let mut migrations = Folder::open(folder.path().join("migrations")).map_err(|error| error.to_string())?;
        support::add(&mut migrations, "merged", &plan, &after.desired)?;
        if let Err(error) = support::apply(&mut database, &migrations) {
            let reason = format!("{error:?}");
            if !support::is_about_rows(&reason) {
                return Err(describe(&format!("no row is to blame: {reason}"), &after));
            }
            count(counts, "refused by rows");
            return Ok(());
        }
    }
    if let Err(error) = after.check(database.connection(), &image) {
        // one side made a column generated and the other its table STRICT: nothing but `integrity_check` looks at the
        // types of what is computed when it is read
        let is_computed = |table: &Table, column: &Column| {
            table.strict
                && column.generated.is_some()
                && error.contains(&format!(" value in {}.{}", table.name, column.name))
        };
        if after.desired.tables.iter().any(|table| table.columns.iter().any(|column| is_computed(table, column))) {
            count(counts, "computed as another type");
            return Ok(());
        }
        return Err(describe(&error, &after));
    }
    count(counts, "kept");
    Ok(())
}

fn told(error: &str, common: &Schema, ours: &Side, theirs: &Side, conflicts: &[Option<Vec<Conflict>>]) -> String {
    let side = |(schema, renames): &Side| format!("{renames:?}\n{}", script(schema));
    format!(
        "{error}\n{conflicts:#?}\n-- common:\n{}\n-- ours: {}\n-- theirs: {}",
        script(common),
        side(ours),
        side(theirs)
    )
}
