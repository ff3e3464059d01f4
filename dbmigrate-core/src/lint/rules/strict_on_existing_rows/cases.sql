-- fires: text, a blob and half a number for INTEGER
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER);
-- # rows
INSERT INTO users VALUES (1, 1), (2, 'abc'), (3, x'00'), (4, 1.5), (5, NULL);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, age INTEGER) STRICT;
INSERT INTO n SELECT id, age FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- fires: what can be converted
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, age);
-- # rows
INSERT INTO users VALUES (1, 1), (2, '12'), (3, 1.0), (4, NULL);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, age INTEGER) STRICT;
INSERT INTO n SELECT id, age FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- fires: a blob for TEXT
-- # before
CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT);
-- # rows
INSERT INTO notes VALUES (1, 'a'), (2, x'6162');
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, body TEXT) STRICT;
INSERT INTO n SELECT id, body FROM notes;
DROP TABLE notes;
ALTER TABLE n RENAME TO notes;

-- fires: a type that changes in a STRICT table, where values may change as well
-- # before
CREATE TABLE items (id INTEGER PRIMARY KEY, size TEXT) STRICT;
-- # rows
INSERT INTO items VALUES (1, '007'), (2, 'big');
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, size INTEGER) STRICT;
INSERT INTO n SELECT id, size FROM items;
DROP TABLE items;
ALTER TABLE n RENAME TO items;

-- fires: only values that change, and none that is refused
-- # before
CREATE TABLE items (id INTEGER PRIMARY KEY, size TEXT) STRICT;
-- # rows
INSERT INTO items VALUES (1, '007');
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, size INTEGER) STRICT;
INSERT INTO n SELECT id, size FROM items;
DROP TABLE items;
ALTER TABLE n RENAME TO items;

-- spares: ANY takes everything, and a rowid is an integer anyway
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, extra);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, extra ANY) STRICT;
INSERT INTO n SELECT id, extra FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: they are converted before
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER);
-- # migration
UPDATE users SET age = NULL WHERE typeof(age) <> 'integer';
CREATE TABLE n (id INTEGER PRIMARY KEY, age INTEGER) STRICT;
INSERT INTO n SELECT id, age FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: the table was STRICT before
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER) STRICT;
-- # migration
ALTER TABLE users ADD COLUMN name TEXT;
