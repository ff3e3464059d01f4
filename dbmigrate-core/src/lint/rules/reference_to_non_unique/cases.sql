-- fires: a column that is not unique
-- # before
CREATE TABLE p (id INTEGER PRIMARY KEY, slug TEXT);
CREATE INDEX by_slug ON p (slug);
-- # migration
CREATE TABLE c (a TEXT REFERENCES p (slug));

-- fires: unique in some rows, in another collation, or with another column only
-- # before
CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c TEXT, UNIQUE (c, a));
CREATE UNIQUE INDEX some ON p (a) WHERE b IS NULL;
CREATE UNIQUE INDEX folded ON p (b COLLATE NOCASE);
-- # migration
CREATE TABLE d (a TEXT REFERENCES p (a), b TEXT REFERENCES p (b), c TEXT REFERENCES p (c));

-- fires: the unique index goes
-- # before
CREATE TABLE p (id INTEGER PRIMARY KEY, slug TEXT);
CREATE UNIQUE INDEX by_slug ON p (slug);
CREATE TABLE c (a TEXT REFERENCES p (slug));
-- # migration
DROP INDEX by_slug;

-- fires: a primary key of two columns, or none
-- # before
CREATE TABLE p (x TEXT, y TEXT, PRIMARY KEY (x, y)) WITHOUT ROWID;
CREATE TABLE q (x TEXT UNIQUE);
-- # migration
CREATE TABLE c (a TEXT REFERENCES p, b TEXT REFERENCES q);

-- spares: a primary key, a UNIQUE, a unique index, in any order
-- # before
CREATE TABLE p (x TEXT, y TEXT, z TEXT UNIQUE, PRIMARY KEY (x, y)) WITHOUT ROWID;
CREATE TABLE q (id INTEGER PRIMARY KEY, s TEXT COLLATE NOCASE);
CREATE UNIQUE INDEX by_s ON q (s);
-- # migration
CREATE TABLE c (a TEXT, b TEXT, z TEXT REFERENCES p (z), s TEXT REFERENCES q (s), FOREIGN KEY (b, a) REFERENCES p (y, x), FOREIGN KEY (a, b) REFERENCES p);

-- spares: it was so before
-- # before
CREATE TABLE p (id INTEGER PRIMARY KEY, slug TEXT);
CREATE TABLE c (a TEXT REFERENCES p (slug));
-- # migration
ALTER TABLE p ADD COLUMN x TEXT;

-- spares: a parent that is not there is something else
-- # before
-- # migration
CREATE TABLE c (a TEXT REFERENCES p (slug));
