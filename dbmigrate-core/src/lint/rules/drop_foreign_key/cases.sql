-- fires: a rebuild leaves it out
-- # before
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (a INTEGER REFERENCES p, b INTEGER REFERENCES p);
-- # migration
CREATE TABLE c_new (a INTEGER, b INTEGER REFERENCES p);
INSERT INTO c_new SELECT a, b FROM c;
DROP TABLE c;
ALTER TABLE c_new RENAME TO c;

-- spares: another action
-- # before
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (a INTEGER REFERENCES p);
-- # migration
CREATE TABLE c_new (a INTEGER REFERENCES p (id) ON DELETE CASCADE);
INSERT INTO c_new SELECT a FROM c;
DROP TABLE c;
ALTER TABLE c_new RENAME TO c;

-- spares: its parent goes too
-- # before
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (a INTEGER REFERENCES p);
-- # migration
CREATE TABLE c_new (a INTEGER);
INSERT INTO c_new SELECT a FROM c;
DROP TABLE c;
ALTER TABLE c_new RENAME TO c;
DROP TABLE p;

-- spares: parent and column get other names
-- # before
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (a INTEGER REFERENCES p);
-- # migration
ALTER TABLE p RENAME TO q;
ALTER TABLE c RENAME COLUMN a TO b;
