-- fires: a rename, with a column that is renamed as well
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT, "order" INTEGER);
-- # migration
ALTER TABLE users RENAME TO people;
ALTER TABLE people RENAME COLUMN nick TO handle;

-- fires: a copy under another name takes its place
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
-- # migration
CREATE TABLE people (id INTEGER PRIMARY KEY, nick TEXT NOT NULL);
INSERT INTO people (id, nick) SELECT id, coalesce(nick, '') FROM users;
DROP TABLE users;

-- fires: two tables that change their names
-- # before
CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT);
CREATE TABLE b (id INTEGER PRIMARY KEY, y TEXT);
-- # migration
ALTER TABLE a RENAME TO c;
ALTER TABLE b RENAME TO a;
ALTER TABLE c RENAME TO b;

-- fires: a virtual table
-- # before
CREATE VIRTUAL TABLE search USING fts5(title);
-- # migration
ALTER TABLE search RENAME TO titles;

-- fires: a query of the application names it
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
-- # application
src/users.rs:12: SELECT nick FROM Users WHERE id = ?1
src/log.rs:3: select users who gave up
-- # migration
ALTER TABLE users RENAME TO people;

-- spares: a view with the old name
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
ALTER TABLE users RENAME TO people;
CREATE VIEW "Users" AS SELECT id, email FROM people;

-- spares: a table that the migration makes
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
CREATE TABLE a (id INTEGER PRIMARY KEY);
ALTER TABLE a RENAME TO b;

-- spares: a rebuild
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT NOT NULL DEFAULT '');
INSERT INTO users_new (id, email) SELECT id, coalesce(email, '') FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- spares: a rebuild that moves the old table aside
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
ALTER TABLE users RENAME TO users_old;
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL DEFAULT '');
INSERT INTO users (id, email) SELECT id, coalesce(email, '') FROM users_old;
DROP TABLE users_old;

-- spares: other letters of the same name
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
ALTER TABLE users RENAME TO users_;
ALTER TABLE users_ RENAME TO Users;

-- spares: a table that no release knows yet
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # earlier
CREATE TABLE pets (id INTEGER PRIMARY KEY);
-- # migration
ALTER TABLE pets RENAME TO animals;
