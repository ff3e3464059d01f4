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
