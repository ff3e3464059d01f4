//! The binary: its size, and how long it takes to say its version.

use crate::contest::{Contest, megabytes};
use crate::project::tool;

pub(crate) fn run() {
    let size = std::fs::metadata(tool().get_program()).expect("it was built").len();
    println!("binary, {:.1} MB", megabytes(size));
    let mut contest = Contest::default();
    contest.add("--version", || {
        let mut command = tool();
        command.arg("--version");
        command
    });
    contest.show(25);
}
