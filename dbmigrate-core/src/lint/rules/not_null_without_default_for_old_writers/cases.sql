-- fires: a new column
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO users_new (id, name) SELECT id, '' FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- fires: a column that becomes NOT NULL
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO users_new (id, name) SELECT id, coalesce(name, '') FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- fires: a column that loses its default
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '');
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO users_new (id, name) SELECT id, name FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- fires: a default that is NULL is none
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT NULL);
INSERT INTO users_new (id, name) SELECT id, '' FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- fires: a key that was the rowid, which SQLite gives
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
CREATE TABLE users_new (id TEXT PRIMARY KEY NOT NULL, email TEXT);
INSERT INTO users_new (id, email) SELECT id, email FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- spares: it has a default
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
ALTER TABLE users ADD COLUMN name TEXT NOT NULL DEFAULT '';

-- spares: it can be NULL, or is computed, or was so before
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
-- # migration
ALTER TABLE users ADD COLUMN name TEXT;
ALTER TABLE users ADD COLUMN folded TEXT NOT NULL AS (lower(email));
ALTER TABLE users RENAME COLUMN email TO address;

-- spares: a new table
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT NOT NULL);

-- spares: a new key that SQLite gives
-- # before
CREATE TABLE users (email TEXT);
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY NOT NULL, email TEXT);
INSERT INTO users_new (id, email) SELECT rowid, email FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- spares: the old release inserts through a view
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, name TEXT NOT NULL);
INSERT INTO people (id, email, name) SELECT id, email, '' FROM users;
DROP TABLE users;
CREATE VIEW users AS SELECT id, email FROM people;
CREATE TRIGGER users_insert INSTEAD OF INSERT ON users BEGIN INSERT INTO people (email, name) VALUES (new.email, ''); END;

-- fires: a column that no release knows yet, which becomes NOT NULL
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # earlier
ALTER TABLE users ADD COLUMN name TEXT;
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO users_new (id, name) SELECT id, coalesce(name, '') FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- spares: a column of a table that no release knows yet
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # earlier
CREATE TABLE pets (id INTEGER PRIMARY KEY);
-- # migration
CREATE TABLE pets_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO pets_new (id, name) SELECT id, '' FROM pets;
DROP TABLE pets;
ALTER TABLE pets_new RENAME TO pets;
