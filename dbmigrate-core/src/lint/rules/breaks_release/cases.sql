-- fires: a column that is renamed
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT, email TEXT);
-- # application
src/users.rs:12: SELECT nick FROM users WHERE id = ?1
src/users.rs:30: UPDATE users SET nick = ?1 WHERE id = ?2
src/users.rs:44: SELECT email FROM users
-- # migration
ALTER TABLE users RENAME COLUMN nick TO handle;

-- fires: a column and a table that are dropped
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
CREATE TABLE sessions (id INTEGER PRIMARY KEY, user_id INTEGER);
-- # application
src/users.rs:12: INSERT INTO users (nick) VALUES (?1)
src/sessions.rs:7: DELETE FROM sessions WHERE user_id = ?1
-- # migration
ALTER TABLE users DROP COLUMN nick;
DROP TABLE sessions;

-- fires: a table that is renamed
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
-- # application
src/users.rs:12: SELECT count(*) FROM users
-- # migration
ALTER TABLE users RENAME TO people;

-- fires: a column that makes a name ambiguous, and one more value that is wanted
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT);
-- # application
src/posts.rs:3: SELECT title FROM users JOIN posts ON posts.id = users.id
src/posts.rs:9: INSERT INTO users VALUES (?1, ?2)
-- # migration
ALTER TABLE users ADD COLUMN title TEXT;

-- spares: the half that expands
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
-- # application
src/users.rs:12: SELECT nick FROM users WHERE id = ?1
-- # migration
ALTER TABLE users ADD COLUMN handle TEXT;

-- spares: a view keeps the old name
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
-- # application
src/users.rs:12: SELECT nick FROM users WHERE id = ?1
-- # migration
ALTER TABLE users RENAME TO people;
CREATE VIEW users AS SELECT id, nick FROM people;

-- spares: what failed before as well, and what is no query of this database
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
-- # application
src/users.rs:12: SELECT surname FROM users
src/pg.rs:3: SELECT now() FROM customers
-- # migration
ALTER TABLE users DROP COLUMN nick;
