//! `revert` behind random writes, on a file.

use crate::kept_writes::{Place, values_survive};
use crate::project::Project;

impl Place for Project {
    fn project(&self) -> &Project {
        self
    }

    fn writes(&self, sql: &str) -> bool {
        self.database("dev.db").tries(sql)
    }

    fn reads(&self, sql: &str) -> Vec<String> {
        self.query(sql)
    }
}

#[test]
fn every_row_that_survives_random_writes_has_its_old_value_after_a_revert() {
    values_survive(1..6, &|structs| Some(Box::new(Project::new(structs))));
}
