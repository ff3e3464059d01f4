-- fires: a column and a table that could be kept
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, legacy TEXT);
CREATE TABLE audit (id INTEGER PRIMARY KEY);
-- # rows
INSERT INTO users VALUES (1, 'a');
-- # migration
-- dbmigrate: allow(drop_column) users.legacy
ALTER TABLE users DROP COLUMN legacy;
DROP TABLE audit;

-- spares: nothing by which rows are known before and after it
-- # before
CREATE TABLE logs (at INTEGER, what TEXT, legacy TEXT);
-- # migration
CREATE TABLE n (at INTEGER, what TEXT) STRICT;
INSERT INTO n SELECT at, what FROM logs;
DROP TABLE logs;
ALTER TABLE n RENAME TO logs;

-- spares: it is kept
-- # before
CREATE TABLE audit (id INTEGER PRIMARY KEY, what TEXT);
-- # migration
-- dbmigrate: allow(drop_table) audit
-- dbmigrate: keep audit in _dbmigrate_kept_0007_audit
ALTER TABLE audit RENAME TO _dbmigrate_kept_0007_audit;
