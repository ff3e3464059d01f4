-- fires: a blob, a vector, a long text
-- # before
-- # migration
CREATE TABLE files (path TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE vectors (id TEXT PRIMARY KEY, embedding F32_BLOB(768)) WITHOUT ROWID;
CREATE TABLE pages (slug TEXT PRIMARY KEY, page_body TEXT) WITHOUT ROWID;
CREATE TABLE notes (id INTEGER PRIMARY KEY, said VARCHAR(4000)) WITHOUT ROWID;

-- fires: rows that are long
-- # before
CREATE TABLE pages (slug TEXT NOT NULL PRIMARY KEY, body TEXT);
-- # rows
INSERT INTO pages VALUES ('a', printf('%300c', 'x')), ('b', NULL), ('c', printf('%900c', 'x'));
-- # migration
CREATE TABLE pages_new (slug TEXT NOT NULL PRIMARY KEY, body TEXT) WITHOUT ROWID;
INSERT INTO pages_new SELECT slug, body FROM pages;
DROP TABLE pages;
ALTER TABLE pages_new RENAME TO pages;

-- fires: rows that turn out to be short, of which it says nothing with the database at hand
-- # before
CREATE TABLE pages (slug TEXT NOT NULL PRIMARY KEY, body TEXT);
-- # rows
INSERT INTO pages VALUES ('a', 'x');
-- # migration
CREATE TABLE pages_new (slug TEXT NOT NULL PRIMARY KEY, body TEXT) WITHOUT ROWID;
INSERT INTO pages_new SELECT slug, body FROM pages;
DROP TABLE pages;
ALTER TABLE pages_new RENAME TO pages;

-- spares: keys and hashes
-- # before
-- # migration
CREATE TABLE users (id BLOB PRIMARY KEY, team_id BLOB, password_hash BLOB, name TEXT, state VARCHAR(20)) WITHOUT ROWID;
CREATE TABLE vectors (id TEXT PRIMARY KEY, color F32_BLOB(3)) WITHOUT ROWID;

-- spares: a table with rowids
-- # before
-- # migration
CREATE TABLE pages (slug TEXT NOT NULL PRIMARY KEY, body TEXT, file BLOB);

-- spares: what is computed is not stored
-- # before
-- # migration
CREATE TABLE names (id TEXT PRIMARY KEY, name TEXT, content TEXT AS (name || name)) WITHOUT ROWID;
