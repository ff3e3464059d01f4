-- Statements that fit schema.sql, one a line; beneath each what is known of it.

SELECT * FROM users
--   id: INTEGER, of users.id
--   email: TEXT, of users.email
--   name: TEXT or NULL, of users.name
--   age: INTEGER or NULL, of users.age
--   created_at: TEXT, of users.created_at

SELECT u.id, u.name AS who, p.title FROM users u LEFT JOIN posts AS p ON p.user_id = u.id WHERE u.email = ?
--   id: INTEGER, of users.id
--   who: TEXT or NULL, of users.name
--   title: TEXT or NULL, of posts.title
--   1 ?1: TEXT, of users.email

SELECT rowid, _rowid_, oid FROM users
--   id: INTEGER, of users.id
--   id: INTEGER, of users.id
--   id: INTEGER, of users.id

SELECT rowid, * FROM events
--   rowid: integer
--   at: INTEGER, of events.at
--   data: BLOB or NULL, of events.data

SELECT id AS "id: UserId", count(*) AS "n: i64" FROM users GROUP BY 1
--   id: INTEGER, of users.id, stated UserId
--   n: integer, stated i64

SELECT count(*), sum(age), avg(age), max(name), total(age), group_concat(name) FROM users
--   count(*): integer
--   sum(age): integer or NULL
--   avg(age): real or NULL
--   max(name): TEXT or NULL
--   total(age): real
--   group_concat(name): text or NULL

SELECT user_id, sum(id), max(title), min(body) FROM posts GROUP BY user_id HAVING count(*) > :least
--   user_id: INTEGER, of posts.user_id
--   sum(id): integer
--   max(title): TEXT
--   min(body): TEXT or NULL
--   1 :least: integer

SELECT coalesce(name, email), ifnull(name, ?), nullif(name, ''), coalesce(name, body) FROM users JOIN posts ON user_id = users.id
--   coalesce(name, email): TEXT
--   ifnull(name, ?): unknown
--   nullif(name, ''): TEXT or NULL
--   coalesce(name, body): TEXT or NULL
--   1 ?1: TEXT or NULL, of users.name

SELECT CASE WHEN age > 17 THEN 'adult' ELSE 'child' END, CASE age WHEN ? THEN 1 END FROM users
--   CASE WHEN age > 17 THEN 'adult' ELSE 'child' END: text
--   CASE age WHEN ? THEN 1 END: integer or NULL
--   1 ?1: INTEGER, of users.age

SELECT (SELECT title FROM posts WHERE user_id = users.id), (SELECT count(*) FROM posts WHERE user_id = users.id) FROM users
--   (SELECT title FROM posts WHERE user_id = users.id): TEXT or NULL, of posts.title
--   (SELECT count(*) FROM posts WHERE user_id = users.id): integer

SELECT EXISTS (SELECT 1 FROM posts WHERE user_id = u.id AND title LIKE ?) FROM users u
--   EXISTS (SELECT 1 FROM posts WHERE user_id = u.id AND title LIKE ?): integer
--   1 ?1: text

SELECT id, email, posts FROM authors WHERE posts > ?1 AND posts < ?2 + ?1
--   id: INTEGER, of users.id
--   email: TEXT, of users.email
--   posts: integer
--   1 ?1: integer
--   2 ?2: unknown

SELECT post, heading FROM titles ORDER BY heading LIMIT ? OFFSET ?
--   post: INTEGER, of posts.id
--   heading: TEXT, of posts.title
--   1 ?1: integer
--   2 ?2: integer

WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT i, i * 2 AS twice FROM n
--   i: integer
--   twice: integer

WITH users AS (SELECT 1 AS shadowed) SELECT shadowed FROM users
--   shadowed: integer

WITH a AS (SELECT * FROM b), b AS (SELECT id FROM users) SELECT id FROM a
--   id: INTEGER, of users.id

SELECT id FROM users NATURAL JOIN (SELECT id, title FROM posts)
--   id: INTEGER, of users.id

SELECT id, title, email FROM users JOIN posts USING (id) ORDER BY id
--   id: INTEGER, of users.id
--   title: TEXT, of posts.title
--   email: TEXT, of users.email

