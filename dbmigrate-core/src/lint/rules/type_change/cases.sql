-- fires: other kinds of values
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, age TEXT, score INTEGER, data, code BLOB);
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, years INTEGER, score REAL, data TEXT, code TEXT);
INSERT INTO users_new (id, years, score, data, code) SELECT id, age, score, data, code FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- fires: a column becomes generated
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, folded TEXT);
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT, folded TEXT AS (lower(email)));
INSERT INTO users_new (id, email) SELECT id, email FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- spares: other words for the same kind
-- # before
CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(10), active BOOLEAN, score DOUBLE, n BIGINT);
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT, active INTEGER, score REAL, n INTEGER);
INSERT INTO users_new SELECT * FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- spares: a new column with another type
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, age TEXT);
-- # migration
ALTER TABLE users ADD COLUMN years INTEGER;

-- spares: a table of that name that the migration makes
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, age TEXT);
-- # migration
CREATE TABLE a (id INTEGER PRIMARY KEY, age TEXT);
CREATE TABLE a_new (id INTEGER PRIMARY KEY, age INTEGER);
DROP TABLE a;
ALTER TABLE a_new RENAME TO a;

-- spares: a column that no release knows yet
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # earlier
ALTER TABLE users ADD COLUMN age TEXT;
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, age INTEGER);
INSERT INTO users_new SELECT * FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- spares: times as text, by another word
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, made_at TEXT, seen_at DATETIME);
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, made_at DATETIME, seen_at TEXT);
INSERT INTO users_new SELECT * FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
