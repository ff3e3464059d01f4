//! `push` with nothing to do, against its parts: `cargo metadata`, and reading the structs as `generate` does. And `pull`
//! of the same database.

use std::process::Command;

use crate::contest::{Contest, cost_of, milliseconds};
use crate::project::{Project, tool};

const SIZES: [usize; 3] = [10, 100, 500];

pub(crate) fn run() {
    for tables in SIZES {
        println!("push, nothing to do, and pull, {tables} tables");
        let project = Project::new(tables);
        cost_of(&mut project.generate());
        cost_of(&mut push(&project));
        let mut contest = Contest::default();
        contest.add("cargo metadata --no-deps", || {
            let mut command = Command::new("cargo");
            command.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(project.path());
            command
        });
        contest.add("cargo dbmigrate generate", || project.generate());
        contest.add("cargo dbmigrate push", || push(&project));
        contest.add("cargo dbmigrate pull", || {
            let mut command = tool();
            command.args(["pull", "--quiet"]).current_dir(project.path());
            command
        });
        let costs = contest.show(15);
        let reading = costs[1].cpu.saturating_sub(costs[0].cpu);
        let database = costs[2].cpu.saturating_sub(costs[1].cpu);
        let (reading, database) = (milliseconds(reading), milliseconds(database));
        println!("  reading the structs {reading:.1} ms CPU, reading and comparing the database {database:.1} ms CPU");
    }
}

fn push(project: &Project) -> Command {
    let mut command = tool();
    command.args(["push", "--quiet"]).current_dir(project.path());
    command
}
