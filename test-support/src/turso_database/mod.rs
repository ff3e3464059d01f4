//! Turso Database, the newer engine, as a server: PyPI's `pyturso` behind Hrana over HTTP (`server.py`), and files that it
//! has written. Where there is no Python with `pip`, tests are skipped, loudly.
//!
//! Turso Cloud runs it behind a server of its own, which nobody has compared with this.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::{binary, skipped};

const SERVER: &str = include_str!("server.py");

/// Runs statements, one to a line of the standard input, on a file, and prints the rows or the error of each.
const RUN: &str = r#"
import sys, turso
connection = turso.connect(sys.argv[1], isolation_level=None)
for statement in sys.stdin.read().split("\x00"):
    try:
        for row in connection.execute(statement).fetchall():
            print("|".join("" if value is None else str(value) for value in row))
    except Exception as error:
        print("error:", error)
connection.close()
"#;

/// The folder with the module; none if it cannot be had, which is said once for each test.
fn module() -> Option<&'static Path> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match FOUND.get_or_init(binary::pyturso) {
        Ok(folder) => Some(folder),
        Err(why) => {
            skipped(why);
            None
        }
    }
}

fn python(module: &Path) -> Command {
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", module).env("PYTHONDONTWRITEBYTECODE", "1");
    python
}

/// Runs statements on a file as an application of Turso Database does, in a process of its own, and returns the rows of
/// all of them and their errors, a line each. None where it cannot be had.
pub fn run(file: &Path, statements: &[&str]) -> Option<Vec<String>> {
    let mut child = python(module()?)
        .arg("-c")
        .arg(RUN)
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python runs");
    let mut stdin = child.stdin.take().expect("it was asked for");
    stdin.write_all(statements.join("\0").as_bytes()).expect("Python reads");
    drop(stdin);
    let output = child.wait_with_output().expect("Python ends");
    let error = String::from_utf8_lossy(&output.stderr);
    let last = error.lines().last().map(|line| format!("error: {line}"));
    let lines = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect::<Vec<_>>();
    Some(lines.into_iter().chain(last).collect())
}

/// A running server, which ends when this is dropped, and also if the test dies without doing so.
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    port: u16,
    child: Child,
}

impl Server {
    /// Starts one with an empty database. None where it cannot be had.
    pub fn start() -> Option<Self> {
        let module = module()?;
        let folder = tempfile::Builder::new().prefix("turso-").tempdir().expect("a temporary directory");
        let script = folder.path().join("server.py");
        std::fs::write(&script, SERVER).expect("the directory is writable");
        let log = std::fs::File::create(folder.path().join("log")).expect("the directory is writable");
        let mut child = python(module)
            .arg(&script)
            .arg(folder.path().join("data.db"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("Python runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it was asked for")).read_line(&mut line).expect("it says its port");
        let port = line.trim().parse().unwrap_or_else(|_| panic!("no port: {line:?}"));
        Some(Self { folder, port, child })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// The port on which it answers.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The statements that failed, and why.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
