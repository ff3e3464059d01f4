SELECT * FROM users
SELECT u.id, u.name AS who, p.title FROM users u LEFT JOIN posts AS p ON p.user_id = u.id WHERE u.email = ?
SELECT rowid, _rowid_, oid FROM users
SELECT rowid, * FROM events
SELECT id AS "id: UserId", count(*) AS "n: i64" FROM users GROUP BY 1
SELECT count(*), sum(age), avg(age), max(name), total(age), group_concat(name) FROM users
SELECT user_id, sum(id), max(title), min(body) FROM posts GROUP BY user_id HAVING count(*) > :least
SELECT coalesce(name, email), ifnull(name, ?), nullif(name, ''), coalesce(name, body) FROM users JOIN posts ON user_id = users.id
SELECT CASE WHEN age > 17 THEN 'adult' ELSE 'child' END, CASE age WHEN ? THEN 1 END FROM users
SELECT (SELECT title FROM posts WHERE user_id = users.id), (SELECT count(*) FROM posts WHERE user_id = users.id) FROM users
SELECT EXISTS (SELECT 1 FROM posts WHERE user_id = u.id AND title LIKE ?) FROM users u
SELECT id, email, posts FROM authors WHERE posts > ?1 AND posts < ?2 + ?1
SELECT post, heading FROM titles ORDER BY heading LIMIT ? OFFSET ?
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT i, i * 2 AS twice FROM n
WITH users AS (SELECT 1 AS shadowed) SELECT shadowed FROM users
WITH a AS (SELECT * FROM b), b AS (SELECT id FROM users) SELECT id FROM a
SELECT id FROM users NATURAL JOIN (SELECT id, title FROM posts)
SELECT id, title, email FROM users JOIN posts USING (id) ORDER BY id
SELECT users.id, posts.id FROM users FULL JOIN posts USING (id)
SELECT id, rating FROM users RIGHT JOIN posts USING (id)
SELECT * FROM users JOIN (posts JOIN tags ON post_id = posts.id) ON user_id = users.id
SELECT tags.tag, posts.id FROM users JOIN (posts JOIN tags ON post_id = posts.id) ON user_id = users.id
SELECT key, value, j.atom FROM users, json_each(users.name) AS j WHERE value = ?
SELECT name, type, "notnull" FROM pragma_table_info('users') WHERE pk = 0
SELECT title, rank, highlight(search, 0, '<', '>'), bm25(search) FROM search WHERE search MATCH ? ORDER BY rank
SELECT id, label FROM areas WHERE min_x >= ?1 AND max_x <= ?2
SELECT name FROM sqlite_schema WHERE type = 'table'
SELECT name AS n FROM users WHERE n = 'x' GROUP BY n HAVING n > 'a' ORDER BY n
SELECT id FROM users UNION SELECT user_id FROM posts ORDER BY id
SELECT email FROM users EXCEPT SELECT body FROM posts ORDER BY 1
SELECT title, row_number() OVER w, rank() OVER (PARTITION BY user_id ORDER BY id), lag(title, 1) OVER w FROM posts WINDOW w AS (ORDER BY id)
SELECT sum(rating) FILTER (WHERE rating > 1) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM posts
SELECT name COLLATE NOCASE, CAST(age AS REAL), x'00', 1_000, 1.5e3, NULL, TRUE, current_timestamp FROM main.users
SELECT data ->> '$.a', data -> 'b', age / 2, age / ?, -age, NOT age, age || '' FROM users, events
SELECT id FROM users WHERE (id, email) IN (SELECT user_id, title FROM posts) AND id IN (1, 2, ?) AND name IS NOT ?
SELECT id FROM users WHERE age BETWEEN ? AND ? AND name IS NOT DISTINCT FROM ? AND (?5 IS NULL OR email = ?5)
VALUES (1, 'a'), (2, NULL)
INSERT INTO users (email, name) VALUES (?, ?) RETURNING id, created_at
INSERT INTO posts VALUES (NULL, ?, ?, ?, ?)
INSERT INTO users (email) SELECT title FROM posts WHERE true ON CONFLICT (email) DO UPDATE SET name = excluded.email, age = users.age + 1 WHERE excluded.email <> ''
INSERT INTO users AS u (id, email) VALUES (?, ?) ON CONFLICT (id) DO NOTHING ON CONFLICT DO UPDATE SET age = u.age
INSERT INTO users (email, name) VALUES ('a', 'b') ON CONFLICT (name) WHERE age > 17 DO NOTHING
INSERT OR IGNORE INTO posts (title) VALUES (?)
REPLACE INTO tags (tag, post_id) VALUES (?1, ?2)
INSERT INTO search (search) VALUES ('optimize')
INSERT INTO events (at, data) VALUES (unixepoch(), zeroblob(?))
UPDATE users SET (name, age) = (?, ?) WHERE rowid = ? RETURNING *
UPDATE posts SET title = u.name || ? FROM users AS u WHERE u.id = posts.user_id AND u.email = ?
UPDATE titles SET heading = ? WHERE post = ?
DELETE FROM tags WHERE post_id NOT IN (SELECT id FROM posts) AND tag GLOB ?
DELETE FROM posts INDEXED BY posts_title WHERE user_id = ? RETURNING slug
EXPLAIN QUERY PLAN SELECT * FROM users WHERE email = ?
PRAGMA foreign_keys
BEGIN IMMEDIATE
CREATE TABLE copies AS SELECT id, title FROM posts
DROP TABLE IF EXISTS nothing_of_this_name
