-- fires: one table, of which nothing is known
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, legacy TEXT);
-- # server
-- # migration
ALTER TABLE users DROP COLUMN legacy;

-- fires: several tables
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, legacy TEXT);
CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT);
-- # server
-- # migration
ALTER TABLE users DROP COLUMN legacy;
CREATE INDEX pets_name ON pets (name);

-- fires: together they take too long
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, legacy TEXT);
CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT);
-- # server
-- # counts
users 6000000
pets 5000000
-- # migration
ALTER TABLE users DROP COLUMN legacy;
CREATE INDEX pets_name ON pets (name);

-- fires: with the foreign keys that are checked
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, legacy TEXT);
CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT, user_id INTEGER REFERENCES users);
-- # server
-- # counts
users 6000000
pets 6000000
-- # migration
ALTER TABLE users DROP COLUMN legacy;

-- spares: each is short, and so are both
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, legacy TEXT);
CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT);
-- # server
-- # counts
users 6000000
pets 2000000
-- # migration
ALTER TABLE users DROP COLUMN legacy;
CREATE INDEX pets_name ON pets (name);

-- spares: a file has no such limit
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, legacy TEXT);
-- # counts
users 600000000
-- # migration
ALTER TABLE users DROP COLUMN legacy;

-- spares: nothing is done with all rows
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, legacy TEXT);
-- # server
-- # counts
users 600000000
-- # migration
ALTER TABLE users ADD COLUMN name TEXT;

-- spares: rows that are read before there is a transaction
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

-- fires: a rebuild that a server cannot make in place
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT DEFAULT 'a');
-- # server
-- # counts
users 100000000
-- # migration
-- dbmigrate: rebuild users
CREATE TABLE _dbmigrate_new_users (id INTEGER PRIMARY KEY, email TEXT DEFAULT 'a') STRICT;
INSERT INTO _dbmigrate_new_users (id, email) SELECT id, email FROM users;
DROP TABLE users;
ALTER TABLE _dbmigrate_new_users RENAME TO users;
