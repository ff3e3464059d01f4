-- fires: rows that refer to nothing, and NULL that refers to nothing either
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER);
-- # rows
INSERT INTO users VALUES (1);
INSERT INTO posts VALUES (1, 1), (2, 7), (3, NULL), (4, 8);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id));
INSERT INTO n SELECT id, author_id FROM posts;
DROP TABLE posts;
ALTER TABLE n RENAME TO posts;

-- fires: all rows refer to others, but for one of another table that did not before
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER);
CREATE TABLE likes (user_id INTEGER REFERENCES users (id));
-- # rows
INSERT INTO users VALUES (1);
INSERT INTO posts VALUES (1, 1), (3, NULL);
INSERT INTO likes VALUES (9);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id));
INSERT INTO n SELECT id, author_id FROM posts;
DROP TABLE posts;
ALTER TABLE n RENAME TO posts;

-- fires: a key of two columns
-- # before
CREATE TABLE places (a INTEGER, b TEXT, PRIMARY KEY (a, b));
CREATE TABLE visits (id INTEGER PRIMARY KEY, a INTEGER, b TEXT);
-- # rows
INSERT INTO places VALUES (1, 'x'), (2, 'y');
INSERT INTO visits VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 1, NULL);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, FOREIGN KEY (a, b) REFERENCES places);
INSERT INTO n SELECT * FROM visits;
DROP TABLE visits;
ALTER TABLE n RENAME TO visits;

-- fires: the rows of the parent are deleted, which helps nobody
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER);
-- # rows
INSERT INTO users VALUES (1, 'a');
INSERT INTO posts VALUES (1, 7);
-- # migration
DELETE FROM users WHERE name = 'x';
CREATE TABLE n (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id));
INSERT INTO n SELECT id, author_id FROM posts;
DROP TABLE posts;
ALTER TABLE n RENAME TO posts;

-- fires: a new column whose default refers to nothing
-- # before
CREATE TABLE teams (id INTEGER PRIMARY KEY);
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # rows
INSERT INTO teams VALUES (2);
INSERT INTO users VALUES (1), (2);
-- # migration
ALTER TABLE users ADD COLUMN team_id INTEGER NOT NULL DEFAULT 1 REFERENCES teams (id);

-- fires: a new column whose default refers to a row
-- # before
CREATE TABLE teams (id INTEGER PRIMARY KEY);
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # rows
INSERT INTO teams VALUES (1);
INSERT INTO users VALUES (1), (2);
-- # migration
ALTER TABLE users ADD COLUMN team_id INTEGER NOT NULL DEFAULT 1 REFERENCES teams;

-- spares: the row that a default refers to is made
-- # before
CREATE TABLE teams (id INTEGER PRIMARY KEY);
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
INSERT INTO teams VALUES (1);
ALTER TABLE users ADD COLUMN team_id INTEGER NOT NULL DEFAULT 1 REFERENCES teams (id);

-- spares: the rows that are missing are made
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER);
-- # migration
INSERT OR IGNORE INTO users (id) SELECT author_id FROM posts;
CREATE TABLE n (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id));
INSERT INTO n SELECT id, author_id FROM posts;
DROP TABLE posts;
ALTER TABLE n RENAME TO posts;

-- spares: the copy leaves them out
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id));
INSERT INTO n SELECT id, author_id FROM posts WHERE author_id IN (SELECT id FROM users);
DROP TABLE posts;
ALTER TABLE n RENAME TO posts;

-- spares: a new column is NULL
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE posts (id INTEGER PRIMARY KEY);
-- # migration
ALTER TABLE posts ADD COLUMN author_id INTEGER REFERENCES users (id);

-- spares: only what happens on a delete changes
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id));
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id) ON DELETE CASCADE);
INSERT INTO n SELECT id, author_id FROM posts;
DROP TABLE posts;
ALTER TABLE n RENAME TO posts;

-- spares: what happens to rows of a key that was there changes, and a preflight of an older version looks for them
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id));
-- # rows
INSERT INTO users VALUES (1);
INSERT INTO posts VALUES (1, 1), (2, 7);
-- # migration
-- dbmigrate: expect-none "{} rows of `posts` reference missing rows of `users` through `author_id`, first at rowid {}: {}"
--     SELECT * FROM (SELECT count(*) AS _count, min(rowid), quote(posts.author_id) FROM posts
--       WHERE posts.author_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM users AS p WHERE p.id = posts.author_id))
--     WHERE _count > 0
-- to convert them (any SQL expression): --convert 'posts.author_id=CASE WHEN author_id IN (SELECT id FROM users) THEN author_id END'
CREATE TABLE n (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id) ON DELETE CASCADE);
INSERT INTO n SELECT id, author_id FROM posts;
DROP TABLE posts;
ALTER TABLE n RENAME TO posts;

-- spares: another preflight is about the column of a key that was there
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id TEXT REFERENCES users (id));
-- # migration
-- dbmigrate: expect-none "{} values of `posts.author_id` do not fit, first at rowid {}: {}"
--     SELECT * FROM (SELECT count(*) AS _count, min(rowid), quote(author_id) FROM posts
--       WHERE typeof(author_id) = 'blob') WHERE _count > 0
-- to convert them (any SQL expression): --convert 'posts.author_id=CAST(author_id AS INTEGER)'
-- if they may change: --accept lossy_conversion:posts.author_id
CREATE TABLE n (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id) ON DELETE CASCADE);
INSERT INTO n SELECT id, author_id FROM posts;
DROP TABLE posts;
ALTER TABLE n RENAME TO posts;
