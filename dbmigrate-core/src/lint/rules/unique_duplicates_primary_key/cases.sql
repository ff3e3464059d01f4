-- fires: the rowid
-- # before
-- # migration
CREATE TABLE users (id INTEGER PRIMARY KEY UNIQUE);

-- fires: a unique index on the primary key
-- # before
CREATE TABLE members (team TEXT NOT NULL, user TEXT NOT NULL, PRIMARY KEY (team, user));
-- # migration
CREATE UNIQUE INDEX once ON members (team, user);

-- fires: a constraint of which SQLite makes nothing
-- # before
-- # migration
CREATE TABLE users (id TEXT NOT NULL PRIMARY KEY, UNIQUE (id));

-- spares: more columns, fewer, or another order
-- # before
-- # migration
CREATE TABLE users (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, UNIQUE (id, tenant));
CREATE TABLE members (team TEXT, user TEXT UNIQUE, PRIMARY KEY (team, user), UNIQUE (user, team));

-- spares: another collation, or some of the rows
-- # before
-- # migration
CREATE TABLE users (name TEXT NOT NULL PRIMARY KEY, gone INTEGER);
CREATE UNIQUE INDEX folded ON users (name COLLATE NOCASE);
CREATE UNIQUE INDEX live ON users (name) WHERE gone IS NULL;

-- spares: it replaces the row that is there
-- # before
-- # migration
CREATE TABLE users (id INTEGER PRIMARY KEY, UNIQUE (id) ON CONFLICT REPLACE);

-- spares: an ordinary index is something else
-- # before
CREATE TABLE users (id TEXT NOT NULL PRIMARY KEY);
-- # migration
CREATE INDEX by_id ON users (id);
