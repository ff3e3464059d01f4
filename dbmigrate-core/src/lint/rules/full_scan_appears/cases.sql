-- fires: an index that is dropped
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE INDEX users_email ON users (email);
-- # application
src/users.rs:12: SELECT id FROM users AS u WHERE u.email = ?1
src/users.rs:30: UPDATE users SET email = NULL WHERE email = ?1
src/users.rs:44: SELECT email FROM users
-- # migration
DROP INDEX users_email;

-- fires: a collation that the query does not ask for
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE INDEX users_email ON users (email);
-- # application
src/users.rs:12: SELECT id FROM users WHERE email = ?1
-- # migration
DROP INDEX users_email;
CREATE INDEX users_email ON users (email COLLATE NOCASE);

-- spares: it was read as a whole before
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE INDEX users_email ON users (email);
-- # application
src/users.rs:12: SELECT * FROM users
-- # migration
DROP INDEX users_email;

-- spares: another index takes its place
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE INDEX users_email ON users (email);
-- # application
src/users.rs:12: SELECT id FROM users WHERE email = ?1
-- # migration
DROP INDEX users_email;
CREATE INDEX users_email_id ON users (email, id);
