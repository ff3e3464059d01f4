-- fires: text and numbers
-- # before
CREATE TABLE p (id INTEGER PRIMARY KEY, slug TEXT UNIQUE);
-- # migration
CREATE TABLE c (a VARCHAR(20) REFERENCES p, b INTEGER REFERENCES p (slug));

-- fires: the type of the parent changes
-- # before
CREATE TABLE p (id INTEGER NOT NULL PRIMARY KEY);
CREATE TABLE c (a INTEGER REFERENCES p);
-- # migration
PRAGMA defer_foreign_keys = ON;
CREATE TABLE p_new (id TEXT NOT NULL PRIMARY KEY);
INSERT INTO p_new SELECT id FROM p;
DROP TABLE p;
ALTER TABLE p_new RENAME TO p;

-- spares: types that are the same to SQLite, and those that are anything
-- # before
CREATE TABLE p (id INTEGER PRIMARY KEY, slug VARCHAR(20) UNIQUE, day DATE UNIQUE);
-- # migration
CREATE TABLE c (a BIGINT REFERENCES p, b TEXT REFERENCES p (slug), c REFERENCES p, d TEXT REFERENCES p (day), e NUMERIC REFERENCES p);

-- spares: no parent
-- # before
-- # migration
CREATE TABLE c (a TEXT REFERENCES p (id));
