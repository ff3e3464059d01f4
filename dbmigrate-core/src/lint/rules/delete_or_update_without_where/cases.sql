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

-- fires: a table that was renamed before
-- # before
CREATE TABLE sessions (id INTEGER PRIMARY KEY, expires_at INTEGER);
-- # migration
ALTER TABLE sessions RENAME TO logins;
DELETE FROM logins;

-- fires: a new column, and an old one
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
-- # migration
ALTER TABLE users ADD COLUMN slug TEXT;
UPDATE users SET slug = lower(name), name = upper(name);

-- spares: a new column is filled
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, last TEXT);
-- # migration
ALTER TABLE users ADD COLUMN slug TEXT;
ALTER TABLE users ADD COLUMN full TEXT;
UPDATE users SET slug = lower(name);
UPDATE users SET (slug, full) = (lower(name), name || ' ' || last), full = coalesce(name, 'x = y');

-- spares: a table that goes altogether
-- # before
CREATE TABLE sessions (id INTEGER PRIMARY KEY);
-- # migration
DELETE FROM sessions;
DROP TABLE sessions;

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

-- spares: a new column takes the place of another
-- # before
CREATE TABLE attempts (id INTEGER PRIMARY KEY, path TEXT);
-- # migration
ALTER TABLE attempts ADD COLUMN container TEXT;
UPDATE attempts SET container = path;
ALTER TABLE attempts DROP COLUMN path;
