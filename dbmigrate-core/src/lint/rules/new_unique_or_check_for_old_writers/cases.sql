-- fires: a unique index, also of an expression or of some rows
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, team INTEGER, gone INTEGER);
-- # migration
CREATE UNIQUE INDEX users_email ON users (lower(email));
CREATE UNIQUE INDEX users_team ON users (team, email) WHERE gone IS NULL;

-- fires: constraints in a rebuild
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, age INTEGER);
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT UNIQUE, age INTEGER CHECK (age >= 0));
INSERT INTO users_new SELECT * FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- fires: a tighter check, a key of fewer columns, and an index that becomes unique
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, team INTEGER, age INTEGER CHECK (age < 150), UNIQUE (team, email));
CREATE INDEX users_age ON users (age);
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT UNIQUE, team INTEGER, age INTEGER CHECK (age < 100));
INSERT INTO users_new SELECT * FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
CREATE UNIQUE INDEX users_age ON users (age);

-- fires: a new column whose default all rows of the old release have
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
ALTER TABLE users ADD COLUMN code TEXT DEFAULT '';
UPDATE users SET code = id WHERE true;
CREATE UNIQUE INDEX users_code ON users (code);

-- fires: another primary key
-- # before
CREATE TABLE members (user_id INTEGER, team_id INTEGER, PRIMARY KEY (user_id, team_id));
-- # migration
CREATE TABLE members_new (user_id INTEGER, team_id INTEGER, PRIMARY KEY (user_id));
INSERT INTO members_new SELECT * FROM members;
DROP TABLE members;
ALTER TABLE members_new RENAME TO members;

-- spares: what a release leaves NULL that does not know of the column
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
ALTER TABLE users ADD COLUMN code TEXT CHECK (length(code) = 8);
ALTER TABLE users ADD COLUMN state TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'old'));
CREATE UNIQUE INDEX users_code ON users (code);
CREATE UNIQUE INDEX users_email_code ON users (email, code);

-- spares: it was unique before
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, team INTEGER, UNIQUE (email));
CREATE UNIQUE INDEX users_folded ON users (lower(email));
-- # migration
CREATE UNIQUE INDEX users_email ON users (email);
CREATE UNIQUE INDEX users_team ON users (team, email);
CREATE UNIQUE INDEX users_id ON users (id);
CREATE UNIQUE INDEX users_team_folded ON users (team, lower(email));

-- spares: checks that allow more
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('a', 'b')), age INTEGER CHECK (age >= 18 AND age < 100), n INTEGER CHECK (n > 0));
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('a', 'b', 'c')), age INTEGER CHECK (age >= 18 AND age < 150), n INTEGER CHECK (n > 0 OR n IS NULL));
INSERT INTO users_new SELECT * FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- spares: a list with fewer values, which is a matter of `enum_value_removed`
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('a', 'b')));
-- # migration
CREATE TABLE users_new (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('a')));
INSERT INTO users_new SELECT * FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;

-- spares: the same constraints under other names, and of renamed columns
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE CHECK (email <> ''), nick TEXT);
CREATE UNIQUE INDEX users_nick ON users (nick);
-- # migration
DROP INDEX users_nick;
ALTER TABLE users RENAME COLUMN nick TO handle;
CREATE UNIQUE INDEX users_handle ON users (handle);
CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT, handle TEXT, CONSTRAINT a UNIQUE (email), CONSTRAINT b CHECK (email <> ''));
INSERT INTO users_new SELECT * FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
CREATE UNIQUE INDEX users_handle ON users (handle);

-- spares: a new table
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT UNIQUE CHECK (name <> ''));

-- spares: columns and tables that no release knows yet
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # earlier
ALTER TABLE users ADD COLUMN code TEXT;
CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT);
-- # migration
CREATE UNIQUE INDEX users_code ON users (code);
CREATE UNIQUE INDEX pets_name ON pets (name);
