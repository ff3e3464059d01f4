//! `-- dbmigrate: online` on a server, with applications that write meanwhile, and runners that die.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dbmigrate_test_support::hand::Hand;

use crate::served::{Served, content};

const STRUCTS: &str = "#[derive(Table)]\n#[table(name = \"orgs\")]\npub struct Org { #[column(primary_key)] pub id: i64 }\n\
    #[derive(Table)]\n#[table(name = \"users\", index(name), unique(email))]\npub struct User {\n\
    #[column(primary_key, autoincrement)] pub id: i64,\npub email: String,\npub name: Option<String>,\n\
    #[column(references = Org::id, on_delete = cascade)] pub org: i64,\n}\n";
const CHILD: &str = "#[derive(Table)]\n#[table(name = \"posts\")]\npub struct Post { #[column(primary_key)] pub id: i64, \
    #[column(references = User::id, on_delete = cascade)] pub user_id: i64 }\n";

/// Four applications that write until they are told to stop: how many rows each has inserted, and their longest wait.
fn written(url: &str, stop: &AtomicBool, runner: impl FnOnce()) -> (i64, Duration) {
    let inserted = AtomicI64::new(0);
    let longest = thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let inserted = &inserted;
                scope.spawn(move || {
                    let hand = Hand::new(url);
                    let mut longest = Duration::ZERO;
                    for at in 0.. {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let begun = Instant::now();
                        let insert = format!("INSERT INTO users (email, name, org) VALUES ('{writer}-{at}', NULL, 1)");
                        let update = format!("UPDATE users SET name = 'w{writer}' WHERE id = {}", at * 7 % 3000);
                        hand.batch(&[insert, update]).expect("no write fails");
                        inserted.fetch_add(1, Ordering::Relaxed);
                        longest = longest.max(begun.elapsed());
                        thread::sleep(Duration::from_millis(5));
                    }
                    longest
                })
            })
            .collect();
        runner();
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().map(|writer| writer.join().expect("no write fails")).max().unwrap_or_default()
    });
    (inserted.into_inner(), longest)
}

fn online(name: &str, structs: &str, with_child: bool) {
    const ROWS: i64 = 30_000;
    let Some(served) = Served::new(name, structs) else { return };
    let project = &served.project;
    project.runs("generate");
    project.runs("migrate");
    served.hand().run(&[
        "INSERT INTO orgs VALUES (1), (2)".to_owned(),
        format!(
            "INSERT INTO users (email, name, org) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \
             {ROWS}) SELECT 'e' || i, iif(i % 3, 'n' || (i % 50), NULL), 1 + i % 2 FROM n"
        ),
    ]);
    if with_child {
        served.hand().run(&["INSERT INTO posts SELECT id, id FROM users WHERE id % 10 = 0"]);
    }
    project.structs(&structs.replace("name: Option<String>", "name: String"));
    project.runs("generate --online --backfill users.name='none'");
    let stop = AtomicBool::new(false);
    let (inserted, longest) = written(&served.url, &stop, || {
        for death in 0..3 {
            let mut runner = project.command(&["migrate"]).stderr(Stdio::null()).spawn().expect("the binary runs");
            thread::sleep(Duration::from_millis(150 + death * 100));
            runner.kill().expect("it is ours");
            runner.wait().expect("it ends");
            if death == 1 {
                project.run("migrate --abort");
            }
        }
        project.runs("migrate");
    });
    let hand = served.hand();
    assert_eq!(hand.query("SELECT count(*) FROM users"), [(ROWS + inserted).to_string()]);
    assert_eq!(hand.query("SELECT count(*) FROM users WHERE name IS NULL OR name = ''"), ["0"]);
    let hidden = "SELECT name FROM sqlite_schema WHERE name LIKE '\\_dbmigrate\\_%' ESCAPE '\\'";
    assert_eq!(hand.query(hidden), ["_dbmigrate_history"]);
    content(&hand);
    project.runs("status");
    // foreign keys are those that were declared, both ways
    let refused =
        hand.batch(&["PRAGMA foreign_keys = ON", "INSERT INTO users (email, name, org) VALUES ('x', 'x', 77)"]);
    assert!(refused.is_err());
    assert!(longest < Duration::from_secs(5), "{longest:?}");
}

#[test]
fn a_rebuild_online_has_every_write_of_four_applications() {
    online("online", STRUCTS, false);
}

#[test]
fn a_table_that_others_refer_to_is_rebuilt_online_as_well() {
    online("online_parent", &format!("{STRUCTS}{CHILD}"), true);
}
