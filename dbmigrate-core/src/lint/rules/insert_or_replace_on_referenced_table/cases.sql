-- fires: a column that is not named, children and a trigger
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, bio TEXT);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id) ON DELETE CASCADE);
CREATE TABLE gone (id INTEGER);
CREATE TRIGGER remember AFTER DELETE ON users BEGIN INSERT INTO gone VALUES (old.id); END;
-- # migration
INSERT OR REPLACE INTO users (id, email) VALUES (1, 'a');

-- fires: REPLACE, of a key that is not named
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id));
-- # migration
REPLACE INTO users (email) SELECT 'a';

-- spares: all columns of a table that nothing hangs on
-- # before
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT, shown TEXT AS (upper(value)));
-- # migration
INSERT OR REPLACE INTO settings (name, value) VALUES ('a', 'b');
REPLACE INTO settings VALUES ('a', 'c');

-- spares: an upsert
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, bio TEXT);
-- # migration
INSERT INTO users (id, email) VALUES (1, replace('a', 'b', 'c')) ON CONFLICT (id) DO UPDATE SET email = excluded.email;

-- spares: a table that the migration makes
-- # before
-- # migration
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, bio TEXT);
INSERT OR REPLACE INTO users (id, email) VALUES (1, 'a');
