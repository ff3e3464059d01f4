//! What is refused before it is sent, compared with what a real server refuses.

use dbmigrate_core::engine::remote::{Batch, Then, refusals};
use dbmigrate_core::sql::split;
use dbmigrate_test_support::sqld::Server;

use super::client;

/// Every PRAGMA of SQLite, and one that is none.
const PRAGMAS: &str = "analysis_limit application_id auto_vacuum automatic_index busy_timeout cache_size cache_spill \
    case_sensitive_like cell_size_check checkpoint_fullfsync collation_list compile_options count_changes \
    data_store_directory data_version database_list default_cache_size defer_foreign_keys empty_result_callbacks \
    encoding foreign_key_check foreign_key_list foreign_keys freelist_count full_column_names fullfsync function_list \
    hard_heap_limit ignore_check_constraints incremental_vacuum index_info index_list index_xinfo integrity_check \
    journal_mode journal_size_limit legacy_alter_table legacy_file_format locking_mode max_page_count mmap_size \
    module_list nonsense optimize page_count page_size parser_trace pragma_list query_only quick_check \
    read_uncommitted recursive_triggers reverse_unordered_selects schema_version secure_delete short_column_names \
    shrink_memory soft_heap_limit stats synchronous table_info table_list table_xinfo temp_store temp_store_directory \
    threads trusted_schema user_version wal_autocheckpoint wal_checkpoint writable_schema";

/// Statements that a server refuses.
const REFUSED: &[&str] = &[
    "VACUUM",
    "VACUUM INTO 'x.db'",
    "ANALYZE",
    "ANALYZE t",
    "ATTACH 'x.db' AS y",
    "ATTACH DATABASE 'x.db' AS y",
    "CREATE TEMP TABLE x(a)",
    "CREATE TEMPORARY TABLE x AS SELECT 1",
    "CREATE TABLE temp.x(a)",
    "CREATE TABLE IF NOT EXISTS Temp.x(a)",
    "CREATE TEMP VIEW v AS SELECT 1",
    "CREATE TEMP TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE temp.f USING fts5(a)",
    "EXPLAIN PRAGMA optimize",
    "PRAGMA \"foreign_keys\"",
    "INSERT INTO _litestream_seq VALUES(1)",
    "DELETE FROM _Litestream_Lock",
    "DROP TABLE libsql_wasm_func_table",
    "ALTER TABLE _litestream_seq ADD COLUMN a",
    "SELECT 1_000",
    "SELECT group_concat(a, ',' ORDER BY a) FROM t",
    "CREATE VIEW v2 AS SELECT json_group_array(a ORDER BY a DESC) FROM t",
];

/// Statements that a server takes, and with which it does something else than they say.
const USELESS: &[&str] = &[
    "DETACH y",
    "CREATE TABLE \"temp\".x(a)",
    "CREATE VIEW temp.v AS SELECT 1",
    "CREATE TRIGGER temp.tr AFTER INSERT ON t BEGIN SELECT 1; END",
    "CREATE INDEX temp.i ON t(a)",
];

