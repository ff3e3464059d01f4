//! Steps in Rust of a program, on a server: the subcommand has the transaction there, and the program no token.

use crate::project::Project;
use crate::served::{Served, applied, content};
use crate::steps_program::{ROWS, add_step, application};
use dbmigrate_test_support::sqld::shared;

#[test]
fn a_program_runs_steps_in_the_transaction_on_a_server() {
    let Some(server) = shared() else { return };
    let served = Served::of(Project::new(""), server, server.create_namespace("steps"));
    let (project, hand) = (&served.project, served.hand());
    application(project);
    hand.run(&ROWS.split("; ").collect::<Vec<_>>());
    add_step(project);
    let before = content(&hand);
    project.ends(1, "migrate");
    for wanted in ["fail", "exit", "garbage", "hang", "dangling"] {
        project.set("APP_WANTED", wanted);
        let code = if wanted == "dangling" { 3 } else { 1 };
        project.ends(code, "migrate --with steps --step-timeout 2");
        assert_eq!(content(&hand), before, "{wanted}");
        assert_eq!(applied(&hand).len(), 1, "{wanted}");
    }
    project.set("APP_WANTED", "");
    project.ends(0, "migrate --dry-run --with steps");
    assert_eq!(content(&hand), before);
    project.runs("migrate --with steps");
    assert_eq!(hand.query("SELECT id || ifnull(token, '') || hash FROM users ORDER BY id"), ["1ha", "2hb"]);
    assert_eq!(applied(&hand).len(), 3);
    assert!(hand.integrity_check().is_empty() && hand.foreign_key_check().is_empty());
}
