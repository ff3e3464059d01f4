//! `backup` of a server, and `restore` into an empty database of one: the same as on a file, and what is interrupted
//! continues.

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::proxy::{Answer, Delivered, Fault, Proxy};

use crate::project::Run;
use crate::served::{POSTS, ROWS, Served, USERS, applied, with_pending};

/// What is easily lost on the way, beside the rows of the project.
const MORE: [&str; 9] = [
    "CREATE TABLE odd (a, b)",
    "INSERT INTO odd (rowid, a, b) VALUES (-5, 9e999, x'00ff'), (77, 'a' || char(0) || 'b', -9e999), (78, NULL, '')",
    "INSERT INTO odd VALUES (1, 1.0), ('1', 9007199254740993), (CAST(x'ff41' AS TEXT), -0.5)",
    "CREATE VIRTUAL TABLE words USING fts5(body)",
    "INSERT INTO words (rowid, body) VALUES (3, 'hello world')",
    "CREATE TABLE keyed (a TEXT, b REAL, PRIMARY KEY (a, b)) WITHOUT ROWID",
    "INSERT INTO keyed VALUES ('x', 1.5), ('x', -9e999)",
    "CREATE TRIGGER posts_gone AFTER DELETE ON posts BEGIN DELETE FROM odd; END",
    "CREATE VIEW names AS SELECT a FROM odd",
];

/// Nothing arrives, and nothing comes back.
const GONE: Fault = Fault { delivered: Delivered::Nothing, answer: Answer::Nothing };

fn served(name: &str) -> Option<Served> {
    let served = Served::new(name, &format!("{USERS}{POSTS}"))?;
    with_pending(&served.project);
    served.project.runs("migrate --to 1");
    served.hand().run(&ROWS);
    served.hand().run(&["DELETE FROM users WHERE id = 9"]);
    served.hand().run(&MORE);
    Some(served)
}

/// Everything of a database with the storage class and the rowid of each value.
fn exact(hand: &Hand) -> Vec<String> {
    let odd = "SELECT rowid || typeof(a) || hex(a) || typeof(b) || hex(b) FROM odd ORDER BY rowid";
    let keyed = "SELECT a || hex(b) FROM keyed ORDER BY 1";
    let words = "SELECT rowid || body FROM words WHERE words MATCH 'hello'";
    let marks = "SELECT name || seq FROM sqlite_sequence ORDER BY 1";
    let users = "SELECT id || ifnull(name, '-') FROM users ORDER BY id";
    let statements = "SELECT type || name || sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY 1";
    [odd, keyed, words, marks, users, statements].iter().flat_map(|query| hand.query(query)).collect()
}

#[track_caller]
fn way_back(run: &Run, url: &str) -> String {
    let found = run
        .suggested()
        .into_iter()
        .find(|line| line.starts_with("cargo dbmigrate restore ") && line.contains("--url URL"));
    found.unwrap_or_else(|| panic!("no way back: {}", run.err)).replace("--url URL", &format!("--url {url}"))
}

#[test]
fn a_server_is_backed_up_and_restored_into_an_empty_database() {
    let Some(served) = served("backed") else { return };
    let Some(empty) = Served::new("restored", "") else { return };
    let project = &served.project;
    let run = project.runs("backup b.db");
    assert!(run.err.contains("to b.db, verified ("), "{}", run.err);
    assert!(!run.err.contains("token"), "{}", run.err);
    project.runs(&format!("restore b.db --url {}", empty.url));
    assert_eq!(exact(&empty.hand()), exact(&served.hand()));
    assert_eq!(applied(&empty.hand()), ["0001_start"]);
    assert!(!empty.hand().tables().iter().any(|table| table.contains("restoring")));
    // what is not empty is refused and left alone
    let before = exact(&served.hand());
    let run = project.ends(1, "restore b.db");
    assert!(run.err.contains("is not empty"), "{}", run.err);
    assert_eq!(exact(&served.hand()), before);
    // as a file
    project.runs("restore b.db --url file.db");
    assert_eq!(project.database("file.db").query("SELECT count(*) FROM odd"), ["6"]);
    // and it lives
    project.runs(&format!("migrate --accept drift --url {}", empty.url));
    project.runs("migrate --accept drift");
    assert_eq!(exact(&empty.hand()), exact(&served.hand()));
    assert_eq!(applied(&empty.hand()), applied(&served.hand()));
}

#[test]
fn the_command_that_a_failed_migration_prints_leads_back_on_a_server() {
    let Some(served) = served("ways") else { return };
    let Some(empty) = Served::new("waysback", "") else { return };
    let project = &served.project;
    project.runs("generate --custom --name fail");
    let file = crate::project::sql_of("0005_fail");
    project.write(&file, format!("{}UPDATE users SET id = 1;\n", project.read(&file)));
    project.runs("generate --custom");
    let before = exact(&served.hand());
    let run = project.ends(1, "migrate --backup --accept drift");
    assert_ne!(exact(&served.hand()), before);
    let run = project.shell(&way_back(&run, &empty.url));
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(exact(&empty.hand()), before);
}

#[test]
fn an_interrupted_restore_continues_where_it_stopped() {
    let Some(served) = served("cut") else { return };
    served.hand().run(&[
        "CREATE TABLE big (id INTEGER PRIMARY KEY, a BLOB)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO big SELECT i, randomblob(4000) FROM n",
    ]);
    let project = &served.project;
    project.runs("backup b.db");
    let server = dbmigrate_test_support::sqld::Server::start();
    let Some(server) = server else { return };
    let proxy = Proxy::before(server.port());
    let url = proxy.url();
    let mut cuts = 0;
    loop {
        proxy.reset();
        proxy.fail_from(6 + cuts * 3, GONE);
        let run = project.run(&format!("restore b.db --url {url} --timeout 5"));
        if run.code == 0 {
            break;
        }
        cuts += 1;
        assert_eq!(run.code, 1, "{}", run.err);
        // it is no database that anything would be applied to
        let hand = Hand::new(server.url());
        assert!(!hand.tables().iter().any(|table| table == "_dbmigrate_history"), "{}", run.err);
        assert!(cuts < 60, "{}", run.err);
    }
    assert!(cuts > 2, "{cuts}");
    let hand = Hand::new(server.url());
    assert_eq!(exact(&hand), exact(&served.hand()));
    let sum = "SELECT count(*) || ' ' || sum(id) || ' ' || sum(length(a)) FROM big";
    assert_eq!(hand.query(sum), served.hand().query(sum));
    assert_eq!(hand.integrity_check(), [""; 0]);
}

#[test]
fn a_server_that_is_gone_half_way_leaves_no_backup() {
    let Some(served) = served("gone") else { return };
    let port = served.url.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
    let name = served.url.trim_start_matches("http://").split('.').next().expect("a name").to_owned();
    let proxy = Proxy::before(port);
    let url = format!("http://{name}.localhost:{}", proxy.port());
    let project = &served.project;
    let mut failed = 0;
    for nth in 1..40 {
        proxy.reset();
        proxy.fail_from(nth, GONE);
        let run = project.run(&format!("backup b.db --url {url} --timeout 2"));
        if run.code == 0 {
            break;
        }
        failed += 1;
        assert_eq!(run.code, 1, "{}", run.err);
        for left in ["b.db", "b.db.manifest.json"] {
            assert!(!project.path(left).exists(), "{left} after {nth}: {}", run.err);
        }
    }
    assert!(failed > 3, "{failed}");
    assert!(project.path("b.db").exists());
}
