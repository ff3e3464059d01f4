-- fires: in one table
-- # before
-- # migration
CREATE TABLE t (created_at TEXT, updated_at INTEGER, seen DATETIME DEFAULT CURRENT_TIMESTAMP);

-- fires: seconds and milliseconds
-- # before
-- # migration
CREATE TABLE t (
  created_at INTEGER DEFAULT (unixepoch()), updatedAt INTEGER DEFAULT (strftime('%s', 'now') * 1000), deleted_at INTEGER
);

-- fires: the other tables agree
-- # before
CREATE TABLE a (created_at INTEGER);
CREATE TABLE b (created_at INTEGER DEFAULT (unixepoch()), deleted_at INTEGER);
-- # migration
CREATE TABLE c (created_at DATETIME DEFAULT CURRENT_TIMESTAMP);
ALTER TABLE a ADD COLUMN seen_at TEXT;

-- fires: of two new tables, the second
-- # before
-- # migration
CREATE TABLE b (created_at TEXT);
CREATE TABLE a (created_at INTEGER);

-- spares: one way
-- # before
CREATE TABLE a (created_at TEXT);
-- # migration
CREATE TABLE b (created_at DATETIME DEFAULT (datetime('now')), updated_at VARCHAR(30), seen TIMESTAMP);

-- spares: integers of which one tells the unit
-- # before
CREATE TABLE a (created_at INTEGER);
-- # migration
CREATE TABLE b (created_at INTEGER DEFAULT (unixepoch()), updated_at INTEGER);

-- spares: the other tables have no convention
-- # before
CREATE TABLE a (created_at TEXT);
CREATE TABLE b (created_at INTEGER);
-- # migration
CREATE TABLE c (created_at INTEGER);

-- spares: no times
-- # before
CREATE TABLE a (created_at TEXT);
-- # migration
CREATE TABLE b (lat REAL, duration INTEGER, date INTEGER, format INTEGER, flat INTEGER);

-- spares: it was so before
-- # before
CREATE TABLE a (created_at TEXT, updated_at INTEGER);
-- # migration
ALTER TABLE a RENAME TO b;
ALTER TABLE b ADD COLUMN name TEXT;

-- fires: the column that is new, not those behind which it is put
-- # before
CREATE TABLE a (id INTEGER PRIMARY KEY, created_at TEXT, updated_at TEXT);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, activated_at INTEGER, created_at TEXT, updated_at TEXT);
INSERT INTO n (id, created_at, updated_at) SELECT id, created_at, updated_at FROM a;
DROP TABLE a;
ALTER TABLE n RENAME TO a;

-- fires: a new table is compared with the others, not with its own first column
-- # before
CREATE TABLE apps (created_at INTEGER DEFAULT (unixepoch()));
-- # migration
CREATE TABLE versions (synced_at TEXT, created_at INTEGER DEFAULT (unixepoch()));

-- fires: the type changes
-- # before
CREATE TABLE a (created_at INTEGER);
CREATE TABLE b (created_at INTEGER);
-- # migration
CREATE TABLE n (created_at TEXT);
INSERT INTO n (created_at) SELECT datetime(created_at, 'unixepoch') FROM b;
DROP TABLE b;
ALTER TABLE n RENAME TO b;

-- spares: what was there in two ways stays
-- # before
CREATE TABLE a (created_at TEXT, updated_at INTEGER);
CREATE TABLE b (created_at INTEGER);
-- # migration
CREATE TABLE n (created_at TEXT, updated_at INTEGER, name TEXT, seen_at TEXT);
INSERT INTO n (created_at, updated_at) SELECT created_at, updated_at FROM a;
DROP TABLE a;
ALTER TABLE n RENAME TO a;
