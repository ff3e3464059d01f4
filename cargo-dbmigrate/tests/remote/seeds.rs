//! Sets of rows on a server: with a token, in few requests, and resumed after a connection that breaks in the middle.

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::proxy::{Answer, Delivered, Fault, Proxy};
use dbmigrate_test_support::sqld::{Options, Server, shared};
use dbmigrate_test_support::token::Key;
use serde_json::json;

use crate::project::Project;
use crate::served::{POSTS, USERS};

/// Users with a name that tells them apart.
const PEOPLE: &str = "#[derive(Table)]\n#[table(name = \"users\", unique(name))]\nstruct User { #[column(primary_key, autoincrement)] id: i64, name: String, #[column(default_sql = \"unixepoch()\")] since: i64 }\n";

fn project(structs: &str, url: &str) -> Project {
    let project = Project::new(structs);
    project.set("TURSO_DATABASE_URL", url);
    project.runs("generate --name start");
    project.write(
        "seeds/full/posts.toml",
        "[[posts]]\nid = 1\nauthor = { ref = \"users.ada\" }\ntitle = \"on engines\"\n\
         [[posts]]\nid = 2\nauthor = { ref = \"users.grace\" }\n",
    );
    project.write("seeds/full/users.csv", "_name,name\nada,Ada\ngrace,Grace\n");
    project
}

#[test]
fn a_set_is_written_to_a_server_with_a_token_and_only_once() {
    let key = Key::generate();
    let Some(server) = Options::default().key(key.public()).start() else { return };
    let project = project(&format!("{PEOPLE}{POSTS}"), &server.url());
    let token = key.token(&json!({"a": "rw"}));
    project.set("TURSO_AUTH_TOKEN", &token);
    let hand = Hand::new(server.url()).with_token(&token);
    let run = project.ends(1, "seed");
    assert!(run.err.contains("lacks 1 migration") && run.err.contains("cargo dbmigrate migrate"), "{}", run.err);
    project.runs("migrate");
    let run = project.runs("seed");
    assert!(run.err.contains("`full` is written, 4 rows inserted"), "{}", run.err);
    let rows = "SELECT p.id, u.name, p.title FROM posts p JOIN users u ON u.id = p.author ORDER BY 1";
    assert_eq!(hand.query(rows), ["1|Ada|on engines", "2|Grace|untitled"]);
    let before = (hand.dump_without(&["_dbmigrate_history"]), hand.query("PRAGMA data_version"));
    let run = project.runs("seed");
    assert!(run.err.contains("nothing to do"), "{}", run.err);
    assert_eq!(before, (hand.dump_without(&["_dbmigrate_history"]), hand.query("PRAGMA data_version")));
    // what differs is updated, and what is surplus asked about
    hand.run(&[
        "UPDATE posts SET title = 'x' WHERE id = 1",
        "INSERT INTO users (name) VALUES ('Eve')",
        "INSERT INTO posts (id, author) SELECT 9, id FROM users WHERE name = 'Eve'",
    ]);
    project.write("seeds/full/_set.toml", "[users]\nmode = \"sync\"\n");
    let run = project.ends(3, "seed");
    assert!(run.err.contains("1 row of `posts` would be deleted with them"), "{}", run.err);
    project.runs("seed --accept delete_rows:users");
    assert_eq!(hand.query(rows), ["1|Ada|on engines", "2|Grace|untitled"]);
    assert_eq!(hand.query("SELECT count(*) FROM users"), ["2"]);
    assert_eq!(hand.integrity_check(), [""; 0]);
    assert_eq!(hand.foreign_key_check(), [""; 0]);
    // a token for reading only
    project.set("TURSO_AUTH_TOKEN", &key.token(&json!({"a": "ro"})));
    project.runs("seed");
    project.write("seeds/full/more.json", "{\"users\": [{\"name\": \"Mary\"}]}");
    let run = project.ends(1, "seed");
    assert!(run.err.contains("nothing was written"), "{}", run.err);
}

#[test]
fn one_wrong_row_is_named_on_a_server_as_well() {
    let Some(server) = shared() else { return };
    let url = server.create_namespace("seed_wrong");
    let project = project(&format!("{PEOPLE}{POSTS}"), &url);
    project.runs("migrate");
    // what only the database can know
    Hand::new(&url).run(&[
        "CREATE TRIGGER no_eve BEFORE INSERT ON users WHEN new.name = 'user77' BEGIN SELECT RAISE(ABORT, 'nobody is called so'); END",
    ]);
    let names: Vec<String> = (0..150).map(|at| format!("user{at}\n")).collect();
    project.write("seeds/wrong/users.csv", format!("name\n{}", names.concat()));
    let run = project.ends(1, "seed wrong");
    assert!(run.err.contains("nobody is called so") && run.err.contains("users.csv:79:1"), "{}", run.err);
    assert!(run.err.contains("nothing was written"), "{}", run.err);
    assert_eq!(Hand::new(&url).query("SELECT count(*) FROM users"), ["0"]);
}

