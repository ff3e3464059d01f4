//! Statements in batches on a server: one request each, answers that are lost, connections that are, and writers beside.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dbmigrate_core::engine::apply::{Advanced, Applied, Loss, Observer, Outcome, apply_pending, status};
use dbmigrate_test_support::proxy::{Answer, Delivered, Fault};
use pollster::block_on;

use super::{Case, Client, Database, RemoteUrl, database, remote};

const TABLES: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT NOT NULL UNIQUE, n INTEGER NOT NULL DEFAULT 0);
CREATE TABLE s (id INTEGER PRIMARY KEY, t_id INTEGER NOT NULL REFERENCES t (id) ON DELETE CASCADE);";

/// So many rows, and one batched statement.
fn case(rows: u32, sql: &str) -> Option<Case> {
    let mut case = Case::new()?;
    case.add("first", TABLES, TABLES);
    case.migrate().expect("the tables are made");
    case.hand().run(&[format!(
        "WITH RECURSIVE c (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c WHERE x < {rows}) \
         INSERT INTO t (id, k) SELECT x * 2, 'k' || x FROM c"
    )]);
    case.add("second", sql, TABLES);
    Some(case)
}

#[derive(Default)]
struct Watch {
    left: Option<usize>,
    pieces: usize,
}

impl Observer for Watch {
    fn begin(&mut self, _: &str, _: usize, _: usize) {}
    fn loses(&mut self, _: &Loss) {}
    fn applied(&mut self, _: &Applied) {}
    fn advanced(&mut self, _: &Advanced) {
        self.pieces += 1;
        self.left = self.left.map(|left| left.saturating_sub(1));
    }
    fn is_stopped(&self) -> bool {
        self.left == Some(0)
    }
}

