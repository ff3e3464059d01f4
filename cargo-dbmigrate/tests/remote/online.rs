//! `-- dbmigrate: online` on a server, with applications that write meanwhile, and runners that die.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::say;
use dbmigrate_test_support::sqld::Server;

use crate::project::Project;
use crate::served::{Served, content};

pub(crate) const STRUCTS: &str = "#[derive(Table)]\n#[table(name = \"orgs\")]\npub struct Org { #[column(primary_key)] pub id: i64 }\n\
    #[derive(Table)]\n#[table(name = \"users\", index(name), unique(email))]\npub struct User {\n\
    #[column(primary_key, autoincrement)] pub id: i64,\npub email: String,\npub name: Option<String>,\n\
    #[column(references = Org::id, on_delete = cascade)] pub org: i64,\n}\n";
const CHILD: &str = "#[derive(Table)]\n#[table(name = \"posts\")]\npub struct Post { #[column(primary_key)] pub id: i64, \
    #[column(references = User::id, on_delete = cascade)] pub user_id: i64 }\n";

const ROWS: i64 = 12_000;
/// A server that does not answer for so long does not answer at all.
const STANDS: Duration = Duration::from_secs(30);

/// What those who take part tell each other.
#[derive(Default)]
struct State {
    stop: AtomicBool,
    stands: AtomicBool,
}

/// A database with a table of many rows, and a migration that rebuilds it online.
fn before(name: &str, structs: &str) -> Option<Served> {
    let served = Served::new(name, structs)?;
    fill(&served.project, &served.hand(), structs, ROWS);
    Some(served)
}

/// Fills the database of a project with so many rows, and writes a migration that rebuilds their table online.
pub(crate) fn fill(project: &Project, hand: &Hand, structs: &str, rows: i64) {
    project.runs("generate");
    project.runs("migrate");
    hand.run(&[
        "INSERT INTO orgs VALUES (1), (2)".to_owned(),
        format!(
            "INSERT INTO users (email, name, org) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \
             {rows}) SELECT 'e' || i, iif(i % 3, 'n' || (i % 50), NULL), 1 + i % 2 FROM n"
        ),
    ]);
    if structs.contains("Post") {
        hand.run(&["INSERT INTO posts SELECT id, id FROM users WHERE id % 10 = 0"]);
    }
    project.structs(&structs.replace("pub name: Option<String>", "#[column(default = \"none\")] pub name: String"));
    project.runs("generate --online --name named --backfill users.name='none'");
}

/// Four applications that write until they are told to stop, or the server stands: how many rows each has inserted, and their
/// longest wait. What they write is right before and behind the swap.
fn written(url: &str, state: &State, runner: impl FnOnce()) -> (i64, Duration) {
    let inserted = AtomicI64::new(0);
    let longest = thread::scope(|scope| {
        let write = |writer: i64| {
            let hand = Hand::new(url).with_timeout(STANDS);
            let mut longest = Duration::ZERO;
            for at in 0.. {
                if state.stop.load(Ordering::Relaxed) {
                    break;
                }
                let id = at * 7 % 3000 + 1;
                let begun = Instant::now();
                for write in [
                    format!("INSERT INTO users (email, org) VALUES ('{writer}-{at}', 1)"),
                    format!("UPDATE users SET name = 'w{writer}' WHERE id = {id}"),
                ] {
                    if !written_once(&hand, &write) {
                        state.stands.store(true, Ordering::Relaxed);
                        return longest;
                    }
                }
                longest = longest.max(begun.elapsed());
                inserted.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(5));
            }
            longest
        };
        let writers: Vec<_> = (0..4).map(|writer| scope.spawn(move || write(writer))).collect();
        runner();
        state.stop.store(true, Ordering::Relaxed);
        writers.into_iter().map(|writer| writer.join().expect("no write fails")).max().unwrap_or_default()
    });
    (inserted.into_inner(), longest)
}

/// Writes as an application does on a server: what is refused as busy, beside whatever other client writes, is tried again.
/// It is refused while the server copies its log into the database, if that takes it 100 ms, and nothing else fails. False if
/// there is no answer.
fn written_once(hand: &Hand, write: &str) -> bool {
    while let Err(failure) = hand.batch(&[write]) {
        if failure.code == "TRANSPORT" {
            return false;
        }
        assert_eq!(failure.code, "SQLITE_BUSY", "a write fails: {failure}");
    }
    true
}

