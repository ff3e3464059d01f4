SELECT emial FROM users
SELECT id FROM usres
SELECT u.nmae FROM users u
SELECT users.name FROM users u
SELECT x.id FROM users
SELECT id FROM users JOIN posts ON user_id = users.id
SELECT name FROM users WHERE name = "abc"
SELECT "emial" FROM users
SELECT lenght(name) FROM users
SELECT length(name, 1) FROM users
SELECT substr(name) FROM users
SELECT my_own(name) FROM users
SELECT name FROM users ORDER BY nmae
SELECT name FROM users ORDER BY 2
SELECT name FROM users GROUP BY count(*)
SELECT name FROM users WHERE count(*) > 1
SELECT name FROM users HAVING age > 1
SELECT sum(count(*)) FROM users
SELECT row_number() FROM users
SELECT lower(name) OVER () FROM users
SELECT name FROM users WHERE rank() OVER () > 1
SELECT sum(age) OVER win FROM users WINDOW w AS (ORDER BY id)
SELECT name COLLATE NOCSE FROM users
SELECT id FROM users UNION SELECT id, title FROM posts
SELECT id FROM users UNION SELECT id FROM posts ORDER BY email
SELECT id FROM users ORDER BY id UNION SELECT id FROM posts
SELECT (SELECT id, name FROM users)
SELECT id FROM users WHERE id IN (SELECT id, title FROM posts)
SELECT id FROM users WHERE (id, name) = (1, 2, 3)
SELECT id FROM users LIMIT age
SELECT * FROM users JOIN posts USING (title)
SELECT * FROM users NATURAL JOIN posts ON 1
SELECT p.* FROM users
SELECT *
SELECT rowid FROM tags
SELECT rowid FROM users, posts
SELECT id FROM authors WHERE emial = 'x'
SELECT kye FROM json_each('[]')
SELECT name FROM users INDEXED BY users_nme
SELECT name FROM users('x')
SELECT 1 FROM jsn_each('[]')
WITH a AS (SELECT id FROM users) SELECT name FROM a
WITH a(x, y) AS (SELECT id FROM users) SELECT x FROM a
WITH a AS (SELECT * FROM a) SELECT * FROM a
SELECT name FROM users WHERE name REGEXP 'a'
SELECT RAISE(ABORT, 'no')
INSERT INTO users (emial) VALUES (?)
INSERT INTO users (email, name) VALUES (?)
INSERT INTO users (email) VALUES (?, ?)
INSERT INTO users VALUES (1, 2)
INSERT INTO users (name) VALUES (?)
INSERT INTO posts (title) VALUES ('x')
INSERT INTO posts DEFAULT VALUES
INSERT INTO posts (user_id, title, slug) VALUES (1, 'a', 'b')
INSERT INTO users (email) VALUES (email)
INSERT INTO users (email) VALUES ('a'), ('b', 'c')
INSERT INTO users (email) VALUES ('a') ON CONFLICT (age) DO NOTHING
INSERT INTO users (email) VALUES ('a') ON CONFLICT (name) DO NOTHING
INSERT INTO users (email) VALUES ('a') ON CONFLICT (email) DO UPDATE SET name = excluded.nmae
INSERT INTO users AS u (email) VALUES ('a') ON CONFLICT (email) DO UPDATE SET name = users.name
INSERT INTO users (email) VALUES ('a') RETURNING users.*
INSERT INTO users (email) VALUES ('a') RETURNING count(*)
INSERT INTO authors (id) VALUES (1)
UPDATE users SET nmae = 'x'
UPDATE users SET name = nmae WHERE id = 1
UPDATE posts SET slug = 'x'
UPDATE users SET (name, age) = (1, 2, 3)
UPDATE authors SET posts = 1
UPDATE users AS u SET name = 'x' WHERE users.id = 1
UPDATE users SET name = p.title FROM posts q WHERE q.id = 1
DELETE FROM usres
DELETE FROM titles WHERE post = 1
DELETE FROM sqlite_schema
DELETE FROM users WHERE idd = 1
SELECT FROM users
SELECT id FORM users
SELECT id, FROM users
SELECT id FROM users WHERE
SELECT id FROM users WHERE (id = 1
SELECT 'abc
SELECT 1x
SELECT ?0
SELCT 1
INSERT users VALUES (1)
UPDATE users name = 1
SELECT 1; SELECT 2
DROP TABLE usres
DROP INDEX posts_titel
ALTER TABLE usres ADD COLUMN x
CREATE TABLE copies AS SELECT idd FROM posts
SELECT CAST(id AS) + FROM users
