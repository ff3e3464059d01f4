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
        show(tables, || {
            let _ = std::fs::remove_dir_all(project.migrations());
            project.generate()
        });
    }
    println!("generate, one column added, proof on rows in all tables included");
    for tables in SIZES {
        let project = Project::new(tables);
        cost_of(&mut project.generate());
        project.add_column();
        show(tables, || {
            let mut command = project.generate();
            command.arg("--dry-run");
            command
        });
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

fn show(tables: usize, prepare: impl Fn() -> Command) {
    let mut contest = Contest::default();
    contest.add("", prepare);
    let cost = contest.run(if tables > 500 { 3 } else { 5 })[0];
    let (wall, cpu) = (milliseconds(cost.wall), milliseconds(cost.cpu));
    println!("  {tables:>5} tables {wall:>9.1} ms wall {cpu:>9.1} ms CPU {:>6.1} MB", megabytes(cost.memory));
}
