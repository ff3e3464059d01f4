-- fires: rows that violate it, and NULL that does not
-- # before
CREATE TABLE posts (id INTEGER PRIMARY KEY, state TEXT);
-- # rows
INSERT INTO posts VALUES (1, 'draft'), (2, NULL), (3, 'gone'), (4, 'gone');
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('draft', 'public')));
INSERT INTO n (id, state) SELECT id, state FROM posts;
DROP TABLE posts;
ALTER TABLE n RENAME TO posts;

-- fires: no row violates it
-- # before
CREATE TABLE posts (id INTEGER PRIMARY KEY, state TEXT);
-- # rows
INSERT INTO posts VALUES (1, 'draft'), (2, NULL);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('draft', 'public')));
INSERT INTO n (id, state) SELECT id, state FROM posts;
DROP TABLE posts;
ALTER TABLE n RENAME TO posts;

-- fires: of two columns, by new names
-- # before
CREATE TABLE stays (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER);
-- # rows
INSERT INTO stays VALUES (1, 1, 2), (2, 5, 3);
-- # migration
ALTER TABLE stays RENAME COLUMN a TO begins;
ALTER TABLE stays RENAME COLUMN b TO ends;
CREATE TABLE n (id INTEGER PRIMARY KEY, begins INTEGER, ends INTEGER, CHECK (begins < ends));
INSERT INTO n SELECT id, begins, ends FROM stays;
DROP TABLE stays;
ALTER TABLE n RENAME TO stays;

-- fires: a column whose default violates it
-- # before
CREATE TABLE posts (id INTEGER PRIMARY KEY);
-- # rows
INSERT INTO posts VALUES (1);
-- # migration
ALTER TABLE posts ADD COLUMN stars INTEGER NOT NULL DEFAULT 0 CHECK (stars > 0);

-- fires: a column whose default is in no list
-- # before
CREATE TABLE posts (id INTEGER PRIMARY KEY);
-- # rows
INSERT INTO posts VALUES (1);
-- # migration
ALTER TABLE posts ADD COLUMN state TEXT DEFAULT 'new' CHECK (state IN ('draft', 'public'));

-- fires: a column that must not be NULL, and no rows
-- # before
CREATE TABLE posts (id INTEGER PRIMARY KEY);
CREATE TABLE others (a);
-- # rows
INSERT INTO others VALUES (1);
-- # migration
ALTER TABLE posts ADD COLUMN state TEXT CHECK (state IS NOT NULL);

-- spares: a column whose default satisfies it
-- # before
CREATE TABLE posts (id INTEGER PRIMARY KEY);
-- # migration
ALTER TABLE posts ADD COLUMN stars INTEGER NOT NULL DEFAULT 1 CHECK (stars > 0);
ALTER TABLE posts ADD COLUMN state TEXT DEFAULT 'draft' CHECK (state IN ('draft', 'public'));
ALTER TABLE posts ADD COLUMN low REAL DEFAULT -1.5 CHECK (low BETWEEN -2 AND 5);
ALTER TABLE posts ADD COLUMN kind TEXT DEFAULT 'x' CHECK (length(kind) = 1);

-- spares: a column that is NULL
-- # before
CREATE TABLE posts (id INTEGER PRIMARY KEY);
-- # migration
ALTER TABLE posts ADD COLUMN stars INTEGER CHECK (stars > 0);

-- spares: the copy corrects them
-- # before
CREATE TABLE posts (id INTEGER PRIMARY KEY, state TEXT);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('draft', 'public')));
INSERT INTO n (id, state) SELECT id, CASE WHEN state = 'gone' THEN 'draft' ELSE state END FROM posts;
DROP TABLE posts;
ALTER TABLE n RENAME TO posts;

-- spares: the check was there
-- # before
CREATE TABLE posts (id INTEGER PRIMARY KEY, stars INTEGER CHECK (stars > 0));
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, stars INTEGER, title TEXT, CHECK (stars > 0));
INSERT INTO n (id, stars) SELECT id, stars FROM posts;
DROP TABLE posts;
ALTER TABLE n RENAME TO posts;
