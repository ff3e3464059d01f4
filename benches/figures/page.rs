//! The page with the history: what it costs to write it, beside reading and comparing the structs, and how large it is.

use crate::contest::{Contest, cost_of};
use crate::project::{Project, tool};

const SIZES: [usize; 3] = [10, 100, 500];

pub(crate) fn run() {
    for tables in SIZES {
        println!("page, {tables} tables, two migrations");
        let project = Project::new(tables);
        cost_of(&mut project.generate());
        project.add_column();
        cost_of(&mut project.generate());
        let subcommand = |arguments: &[&str]| {
            let mut command = tool();
            command.args(arguments).arg("--quiet").current_dir(project.path());
            command
        };
        let mut contest = Contest::default();
        contest.add("generate --check", || subcommand(&["generate", "--check"]));
        contest.add("diagram --out page.html", || subcommand(&["diagram", "--out", "page.html"]));
        contest.add("diagram --out schema.svg", || subcommand(&["diagram", "--out", "schema.svg"]));
        contest.show(if tables > 100 { 7 } else { 15 });
        let size = std::fs::metadata(project.path().join("page.html")).expect("it was written").len();
        println!("  {} kB", size / 1000);
    }
}
