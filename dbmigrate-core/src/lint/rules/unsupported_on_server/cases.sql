-- fires: what concerns the file, or one connection
-- # server
-- # before
CREATE TABLE t (a TEXT);
-- # migration
ANALYZE;
CREATE TEMPORARY TABLE x (a TEXT);
CREATE TEMP VIEW y AS SELECT a FROM t;
CREATE TABLE IF NOT EXISTS temp.z (a TEXT);
PRAGMA journal_mode = WAL;
PRAGMA main.writable_schema = ON;
PRAGMA optimize;
ATTACH ':memory:' AS other;

-- spares: a file
-- # before
CREATE TABLE t (a TEXT);
-- # migration
CREATE TEMPORARY TABLE x (a TEXT);
ANALYZE;

-- spares: what a server takes
-- # server
-- # before
CREATE TABLE t (a TEXT);
-- # migration
PRAGMA defer_foreign_keys = ON;
PRAGMA user_version = 3;
PRAGMA journal_mode;
CREATE TABLE temperature (a TEXT) STRICT;
CREATE TRIGGER temp AFTER INSERT ON t BEGIN SELECT 1; END;
REINDEX;
