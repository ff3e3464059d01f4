-- fires: what UNIQUE has already
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE);
-- # migration
CREATE INDEX by_email ON users (email);

-- fires: what the primary key has already
-- # before
-- # migration
CREATE TABLE members (team TEXT, user TEXT, PRIMARY KEY (team, user)) WITHOUT ROWID;
CREATE INDEX by_both ON members (team, user);
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE INDEX by_id ON users (id);

-- fires: the same twice, of which the older one stays whatever it is called
-- # before
CREATE TABLE t (a TEXT COLLATE NOCASE, b TEXT);
CREATE INDEX z ON t (a, lower(b)) WHERE b IS NOT NULL;
-- # migration
CREATE INDEX a ON t (A COLLATE nocase DESC, LOWER( "b" ) DESC) WHERE (b is not null);

-- fires: an ordinary index beside a unique one
-- # before
CREATE TABLE t (a TEXT, b TEXT);
CREATE INDEX old ON t (a, b);
-- # migration
CREATE UNIQUE INDEX strict ON t (a, b);

-- fires: a unique index that a constraint has already
-- # before
-- # migration
CREATE TABLE t (a TEXT, b TEXT, UNIQUE (a, b));
CREATE UNIQUE INDEX pair ON t (a, b);

-- spares: the same columns in another order
-- # before
CREATE TABLE t (a TEXT, b TEXT);
CREATE INDEX ab ON t (a, b);
-- # migration
CREATE INDEX ba ON t (b, a);

-- spares: other rows
-- # before
CREATE TABLE t (a TEXT, b TEXT);
CREATE INDEX all_of_them ON t (a);
-- # migration
CREATE INDEX some ON t (a) WHERE b = 'open';
CREATE INDEX others ON t (a) WHERE b = 'OPEN';

-- spares: another collation, another direction of one column, an expression
-- # before
CREATE TABLE t (a TEXT, b TEXT);
CREATE INDEX ab ON t (a, b);
-- # migration
CREATE INDEX folded ON t (a COLLATE NOCASE, b);
CREATE INDEX newest ON t (a, b DESC);
CREATE INDEX lowered ON t (lower(a), b);

-- spares: a unique index beside an ordinary one that covers other rows
-- # before
CREATE TABLE t (a TEXT, deleted INTEGER);
CREATE INDEX by_a ON t (a);
-- # migration
CREATE UNIQUE INDEX live ON t (a) WHERE deleted IS NULL;

-- spares: it was so before
-- # before
CREATE TABLE t (a TEXT);
CREATE INDEX x ON t (a);
CREATE INDEX y ON t (a);
-- # migration
ALTER TABLE t ADD COLUMN b TEXT;
ALTER TABLE t RENAME TO u;

-- spares: another table
-- # before
CREATE TABLE t (a TEXT);
CREATE INDEX x ON t (a);
-- # migration
CREATE TABLE u (a TEXT);
CREATE INDEX y ON u (a);
