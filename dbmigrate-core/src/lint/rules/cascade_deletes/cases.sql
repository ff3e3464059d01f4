-- fires: children and theirs, on several levels
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, gone INTEGER);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id) ON DELETE CASCADE);
CREATE TABLE comments (id INTEGER PRIMARY KEY, post_id INTEGER REFERENCES posts (id) ON DELETE CASCADE);
CREATE TABLE likes (comment_id INTEGER REFERENCES comments ON DELETE SET NULL);
CREATE TABLE teams (id INTEGER PRIMARY KEY, lead_id INTEGER REFERENCES users (id) ON DELETE SET NULL);
-- # rows
INSERT INTO users VALUES (1, 1), (2, 0);
INSERT INTO posts VALUES (1, 1), (2, 1), (3, 2), (4, NULL);
INSERT INTO comments VALUES (1, 1);
INSERT INTO teams VALUES (1, 2);
-- # migration
DELETE FROM users WHERE gone = 1 RETURNING id;

-- fires: nothing refers to what is deleted
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, gone INTEGER);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id) ON DELETE CASCADE);
-- # rows
INSERT INTO users VALUES (1, 1), (2, 0);
INSERT INTO posts VALUES (3, 2), (4, NULL);
-- # migration
DELETE FROM users WHERE gone = 1;

-- fires: a key of two columns, and all rows
-- # before
CREATE TABLE places (a INTEGER, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE visits (a INTEGER, b TEXT, FOREIGN KEY (a, b) REFERENCES places ON DELETE CASCADE);
-- # rows
INSERT INTO places VALUES (1, 'x');
INSERT INTO visits VALUES (1, 'x'), (1, NULL);
-- # migration
DELETE FROM places;

-- fires: a tree
-- # before
CREATE TABLE nodes (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES nodes ON DELETE CASCADE, kind TEXT);
-- # rows
INSERT INTO nodes VALUES (1, NULL, 'a'), (2, 1, 'a'), (3, 1, 'b');
-- # migration
DELETE FROM nodes WHERE kind = 'a';

-- fires: a table that is dropped
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id) ON DELETE CASCADE);
-- # rows
INSERT INTO users VALUES (1);
INSERT INTO posts VALUES (1, 1);
-- # migration
DROP TABLE users;

-- spares: the children are deleted, and other ones changed
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, gone INTEGER);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id) ON DELETE CASCADE);
CREATE TABLE teams (id INTEGER PRIMARY KEY, lead_id INTEGER REFERENCES users (id) ON DELETE SET NULL);
-- # migration
DELETE FROM posts WHERE author_id IN (SELECT id FROM users WHERE gone = 1);
UPDATE teams SET lead_id = NULL WHERE lead_id IN (SELECT id FROM users WHERE gone = 1);
DELETE FROM users WHERE gone = 1;

-- spares: a rebuild, of which foreign keys know nothing
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id) ON DELETE CASCADE);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
INSERT INTO n SELECT * FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: the children are dropped too
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id) ON DELETE CASCADE);
-- # migration
DROP TABLE posts;
DROP TABLE users;

-- spares: rows that come back
-- # before
CREATE TABLE roles (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE users (id INTEGER PRIMARY KEY, role_id INTEGER REFERENCES roles ON DELETE SET NULL);
-- # migration
DELETE FROM roles;
INSERT INTO roles VALUES (1, 'admin'), (2, 'guest');

-- spares: children that nobody would take along
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, gone INTEGER);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id));
-- # migration
DELETE FROM users WHERE gone = 1;
