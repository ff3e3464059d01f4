-- fires: a column by hand, and rows
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # rows
INSERT INTO users VALUES (1), (2);
-- # migration
ALTER TABLE users ADD COLUMN name TEXT NOT NULL;

-- fires: a column by hand, and no rows
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE others (id INTEGER PRIMARY KEY);
-- # rows
INSERT INTO others VALUES (1);
-- # migration
ALTER TABLE users ADD COLUMN name TEXT NOT NULL;

-- fires: NULL in what a rebuild by hand makes NOT NULL, in a table and a column that are renamed
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a'), (2, NULL), (3, NULL), (4, NULL), (5, NULL), (6, NULL), (7, NULL), (8, NULL);
-- # migration
ALTER TABLE users RENAME COLUMN mail TO email;
CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
INSERT INTO people SELECT * FROM users;
DROP TABLE users;

-- fires: the key of a table that becomes WITHOUT ROWID
-- # before
CREATE TABLE pairs (a TEXT, b TEXT, PRIMARY KEY (a, b));
-- # rows
INSERT INTO pairs VALUES ('x', NULL);
-- # migration
CREATE TABLE new_pairs (a TEXT, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
INSERT INTO new_pairs (a, b) SELECT a, b FROM pairs;
DROP TABLE pairs;
ALTER TABLE new_pairs RENAME TO pairs;

-- fires: a preflight looks for them
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a'), (2, NULL);
-- # migration
-- dbmigrate: expect-none "{} rows have NULL in `users.email`, which becomes NOT NULL, first at rowid {}"
--     SELECT * FROM (SELECT count(*) AS _count, min(rowid) FROM users WHERE email IS NULL) WHERE _count > 0
-- to fill them (any SQL expression): --backfill users.email=''
CREATE TABLE _dbmigrate_new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
INSERT INTO _dbmigrate_new_users (id, email) SELECT id, email FROM users;
DROP TABLE users;
ALTER TABLE _dbmigrate_new_users RENAME TO users;

-- fires: another column is updated, and this one too late
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
-- # rows
INSERT INTO users VALUES (1, NULL, 'a');
-- # migration
UPDATE users SET name = 'x' WHERE name IS NULL;
CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT);
INSERT INTO n SELECT id, email, name FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;
UPDATE users SET email = '' WHERE email IS NULL;

-- fires: a column that is declared anew where it stands, which looks at no row
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # rows
INSERT INTO users VALUES (1, NULL);
-- # migration
ALTER TABLE users ALTER COLUMN email TO email TEXT NOT NULL;

-- spares: they are updated before
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
UPDATE users SET email = '' WHERE email IS NULL;
CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
INSERT INTO n SELECT id, email FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: the copy has something in their place
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
INSERT INTO n (id, email) SELECT id, ifnull(email, id || '@example.org') FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: a new column is filled by the copy
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, first TEXT, last TEXT);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, first TEXT, last TEXT, name TEXT NOT NULL);
INSERT INTO n (id, first, last, name) SELECT id, first, last, first || ' ' || last FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: a default is put in the place of NULL
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT NOT NULL DEFAULT '');
INSERT INTO n (id, email) SELECT id, coalesce(email, '') FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: the rows are deleted
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
DELETE FROM users;
ALTER TABLE users ADD COLUMN name TEXT NOT NULL;

-- spares: a table that the migration makes and fills
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
CREATE TABLE emails (user_id INTEGER NOT NULL, email TEXT NOT NULL);
INSERT INTO emails SELECT id, email FROM users WHERE email IS NOT NULL;

-- spares: it was NOT NULL before
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
-- # migration
ALTER TABLE users RENAME COLUMN email TO mail;
CREATE INDEX by_mail ON users (mail);

-- spares: it is accepted by name
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
-- dbmigrate: allow(not_null_without_default) users.name
ALTER TABLE users ADD COLUMN name TEXT NOT NULL;

