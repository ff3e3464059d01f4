//! Two processes that start at once on one new file: each migration is applied by one of them, and both work with what
//! is there then.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const ROUNDS: usize = 10;

fn start(file: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jobs"));
    command.arg(file).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("it can be started")
}

fn end(process: Child) -> Output {
    let output = process.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// What the program prints, for a command that succeeds.
fn run(file: &Path, arguments: &[&str]) -> String {
    String::from_utf8(end(start(file, arguments)).stdout).expect("it is text")
}

/// How many migrations it says to have applied.
fn applied(output: &Output) -> usize {
    let said = String::from_utf8_lossy(&output.stderr);
    let (count, rest) = said.split_once(" migration").unwrap_or(("0", ""));
    if rest.contains("applied in") { count.parse().expect("it is a number") } else { 0 }
}

#[test]
fn both_use_what_one_of_them_has_migrated() {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/migrations.lock"));
    let count = lock.expect("it is there").lines().count() - 1;
    for round in 0..ROUNDS {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let file = folder.path().join("jobs.db");
        let [one, two] = [start(&file, &["add", "wash"]), start(&file, &["add", "dry"])].map(end);
        assert_eq!(applied(&one) + applied(&two), count, "round {round}: {one:?} / {two:?}");
        // and no job is taken by both
        let taken = [start(&file, &["take", "Ada"]), start(&file, &["take", "Bob"])].map(end);
        let [one, two] = taken.map(|output| String::from_utf8(output.stdout).expect("it is text"));
        let mut ids = [&one, &two].map(|line| line.split('\t').next().map(str::to_owned));
        ids.sort();
        assert_eq!(ids, [Some("1".to_owned()), Some("2".to_owned())], "round {round}: {one} / {two}");
    }
}

#[test]
fn jobs_are_added_taken_finished_and_removed() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("jobs.db");
    assert_eq!(run(&file, &["add", "wash"]), "1\twaiting\t-\twash\n");
    assert_eq!(run(&file, &["add", "dry"]), "2\twaiting\t-\tdry\n");
    assert_eq!(run(&file, &["take", "Ada"]), "1\trunning\tAda\twash\n");
    assert_eq!(run(&file, &["finish", "1"]), "1\tdone\tAda\twash\n");
    assert_eq!(run(&file, &["clean"]), "1 jobs removed\n");
    assert_eq!(run(&file, &["list"]), "2\twaiting\t-\tdry\n");
    assert_eq!(run(&file, &["take", "Bob"]), "2\trunning\tBob\tdry\n");
    assert_eq!(run(&file, &["take", "Bob"]), "nothing to do\n");
}
