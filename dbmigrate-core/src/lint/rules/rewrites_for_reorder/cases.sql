-- fires: another order
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, name TEXT, folded TEXT AS (lower(email)));
CREATE INDEX users_email ON users (email);
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT, folded TEXT AS (lower(email)), email TEXT);
INSERT INTO users_new (id, email, name) SELECT id, email, name FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
CREATE INDEX users_email ON users (email);

-- fires: the same order, also where the old table is moved aside
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE TABLE pets (id INTEGER PRIMARY KEY, name VARCHAR(10));
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT);
INSERT INTO users_new SELECT * FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
ALTER TABLE pets RENAME TO old;
CREATE TABLE pets ("id" INTEGER PRIMARY KEY, name varchar ( 10 ));
INSERT INTO pets SELECT id, name FROM old;
DROP TABLE old;

-- fires: with many rows
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # counts
users 20000000
-- # migration
CREATE TABLE users_new (email TEXT, id INTEGER PRIMARY KEY);
INSERT INTO users_new SELECT email, id FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- spares: with few rows
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # counts
users 1000
-- # migration
CREATE TABLE users_new (email TEXT, id INTEGER PRIMARY KEY);
INSERT INTO users_new SELECT email, id FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- spares: something else changes
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT);
-- # migration
CREATE TABLE users_new (email TEXT NOT NULL DEFAULT '', id INTEGER PRIMARY KEY);
INSERT INTO users_new (email, id) SELECT coalesce(email, ''), id FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
CREATE TABLE pets_new (title TEXT, id INTEGER PRIMARY KEY);
INSERT INTO pets_new (title, id) SELECT name, id FROM pets;
DROP TABLE pets;
ALTER TABLE pets_new RENAME TO pets;

-- spares: the rows change
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE TABLE pets (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
CREATE TABLE logs (id INTEGER PRIMARY KEY, a TEXT);
-- # migration
CREATE TABLE users_new (email TEXT, id INTEGER PRIMARY KEY);
INSERT INTO users_new (email, id) SELECT lower(email), id FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
CREATE TABLE pets_new (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
INSERT INTO pets_new (id, a, b) SELECT id, b, a FROM pets;
DROP TABLE pets;
ALTER TABLE pets_new RENAME TO pets;
CREATE TABLE logs_new (id INTEGER PRIMARY KEY, a TEXT);
INSERT INTO logs_new SELECT id, a FROM logs WHERE a IS NOT NULL;
DROP TABLE logs;
ALTER TABLE logs_new RENAME TO logs;
