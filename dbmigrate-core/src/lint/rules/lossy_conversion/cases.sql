-- fires: text that looks like numbers, and some that does not
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT);
-- # rows
INSERT INTO users VALUES (1, '7'), (2, '007'), (3, 'abc'), (4, NULL);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, phone INTEGER);
INSERT INTO n SELECT * FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- fires: nothing that changes
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, age TEXT);
-- # rows
INSERT INTO users VALUES (1, '7'), (2, '42'), (4, NULL);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, years INTEGER);
INSERT INTO n (id, years) SELECT id, age FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- fires: a preflight looks for them
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT);
-- # rows
INSERT INTO users VALUES (1, '7'), (2, '007');
-- # migration
-- dbmigrate: expect-none "{} values of `users.phone` would be changed"
--     SELECT * FROM (SELECT count(*) AS _count FROM users WHERE phone <> CAST(CAST(phone AS INTEGER) AS TEXT)) WHERE _count > 0
-- if they may change: --accept lossy_conversion:users.phone
CREATE TABLE n (id INTEGER PRIMARY KEY, phone INTEGER);
INSERT INTO n (id, phone) SELECT id, phone FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- fires: an expression converts them, as the planner writes it
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT);
-- # rows
INSERT INTO users VALUES (1, '7'), (2, '007');
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, phone INTEGER);
INSERT INTO n (id, phone) SELECT id, (CAST(phone AS INTEGER)) FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- fires: a CAST by hand, which makes 0 of what is no number
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT);
-- # rows
INSERT INTO users VALUES (1, '7'), (2, '007'), (3, 'abc'), (4, NULL);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, phone INTEGER);
INSERT INTO n (id, phone) SELECT id, CAST(phone AS INTEGER) FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: an expression by hand that is no CAST
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, seen_at TEXT);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, seen_at INTEGER);
INSERT INTO n (id, seen_at) SELECT id, unixepoch(seen_at) FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: it is accepted
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT);
-- # migration
-- dbmigrate: allow(lossy_conversion) users.phone
CREATE TABLE n (id INTEGER PRIMARY KEY, phone INTEGER);
INSERT INTO n (id, phone) SELECT id, (CAST(phone AS INTEGER)) FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: a type of the same kind
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(10), age INT);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT, age BIGINT);
INSERT INTO n SELECT * FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: an update takes care of them before
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT);
-- # migration
UPDATE users SET phone = CAST(CAST(phone AS INTEGER) AS TEXT);
CREATE TABLE n (id INTEGER PRIMARY KEY, phone INTEGER);
INSERT INTO n (id, phone) SELECT id, phone FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;
