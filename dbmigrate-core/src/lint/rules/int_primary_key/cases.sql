-- fires: other words for integers
-- # before
-- # migration
CREATE TABLE a (id INT PRIMARY KEY);
CREATE TABLE b (id BIGINT NOT NULL, PRIMARY KEY (id));
CREATE TABLE c (id BIGSERIAL PRIMARY KEY);
CREATE TABLE d (id INT NOT NULL PRIMARY KEY, x TEXT) STRICT;

-- fires: a table that may have rows
-- # before
CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT);
-- # migration
CREATE TABLE n (id INT NOT NULL PRIMARY KEY, x TEXT);
INSERT INTO n SELECT * FROM a;
DROP TABLE a;
ALTER TABLE n RENAME TO a;

-- spares: the rowid
-- # before
-- # migration
CREATE TABLE a (id INTEGER PRIMARY KEY);
CREATE TABLE b (id integer, PRIMARY KEY (id DESC));

-- spares: tables without rowids, and keys of several columns
-- # before
-- # migration
CREATE TABLE a (id INT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE b (x INT, y INT, PRIMARY KEY (x, y));

-- spares: keys that are no integers
-- # before
-- # migration
CREATE TABLE a (id TEXT PRIMARY KEY);
CREATE TABLE b (id UUID PRIMARY KEY);

-- spares: the number is that of another row
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
CREATE TABLE profiles (user_id INT PRIMARY KEY REFERENCES users);
