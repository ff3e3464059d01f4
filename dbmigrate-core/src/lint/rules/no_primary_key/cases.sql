-- fires: no key, though a column is unique
-- # before
-- # migration
CREATE TABLE a (x TEXT);
CREATE TABLE b (x TEXT UNIQUE NOT NULL);

-- spares: a key
-- # before
-- # migration
CREATE TABLE a (x TEXT PRIMARY KEY);
CREATE TABLE b (x TEXT, y TEXT, PRIMARY KEY (x, y));

-- spares: it was so before
-- # before
CREATE TABLE a (x TEXT);
-- # migration
ALTER TABLE a ADD COLUMN y TEXT;
