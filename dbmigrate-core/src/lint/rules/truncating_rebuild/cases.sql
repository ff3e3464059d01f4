-- fires: a condition
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a'), (2, NULL), (3, NULL);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
INSERT INTO n (id, email) SELECT id, email FROM users WHERE email IS NOT NULL;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- fires: a limit
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a'), (2, NULL), (3, NULL);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT);
INSERT INTO n SELECT * FROM users ORDER BY id LIMIT 1000;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- fires: groups, of a table that was renamed before
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a'), (2, 'a'), (3, 'b');
-- # migration
ALTER TABLE users RENAME TO users_old;
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE);
INSERT INTO users SELECT min(id), email FROM users_old GROUP BY email;
DROP TABLE users_old;

-- fires: rows without a partner, and what is there twice
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER);
-- # rows
INSERT INTO users VALUES (1);
INSERT INTO posts VALUES (1, 1), (2, 7);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id));
INSERT INTO n SELECT DISTINCT p.id, p.author_id FROM posts p JOIN users u ON u.id = p.author_id;
DROP TABLE posts;
ALTER TABLE n RENAME TO posts;

-- fires: rows in conflict with others
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT UNIQUE);
INSERT INTO n (id, email) SELECT id, email FROM users WHERE true ON CONFLICT DO NOTHING;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- fires: no copy
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a'), (2, NULL), (3, NULL);
-- # migration
DROP TABLE users;
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, name TEXT);

-- fires: a column that is left out, and one that is the same for all
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, name TEXT, age INTEGER);
-- # rows
INSERT INTO users VALUES (1, 'a', 'b', NULL), (2, NULL, 'c', 5);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT, name TEXT, age INTEGER NOT NULL);
INSERT INTO n (id, name, age) SELECT id, name, 0 FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- fires: by way of a helper and back
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a'), (2, NULL), (3, NULL);
-- # migration
CREATE TABLE h AS SELECT * FROM users;
DROP TABLE users;
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
INSERT INTO users SELECT * FROM h WHERE email IS NOT NULL;
DROP TABLE h;

-- fires: the new table replaces rows that are in conflict
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a'), (2, 'a'), (3, NULL);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT UNIQUE ON CONFLICT REPLACE);
INSERT INTO n SELECT id, email FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: all rows, whatever the words say
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, "where" TEXT);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT UNIQUE, "where" TEXT);
INSERT INTO n (id, email, "where") SELECT id, coalesce(email, (SELECT max(email) FROM users WHERE id > 1 LIMIT 1)), "where" FROM users WHERE 1 ORDER BY id, email;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: in two parts
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
INSERT INTO n SELECT id, email FROM users WHERE email IS NOT NULL;
INSERT INTO n SELECT id, '' FROM users WHERE email IS NULL;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: a table that is dropped, and one that is only copied in part
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE TABLE gone (id INTEGER PRIMARY KEY);
-- # migration
DROP TABLE gone;
CREATE TABLE mails (email TEXT);
INSERT INTO mails SELECT DISTINCT email FROM users WHERE email > '';

-- spares: a column with another name, a new one, and one that is computed
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT, folded TEXT AS (lower(mail)));
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT, age INTEGER DEFAULT 0, folded TEXT AS (lower(email)));
INSERT INTO n (id, email) SELECT id, mail FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: the rows are deleted first
-- # before
CREATE TABLE cache (id INTEGER PRIMARY KEY, body TEXT);
-- # migration
DELETE FROM cache;
DROP TABLE cache;
CREATE TABLE cache (id INTEGER PRIMARY KEY, body BLOB);

-- spares: a copy that a LEFT JOIN fills up
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id));
INSERT INTO n (id, author_id) SELECT p.id, u.id FROM posts AS p LEFT JOIN users AS u ON u.id = p.author_id;
DROP TABLE posts;
ALTER TABLE n RENAME TO posts;
