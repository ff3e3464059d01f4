-- fires: a time, and rows
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # rows
INSERT INTO users VALUES (1);
-- # migration
ALTER TABLE users ADD created_at TEXT DEFAULT current_timestamp;

-- fires: a time, and no rows
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE others (a);
-- # rows
INSERT INTO others VALUES (1);
-- # migration
ALTER TABLE users ADD COLUMN created_at INTEGER NOT NULL DEFAULT (unixepoch());

-- fires: an expression of constants
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # rows
INSERT INTO users VALUES (1);
-- # migration
ALTER TABLE users ADD COLUMN n INTEGER DEFAULT (1 + 2);

-- spares: constants, however they are written
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # rows
INSERT INTO users VALUES (1);
-- # migration
ALTER TABLE users ADD COLUMN a INTEGER NOT NULL DEFAULT -1;
ALTER TABLE users ADD COLUMN b INTEGER NOT NULL DEFAULT (0);
ALTER TABLE users ADD COLUMN c INTEGER NOT NULL DEFAULT true;
ALTER TABLE users ADD COLUMN d TEXT DEFAULT 'now()';
ALTER TABLE users ADD COLUMN e;

-- spares: a new table
-- # before
-- # migration
CREATE TABLE users (id INTEGER PRIMARY KEY, created_at TEXT DEFAULT CURRENT_TIMESTAMP);
ALTER TABLE users ADD COLUMN seen_at TEXT DEFAULT CURRENT_TIMESTAMP;

-- spares: a table whose rows are deleted
-- # before
CREATE TABLE cache (id INTEGER PRIMARY KEY);
-- # migration
DELETE FROM cache;
ALTER TABLE cache ADD COLUMN made_at TEXT DEFAULT CURRENT_TIMESTAMP;
