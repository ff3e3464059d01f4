-- fires: checks that always fail, and checks that fail some day
-- # before
-- # migration
CREATE TABLE a (x TEXT CHECK (x < date('now')), y INTEGER CHECK (y IS NULL OR y < unixepoch()));
CREATE TABLE b (x TEXT CHECK (x <= CURRENT_TIMESTAMP), y INTEGER CHECK (y <> random()));
CREATE TABLE c (x TEXT CHECK (x < datetime(x, 'localtime')));

-- fires: generated columns and indexes
-- # before
CREATE TABLE t (a TEXT, b TEXT);
-- # migration
CREATE TABLE g (a TEXT, age REAL AS (julianday('now') - julianday(a)));
CREATE INDEX recent ON t (b) WHERE a > date('now', '-1 day');
CREATE INDEX ages ON t (strftime('%Y', 'NOW'));

-- spares: functions of the row, and words that are columns or texts
-- # before
-- # migration
CREATE TABLE t (
  a TEXT CHECK (date(a) = a), b TEXT CHECK (strftime('%Y', a) > '2000'), "current_date" TEXT,
  c TEXT AS (datetime(a, '+1 day')), d TEXT CHECK (d <> 'localtime'), CHECK (t."current_date" <> 'now')
);
CREATE INDEX by_day ON t (date(a)) WHERE datetime(b) IS NOT NULL;

-- spares: defaults and triggers
-- # before
-- # migration
CREATE TABLE t (a TEXT DEFAULT (datetime('now')), b INTEGER DEFAULT (random()), c TEXT DEFAULT CURRENT_TIMESTAMP);
CREATE TRIGGER touch BEFORE INSERT ON t WHEN new.a > date('now') BEGIN SELECT raise(ABORT, 'too late'); END;

-- spares: it was so before
-- # before
CREATE TABLE t (a TEXT CHECK (a <= CURRENT_TIMESTAMP));
-- # migration
ALTER TABLE t ADD COLUMN b TEXT;
