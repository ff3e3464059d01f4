//! Two instances of the service that start at once on one file: each migration is applied by one of them, and both serve.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const ROUNDS: usize = 10;

/// An instance, killed at the end of the test.
struct Instance {
    process: Child,
    /// What it said of its migrations.
    report: String,
    address: String,
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(file: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_notes-service"));
    command.arg(file).arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().expect("it can be started")
}

/// Waits until it listens.
fn ready(mut process: Child) -> Instance {
    let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
    let mut line = || lines.next().expect("it goes on").expect("it is text");
    let (report, listening) = (line(), line());
    let address = listening.strip_prefix("listening on ").expect("it listens").to_owned();
    Instance { process, report, address }
}

impl Instance {
    fn ask(&self, request: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("it is a setting");
        let length = body.len();
        let head =
            format!("{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n");
        write!(stream, "{head}content-type: application/json\r\n\r\n{body}").expect("it listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }
}

#[test]
fn both_serve_what_one_of_them_has_migrated() {
    let migrations = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/migrations.lock"));
    let count = migrations.expect("it is there").lines().count() - 1;
    for round in 0..ROUNDS {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let file = folder.path().join("notes.db");
        let processes = [spawn(&file), spawn(&file)];
        let [one, two] = processes.map(ready);
        let applied = |instance: &Instance| match instance.report.split_once(" migration") {
            Some((count, rest)) if rest.contains("applied in") => count.parse::<usize>().expect("it is a number"),
            _ => 0,
        };
        assert_eq!(applied(&one) + applied(&two), count, "round {round}: {} / {}", one.report, two.report);
        let created = one.ask("POST /notes", r#"{"title":"Milk"}"#);
        assert!(created.starts_with("HTTP/1.1 201"), "{created}");
        let notes = two.ask("GET /notes", "");
        assert!(notes.ends_with(r#"[{"id":1,"title":"Milk","done":false}]"#), "{notes}");
        let again = two.ask("POST /notes", r#"{"title":"Milk"}"#);
        assert!(again.starts_with("HTTP/1.1 409"), "{again}");
        let changed = one.ask("PUT /notes/1", r#"{"title":"Oat milk","done":true}"#);
        assert!(changed.ends_with(r#"{"id":1,"title":"Oat milk","done":true}"#), "{changed}");
        let removed = two.ask("DELETE /notes/1", "");
        assert!(removed.starts_with("HTTP/1.1 204"), "{removed}");
        let missing = one.ask("DELETE /notes/1", "");
        assert!(missing.starts_with("HTTP/1.1 404"), "{missing}");
    }
}
