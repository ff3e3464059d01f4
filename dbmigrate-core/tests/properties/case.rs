//! A random case as a change, and as text for whoever has to look into it.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeMap;

use dbmigrate_core::diff::Renames;
use dbmigrate_core::engine::prove;
use dbmigrate_core::plan::create_all;
use dbmigrate_core::schema::Schema;
use pollster::block_on;

use crate::gene::{CaseGenes, Choices, Second};
use crate::support::{self, Change};
use crate::{edit, generate, rows};

/// The schemas before and after, and the renames between them.
pub(crate) fn pair(genes: &CaseGenes) -> (Schema, Schema, Renames) {
    let first = generate::model(&genes.first);
    let (second, renames) = match &genes.second {
        Second::Edits(edits) => {
            let second = edit::edited(&first, edits);
            let renames = second.renames_from(&first);
            (second, renames)
        }
        Second::Independent(genes) => (generate::model(genes), Renames::default()),
    };
    (first.schema(), second.schema(), renames)
}

/// The change that the genes stand for; none if one of its schemas cannot be declared.
pub(crate) fn change_of(genes: &CaseGenes) -> Result<Option<Change>, String> {
    let (current, desired, renames) = pair(genes);
    for schema in [&current, &desired] {
        if refusal(schema)?.is_some() {
            return Ok(None);
        }
    }
    let mut answers = Choices::of(&genes.answers);
    let mut change = Change { current, desired, renames, accept_all: true, ..Change::default() };
    if answers.chance(20) {
        // a rename that nobody mentions is a drop and an addition
        change.renames.columns.pop();
    }
    change.populate = !answers.chance(20);
    change.tries = rows::statements(&change.current, &genes.rows);
    change.backfills = if answers.chance(20) { BTreeMap::new() } else { support::example_backfills(&change)? };
    Ok(Some(change))
}

/// Why a schema cannot be declared, or never be used, if that is so. That libSQL and the model disagree about it is no reason.
pub(crate) fn refusal(schema: &Schema) -> Result<Option<String>, String> {
    if let Some(problem) = schema.problems().first() {
        return Ok(Some(problem.message.clone()));
    }
    match block_on(prove::check_declaration(schema, &[])) {
        Ok(faults) => Ok(faults.first().map(|fault| fault.message.clone())),
        Err(error) if error.to_string().contains("differently") => Err(format!("{error}\n{}", script(schema))),
        Err(error) => Ok(Some(error.to_string())),
    }
}

pub(crate) fn script(schema: &Schema) -> String {
    statements(&create_all(schema))
}

pub(crate) fn statements(all: &[String]) -> String {
    all.iter().fold(String::new(), |script, statement| script + statement + ";\n")
}

pub(crate) fn describe(error: &str, change: &Change) -> String {
    let rows = statements(&change.tries);
    let plan = change.generate().map_or_else(|error| error, |plan| plan.to_sql("plan"));
    format!(
        "{error}\n-- from:\n{}\n-- to:\n{}\n-- {:?} {:?}\n-- rows (generated ones first: {}):\n{rows}\n-- plan:\n{plan}",
        script(&change.current),
        script(&change.desired),
        change.renames,
        change.backfills,
        change.populate,
    )
}