/// Statements that it takes, among them everything that comes near one that it does not.
const TAKEN: &[&str] = &[
    "REINDEX",
    "REINDEX t",
    "EXPLAIN SELECT 1",
    "EXPLAIN QUERY PLAN SELECT 1",
    "EXPLAIN QUERY PLAN PRAGMA optimize",
    "SAVEPOINT s",
    "RELEASE s",
    "ROLLBACK TO s",
    "BEGIN IMMEDIATE",
    "BEGIN EXCLUSIVE",
    "COMMIT",
    "END TRANSACTION",
    "ROLLBACK",
    "VALUES (1), (2)",
    "WITH RECURSIVE c(x) AS MATERIALIZED (SELECT 1) SELECT * FROM c",
    "WITH c AS (SELECT 1) INSERT INTO t SELECT * FROM c",
    "REPLACE INTO t VALUES(1)",
    "INSERT INTO t(a) SELECT 1 WHERE true ON CONFLICT DO NOTHING RETURNING a",
    "UPDATE OR IGNORE t SET (a) = (SELECT 1) FROM (SELECT 2)",
    "DELETE FROM t WHERE a = '_litestream_seq'",
    "DELETE FROM \"_litestream_lock\"",
    "INSERT INTO sqlite_sequence VALUES('t', 7)",
    "ALTER TABLE t RENAME COLUMN a TO b",
    "ALTER TABLE t DROP COLUMN b",
    "ALTER TABLE t ALTER COLUMN b TO b INTEGER",
    "CREATE TABLE main.temp(a, b AS (a + 1) STORED, c GENERATED ALWAYS AS (a) VIRTUAL)",
    "CREATE TABLE x1(a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT NOT NULL ON CONFLICT IGNORE DEFAULT (1 + 1) COLLATE nocase)",
    "CREATE TABLE x2(a ANY PRIMARY KEY) WITHOUT ROWID, STRICT",
    "CREATE TABLE x3(a) RANDOM ROWID",
    "CREATE TABLE x4(a REFERENCES t(a) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, UNIQUE (a) ON CONFLICT REPLACE)",
    "CREATE TABLE x5(e F32_BLOB(3))",
    "CREATE INDEX ix1 ON x5(libsql_vector_idx(e))",
    "CREATE UNIQUE INDEX IF NOT EXISTS ix2 ON t(lower(a) COLLATE nocase DESC) WHERE a IS NOT NULL",
    "CREATE VIEW v1(a, b) AS SELECT temp.a, sum(a) OVER (PARTITION BY a ORDER BY a ROWS 1 PRECEDING) FROM temp",
    "CREATE TRIGGER tr1 INSTEAD OF INSERT ON v1 BEGIN SELECT RAISE(IGNORE); DELETE FROM t; END",
    "CREATE VIRTUAL TABLE f USING fts5(a, tokenize = 'porter unicode61')",
    "CREATE VIRTUAL TABLE r USING rtree(id, a, b)",
    "DROP VIEW IF EXISTS temp.v",
    "SELECT count(*) FILTER (WHERE a) OVER w FROM t WINDOW w AS (ORDER BY a)",
    "SELECT a FROM t WHERE a IN (SELECT a FROM t ORDER BY a LIMIT 1) ORDER BY a",
    "SELECT 1 IS DISTINCT FROM 2, json('{}') ->> '$.a', x'0F', 0x1F, 1e3, [a], `a` FROM t",
    "SELECT * FROM pragma_journal_mode",
    "SELECT libsql_server_database_name()",
];

#[test]
fn what_is_refused_before_it_is_sent_is_what_a_server_refuses() {
    let Some(server) = Server::start() else { return };
    let mut statements: Vec<String> = PRAGMAS
        .split_whitespace()
        .flat_map(|name| [format!("PRAGMA {name}"), format!("pragma MAIN.{name} = 1"), format!("PRAGMA {name}(1)")])
        .collect();
    statements.extend([REFUSED, TAKEN].concat().into_iter().map(str::to_owned));
    let mut batch = Batch::reading();
    for sql in &statements {
        batch.step(None, sql, Vec::new(), true);
    }
    let client = client(&server.url(), None);
    let refused = client.stream().refused(&batch, Then::Close).unwrap();
    for (step, sql) in (0_u32..).zip(&statements) {
        let ours = refusals(&split(sql)).first().map(|refusal| refusal.reason.clone());
        let theirs = refused.iter().find(|(at, _)| *at == step).map(|(_, error)| error.message.clone());
        assert_eq!(ours.is_some(), theirs.is_some(), "`{sql}`: we say {ours:?}, the server says {theirs:?}");
    }
    for sql in REFUSED {
        assert_eq!(refusals(&split(sql)).len(), 1, "{sql}");
    }
    assert_eq!(client.requests(), 1);
}

#[test]
fn what_a_server_takes_and_does_not_do_is_refused_as_well() {
    let Some(server) = Server::start() else { return };
    let client = client(&server.url(), None);
    for sql in USELESS {
        assert_eq!(refusals(&split(sql)).len(), 1, "{sql}");
        super::run(&client, &["CREATE TABLE IF NOT EXISTS t(a)", sql]).unwrap();
    }
    assert_eq!(super::ask(&client, "SELECT group_concat(name) FROM sqlite_schema").unwrap(), "t");
}