/// Kills the runner that many times, and then lets it come to its end, or until the server stands.
fn killed(project: &Project, times: u64, state: &State) {
    for death in 0..=times {
        let mut runner = project.command(&["migrate"]).stderr(Stdio::null()).spawn().expect("the binary runs");
        if death < times {
            thread::sleep(Duration::from_millis(100 + death * 150));
            runner.kill().expect("it is ours");
        }
        while runner.try_wait().expect("it is ours").is_none() {
            if state.stands.load(Ordering::Relaxed) {
                runner.kill().expect("it is ours");
            }
            thread::sleep(Duration::from_millis(20));
        }
        if death == 1 && !state.stands.load(Ordering::Relaxed) {
            project.run("migrate --abort");
        }
    }
    if !state.stands.load(Ordering::Relaxed) {
        project.runs("migrate");
    }
}

/// Rebuilds a table beside writers, on a server of its own.
///
/// `sqld` comes to a stand beside clients that write, whoever they are (`docs/decisions/0152`): nobody is answered any more.
/// That shows nothing of a rebuild, so that it is done again on another server.
fn online(structs: &str) {
    for attempt in 1..=4 {
        let Some(server) = Server::start() else { return };
        if online_on(&server, structs) {
            return;
        }
        say(&format!("AGAIN: server {attempt} came to a stand beside its writers"));
    }
    panic!("four servers came to a stand");
}

/// False if the server came to a stand.
fn online_on(server: &Server, structs: &str) -> bool {
    let (project, hand) = (&Project::new(structs), Hand::new(server.url()));
    project.set("TURSO_DATABASE_URL", &server.url());
    fill(project, &hand, structs, ROWS);
    let state = State::default();
    let (inserted, longest) = written(&server.url(), &state, || killed(project, 3, &state));
    if state.stands.into_inner() {
        return false;
    }
    nothing_is_left(&hand);
    assert_eq!(hand.query("SELECT count(*) FROM users"), [(ROWS + inserted).to_string()]);
    let unnamed = "SELECT count(*) FROM users WHERE name IS NULL OR email LIKE '%-%' AND name <> 'none'";
    assert_eq!(hand.query(unnamed), ["0"]);
    content(&hand);
    project.runs("status");
    // foreign keys are those that were declared, both ways
    let refused = hand.batch(&["PRAGMA foreign_keys = ON", "INSERT INTO users (email, org) VALUES ('x', 77)"]);
    assert!(refused.is_err());
    // on a machine that does much else; docs/performance.md says how long it is on one that does not
    assert!(longest < Duration::from_secs(15), "{longest:?}");
    true
}

pub(crate) fn nothing_is_left(hand: &Hand) {
    let hidden = "SELECT name FROM sqlite_schema WHERE name LIKE '\\_dbmigrate\\_%' ESCAPE '\\'";
    assert_eq!(hand.query(hidden), ["_dbmigrate_history"]);
}

#[test]
fn a_rebuild_online_has_every_write_of_four_applications() {
    online(STRUCTS);
}

#[test]
fn a_table_that_others_refer_to_is_rebuilt_online_as_well() {
    online(&format!("{STRUCTS}{CHILD}"));
}

#[test]
fn the_table_changes_its_place_in_one_request() {
    let Some(served) = before("online_swap", STRUCTS) else { return };
    served.project.runs("migrate");
    let hand = served.hand();
    nothing_is_left(&hand);
    content(&hand);
    let took = hand.query(
        "SELECT duration_ms > 0, schema_version = (SELECT schema_version FROM pragma_schema_version) \
        FROM _dbmigrate_history WHERE position = 2",
    );
    assert_eq!(took, ["1|1"]);
}

#[test]
fn what_others_would_wait_for_is_said_before_anything_is_touched() {
    let Some(served) = before("online_wait", &format!("{STRUCTS}{CHILD}")) else { return };
    let (project, hand) = (&served.project, served.hand());
    let schema = "SELECT name, sql FROM sqlite_schema ORDER BY name";
    let before = hand.query(schema);
    // a table with so many rowids is taken for as large
    hand.run(&["INSERT INTO users (id, email, org) VALUES (9000000, 'last', 1)"]);
    let run = project.refuses(1, "migrate");
    assert!(run.err.contains("a server makes index `users_name_idx` in one statement"), "{}", run.err);
    assert!(run.err.contains("other clients wait about 6.8 s for that, longer than 500ms"), "{}", run.err);
    assert!(run.err.contains("if they can wait: `cargo dbmigrate migrate --max-lag 10s`"), "{}", run.err);
    assert_eq!(hand.query(schema), before);
    project.runs("migrate --max-lag 10s");
    nothing_is_left(&hand);
    content(&hand);
}
