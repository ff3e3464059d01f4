//! Pools and connections of sqlx: what the run takes, and what comes back.

use std::time::Duration;

use dbmigrate_embed::MigrateErrorKind;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Connection as _, Executor as _, SqliteConnection};

use crate::database::File;
use crate::driver::{SAMPLE, block_on};
use crate::history::{family, migrations};

#[test]
fn a_pool_without_a_free_connection_says_what_it_needs() {
    let file = File::new();
    block_on(async {
        let options = SqliteConnectOptions::new().filename(file.path()).create_if_missing(true);
        let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(Duration::from_millis(50));
        let pool = pool.connect_with(options).await.expect("it can be opened");
        let used = pool.acquire().await.expect("it is free");
        let error = SAMPLE.run(&pool).await.expect_err("its only connection is in use");
        assert_eq!(error.kind(), MigrateErrorKind::Target);
        assert!(error.to_string().contains("no free connection"), "{error}");
        assert!(error.help()[0].contains("max_connections"), "{:?}", error.help());
        drop(used);
        assert_eq!(SAMPLE.run(&pool).await.expect("it is free").applied.len(), 19);
        // it went back, with its settings
        let mut again = pool.acquire().await.expect("it was given back");
        let keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&mut *again).await.expect("it answers");
        let timeout: i64 = sqlx::query_scalar("PRAGMA busy_timeout").fetch_one(&mut *again).await.expect("it answers");
        assert_eq!((keys, timeout), (1, 5000));
        drop(again);
        pool.close().await;
        let error = SAMPLE.run(&pool).await.expect_err("it is closed");
        assert_eq!(error.kind(), MigrateErrorKind::Target);
    });
    file.must_be_whole();
}

#[test]
fn a_pool_in_memory_has_one_database() {
    block_on(async {
        let pool = SqlitePoolOptions::new().max_connections(3).connect("sqlite::memory:").await.expect("memory");
        SAMPLE.run(&pool).await.expect("it applies");
        let mut connections = Vec::new();
        for _ in 0..3 {
            let mut connection = pool.acquire().await.expect("it is free");
            let count: i64 = sqlx::query_scalar("SELECT count(*) FROM _dbmigrate_history")
                .fetch_one(&mut *connection)
                .await
                .expect("all have it");
            assert_eq!(count, 19);
            connections.push(connection);
        }
    });
}

#[test]
fn a_transaction_of_sqlx_is_refused_and_left_as_it_is() {
    block_on(async {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.expect("memory is there");
        let mut transaction = connection.begin().await.expect("there is none");
        transaction.execute("CREATE TABLE mine (id INTEGER)").await.expect("it can be created");
        let error = SAMPLE.run(&mut *transaction).await.expect_err("there is a transaction");
        assert_eq!(error.kind(), MigrateErrorKind::InTransaction);
        transaction.commit().await.expect("it is still there");
        let count: i64 =
            sqlx::query_scalar("SELECT count(*) FROM mine").fetch_one(&mut connection).await.expect("it was committed");
        assert_eq!(count, 0);
    });
}

#[test]
fn a_connection_needs_no_executor() {
    let mut connection = pollster::block_on(SqliteConnection::connect("sqlite::memory:")).expect("memory is there");
    let report = migrations(&family()).run(&mut connection).wait().expect("it applies");
    assert_eq!(report.applied.len(), 3);
}

#[test]
fn the_executor_goes_on_while_migrations_run() {
    let file = File::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it can be built");
    let rows = "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 1000000)";
    let slow = format!("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t (id) {rows} SELECT v FROM n;");
    let history = migrations(&[("slow", slow.as_str())]);
    let ticks = runtime.block_on(async {
        let url = format!("sqlite://{}?mode=rwc", file.path().display());
        let mut connection = SqliteConnection::connect(&url).await.expect("it can be opened");
        let ticking = tokio::spawn(async {
            for ticks in 0_u32.. {
                tokio::time::sleep(Duration::from_millis(1)).await;
                if ticks == u32::MAX {
                    break;
                }
                TICKS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        });
        history.run(&mut connection).await.expect("it applies");
        ticking.abort();
        TICKS.load(std::sync::atomic::Ordering::Relaxed)
    });
    assert!(ticks >= 5, "the thread was blocked: {ticks}");
}

static TICKS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