-- spares: a new column gets what is never NULL
-- # before
CREATE TABLE config (user_id TEXT PRIMARY KEY NOT NULL, theme TEXT);
-- # migration
CREATE TABLE n (id TEXT PRIMARY KEY NOT NULL, user_id TEXT NOT NULL, at TEXT NOT NULL, theme TEXT);
INSERT INTO n (id, user_id, at, theme) SELECT (lower(hex(randomblob(16)))), user_id, (CURRENT_TIMESTAMP), theme FROM config;
DROP TABLE config;
ALTER TABLE n RENAME TO config;

-- fires: a new column gets what may be NULL
-- # before
CREATE TABLE config (user_id TEXT PRIMARY KEY NOT NULL, theme TEXT);
-- # rows
INSERT INTO config VALUES ('a', 'x'), ('b', NULL);
-- # migration
CREATE TABLE n (user_id TEXT PRIMARY KEY NOT NULL, colour TEXT NOT NULL, theme TEXT);
INSERT INTO n (user_id, colour, theme) SELECT user_id, (upper(theme)), theme FROM config;
DROP TABLE config;
ALTER TABLE n RENAME TO config;

-- spares: NULL becomes what is never NULL, in a column that is renamed
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, x TEXT);
-- # migration
-- dbmigrate: expect-none "{} rows would get NULL in `users.email`, which is NOT NULL, first at rowid {}"
--     SELECT * FROM (SELECT count(*) AS _count, min(rowid) FROM users
--       WHERE x IS NULL AND ('u' || id || '@example.org') IS NULL) WHERE _count > 0
ALTER TABLE users RENAME COLUMN x TO email;
CREATE TABLE _dbmigrate_new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
INSERT INTO _dbmigrate_new_users (id, email) SELECT id, coalesce(email, ('u' || id || '@example.org')) FROM users;
DROP TABLE users;
ALTER TABLE _dbmigrate_new_users RENAME TO users;

-- fires: NULL becomes what may be NULL too, in a column that is renamed
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, x TEXT, name TEXT);
-- # rows
INSERT INTO users VALUES (1, NULL, 'a'), (2, 'b', NULL), (3, NULL, NULL);
-- # migration
-- dbmigrate: expect-none "{} rows would get NULL in `users.email`, which is NOT NULL, first at rowid {}"
--     SELECT * FROM (SELECT count(*) AS _count, min(rowid) FROM users
--       WHERE x IS NULL AND (lower(name)) IS NULL) WHERE _count > 0
ALTER TABLE users RENAME COLUMN x TO email;
CREATE TABLE _dbmigrate_new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT);
INSERT INTO _dbmigrate_new_users (id, email, name) SELECT id, coalesce(email, (lower(name))), name FROM users;
DROP TABLE users;
ALTER TABLE _dbmigrate_new_users RENAME TO users;

-- fires: NULL becomes the value of a column that is NOT NULL only afterwards
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
-- # rows
INSERT INTO users VALUES (1, NULL, 'a'), (2, 'b', NULL), (3, NULL, NULL);
-- # migration
CREATE TABLE _dbmigrate_new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL);
INSERT INTO _dbmigrate_new_users (id, email, name) SELECT id, coalesce(email, (lower(name))), coalesce(name, '') FROM users;
DROP TABLE users;
ALTER TABLE _dbmigrate_new_users RENAME TO users;

-- fires: values are converted to what may be NULL
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, age TEXT NOT NULL);
-- # rows
INSERT INTO users VALUES (1, '7'), (2, 'old');
-- # migration
-- dbmigrate: expect-none "{} rows would get NULL in `users.age`, which is NOT NULL, first at rowid {}"
--     SELECT * FROM (SELECT count(*) AS _count, min(rowid) FROM
--       (SELECT rowid, (CASE WHEN age GLOB '[0-9]*' THEN CAST(age AS INTEGER) END) AS age FROM users) AS users
--       WHERE age IS NULL) WHERE _count > 0
CREATE TABLE _dbmigrate_new_users (id INTEGER PRIMARY KEY, age INTEGER NOT NULL);
INSERT INTO _dbmigrate_new_users (id, age)
SELECT id, (CASE WHEN age GLOB '[0-9]*' THEN CAST(age AS INTEGER) END) FROM users;
DROP TABLE users;
ALTER TABLE _dbmigrate_new_users RENAME TO users;
