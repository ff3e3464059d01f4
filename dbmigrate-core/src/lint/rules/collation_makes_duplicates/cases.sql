-- fires: values that differ in case only
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE);
-- # rows
INSERT INTO users VALUES (1, 'a'), (2, 'A'), (3, 'b'), (4, NULL), (5, NULL);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE UNIQUE);
INSERT INTO n (id, email) SELECT id, email FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- fires: values that differ otherwise
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE);
-- # rows
INSERT INTO users VALUES (1, 'a'), (2, 'a '), (3, 'Ä'), (4, 'ä');
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE UNIQUE);
INSERT INTO n (id, email) SELECT id, email FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- fires: a primary key of text, of a table without rowids
-- # before
CREATE TABLE words (word TEXT PRIMARY KEY) WITHOUT ROWID;
-- # rows
INSERT INTO words VALUES ('a'), ('a  ');
-- # migration
CREATE TABLE n (word TEXT COLLATE RTRIM PRIMARY KEY) WITHOUT ROWID;
INSERT INTO n SELECT * FROM words;
DROP TABLE words;
ALTER TABLE n RENAME TO words;

-- fires: a partial index of the same rows
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, gone INTEGER);
CREATE UNIQUE INDEX by_email ON users (email) WHERE gone = 0;
-- # rows
INSERT INTO users VALUES (1, 'a', 0), (2, 'A', 1), (3, 'A', 0);
-- # migration
DROP INDEX by_email;
CREATE UNIQUE INDEX by_email ON users (email COLLATE NOCASE) WHERE gone = 0;

-- spares: the collation of a column that is in no key
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE);
INSERT INTO n SELECT * FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: values are folded before
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE UNIQUE INDEX by_email ON users (email);
-- # migration
UPDATE users SET email = lower(email);
DROP INDEX by_email;
CREATE UNIQUE INDEX by_email ON users (email COLLATE NOCASE);

-- spares: the collation stays
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE UNIQUE);
-- # migration
ALTER TABLE users RENAME COLUMN email TO mail;
CREATE UNIQUE INDEX by_mail ON users (mail) WHERE mail > '';
