-- fires: a column that has values
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, legacy TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a', 'x'), (2, 'b', NULL), (3, 'c', 'y');
-- # migration
ALTER TABLE users DROP COLUMN legacy;

-- fires: a column that a rebuild leaves out, of a table that is renamed as well
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, legacy TEXT UNIQUE);
-- # rows
INSERT INTO users VALUES (1, NULL);
-- # migration
CREATE TABLE people_new (id INTEGER PRIMARY KEY);
INSERT INTO people_new (id) SELECT id FROM users;
DROP TABLE users;
ALTER TABLE people_new RENAME TO users;
ALTER TABLE users RENAME TO people;

-- fires: the name goes to another column
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, nick TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a', 'x');
-- # migration
ALTER TABLE users DROP COLUMN name;
ALTER TABLE users RENAME COLUMN nick TO name;

-- fires: a column of that name is added again
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, age TEXT);
-- # rows
INSERT INTO users VALUES (1, '5');
-- # migration
ALTER TABLE users DROP COLUMN age;
ALTER TABLE users ADD COLUMN age INTEGER;

-- fires: something is computed of it before
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, first TEXT, name TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a', 'b');
-- # migration
UPDATE users SET name = first || ' ' || name;
ALTER TABLE users DROP COLUMN first;

-- fires: a rebuild makes one of two
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, first TEXT, last TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a', NULL);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO n (id, name) SELECT id, first || ' ' || last FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- fires: some of its values are copied before
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, bio TEXT);
CREATE TABLE profiles (user_id INTEGER PRIMARY KEY, bio TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a');
-- # migration
INSERT INTO profiles SELECT id, bio FROM users WHERE id > 100;
ALTER TABLE users DROP COLUMN bio;

-- fires: a value in a list is spelled like it
-- # before
CREATE TABLE quotes (id INTEGER PRIMARY KEY, paid BOOL NOT NULL);
-- # rows
INSERT INTO quotes VALUES (1, 1);
-- # migration
ALTER TABLE quotes ADD COLUMN state TEXT NOT NULL DEFAULT 'OPEN' CHECK (state IN ('OPEN', 'PAID'));
ALTER TABLE quotes DROP COLUMN paid;

-- fires: a new table has a column of that name, and gets some of its values
-- # before
CREATE TABLE attempts (id INTEGER PRIMARY KEY, url TEXT, number INTEGER);
-- # rows
INSERT INTO attempts VALUES (1, 'a', 1), (2, 'b', NULL);
-- # migration
CREATE TABLE merges (attempt INTEGER, url TEXT);
INSERT INTO merges SELECT id, url FROM attempts WHERE number IS NOT NULL;
ALTER TABLE attempts DROP COLUMN url;

-- spares: all of its values are copied before
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, bio TEXT);
-- # migration
CREATE TABLE profiles (user_id INTEGER PRIMARY KEY REFERENCES users (id), bio TEXT);
INSERT INTO profiles (user_id, bio) SELECT id, bio FROM users;
ALTER TABLE users DROP COLUMN bio;

-- spares: another column takes over its values
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
-- # migration
ALTER TABLE users ADD COLUMN handle TEXT;
UPDATE users SET handle = nick;
ALTER TABLE users DROP COLUMN nick;

-- spares: a column that is computed
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, folded TEXT AS (lower(email)));
-- # migration
ALTER TABLE users DROP COLUMN folded;

-- spares: a loss that is allowed
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, legacy TEXT);
-- # migration
-- dbmigrate: allow(drop_column) USERS.Legacy because "nobody reads it since 2.1"
ALTER TABLE users DROP COLUMN legacy;

-- spares: a column of a table that the migration made
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
CREATE TABLE t (a, b);
ALTER TABLE t DROP COLUMN b;
ALTER TABLE t RENAME TO u;

-- spares: all that have a value are copied before
-- # before
CREATE TABLE attempts (id INTEGER PRIMARY KEY, merge_commit TEXT);
-- # migration
CREATE TABLE merges (attempt INTEGER, merge_commit TEXT);
INSERT INTO merges SELECT id, merge_commit FROM attempts WHERE merge_commit IS NOT NULL;
ALTER TABLE attempts DROP COLUMN merge_commit;

-- spares: another column takes its values, and then its name
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, password TEXT NOT NULL, nick TEXT);
-- # migration
ALTER TABLE users ADD COLUMN nullable TEXT;
UPDATE users SET nullable = CASE WHEN length(password) = 0 THEN NULL ELSE password END;
ALTER TABLE users DROP COLUMN password;
ALTER TABLE users RENAME COLUMN nullable TO password;
ALTER TABLE users ADD COLUMN name TEXT;
UPDATE users SET name = coalesce(nick, 'nobody');
ALTER TABLE users DROP COLUMN nick;
