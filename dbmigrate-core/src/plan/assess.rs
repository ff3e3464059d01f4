//! What each change costs and risks, for people and programs that decide when a migration is to run.

use super::{Cost, Input, Lint, Preflight, Strategy};
use crate::diff::{Change, TableDiff};
use crate::sql::Name;
use crate::sql::path::path;

/// A change with its cost and its risks.
#[derive(Debug, Clone)]
pub struct Assessed {
    /// The change.
    pub change: Change,
    /// What it costs on a table with many rows. Changes that share a rebuild share its cost.
    pub cost: Cost,
    /// What may go wrong with rows.
    pub risks: Vec<Risk>,
}

/// What a change may do to rows, or they to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Risk {
    /// Values are lost; the lint had to be accepted.
    Loses(Lint),
    /// `migrate` refuses if there are rows that contradict the change.
    MayBeRefused,
}

impl Risk {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Loses(lint) => lint.name(),
            Self::MayBeRefused => "may_be_refused",
        }
    }
}

/// Assesses the changes of a plan.
pub(super) fn assess(
    input: &Input<'_>,
    strategies: &[(&TableDiff, Strategy)],
    preflights: &[Preflight],
    allowed: &[(Lint, String)],
) -> Vec<Assessed> {
    let rebuilt = |table: &Name| {
        strategies.iter().find(|(diff, _)| diff.name == *table).and_then(|(_, strategy)| match strategy {
            Strategy::Native => None,
            Strategy::Rebuild(cost) => Some(*cost),
        })
    };
    let is_probed = |table: &Name| {
        let old = input.diff.renames.old_table(table);
        preflights.iter().any(|preflight| preflight.table == *old)
    };
    let loses = |lint: Lint, object: &str| {
        let found = allowed.iter().any(|(one, other)| *one == lint && other.eq_ignore_ascii_case(object));
        found.then_some(Risk::Loses(lint))
    };
    let assess = |change: Change| {
        let mut risks: Vec<Risk> = Vec::new();
        let in_table = |table: &Name, otherwise: Cost| rebuilt(table).unwrap_or(otherwise);
        let cost = match &change {
            Change::DropTable(table) => {
                risks.extend(loses(Lint::DropTable, &path([table])));
                Cost::Instant
            }
            Change::DropColumn(table, column) => {
                risks.extend(loses(Lint::DropColumn, &path([table, column])));
                Cost::Rewrite
            }
            Change::AddColumn(table, _) => {
                risks.extend(is_probed(table).then_some(Risk::MayBeRefused));
                in_table(table, Cost::Instant)
            }
            Change::AlterColumn(table, column) => {
                risks.extend(loses(Lint::DiscardValues, &path([table, &column.name])));
                risks.extend(loses(Lint::LossyConversion, &path([table, &column.name])));
                risks.extend(is_probed(table).then_some(Risk::MayBeRefused));
                in_table(table, Cost::Rewrite)
            }
            Change::AlterPrimaryKey(table) | Change::AlterConstraints(table, _) | Change::AlterOptions(table) => {
                risks.extend(is_probed(table).then_some(Risk::MayBeRefused));
                in_table(table, Cost::Scan)
            }
            Change::CreateIndex(table, index) | Change::AlterIndex(table, index) => {
                let unique = input.new.table(table).and_then(|table| table.indexes.get(index));
                let is_unique = unique.is_some_and(|index| index.unique);
                risks.extend((is_unique && is_probed(table)).then_some(Risk::MayBeRefused));
                in_table(table, Cost::Scan)
            }
            Change::Drop("virtual table", name) => {
                risks.extend(loses(Lint::DropTable, &path([name])));
                Cost::Instant
            }
            Change::Alter("virtual table", _) => Cost::Rewrite,
            _ => Cost::Instant,
        };
        Assessed { change, cost, risks }
    };
    input.diff.changes().into_iter().map(assess).collect()
}
