//! `revert` behind random writes, on a server.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::kept_writes::{Place, values_survive};
use crate::project::Project;
use crate::served::Served;

impl Place for Served {
    fn project(&self) -> &Project {
        &self.project
    }

    fn writes(&self, sql: &str) -> bool {
        self.hand().batch(&[sql]).is_ok()
    }

    fn reads(&self, sql: &str) -> Vec<String> {
        self.hand().query(sql)
    }
}

#[test]
fn every_row_that_survives_random_writes_has_its_old_value_after_a_revert_on_a_server() {
    let count = AtomicUsize::new(0);
    values_survive(7..9, &|structs| {
        let name = format!("survived{}", count.fetch_add(1, Ordering::Relaxed));
        Served::new(&name, structs).map(|served| Box::new(served) as Box<dyn Place>)
    });
}