/// A set that does not fit into one request.
fn large(project: &Project) -> usize {
    let text = "x".repeat(2000);
    let rows = 3_000;
    let lines: Vec<String> = (0..rows).map(|at| format!("user {at} {text}\n")).collect();
    project.write("seeds/large/users.csv", format!("name\n{}", lines.concat()));
    rows
}

#[test]
fn a_set_costs_three_requests_and_one_that_is_there_two() {
    let Some(server) = shared() else { return };
    server.create_namespace("seed_requests");
    let proxy = Proxy::before(server.port());
    let project = project(&format!("{PEOPLE}{POSTS}"), &format!("{}/dev/seed_requests", proxy.url()));
    project.runs("migrate");
    for most in [4, 3] {
        proxy.reset();
        project.runs("seed");
        let traffic = proxy.traffic();
        assert!(traffic.requests.len() <= most && traffic.connections <= 1, "{traffic:?}");
    }
}

#[test]
fn a_server_that_goes_away_in_the_middle_of_a_seed_gets_the_rest_by_a_second_run() {
    let Some(server) = shared() else { return };
    let url = server.create_namespace("seed_large");
    let structs = format!("{PEOPLE}{POSTS}");
    let start = project(&structs, &url);
    let rows = large(&start);
    start.runs("migrate");
    let undisturbed = {
        let copy = server.fork("seed_large");
        let proxy = Proxy::before(server.port());
        start.set("TURSO_DATABASE_URL", &through(&proxy, &copy));
        start.runs("seed large");
        assert_eq!(Hand::new(&copy).query("SELECT count(*) FROM users"), [rows.to_string()]);
        proxy.traffic().requests.len()
    };
    let mut in_parts = 0;
    for nth in 0..undisturbed {
        for delivered in [Delivered::Nothing, Delivered::All] {
            let copy = server.fork("seed_large");
            let proxy = Proxy::before(server.port());
            start.set("TURSO_DATABASE_URL", &through(&proxy, &copy));
            let is_lost = matches!(delivered, Delivered::All);
            proxy.fail_from(nth, Fault { delivered, answer: Answer::Nothing });
            let run = start.run("seed large --timeout 2");
            assert_eq!(run.code, 1, "{nth}: {}", run.err);
            let hand = Hand::new(&copy);
            let there: usize = hand.query("SELECT count(*) FROM users")[0].parse().expect("a number");
            let nothing = ["nothing was written", "nothing was changed"].iter().any(|words| run.err.contains(words));
            let said = nothing || run.err.contains("were written");
            let unknown = run.err.contains("unknown");
            assert!(said || unknown, "{nth}, lost: {is_lost}: {}", run.err);
            if nothing {
                assert_eq!(there, 0, "{nth}: {}", run.err);
            }
            if there > 0 && there < rows && !unknown {
                assert!(run.err.contains(&format!("{there} rows of {rows} were written")), "{nth}: {}", run.err);
            }
            in_parts += usize::from(there > 0 && there < rows);
            start.set("TURSO_DATABASE_URL", &copy);
            start.runs("seed large");
            assert_eq!(hand.query("SELECT count(*), count(DISTINCT name) FROM users"), [format!("{rows}|{rows}")]);
            let run = start.runs("seed large");
            assert!(run.err.contains("nothing to do"), "{}", run.err);
        }
    }
    assert!(in_parts > 0, "{undisturbed} requests, and none of them left a part");
}

fn through(proxy: &Proxy, url: &str) -> String {
    let name = url.trim_start_matches("http://").split('.').next().unwrap_or_default();
    format!("{}/dev/{name}", proxy.url())
}

#[test]
fn a_file_and_a_server_get_the_same_rows() {
    let Some(server) = Server::start() else { return };
    let project = project(&format!("{USERS}{POSTS}"), &server.url());
    project.write("seeds/full/users.csv", "_name,id,name\nada,1,Ada\ngrace,2,\\N\n");
    project.runs("migrate");
    project.runs("seed");
    project.set("TURSO_DATABASE_URL", "dev.db");
    project.runs("migrate");
    project.runs("seed");
    let remote = Hand::new(server.url());
    for query in ["SELECT * FROM users ORDER BY id", "SELECT * FROM posts ORDER BY id"] {
        assert_eq!(remote.query(query), project.query(query), "{query}");
    }
}
