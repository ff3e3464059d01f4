-- fires: by its default
-- # before
-- # migration
CREATE TABLE t (a TEXT NOT NULL DEFAULT 'false', b BOOLEAN DEFAULT 'TRUE', c VARCHAR(5) DEFAULT "true", d BOOL DEFAULT 'no');

-- fires: by its check
-- # before
-- # migration
CREATE TABLE t (a TEXT CHECK (a IN ('yes', 'no')), b CHAR(1) NOT NULL DEFAULT 'N' CHECK (b IN ('Y', 'N')));

-- fires: by its name
-- # before
CREATE TABLE t (id INTEGER PRIMARY KEY);
-- # migration
ALTER TABLE t ADD COLUMN is_admin TEXT;

-- spares: numbers
-- # before
-- # migration
CREATE TABLE t (a BOOLEAN DEFAULT TRUE, b INTEGER DEFAULT 0, is_open INT, c BOOLEAN NOT NULL DEFAULT '1');

-- spares: text of three kinds, and other words
-- # before
-- # migration
CREATE TABLE t (
  a TEXT DEFAULT 'maybe' CHECK (a IN ('yes', 'no', 'maybe')), b TEXT DEFAULT 'open' CHECK (b IN ('open', 'closed')),
  issue TEXT, island TEXT, truth TEXT DEFAULT '', state TEXT DEFAULT 'on'
);

-- spares: it was so before
-- # before
CREATE TABLE t (is_open TEXT DEFAULT 'true');
-- # migration
ALTER TABLE t ADD COLUMN a TEXT;
