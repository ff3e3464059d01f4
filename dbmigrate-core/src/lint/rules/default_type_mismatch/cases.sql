-- fires: text in numbers
-- # before
-- # migration
CREATE TABLE t (a INTEGER DEFAULT 'none', b REAL NOT NULL DEFAULT '', c DECIMAL(10, 2) DEFAULT 'free', d INT DEFAULT unknown);

-- fires: the time as text in numbers, and as a number in text
-- # before
-- # migration
CREATE TABLE t (a INTEGER DEFAULT CURRENT_TIMESTAMP, b INTEGER DEFAULT (datetime('now')), c TEXT DEFAULT (unixepoch()));

-- fires: an expression in quotes
-- # before
-- # migration
CREATE TABLE t (
  a DATETIME DEFAULT 'CURRENT_TIMESTAMP', b TEXT DEFAULT "current_date", c TEXT DEFAULT 'now()', d TEXT DEFAULT 'NULL',
  e TEXT DEFAULT '(datetime(''now''))'
);

-- fires: numbers in text, fractions in integers, text in blobs
-- # before
-- # migration
CREATE TABLE t (a TEXT DEFAULT 0, b TEXT DEFAULT 1.10, c TEXT DEFAULT TRUE, d INTEGER DEFAULT -0.5, e BLOB DEFAULT '', f BLOB DEFAULT 0, g TEXT DEFAULT X'00');

-- fires: a STRICT table refuses it
-- # before
-- # migration
CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER DEFAULT 'none', b TEXT DEFAULT 0) STRICT;

-- fires: a table that has rows keeps what it stores, unless the same is stored
-- # before
CREATE TABLE t (id INTEGER PRIMARY KEY);
-- # migration
ALTER TABLE t ADD COLUMN a TEXT DEFAULT 'CURRENT_TIMESTAMP';
ALTER TABLE t ADD COLUMN b TEXT DEFAULT 0;

-- spares: what is converted without loss
-- # before
-- # migration
CREATE TABLE t (a INTEGER DEFAULT '0', b REAL DEFAULT 1, c INTEGER DEFAULT 1.0, d REAL DEFAULT ' -1.5e3 ', e INTEGER DEFAULT TRUE, f INTEGER DEFAULT (strftime('%s', 'now')));

-- spares: types that hold text as well as numbers
-- # before
-- # migration
CREATE TABLE t (
  a DATETIME DEFAULT '1970-01-01', b DATE DEFAULT CURRENT_DATE, c JSON DEFAULT 'null', d UUID DEFAULT '', e DEFAULT 'x',
  f BLOB DEFAULT '{}', g BLOB DEFAULT X'', h ANY DEFAULT 'x'
);

-- spares: text, and what may be anything
-- # before
-- # migration
CREATE TABLE t (a TEXT DEFAULT 'now', b TEXT DEFAULT '', c TEXT DEFAULT (hex(randomblob(4))), d INTEGER DEFAULT (1 + 2), e TEXT DEFAULT NULL, f INTEGER DEFAULT NULL, g TEXT DEFAULT 'current');

-- spares: a boolean as text is something else
-- # before
-- # migration
CREATE TABLE t (a BOOLEAN DEFAULT 'true');
