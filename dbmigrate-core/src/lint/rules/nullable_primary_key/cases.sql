-- fires: a key of text, of two columns, and of an integer that is not the rowid
-- # before
-- # migration
CREATE TABLE a (id TEXT PRIMARY KEY);
CREATE TABLE b (x INTEGER, y INTEGER, z INTEGER NOT NULL, PRIMARY KEY (x, y, z));
CREATE TABLE c (id INT PRIMARY KEY);

-- fires: NOT NULL goes, in a table that may have rows
-- # before
CREATE TABLE a (id TEXT NOT NULL PRIMARY KEY);
-- # migration
CREATE TABLE a_new (id TEXT PRIMARY KEY);
INSERT INTO a_new SELECT id FROM a;
DROP TABLE a;
ALTER TABLE a_new RENAME TO a;

-- fires: a table that is created again
-- # before
CREATE TABLE a (id INTEGER PRIMARY KEY);
-- # migration
DROP TABLE IF EXISTS a;
CREATE TABLE a (key TEXT PRIMARY KEY);

-- spares: NOT NULL, the rowid, STRICT and WITHOUT ROWID
-- # before
-- # migration
CREATE TABLE a (id TEXT NOT NULL PRIMARY KEY);
CREATE TABLE b (id INTEGER PRIMARY KEY);
CREATE TABLE c (id TEXT PRIMARY KEY) STRICT;
CREATE TABLE d (x TEXT, y TEXT, PRIMARY KEY (x, y)) WITHOUT ROWID;

-- spares: no primary key
-- # before
-- # migration
CREATE TABLE a (id TEXT UNIQUE);

-- spares: it was so before
-- # before
CREATE TABLE a (id TEXT PRIMARY KEY);
-- # migration
ALTER TABLE a ADD COLUMN b TEXT;
