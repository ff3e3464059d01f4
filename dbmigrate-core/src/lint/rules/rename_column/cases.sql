-- fires: a rename, in a table that is renamed as well
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
-- # migration
ALTER TABLE users RENAME TO people;
ALTER TABLE people RENAME COLUMN nick TO handle;

-- fires: a rename within a rebuild
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT, "order" INTEGER);
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, handle TEXT NOT NULL, "order" INTEGER);
INSERT INTO users_new (id, handle, "order") SELECT id, nick, "order" FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- fires: two columns that change their names
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
-- # migration
ALTER TABLE users RENAME COLUMN a TO c;
ALTER TABLE users RENAME COLUMN b TO a;
ALTER TABLE users RENAME COLUMN c TO b;

-- fires: queries of the application name it
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
CREATE TABLE pets (id INTEGER PRIMARY KEY, nick TEXT);
-- # application
src/users.rs:12: SELECT u.nick FROM users u
src/pets.rs:40: UPDATE pets SET nick = 'users'
src/users.rs:31: INSERT INTO users (id, nick) VALUES (?1, ?2)
-- # migration
ALTER TABLE users RENAME COLUMN nick TO handle;

-- spares: a generated column under the old name
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
-- # migration
ALTER TABLE users RENAME COLUMN nick TO handle;
ALTER TABLE users ADD COLUMN nick TEXT AS (handle);

-- spares: a view of the old table shows it under the old name
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
-- # migration
ALTER TABLE users RENAME TO people;
ALTER TABLE people RENAME COLUMN nick TO handle;
CREATE VIEW users AS SELECT id, handle AS nick FROM people;

-- spares: a new column beside the old one
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
-- # migration
ALTER TABLE users ADD COLUMN handle TEXT;
UPDATE users SET handle = nick WHERE true;

-- spares: other letters of the same name
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
-- # migration
ALTER TABLE users RENAME COLUMN nick TO Nick;

-- spares: a column of a table that the migration makes
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
-- # migration
CREATE TABLE pets (id INTEGER PRIMARY KEY, a TEXT);
ALTER TABLE pets RENAME COLUMN a TO b;

-- spares: a column that no release knows yet, and one of a table that none knows
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # earlier
ALTER TABLE users ADD COLUMN nick TEXT;
CREATE TABLE pets (id INTEGER PRIMARY KEY, a TEXT);
-- # migration
ALTER TABLE users RENAME COLUMN nick TO handle;
ALTER TABLE pets RENAME COLUMN a TO b;
