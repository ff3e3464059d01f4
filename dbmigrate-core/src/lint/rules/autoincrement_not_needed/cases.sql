-- fires: a new table
-- # before
-- # migration
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT);

-- fires: a rebuild that adds it
-- # before
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- # migration
CREATE TABLE t_new (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT);
INSERT INTO t_new SELECT id, a FROM t;
DROP TABLE t;
ALTER TABLE t_new RENAME TO t;

-- spares: without it
-- # before
-- # migration
CREATE TABLE t (id INTEGER PRIMARY KEY, autoincrement_at TEXT);

-- spares: it was so before
-- # before
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT);
-- # migration
ALTER TABLE t ADD COLUMN a TEXT;
ALTER TABLE t RENAME COLUMN id TO number;
