-- fires: all rows are deleted
-- # before
CREATE TABLE sessions (id INTEGER PRIMARY KEY, expires_at INTEGER);
-- # rows
INSERT INTO sessions VALUES (1, 1), (2, 2);
-- # migration
DELETE FROM sessions;

-- fires: a condition in a query is not one of the statement
-- # before
CREATE TABLE a (id INTEGER PRIMARY KEY, x);
CREATE TABLE b (id INTEGER PRIMARY KEY, x);
-- # migration
UPDATE a SET x = (SELECT x FROM b WHERE b.id = a.id);

-- spares: all rows are meant
-- # before
CREATE TABLE sessions (id INTEGER PRIMARY KEY, expires_at INTEGER);
-- # migration
UPDATE sessions SET expires_at = 0 WHERE true;

-- spares: a table that the migration makes
-- # before
-- # migration
CREATE TABLE a (id INTEGER PRIMARY KEY, x);
INSERT INTO a VALUES (1, 2);
UPDATE a SET x = 3;