SELECT users.id, posts.id FROM users FULL JOIN posts USING (id)
--   id: INTEGER or NULL, of users.id
--   id: INTEGER or NULL, of posts.id

SELECT id, rating FROM users RIGHT JOIN posts USING (id)
--   id: INTEGER, of posts.id
--   rating: REAL or NULL, of posts.rating

SELECT * FROM users JOIN (posts JOIN tags ON post_id = posts.id) ON user_id = users.id
--   id: INTEGER, of users.id
--   email: TEXT, of users.email
--   name: TEXT or NULL, of users.name
--   age: INTEGER or NULL, of users.age
--   created_at: TEXT, of users.created_at
--   id: INTEGER, of posts.id
--   user_id: INTEGER, of posts.user_id
--   title: TEXT, of posts.title
--   body: TEXT or NULL, of posts.body
--   rating: REAL or NULL, of posts.rating
--   slug: TEXT or NULL, of posts.slug
--   post_id: INTEGER, of tags.post_id
--   tag: TEXT, of tags.tag

SELECT tags.tag, posts.id FROM users JOIN (posts JOIN tags ON post_id = posts.id) ON user_id = users.id
--   tag: TEXT, of tags.tag
--   id: INTEGER, of posts.id

SELECT key, value, j.atom FROM users, json_each(users.name) AS j WHERE value = ?
--   key: unknown
--   value: unknown
--   atom: unknown
--   1 ?1: unknown

SELECT name, type, "notnull" FROM pragma_table_info('users') WHERE pk = 0
--   name: text, NULL perhaps
--   type: text
--   notnull: integer

SELECT title, rank, highlight(search, 0, '<', '>'), bm25(search) FROM search WHERE search MATCH ? ORDER BY rank
--   title: any or NULL, of search.title
--   rank: any or NULL, of search.rank
--   highlight(search, 0, '<', '>'): text or NULL
--   bm25(search): real or NULL
--   1 ?1: text

SELECT id, label FROM areas WHERE min_x >= ?1 AND max_x <= ?2
--   id: integer, of areas.id
--   label: any or NULL, of areas.label
--   1 ?1: real, of areas.min_x
--   2 ?2: real, of areas.max_x

SELECT name FROM sqlite_schema WHERE type = 'table'
--   name: text, NULL perhaps

SELECT name AS n FROM users WHERE n = 'x' GROUP BY n HAVING n > 'a' ORDER BY n
--   n: TEXT or NULL, of users.name

SELECT id FROM users UNION SELECT user_id FROM posts ORDER BY id
--   id: INTEGER

SELECT email FROM users EXCEPT SELECT body FROM posts ORDER BY 1
--   email: TEXT or NULL

SELECT title, row_number() OVER w, rank() OVER (PARTITION BY user_id ORDER BY id), lag(title, 1) OVER w FROM posts WINDOW w AS (ORDER BY id)
--   title: TEXT, of posts.title
--   row_number() OVER w: integer
--   rank() OVER (PARTITION BY user_id ORDER BY id): integer
--   lag(title, 1) OVER w: TEXT or NULL

SELECT sum(rating) FILTER (WHERE rating > 1) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM posts
--   sum(rating) FILTER (WHERE rating > 1) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES): real or NULL

SELECT name COLLATE NOCASE, CAST(age AS REAL), x'00', 1_000, 1.5e3, NULL, TRUE, current_timestamp FROM main.users
--   name COLLATE NOCASE: TEXT or NULL, of users.name
--   CAST(age AS REAL): REAL or NULL
--   x'00': blob
--   1_000: integer
--   1.5e3: real
--   NULL: any or NULL
--   TRUE: integer
--   current_timestamp: text

SELECT data ->> '$.a', data -> 'b', age / 2, age / ?, -age, NOT age, age || '' FROM users, events
--   data ->> '$.a': any or NULL
--   data -> 'b': text or NULL
--   age / 2: integer or NULL
--   age / ?: any or NULL
--   -age: integer or NULL
--   NOT age: integer or NULL
--   age || '': text or NULL
--   1 ?1: INTEGER, of users.age

