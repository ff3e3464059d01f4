//! Several processes at once, as nextest starts them, some of which are killed.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::kept::{path_behind, start, text};

#[test]
fn many_processes_make_one_template_and_have_a_database_each() {
    let started: Vec<_> = (0..8)
        .map(|_| {
            let mut command = start("says_where_it_is");
            command.arg("--nocapture").stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().expect("it can be started")
        })
        .collect();
    let mut paths: Vec<PathBuf> = Vec::new();
    for process in started {
        let output = process.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", text(&output));
        paths.push(path_behind(&text(&output), "database: "));
    }
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), 8, "{paths:?}");
}

#[test]
fn what_a_killed_test_leaves_is_removed_by_the_next() {
    let mut command = start("waits_to_be_killed");
    let mut killed = command.arg("--nocapture").stdout(Stdio::piped()).spawn().expect("it can be started");
    let said = BufReader::new(killed.stdout.take().expect("it is piped"));
    let line = said.lines().map_while(Result::ok).find(|line| line.contains("database: ")).expect("it says where");
    let path = path_behind(&line, "database: ");
    assert!(path.is_file());
    assert!(start("says_where_it_is").status().expect("it can be started").success());
    assert!(path.is_file(), "it is in use");
    killed.kill().expect("it can be killed");
    killed.wait().expect("it has ended");
    let begin = Instant::now();
    while path.exists() && begin.elapsed() < Duration::from_secs(10) {
        assert!(start("says_where_it_is").status().expect("it can be started").success());
    }
    assert!(!path.exists());
}
