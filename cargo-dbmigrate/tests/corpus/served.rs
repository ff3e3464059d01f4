//! The same on a server: the cases of this repository, a sample of the other cases, and a growing application, with the same checks.

use dbmigrate_test_support::sqld::shared;

use crate::cases::run_cases;
use crate::histories::{grow, run_all};
use crate::law::{ON_A_SERVER, run_law};
use crate::project::Run;
use crate::support::data;
use crate::ways::Way;

/// One of so many cases of others is tried.
const SAMPLE: usize = 6;

fn one_of(each: usize, suite: &str) {
    let Some(server) = shared() else { return };
    let cases: Vec<_> = data::load(suite).into_iter().step_by(each).collect();
    for way in [Way::Migrate, Way::Push] {
        run_cases(suite, &cases, way, |_| Run::Served(server));
    }
}

#[test]
fn cases_of_this_repository_end_on_a_server_as_in_a_file_when_migrated() {
    let Some(server) = shared() else { return };
    run_law(Way::Migrate, ON_A_SERVER, |_| Run::Served(server));
}

#[test]
fn cases_of_this_repository_end_on_a_server_as_in_a_file_when_pushed() {
    let Some(server) = shared() else { return };
    run_law(Way::Push, ON_A_SERVER, |_| Run::Served(server));
}

#[test]
fn changes_of_the_alter_table_tests_keep_all_rows_on_a_server() {
    one_of(SAMPLE, "sqlite_alter_tcl");
}

#[test]
fn changes_of_sqldef_keep_all_rows_on_a_server() {
    one_of(SAMPLE, "sqldef");
}

#[test]
fn changes_of_atlas_keep_all_rows_on_a_server() {
    one_of(SAMPLE, "atlas");
}

#[test]
fn a_growing_application_grows_on_a_server() {
    let Some(server) = shared() else { return };
    grow(Run::Served(server));
}

#[test]
#[ignore = "takes minutes: the rest of the cases, and the histories"]
fn soak_everything_ends_on_a_server_as_in_a_file() {
    let Some(server) = shared() else { return };
    for suite in ["sqlite_alter_tcl", "sqldef", "atlas"] {
        one_of(1, suite);
    }
    run_all(Run::Served(server));
}
