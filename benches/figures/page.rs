//! The page with the history: what it costs to write it, beside reading and comparing the structs, and how large it is.

use std::process::Command;

use crate::contest::{Contest, cost_of};
use crate::lints::written;
use crate::project::{Project, tool};

const SIZES: [usize; 3] = [10, 100, 500];

/// A long history: so many migrations of so many tables.
const LONG: (usize, usize) = (1000, 100);

pub(crate) fn run() {
    for tables in SIZES {
        println!("page, {tables} tables, two migrations");
        let project = Project::new(tables);
        cost_of(&mut project.generate());
        project.add_column();
        cost_of(&mut project.generate());
        let mut contest = Contest::default();
        contest.add("generate --check", || subcommand(&project, &["generate", "--check"]));
        contest.add("diagram --out page.html", || subcommand(&project, &["diagram", "--out", "page.html"]));
        contest.add("diagram --out schema.svg", || subcommand(&project, &["diagram", "--out", "schema.svg"]));
        contest.show(if tables > 100 { 7 } else { 15 });
        say_size(&project);
    }
    let (migrations, tables) = LONG;
    println!("page, {tables} tables, {migrations} migrations");
    let project = Project::new(0);
    written(&project, tables, migrations);
    let mut contest = Contest::default();
    contest.add("log", || subcommand(&project, &["log"]));
    contest.add("diagram --out page.html", || subcommand(&project, &["diagram", "--out", "page.html"]));
    contest.show(7);
    say_size(&project);
}

fn subcommand(project: &Project, arguments: &[&str]) -> Command {
    let mut command = tool();
    command.args(arguments).arg("--quiet").current_dir(project.path());
    command
}

fn say_size(project: &Project) {
    let size = std::fs::metadata(project.path().join("page.html")).expect("it was written").len();
    println!("  {} kB", size / 1000);
}