SELECT id FROM users WHERE (id, email) IN (SELECT user_id, title FROM posts) AND id IN (1, 2, ?) AND name IS NOT ?
--   id: INTEGER, of users.id
--   1 ?1: INTEGER, of users.id
--   2 ?2: TEXT or NULL, of users.name

SELECT id FROM users WHERE age BETWEEN ? AND ? AND name IS NOT DISTINCT FROM ? AND (?5 IS NULL OR email = ?5)
--   id: INTEGER, of users.id
--   1 ?1: INTEGER, of users.age
--   2 ?2: INTEGER, of users.age
--   3 ?3: TEXT or NULL, of users.name
--   5 ?5: TEXT or NULL, of users.email

VALUES (1, 'a'), (2, NULL)
--   column1: integer
--   column2: text or NULL

INSERT INTO users (email, name) VALUES (?, ?) RETURNING id, created_at
--   id: INTEGER, of users.id
--   created_at: TEXT, of users.created_at
--   1 ?1: TEXT, of users.email
--   2 ?2: TEXT or NULL, of users.name

INSERT INTO posts VALUES (NULL, ?, ?, ?, ?)
--   1 ?1: INTEGER, of posts.user_id
--   2 ?2: TEXT, of posts.title
--   3 ?3: TEXT or NULL, of posts.body
--   4 ?4: REAL or NULL, of posts.rating

INSERT INTO users (email) SELECT title FROM posts WHERE true ON CONFLICT (email) DO UPDATE SET name = excluded.email, age = users.age + 1 WHERE excluded.email <> ''

INSERT INTO users AS u (id, email) VALUES (?, ?) ON CONFLICT (id) DO NOTHING ON CONFLICT DO UPDATE SET age = u.age
--   1 ?1: INTEGER, of users.id
--   2 ?2: TEXT, of users.email

INSERT INTO users (email, name) VALUES ('a', 'b') ON CONFLICT (name) WHERE age > 17 DO NOTHING

INSERT OR IGNORE INTO posts (title) VALUES (?)
--   1 ?1: TEXT, of posts.title

REPLACE INTO tags (tag, post_id) VALUES (?1, ?2)
--   1 ?1: TEXT, of tags.tag
--   2 ?2: INTEGER, of tags.post_id

INSERT INTO search (search) VALUES ('optimize')

INSERT INTO events (at, data) VALUES (unixepoch(), zeroblob(?))
--   1 ?1: unknown

UPDATE users SET (name, age) = (?, ?) WHERE rowid = ? RETURNING *
--   id: INTEGER, of users.id
--   email: TEXT, of users.email
--   name: TEXT or NULL, of users.name
--   age: INTEGER or NULL, of users.age
--   created_at: TEXT, of users.created_at
--   1 ?1: TEXT or NULL, of users.name
--   2 ?2: INTEGER or NULL, of users.age
--   3 ?3: INTEGER, of users.id

UPDATE posts SET title = u.name || ? FROM users AS u WHERE u.id = posts.user_id AND u.email = ?
--   1 ?1: unknown
--   2 ?2: TEXT, of users.email

UPDATE titles SET heading = ? WHERE post = ?
--   1 ?1: TEXT, of posts.title
--   2 ?2: INTEGER, of posts.id

DELETE FROM tags WHERE post_id NOT IN (SELECT id FROM posts) AND tag GLOB ?
--   1 ?1: text

DELETE FROM posts INDEXED BY posts_title WHERE user_id = ? RETURNING slug
--   slug: TEXT or NULL, of posts.slug
--   1 ?1: INTEGER, of posts.user_id

EXPLAIN QUERY PLAN SELECT * FROM users WHERE email = ?
--   id: integer
--   parent: integer
--   notused: integer
--   detail: text or NULL
--   1 ?1: TEXT, of users.email

PRAGMA foreign_keys

BEGIN IMMEDIATE

CREATE TABLE copies AS SELECT id, title FROM posts

DROP TABLE IF EXISTS nothing_of_this_name
