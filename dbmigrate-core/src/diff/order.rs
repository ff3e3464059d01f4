//! Tables in the order of their references.

use std::collections::BTreeMap;

use crate::schema::Table;
use crate::sql::Name;

/// The names of the tables, those that others refer to first where there is no cycle: all that refer to none of them,
/// then all that refer to those only, and so on. Takes as long as there are references.
pub(crate) fn in_order_of_references<'a>(tables: impl Iterator<Item = &'a Table>) -> Vec<Name> {
    let tables: Vec<&Table> = tables.collect();
    let places: BTreeMap<&Name, usize> = tables.iter().enumerate().map(|(at, table)| (&table.name, at)).collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); tables.len()];
    let mut unplaced_parents = vec![0_usize; tables.len()];
    for (at, table) in tables.iter().enumerate() {
        let parents = table.foreign_keys.iter().filter_map(|key| places.get(&key.parent));
        for parent in parents.filter(|parent| **parent != at) {
            children[*parent].push(at);
            unplaced_parents[at] += 1;
        }
    }
    let mut is_placed = vec![false; tables.len()];
    let mut order: Vec<Name> = Vec::with_capacity(tables.len());
    let mut free: Vec<usize> = (0..tables.len()).filter(|at| unplaced_parents[*at] == 0).collect();
    let mut first_waiting = 0;
    while order.len() < tables.len() {
        if free.is_empty() {
            // a cycle: any of them may be first
            while is_placed[first_waiting] {
                first_waiting += 1;
            }
            free.push(first_waiting);
        }
        let mut next = Vec::new();
        for at in free {
            is_placed[at] = true;
            order.push(tables[at].name.clone());
            for &child in &children[at] {
                unplaced_parents[child] -= 1;
                if unplaced_parents[child] == 0 && !is_placed[child] {
                    next.push(child);
                }
            }
        }
        next.sort_unstable();
        free = next;
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{ForeignKey, ReferentialAction};

    fn table(name: &str, parents: &[&str]) -> Table {
        let mut table = Table::new(name);
        table.foreign_keys.extend(parents.iter().map(|parent| ForeignKey {
            name: None,
            columns: vec![Name::from("p")],
            parent: Name::from(*parent),
            parent_columns: Vec::new(),
            on_delete: ReferentialAction::NoAction,
            on_update: ReferentialAction::NoAction,
            match_name: None,
            deferrable: None,
        }));
        table
    }

    fn order(tables: &[Table]) -> String {
        in_order_of_references(tables.iter()).iter().map(Name::as_str).collect()
    }

    #[test]
    fn parents_come_first_and_equals_stay_as_they_were() {
        let tables = [table("a", &["D", "d"]), table("b", &["b", "elsewhere"]), table("c", &["a"]), table("d", &[])];
        assert_eq!(order(&tables), "bdac");
    }

    #[test]
    fn a_cycle_begins_with_its_first_table() {
        let tables =
            [table("a", &["c"]), table("b", &["a"]), table("c", &["b"]), table("d", &["c", "e"]), table("e", &[])];
        assert_eq!(order(&tables), "eabcd");
    }
}