fn run(case: &Case, watch: &mut Watch) -> Outcome {
    let mut target = database(&case.proxy.url());
    block_on(apply_pending(&mut target, &case.folder, None, watch)).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_batch_is_one_request_and_a_run_goes_on_where_another_stopped() {
    let sql = "-- dbmigrate: batched 50 by k\nUPDATE t SET n = n + 1;\n";
    let Some(case) = case(1000, sql) else { return };
    let mut first = Watch { left: Some(5), ..Watch::default() };
    assert_eq!(run(&case, &mut first).applied.len(), 0);
    assert_eq!(case.hand().query("SELECT count(*) FROM t WHERE n = 1"), ["250"]);
    let now = block_on(status(&mut database(&case.server.url()), &case.folder)).expect("readable");
    assert_eq!(now.under_way.map(|progress| progress.visited), Some(250));
    case.proxy.reset();
    let mut second = Watch::default();
    assert_eq!(run(&case, &mut second).applied.len(), 1);
    assert_eq!(case.hand().query("SELECT min(n), max(n), count(*) FROM t"), ["1|1|1000"]);
    // what is around them takes some, whatever the number of batches
    assert!(
        second.pieces >= 15 && case.proxy.requests() < second.pieces + 25,
        "{} {}",
        second.pieces,
        case.proxy.requests()
    );
    case.assert_sound();
}

#[test]
fn answers_that_are_lost_make_no_row_met_twice() {
    for nth in [8, 12, 13, 17] {
        for (delivered, answer) in
            [(Delivered::All, Answer::Nothing), (Delivered::Nothing, Answer::Nothing), (Delivered::All, Answer::HangUp)]
        {
            let sql = "-- dbmigrate: batched 40 by id\nUPDATE t SET n = n + 1;\n";
            let Some(case) = case(800, sql) else { return };
            case.proxy.reset();
            case.proxy.fail(nth, Fault { delivered, answer });
            let mut target = database(&case.proxy.url());
            let result = block_on(apply_pending(&mut target, &case.folder, None, &mut Watch::default()));
            case.proxy.reset();
            if result.is_err() {
                assert_eq!(run(&case, &mut Watch::default()).applied.len(), 1);
            }
            assert_eq!(case.hand().query("SELECT min(n), max(n), count(*) FROM t"), ["1|1|800"], "{nth}");
            case.assert_sound();
        }
    }
}

#[test]
fn rows_of_other_tables_are_not_deleted_with_those_that_are() {
    let sql = "-- dbmigrate: batched 10 by id\nDELETE FROM t WHERE id > 100;\n";
    let Some(case) = case(100, sql) else { return };
    case.hand().run(&["INSERT INTO s (t_id) VALUES (150)"]);
    let error = block_on(apply_pending(&mut database(&case.server.url()), &case.folder, None, &mut Watch::default()));
    let error = error.expect_err("a row refers to one of them").to_string();
    assert!(error.contains("rows of `s` refer to rows that it deletes"), "{error}");
    assert_eq!(case.hand().query("SELECT count(*), max(id) FROM t"), ["80|200"]);
    case.hand().run(&["DELETE FROM s"]);
    run(&case, &mut Watch::default());
    assert_eq!(case.hand().query("SELECT count(*), max(id) FROM t"), ["50|100"]);
    case.assert_sound();
}

#[test]
fn a_server_that_lets_nobody_write_is_not_waited_for_without_end() {
    let sql = "-- dbmigrate: batched 100 by id\nUPDATE t SET n = n + 1;\n";
    let Some(case) = case(1000, sql) else { return };
    assert_eq!(run(&case, &mut Watch { left: Some(3), ..Watch::default() }).applied.len(), 0);
    let (url, _) = RemoteUrl::parse(&case.server.url()).expect("a url");
    let (timeout, answered_within) = (Duration::from_millis(300), Duration::from_secs(1));
    let options = remote::Options { timeout, answered_within, ..remote::Options::default() };
    let error = std::thread::scope(|scope| {
        // it has the lock as long as it runs
        let other = scope.spawn(|| {
            case.hand()
                .run(&["WITH RECURSIVE c (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c WHERE x < 12000000) \
                               INSERT INTO s (t_id) SELECT 2 FROM c WHERE x = 12000000"]);
        });
        std::thread::sleep(Duration::from_millis(300));
        let mut target = Database::on_server(Client::new(url, None, options));
        let error = block_on(apply_pending(&mut target, &case.folder, None, &mut Watch::default()));
        other.join().expect("the other one has written");
        error.map(|outcome| outcome.applied.len())
    });
    let error = error.expect_err("somebody else has the lock").to_string();
    assert!(error.contains("it is up, and did not answer for 1 s"), "{error}");
    run(&case, &mut Watch::default());
    assert_eq!(case.hand().query("SELECT min(n), max(n), count(*) FROM t"), ["1|1|1000"]);
    case.assert_sound();
}

#[test]
fn others_write_meanwhile_and_none_of_their_writes_is_lost() {
    let sql = "-- dbmigrate: batched 100000 by id\nUPDATE t SET n = n + 1;\n";
    let Some(case) = case(300_000, sql) else { return };
    let (is_done, url) = (AtomicBool::new(false), case.server.url());
    let (written, longest) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let hand = dbmigrate_test_support::hand::Hand::new(url.clone());
            let (mut written, mut longest) = (0_u32, Duration::ZERO);
            while !is_done.load(Ordering::Relaxed) {
                let since = Instant::now();
                hand.run(&[format!("INSERT INTO s (t_id) SELECT id FROM t WHERE id = {}", 2 + written * 2)]);
                longest = longest.max(since.elapsed());
                written += 1;
                std::thread::sleep(Duration::from_millis(5));
            }
            (written, longest)
        });
        run(&case, &mut Watch::default());
        is_done.store(true, Ordering::Relaxed);
        writer.join().expect("every write goes well")
    });
    assert_eq!(case.hand().query("SELECT count(*) FROM s"), [written.to_string()]);
    assert_eq!(case.hand().query("SELECT min(n), max(n), count(*) FROM t"), ["1|1|300000"]);
    // on a busy machine as well nobody waits as long as for all of it
    assert!(written > 5 && longest < Duration::from_secs(4), "{written} writes, {longest:?}");
}
