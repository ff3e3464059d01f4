//! What existing rows get in the columns of the other release, before the triggers are there that do it for new ones.

use super::between::Between;
use super::{fired_by_updates, update_step};
use crate::plan::{Plan, Step};
use crate::schema::{Schema, Trigger};
use crate::sql::{Expr, Name};

/// An `UPDATE` for each table that has links, and one for each column that is filled. The triggers that it would fire
/// step aside, unless the plan has dropped them by then.
pub(super) fn steps(between: &Between, old: &Schema, plan: &Plan) -> Vec<Step> {
    let drops = |trigger: &Trigger| plan.statements().any(|one| one == format!("DROP TRIGGER {}", trigger.name.sql()));
    let mut steps = Vec::new();
    for table in &between.schema.tables {
        let aside: Vec<&Trigger> = fired_by_updates(old, &table.name).filter(|trigger| !drops(trigger)).collect();
        let sides = between.links.iter().filter(|link| link.table == table.name).flat_map(|link| &link.news);
        let set: Vec<(&Name, &Expr)> = sides.filter_map(|side| Some((&side.name, side.from_other.as_ref()?))).collect();
        if !set.is_empty() {
            let names = set.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
            let set = set.iter().map(|(name, expr)| format!("{} = {expr}", name.sql())).collect::<Vec<_>>().join(", ");
            let update = format!("UPDATE {} SET {set} WHERE true", table.name.sql());
            steps.push(update_step(format!("copy the values of {} into {names}", table.name), update, &aside));
        }
        for fill in between.fills.iter().filter(|fill| fill.table == table.name) {
            let column = fill.column.sql();
            let update = format!("UPDATE {} SET {column} = {} WHERE {column} IS NULL", table.name.sql(), fill.expr);
            steps.push(update_step(format!("fill {}.{}", table.name, fill.column), update, &aside));
        }
    }
    steps
}
