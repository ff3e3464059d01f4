//! `serve`: who is let in, what is answered, and that changes show before anything is generated.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv6Addr, TcpStream};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use dbmigrate_test_support::PATIENCE;
use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::sqld::Server;
use serde_json::Value;

use crate::project::Project;

const USERS: &str = "#[derive(Table)] pub struct Users { #[column(primary_key)] pub id: i64, pub name: String }\n";
const POSTS: &str = "#[derive(Table)] pub struct Posts { #[column(primary_key)] pub id: i64, #[column(references = Users::id)] pub author: i64 }\n";
const TAGS: &str = "#[derive(Table)] pub struct Tags { #[column(primary_key)] pub id: i64 }\n";

/// A server that is running, and ends with this.
pub(crate) struct Serving {
    child: Child,
    pub(crate) url: String,
    /// What it says later has somewhere to go.
    _out: BufReader<ChildStdout>,
}

impl Serving {
    pub(crate) fn start(project: &Project, arguments: &[&str]) -> Self {
        let words = [&["serve", "--message-format", "json"], arguments].concat();
        let mut command = project.command(&words);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        Self::of(child)
    }

    fn of(mut child: Child) -> Self {
        let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        while out.read_line(&mut line).expect("it is text") > 0 {
            let message: Value = serde_json::from_str(&line).expect("JSON");
            if let Some(url) = message["url"].as_str().filter(|_| message["reason"] == "serving") {
                let url = url.to_owned();
                return Self { child, url, _out: out };
            }
            line.clear();
        }
        panic!("it never said its address");
    }

    fn port(&self) -> u16 {
        let port = self.url.split(':').nth(2).and_then(|rest| rest.split('/').next());
        port.and_then(|port| port.parse().ok()).expect("a port")
    }

    fn token(&self) -> &str {
        self.url.split('/').nth(3).expect("a token")
    }

