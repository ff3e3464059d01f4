-- fires: on the column
-- # before
-- # migration
CREATE TABLE a (id INTEGER PRIMARY KEY DESC);
CREATE TABLE b (id integer NOT NULL PRIMARY KEY desc, x TEXT);

-- spares: behind the columns it is the rowid
-- # before
-- # migration
CREATE TABLE a (id INTEGER, x TEXT, PRIMARY KEY (id DESC));

-- spares: ascending, or of another type
-- # before
-- # migration
CREATE TABLE a (id INTEGER PRIMARY KEY ASC);
CREATE TABLE b (id TEXT NOT NULL PRIMARY KEY DESC);

-- spares: a table that is sorted by its key
-- # before
-- # migration
CREATE TABLE a (id INTEGER PRIMARY KEY DESC) WITHOUT ROWID;

-- spares: it was so before
-- # before
CREATE TABLE a (id INTEGER PRIMARY KEY DESC);
-- # migration
ALTER TABLE a ADD COLUMN b TEXT;
