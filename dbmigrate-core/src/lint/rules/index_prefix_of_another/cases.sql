-- fires: a longer index
-- # before
CREATE TABLE t (a TEXT, b TEXT);
CREATE INDEX short ON t (a);
-- # migration
CREATE INDEX long ON t (a, b);

-- fires: a UNIQUE and a primary key are longer indexes too
-- # before
-- # migration
CREATE TABLE members (team TEXT, user TEXT, mail TEXT, PRIMARY KEY (team, user), UNIQUE (mail, team));
CREATE INDEX by_team ON members (team);
CREATE INDEX by_mail ON members (mail);

-- fires: read backwards, of some rows, and with an expression
-- # before
CREATE TABLE t (a TEXT, b TEXT, c TEXT);
-- # migration
CREATE INDEX long ON t (a DESC, b, c);
CREATE INDEX short ON t (a);
CREATE INDEX some ON t (lower(b), c) WHERE a IS NULL;
CREATE INDEX fewer ON t (lower(b)) WHERE a IS NULL;

-- spares: a unique index
-- # before
CREATE TABLE t (a TEXT, b TEXT);
-- # migration
CREATE UNIQUE INDEX short ON t (a);
CREATE INDEX long ON t (a, b);

-- spares: not at the beginning
-- # before
CREATE TABLE t (a TEXT, b TEXT);
-- # migration
CREATE INDEX short ON t (b);
CREATE INDEX long ON t (a, b);

-- spares: other rows, in both directions
-- # before
CREATE TABLE t (a TEXT, b TEXT, c TEXT);
-- # migration
CREATE INDEX some ON t (a) WHERE c IS NULL;
CREATE INDEX long ON t (a, b);
CREATE INDEX short ON t (c);
CREATE INDEX long_some ON t (c, b) WHERE a IS NULL;

-- spares: another collation, an expression, mixed directions
-- # before
CREATE TABLE t (a TEXT, b TEXT, c TEXT);
-- # migration
CREATE INDEX folded ON t (a COLLATE NOCASE);
CREATE INDEX lowered ON t (lower(a));
CREATE INDEX mixed ON t (a, b DESC);
CREATE INDEX long ON t (a, b, c);

-- spares: the same index twice is something else
-- # before
CREATE TABLE t (a TEXT, b TEXT);
-- # migration
CREATE INDEX x ON t (a);
CREATE INDEX y ON t (a);

-- spares: the longer one goes
-- # before
CREATE TABLE t (a TEXT, b TEXT);
CREATE INDEX short ON t (a);
CREATE INDEX long ON t (a, b);
-- # migration
DROP INDEX long;