    /// Head and body of an answer.
    fn ask(&self, method: &str, path: &str, host: &str) -> (String, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port())).expect("it listens");
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").expect("it reads");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("it answers");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        (head.to_owned(), body.to_owned())
    }

    fn get(&self, what: &str) -> (String, String) {
        let host = format!("127.0.0.1:{}", self.port());
        self.ask("GET", &format!("/{}/{what}", self.token()), &host)
    }

    fn data(&self) -> Value {
        serde_json::from_str(&self.get("data").1).expect("JSON")
    }

    /// The stamp, once it is another one.
    fn changed(&self, before: &str) -> String {
        let begin = Instant::now();
        loop {
            let now = self.get("stamp").1;
            if now != before {
                return now;
            }
            assert!(begin.elapsed() < PATIENCE, "it is still {before}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn names(data: &Value) -> Vec<&str> {
    data["moments"].as_array().into_iter().flatten().filter_map(|moment| moment["name"].as_str()).collect()
}

#[test]
fn only_who_knows_the_address_is_answered_and_under_no_other_name() {
    let project = Project::generated(USERS);
    let serving = Serving::start(&project, &[]);
    let (port, token) = (serving.port(), serving.token().to_owned());
    let ours = format!("127.0.0.1:{port}");
    assert_eq!(token.len(), 32);
    let (head, body) = serving.ask("GET", &format!("/{token}/"), &ours);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && body.starts_with("<!DOCTYPE html>"), "{head}");
    for header in ["no-store", "nosniff", "no-referrer", "frame-ancestors 'none'", "same-origin"] {
        assert!(head.contains(header), "{header}: {head}");
    }
    assert!(!head.to_lowercase().contains("access-control"), "{head}");
    let status = |method: &str, path: &str, host: &str| {
        let (head, body) = serving.ask(method, path, host);
        assert!(!body.contains("users"), "{body}");
        head.split(' ').nth(1).map(str::to_owned).unwrap_or_default()
    };
    assert_eq!(status("GET", &format!("/{token}/"), &format!("evil.example:{port}")), "421");
    assert_eq!(status("GET", &format!("/{token}/data"), "127.0.0.1"), "421");
    assert_eq!(status("GET", "/", &ours), "404");
    assert_eq!(status("GET", &format!("/{}/data", "0".repeat(32)), &ours), "404");
    assert_eq!(status("GET", &format!("/{token}/../../Cargo.toml"), &ours), "404");
    assert_eq!(status("POST", &format!("/{token}/data"), &ours), "405");
    assert_eq!(status("HEAD", &format!("/{token}/"), &ours), "200");
    // other interfaces are not listened on
    assert!(TcpStream::connect((Ipv6Addr::LOCALHOST, port)).is_err());
    // another time it is another address
    let again = Serving::start(&project, &[]);
    assert_ne!(again.token(), token);
}

#[test]
fn a_connection_that_asks_nothing_keeps_nobody_waiting() {
    let project = Project::generated(USERS);
    let serving = Serving::start(&project, &[]);
    let idle: Vec<TcpStream> =
        (0..8).map(|_| TcpStream::connect(("127.0.0.1", serving.port())).expect("it listens")).collect();
    let begin = Instant::now();
    assert!(serving.get("stamp").0.contains("200 OK"));
    assert!(begin.elapsed() < Duration::from_secs(5));
    drop(idle);
}

#[test]
fn changes_show_before_they_are_generated_and_nothing_is_written() {
    let project = Project::generated(USERS);
    let before = project.tree();
    let serving = Serving::start(&project, &[]);
    let data = serving.data();
    assert_eq!(names(&data), ["0001_create_users"]);
    let stamp = data["live"].as_str().expect("a stamp").to_owned();
    assert_eq!(serving.get("stamp").1, stamp, "nothing has changed");

    project.structs(&format!("{USERS}{POSTS}"));
    let next = serving.changed(&stamp);
    let data = serving.data();
    assert_eq!(names(&data), ["0001_create_users", "structs"]);
    let pending = &data["moments"][1];
    assert_eq!((&pending["kind"], &data["live"]), (&Value::from("pending"), &Value::from(next.clone())));
    let added = usize::try_from(pending["added"][0].as_u64().expect("a card")).expect("small");
    let added = &data["pool"][added];
    assert_eq!((&added["name"], &added["links"][0]["to"]), (&Value::from("posts"), &Value::from("users")));

    // what does not compile is said, and what is there stays
    project.structs("#[derive(Table)] pub struct Users { #[column(primary_kay)] pub id: i64 }");
    let next = serving.changed(&next);
    let data = serving.data();
    assert_eq!(names(&data), ["0001_create_users"]);
    assert!(data["notice"].as_str().is_some_and(|notice| notice.contains("cannot be read")), "{}", data["notice"]);

    project.structs(&format!("{USERS}{POSTS}"));
    let next = serving.changed(&next);
    assert_eq!(names(&serving.data()), ["0001_create_users", "structs"]);
    let unchanged = |mut tree: std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>| {
        tree.retain(|path, _| !path.ends_with("src/lib.rs"));
        tree
    };
    assert_eq!(unchanged(project.tree()), unchanged(before), "serving writes nothing");

    project.runs("generate");
    serving.changed(&next);
    assert_eq!(names(&serving.data()).len(), 2);
    assert_eq!(serving.data()["moments"][1]["kind"], "generated");
}

#[test]
fn a_database_that_is_named_says_its_rows_and_when_migrations_came() {
    let project = Project::migrated(USERS);
    project.database("dev.db").run("INSERT INTO users (name) VALUES ('a'), ('b')");
    project.structs(&format!("{USERS}{POSTS}"));
    project.runs("generate");
    let serving = Serving::start(&project, &["--url", "dev.db"]);
    let data = serving.data();
    let tables = &data["targets"][0]["tables"];
    assert_eq!((&tables[0]["name"], &tables[0]["rows"]), (&Value::from("users"), &Value::from(2)), "{tables}");
    assert!(tables[0]["bytes"].as_i64().is_some_and(|bytes| bytes >= 4096), "{tables}");
    assert_eq!(tables.as_array().map(Vec::len), Some(1), "ours are hidden: {tables}");
    let applied = |at: usize| data["moments"][at]["applied"][0].clone();
    assert!(applied(0)["took"].as_str().is_some_and(|took| took.contains('s')), "{}", applied(0));
    assert_eq!((&applied(0)["target"], &applied(1)["at"]), (&Value::from("dev.db"), &Value::Null));
}

/// What a page has as its data.
fn data_of(page: &str) -> Value {
    let data = page.split_once("id=\"data\">").and_then(|(_, rest)| rest.split_once("</script>"));
    serde_json::from_str(data.expect("it has data").0).expect("JSON")
}

#[test]
fn a_server_that_is_named_is_asked_once_and_again_when_the_page_is_opened_again() {
    let Some(server) = Server::start() else { return };
    let project = Project::new(USERS);
    project.write("dbmigrate.toml", "[targets.production]\nurl_env = \"PRODUCTION_URL\"\n");
    project.set("PRODUCTION_URL", &server.url());
    project.runs("generate");
    project.runs("migrate -t production --yes");
    let hand = Hand::new(server.url());
    hand.run(&["INSERT INTO users (name) VALUES ('a'), ('b')"]);
    project.structs(&format!("{USERS}{POSTS}"));
    project.runs("generate");
    let rows = |data: &Value| {
        let tables = data["targets"][0]["tables"].as_array();
        tables?.iter().find(|table| table["name"] == "users")?["rows"].as_i64()
    };

    // as a file
    project.runs("diagram --out page.html -t production");
    let data = data_of(&project.read("page.html"));
    assert_eq!(
        (&data["targets"][0]["name"], rows(&data)),
        (&Value::from("production"), Some(2)),
        "{}",
        data["targets"]
    );
    let applied = |data: &Value, at: usize| data["moments"][at]["applied"][0].clone();
    assert!(applied(&data, 0)["took"].is_string() && applied(&data, 0)["at"].is_string(), "{}", applied(&data, 0));
    assert_eq!((&applied(&data, 1)["target"], &applied(&data, 1)["at"]), (&Value::from("production"), &Value::Null));
    assert!(!project.read("page.html").contains(&server.address()), "no address is in it");

    // and served: what structs are changed to is no reason to count all rows again
    let serving = Serving::start(&project, &["-t", "production"]);
    let opened = data_of(&serving.get("").1);
    assert_eq!((rows(&opened), applied(&opened, 0)["at"].is_string()), (Some(2), true));
    hand.run(&["INSERT INTO users (name) VALUES ('c')"]);
    let stamp = opened["live"].as_str().expect("a stamp").to_owned();
    project.structs(&format!("{USERS}{POSTS}{TAGS}"));
    serving.changed(&stamp);
    let data = serving.data();
    assert_eq!((names(&data).len(), rows(&data)), (3, Some(2)), "{}", data["targets"]);
    project.runs("migrate -t production --yes");
    let again = data_of(&serving.get("").1);
    assert_eq!((rows(&again), applied(&again, 1)["at"].is_string()), (Some(3), true), "{}", again["targets"]);
    // one that is gone takes nothing away but the time at which it was asked
    drop(server);
    let gone = data_of(&serving.get("").1);
    assert_eq!((names(&gone).len(), rows(&gone)), (3, Some(3)));
    assert!(gone["notice"].as_str().is_some_and(|notice| notice.contains("earlier time")), "{}", gone["notice"]);
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let project = Project::generated(USERS);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("it has one").port();
    let run = project.refuses(1, &format!("serve --port {port}"));
    assert!(run.err.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{}", run.err);
}
