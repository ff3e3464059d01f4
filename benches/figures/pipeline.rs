//! What the workflows that `ci github` writes cost on a machine that has the tool already, with nothing pending: the shell
//! of the setup action, `check` and `migrate`, a process each. The server is on this machine.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use dbmigrate_test_support::sqld::Options;

use crate::contest::{Contest, cost_of, milliseconds};
use crate::project::{Project, tool};

/// Tables of an application that is not small.
const TABLES: usize = 30;

pub(crate) fn run() {
    let server = Options::default().start().expect("the libSQL server");
    let project = Project::new(TABLES);
    let directory = project.path();
    cost_of(&mut project.generate());
    let url = server.url();
    let subcommand = |arguments: &[&str]| {
        let mut process = tool();
        process.args(arguments).arg("--quiet").current_dir(directory);
        process.env("TURSO_DATABASE_URL", &url).env("CI", "true");
        process
    };
    cost_of(&mut subcommand(&["migrate", "-t", "production", "--yes"]));

    let tools = directory.join("tools");
    let version = env!("CARGO_PKG_VERSION");
    let bin = tools.join(format!("cargo-dbmigrate/{version}/bin"));
    std::fs::create_dir_all(&bin).expect("a directory");
    std::os::unix::fs::symlink(tool().get_program(), bin.join("cargo-dbmigrate")).expect("a link");
    let script = directory.join("setup.sh");
    std::fs::write(&script, setup()).expect("a file");

    println!("pipeline, {TABLES} tables, nothing pending, the tool is installed");
    let mut contest = Contest::default();
    contest.add("setup", || {
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(&script).current_dir(directory);
        command.env("RUNNER_TOOL_CACHE", &tools).env("GITHUB_PATH", directory.join("path"));
        command.env("DBMIGRATE_VERSION", version).env("DBMIGRATE_RELEASES", "http://127.0.0.1:9/none");
        command
    });
    contest.add("check", || subcommand(&["check"]));
    contest.add("migrate", || subcommand(&["migrate", "-t", "production", "-t", "demo"]));
    let costs = contest.show(25);
    let all: Duration = costs.iter().map(|cost| cost.wall).sum();
    println!("  together: {:.1} ms", milliseconds(all));
}

/// The script of the setup action: the lines behind the last `run: |`.
fn setup() -> String {
    let action = Path::new(env!("CARGO_MANIFEST_DIR")).join("../setup/action.yml");
    let text = std::fs::read_to_string(action).expect("the action");
    let (_, script) = text.rsplit_once("run: |\n").expect("a step that runs something");
    script.lines().map(|line| line.trim_start_matches("        ")).collect::<Vec<_>>().join("\n") + "\n"
}
