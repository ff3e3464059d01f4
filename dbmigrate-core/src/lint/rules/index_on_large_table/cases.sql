-- fires: indexes of tables that are there, without a database
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE INDEX users_email ON users (email);
-- # migration
ALTER TABLE users RENAME TO people;
CREATE UNIQUE INDEX people_email ON people (lower(email)) WHERE email IS NOT NULL;
DROP INDEX users_email;
CREATE INDEX users_email ON people (email DESC);

-- fires: a table with many rows
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # counts
users 12000000
-- # migration
CREATE INDEX users_email ON users (email);

-- spares: a table with few rows
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # counts
users 1000000
-- # migration
CREATE INDEX users_email ON users (email);

-- spares: a new table, and an index that comes with a rebuild
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT);
CREATE INDEX pets_name ON pets (name);
CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
INSERT INTO users_new (id, email) SELECT id, coalesce(email, '') FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
CREATE INDEX users_email ON users (email);

-- fires: an index that is built beside a rebuild in place
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # counts
users 100000000
-- # migration
-- dbmigrate: rebuild users
CREATE TABLE _dbmigrate_new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
INSERT INTO _dbmigrate_new_users (id, email) SELECT id, email FROM users;
DROP TABLE users;
ALTER TABLE _dbmigrate_new_users RENAME TO users;
CREATE INDEX users_email ON users (email);
