//! The same on a server: hazards, a sample of the other cases, and a growing application, with the same checks.

use dbmigrate_test_support::sqld::shared;

use crate::cases::run_cases;
use crate::hazards::run_hazards;
use crate::histories::grow;
use crate::project::Run;
use crate::support::data;
use crate::ways::Way;

/// One of so many cases of others is tried.
const SAMPLE: usize = 6;

fn sample(suite: &str, way: Way) {
    let Some(server) = shared() else { return };
    let cases: Vec<_> = data::load(&format!("{suite}.jsonl")).into_iter().step_by(SAMPLE).collect();
    run_cases(suite, &cases, way, |_| Run::Served(server));
}

#[test]
fn hazards_end_on_a_server_as_in_a_file_when_migrated() {
    let Some(server) = shared() else { return };
    run_hazards(Way::Migrate, |_| Run::Served(server));
}

#[test]
fn hazards_end_on_a_server_as_in_a_file_when_pushed() {
    let Some(server) = shared() else { return };
    run_hazards(Way::Push, |_| Run::Served(server));
}

#[test]
fn changes_of_the_alter_table_tests_keep_all_rows_on_a_server() {
    sample("sqlite_alter_tcl", Way::Migrate);
    sample("sqlite_alter_tcl", Way::Push);
}

#[test]
fn changes_of_sqldef_keep_all_rows_on_a_server() {
    sample("sqldef", Way::Migrate);
    sample("sqldef", Way::Push);
}

#[test]
fn changes_of_atlas_keep_all_rows_on_a_server() {
    sample("atlas", Way::Migrate);
    sample("atlas", Way::Push);
}

#[test]
fn a_growing_application_grows_on_a_server() {
    let Some(server) = shared() else { return };
    grow(Run::Served(server));
}
