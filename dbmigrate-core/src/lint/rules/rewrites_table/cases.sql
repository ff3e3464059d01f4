-- fires: a rebuild, a column that is dropped, and an update, without a database
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE);
CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT, legacy TEXT);
CREATE TABLE logs (id INTEGER PRIMARY KEY, at INTEGER);
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT UNIQUE NOT NULL);
INSERT INTO users_new (id, email) SELECT id, coalesce(email, '') FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
ALTER TABLE users RENAME TO people;
ALTER TABLE pets DROP COLUMN legacy;
UPDATE logs SET at = at + 1;

-- fires: tables with many rows
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, a, b, c, d, e, f);
CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT, legacy TEXT);
CREATE TABLE logs (id INTEGER PRIMARY KEY, at INTEGER);
-- # counts
users 1000000
pets 100000000
logs 1500000
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT UNIQUE NOT NULL, a, b, c, d, e, f);
INSERT INTO users_new SELECT * FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
CREATE INDEX users_a ON users (a);
ALTER TABLE pets DROP COLUMN legacy;
UPDATE logs SET at = at + 1;

-- fires: the same on a server takes longer
-- # before
CREATE TABLE logs (id INTEGER PRIMARY KEY, at INTEGER);
-- # server
-- # counts
logs 1000000
-- # migration
UPDATE logs SET at = at + 1;

-- spares: tables with few rows, and one that the database does not have yet
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, legacy TEXT);
CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT, legacy TEXT);
-- # counts
users 50000
-- # migration
ALTER TABLE users DROP COLUMN legacy;
ALTER TABLE pets DROP COLUMN legacy;

-- spares: what writes some rows, or none
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, folded TEXT AS (lower(email)));
-- # migration
ALTER TABLE users ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE users RENAME TO people;
UPDATE people SET name = email WHERE id < 10;
DELETE FROM people WHERE id > 100;
ALTER TABLE people DROP COLUMN folded;

-- spares: a table that the migration makes
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO pets SELECT id, email FROM users;
UPDATE pets SET name = '';

-- spares: a rebuild that is made in place, however many rows there are
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT DEFAULT 'a');
-- # counts
users 100000000
-- # migration
-- dbmigrate: rebuild users
CREATE TABLE _dbmigrate_new_users (id INTEGER PRIMARY KEY, email TEXT DEFAULT 'b');
INSERT INTO _dbmigrate_new_users (id, email) SELECT id, email FROM users;
DROP TABLE users;
ALTER TABLE _dbmigrate_new_users RENAME TO users;

-- spares: the same by statements of columns, on a server
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # server
-- # counts
users 100000000
-- # migration
-- dbmigrate: rebuild users
CREATE TABLE _dbmigrate_new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
INSERT INTO _dbmigrate_new_users (id, email) SELECT id, email FROM users;
DROP TABLE users;
ALTER TABLE _dbmigrate_new_users RENAME TO users;

-- fires: on a server, what no statement of a column changes
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, age INTEGER, CHECK (age > 0));
-- # server
-- # counts
users 100000000
-- # migration
-- dbmigrate: rebuild users
CREATE TABLE _dbmigrate_new_users (id INTEGER PRIMARY KEY, email TEXT, age INTEGER);
INSERT INTO _dbmigrate_new_users (id, email, age) SELECT id, email, age FROM users;
DROP TABLE users;
ALTER TABLE _dbmigrate_new_users RENAME TO users;

-- fires: a column that moves is no matter of the definition alone
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, age INTEGER);
-- # counts
users 100000000
-- # migration
-- dbmigrate: rebuild users
CREATE TABLE _dbmigrate_new_users (id INTEGER PRIMARY KEY, age INTEGER, email TEXT);
INSERT INTO _dbmigrate_new_users (id, age, email) SELECT id, age, email FROM users;
DROP TABLE users;
ALTER TABLE _dbmigrate_new_users RENAME TO users;
