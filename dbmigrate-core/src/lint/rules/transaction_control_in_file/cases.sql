-- fires: what cannot run in a transaction
-- # before
CREATE TABLE t (a TEXT);
-- # migration
CREATE TABLE u (a TEXT);
VACUUM;
PRAGMA journal_mode = DELETE;
PRAGMA main.synchronous = NORMAL;

-- fires: what can end it
-- # before
CREATE TABLE t (a TEXT UNIQUE);
-- # migration
INSERT OR ROLLBACK INTO t VALUES ('x');
UPDATE or rollback t SET a = 'y';

-- spares: on its own
-- # before
CREATE TABLE t (a TEXT);
-- # migration
-- dbmigrate: no-transaction
VACUUM;

-- spares: what asks, and what runs in a transaction
-- # before
CREATE TABLE t (a TEXT UNIQUE, "rollback" TEXT);
-- # migration
PRAGMA journal_mode;
PRAGMA user_version = 2;
ANALYZE;
INSERT OR IGNORE INTO t VALUES ('or rollback', 'x');
DELETE FROM t WHERE a = 'x' OR "rollback" = 'y';
