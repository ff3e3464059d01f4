-- fires: a table that has rows
-- # before
CREATE TABLE audit (id INTEGER PRIMARY KEY, what TEXT);
-- # rows
INSERT INTO audit VALUES (1, 'a'), (2, 'b');
-- # migration
DROP TABLE IF EXISTS audit;

-- fires: some rows of it are copied before
-- # before
CREATE TABLE audit (id INTEGER PRIMARY KEY, what TEXT);
CREATE TABLE events (id INTEGER PRIMARY KEY, what TEXT);
-- # rows
INSERT INTO events VALUES (1, 'a');
-- # migration
INSERT INTO events (what) SELECT what FROM audit WHERE what <> '';
DROP TABLE audit;

-- fires: a table of a module that has its own rows
-- # before
CREATE VIRTUAL TABLE notes USING fts5(body);
-- # migration
DROP TABLE notes;

-- spares: an index of another table's rows
-- # before
CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT);
CREATE VIRTUAL TABLE search USING fts5(body, content='notes', content_rowid='id');
-- # migration
DROP TABLE search;

-- spares: a table that is renamed, and one that is rebuilt
-- # before
CREATE TABLE audit (id INTEGER PRIMARY KEY, what TEXT);
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
-- # migration
ALTER TABLE audit RENAME TO events;
CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
INSERT INTO n SELECT * FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: it is kept
-- # before
CREATE TABLE audit (id INTEGER PRIMARY KEY, what TEXT);
-- # migration
-- dbmigrate: allow(drop_table) audit
-- dbmigrate: keep audit in _dbmigrate_kept_0007_audit
ALTER TABLE audit RENAME TO _dbmigrate_kept_0007_audit;

-- spares: it is allowed, although its rows are copied
-- # before
CREATE TABLE audit (id INTEGER PRIMARY KEY, what TEXT);
CREATE TABLE events (id INTEGER PRIMARY KEY, what TEXT);
-- # migration
-- dbmigrate: allow(drop_table) AUDIT because "all of it is in events"
INSERT INTO events SELECT * FROM audit;
DROP TABLE audit;
