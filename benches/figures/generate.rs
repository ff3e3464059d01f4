//! `generate`: nothing to do, against only parsing the same files; and the first migration, proof included.

use std::process::Command;

use crate::bare;
use crate::contest::{Contest, cost_of, megabytes, milliseconds};
use crate::project::Project;

const SIZES: [usize; 4] = [10, 100, 500, 2000];

pub(crate) fn run() {
    println!("generate, first migration, proof included");
    for tables in SIZES {
        let project = Project::new(tables);
        let cost = (0..3)
            .map(|_| {
                let _ = std::fs::remove_dir_all(project.migrations());
                cost_of(&mut project.generate())
            })
            .min_by_key(|cost| cost.cpu)
            .expect("three rounds");
        println!(
            "  {tables:>5} tables {:>9.1} ms wall {:>9.1} ms CPU {:>6.1} MB",
            milliseconds(cost.wall),
            milliseconds(cost.cpu),
            megabytes(cost.memory)
        );
    }
    for tables in SIZES {
        println!("generate, nothing to do, {tables} tables");
        let project = Project::new(tables);
        cost_of(&mut project.generate());
        let mut contest = Contest::default();
        contest.add("syn + serde_json + compare", || bare::command("parse", [project.path()]));
        contest.add("cargo metadata --no-deps", || {
            let mut command = Command::new("cargo");
            command.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(project.path());
            command
        });
        contest.add("cargo dbmigrate generate", || project.generate());
        let costs = contest.show(if tables > 500 { 5 } else { 15 });
        let own = costs[2].cpu.saturating_sub(costs[1].cpu);
        println!("  without the metadata: {:.2}x CPU", milliseconds(own) / milliseconds(costs[0].cpu));
    }
}
