-- fires: queries of the application name it
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, legacy TEXT);
-- # application
src/users.rs:12: SELECT id, legacy FROM users WHERE id = ?1
src/users.rs:30: UPDATE users SET "LEGACY" = NULL
src/users.rs:44: INSERT INTO main.users (id, legacy) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET legacy = excluded.legacy
src/users.rs:50: DELETE FROM users AS u WHERE u.legacy IS NOT NULL
src/users.rs:61: SELECT count(*) FROM users GROUP BY legacy
src/users.rs:70: SELECT u.id FROM users u JOIN users v ON u.legacy = v.id
src/users.rs:81: SELECT id FROM users ORDER BY legacy DESC
-- # migration
ALTER TABLE users DROP COLUMN legacy;

-- fires: a query that knows the table by its new name
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, legacy TEXT);
-- # application
src/people.rs:3: SELECT legacy FROM people
-- # migration
ALTER TABLE users RENAME TO people;
ALTER TABLE people DROP COLUMN legacy;

-- fires: a view and a trigger that are changed along
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, legacy TEXT);
CREATE TABLE log (what TEXT);
CREATE VIEW contacts AS SELECT id, coalesce(email, legacy) AS address FROM users;
CREATE TRIGGER users_log AFTER UPDATE ON users BEGIN INSERT INTO log VALUES (old.legacy); END;
-- # migration
DROP VIEW contacts;
DROP TRIGGER users_log;
ALTER TABLE users DROP COLUMN legacy;
CREATE VIEW contacts AS SELECT id, email AS address FROM users;
CREATE TRIGGER users_log AFTER UPDATE ON users BEGIN INSERT INTO log VALUES (old.email); END;

-- fires: a table that a query names
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE sessions (id INTEGER PRIMARY KEY, user_id INTEGER);
-- # application
src/sessions.rs:7: DELETE FROM sessions WHERE user_id = ?1
-- # migration
DROP TABLE sessions;

-- spares: nothing is known of it
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, legacy TEXT);
-- # migration
ALTER TABLE users DROP COLUMN legacy;

-- spares: other columns of that name, other meanings of the word, and what is no SQL
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, legacy TEXT);
CREATE TABLE pets (id INTEGER PRIMARY KEY, legacy TEXT);
-- # application
src/a.rs:1: SELECT legacy FROM pets
src/a.rs:2: SELECT id FROM users WHERE email = 'legacy'
src/a.rs:3: SELECT p.legacy FROM users u JOIN pets p ON p.id = u.id
src/a.rs:4: WITH users AS (SELECT legacy FROM pets) SELECT legacy FROM users
src/a.rs:5: select a legacy from the list of users
src/a.rs:6: SELECT id FROM users -- without legacy
src/a.rs:7: SELECT email AS legacy FROM users
src/a.rs:8: SELECT users.id, pets.legacy FROM pets, users
src/a.rs:9: SELECT email AS legacy FROM users ORDER BY legacy
-- # migration
ALTER TABLE users DROP COLUMN legacy;

-- spares: the trigger that copied writes to the new column goes along
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT, handle TEXT);
CREATE TRIGGER users_handle AFTER UPDATE OF nick ON users BEGIN UPDATE users SET handle = new.nick WHERE id = new.id; END;
-- # migration
DROP TRIGGER users_handle;
ALTER TABLE users DROP COLUMN nick;

-- spares: a rename
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
-- # application
src/users.rs:3: SELECT nick FROM users
-- # migration
ALTER TABLE users RENAME COLUMN nick TO handle;
