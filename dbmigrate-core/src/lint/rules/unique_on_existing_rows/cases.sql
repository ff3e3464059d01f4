-- fires: duplicates, and NULLs that are none
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a'), (2, NULL), (3, NULL), (4, 'a'), (5, 'b'), (6, 'b'), (7, 'A');
-- # migration
CREATE UNIQUE INDEX users_email ON users (email);

-- fires: nothing is there twice
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a'), (2, NULL), (3, NULL), (4, 'A'), (5, 'a ');
-- # migration
CREATE UNIQUE INDEX users_email ON users (email);

-- fires: the index compares without case
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a'), (2, 'A');
-- # migration
CREATE UNIQUE INDEX users_email ON users (email COLLATE NOCASE);

-- fires: a partial index, over rows that it is about
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, gone_at INTEGER);
-- # rows
INSERT INTO users VALUES (1, 'a', 5), (2, 'a', 6), (3, 'a', NULL), (4, 'b', NULL), (5, 'b', NULL);
-- # migration
CREATE UNIQUE INDEX users_email ON users (email) WHERE gone_at IS NULL;

-- fires: a partial index, over rows that it is not about
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, gone_at INTEGER);
-- # rows
INSERT INTO users VALUES (1, 'a', 5), (2, 'a', 6), (3, 'a', NULL);
-- # migration
CREATE UNIQUE INDEX users_email ON users (email) WHERE gone_at IS NULL;

-- fires: an expression
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a'), (2, 'A');
-- # migration
CREATE UNIQUE INDEX users_email ON users (lower(email));

-- fires: a key of several columns that a rebuild by hand declares, where spaces at the end do not count
-- # before
CREATE TABLE members (team TEXT, name TEXT, since INTEGER);
-- # rows
INSERT INTO members VALUES ('a', 'x', 1), ('a ', 'x  ', 2), ('a', 'y', 3);
-- # migration
CREATE TABLE n (team TEXT COLLATE RTRIM, name TEXT COLLATE RTRIM, since INTEGER, PRIMARY KEY (team, name)) WITHOUT ROWID;
INSERT INTO n (team, name, since) SELECT team, name, since FROM members;
DROP TABLE members;
ALTER TABLE n RENAME TO members;

-- fires: a constraint on a generated column
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, folded TEXT AS (lower(email)));
-- # rows
INSERT INTO users (id, email) VALUES (1, 'a'), (2, 'A');
-- # migration
CREATE UNIQUE INDEX users_folded ON users (folded);

-- spares: duplicates are removed before
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
UPDATE users SET email = email || '#' || id WHERE id NOT IN (SELECT min(id) FROM users GROUP BY email);
CREATE UNIQUE INDEX users_email ON users (email);

-- spares: the copy takes one of each
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT UNIQUE);
INSERT OR IGNORE INTO n (id, email) SELECT id, email FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: it was unique before, as a constraint
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT);
INSERT INTO n (id, email) SELECT id, email FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: a table that the migration makes and fills
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
CREATE TABLE emails (email TEXT);
INSERT INTO emails SELECT email FROM users;
CREATE UNIQUE INDEX emails_email ON emails (email);

-- spares: it is not unique
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
CREATE INDEX users_email ON users (email);

-- spares: a column that is new is NULL in every row
-- # before
CREATE TABLE series (id INTEGER PRIMARY KEY, title TEXT);
-- # migration
ALTER TABLE series ADD COLUMN asin TEXT;
CREATE UNIQUE INDEX series_asin ON series (asin);
CREATE UNIQUE INDEX series_both ON series (title, asin);

-- fires: a column that is new and filled
-- # before
CREATE TABLE series (id INTEGER PRIMARY KEY, title TEXT);
-- # migration
ALTER TABLE series ADD COLUMN asin TEXT DEFAULT 'none';
CREATE UNIQUE INDEX series_asin ON series (asin);

-- spares: a key is drawn for each row
-- # before
CREATE TABLE config (user_id TEXT PRIMARY KEY NOT NULL, theme TEXT);
-- # migration
CREATE TABLE n (id TEXT PRIMARY KEY NOT NULL, user_id TEXT NOT NULL, theme TEXT);
INSERT INTO n (id, user_id, theme) SELECT (lower(hex(randomblob(16)))), user_id, theme FROM config;
DROP TABLE config;
ALTER TABLE n RENAME TO config;

-- fires: a value that rows may share
-- # before
CREATE TABLE config (user_id TEXT PRIMARY KEY NOT NULL, theme TEXT);
-- # rows
INSERT INTO config VALUES ('a', 'x'), ('b', 'x');
-- # migration
CREATE TABLE n (id TEXT PRIMARY KEY NOT NULL, user_id TEXT NOT NULL, theme TEXT);
INSERT INTO n (id, user_id, theme) SELECT (upper(theme)), user_id, theme FROM config;
DROP TABLE config;
ALTER TABLE n RENAME TO config;

-- spares: a new column that is NULL in every row, which a rebuild declares unique
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
-- # rows
INSERT INTO users VALUES (1, 'a'), (2, 'b');
-- # migration
CREATE TABLE _dbmigrate_new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE);
INSERT INTO _dbmigrate_new_users (id, name) SELECT id, name FROM users;
DROP TABLE users;
ALTER TABLE _dbmigrate_new_users RENAME TO users;
