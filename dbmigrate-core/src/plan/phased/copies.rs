//! What existing rows get in columns that are there already and become NOT NULL, before the triggers are there that do it
//! for new ones. New columns get their values while their table is copied.

use super::between::Between;
use super::{fired_by_updates, update_step};
use crate::plan::{Plan, Step};
use crate::schema::{Schema, Trigger};

/// An `UPDATE` for each column that is filled. The triggers that it would fire step aside, unless the plan has dropped
/// them by then.
pub(super) fn steps(between: &Between, old: &Schema, plan: &Plan) -> Vec<Step> {
    let drops = |trigger: &Trigger| plan.statements().any(|one| one == format!("DROP TRIGGER {}", trigger.name.sql()));
    let step = |fill: &super::Fill| {
        let aside: Vec<&Trigger> = fired_by_updates(old, &fill.table).filter(|trigger| !drops(trigger)).collect();
        let column = fill.column.sql();
        let update = format!("UPDATE {} SET {column} = {} WHERE {column} IS NULL", fill.table.sql(), fill.expr);
        update_step(format!("fill {}.{}", fill.table, fill.column), update, &aside)
    };
    between.fills.iter().filter(|fill| !fill.is_new).map(step).collect()
}
