//! `check` with nothing wrong, against its parts: `cargo metadata`, parsing the structs and comparing them.

use std::process::Command;

use crate::bare;
use crate::contest::{Contest, cost_of, milliseconds};
use crate::project::{Project, tool};

const SIZES: [usize; 4] = [10, 100, 500, 2000];

pub(crate) fn run() {
    for tables in SIZES {
        println!("check, nothing wrong, {tables} tables");
        let project = Project::new(tables);
        cost_of(&mut project.generate());
        let subcommand = |arguments: &[&str]| {
            let mut command = tool();
            command.args(arguments).arg("--quiet").current_dir(project.path());
            command
        };
        let mut contest = Contest::default();
        contest.add("generate --check", || subcommand(&["generate", "--check"]));
        contest.add("check", || subcommand(&["check"]));
        contest.add("syn + serde_json + compare", || bare::command("parse", [project.path()]));
        contest.add("cargo metadata --no-deps", || {
            let mut command = Command::new("cargo");
            command.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(project.path());
            command
        });
        let costs = contest.show(if tables > 500 { 5 } else { 15 });
        let own = costs[1].cpu.saturating_sub(costs[3].cpu);
        println!(
            "  without the metadata: {:.2}x the CPU of parsing alone",
            milliseconds(own) / milliseconds(costs[2].cpu)
        );
    }
}
