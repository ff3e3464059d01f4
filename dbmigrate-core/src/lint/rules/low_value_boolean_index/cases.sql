-- fires: by the type, by a check, and by the name
-- # before
CREATE TABLE t (a BOOLEAN, b INTEGER CHECK (b IN (0, 1)), is_open INTEGER NOT NULL DEFAULT 1);
-- # migration
CREATE INDEX by_a ON t (a);
CREATE INDEX by_b ON t (b DESC);
CREATE INDEX by_open ON t (is_open);

-- spares: with other columns, in any order
-- # before
CREATE TABLE t (a BOOLEAN, b TEXT);
-- # migration
CREATE INDEX one ON t (a, b);
CREATE INDEX two ON t (b, a);

-- spares: of some rows
-- # before
CREATE TABLE t (a BOOLEAN, b TEXT);
-- # migration
CREATE INDEX one ON t (a) WHERE a;
CREATE INDEX two ON t (a) WHERE b IS NULL;

-- spares: not a boolean
-- # before
CREATE TABLE t (a INTEGER CHECK (a IN (0, 1, 2)), b TEXT, island INTEGER);
-- # migration
CREATE INDEX one ON t (a);
CREATE INDEX two ON t (b);
CREATE INDEX three ON t (island);

-- spares: at most one row of each
-- # before
CREATE TABLE t (a BOOLEAN);
-- # migration
CREATE UNIQUE INDEX one ON t (a);
