INSERT INTO users AS u (email, name) VALUES (?, "x"), (?2, 'é') ON CONFLICT (email) WHERE 1 DO UPDATE SET (name, age) = (excluded.name, u.age + 1) RETURNING *, rowid;
UPDATE OR IGNORE posts SET slug = 1, title = [b].[title] FROM posts b WHERE b.rowid = posts.oid RETURNING id;
DELETE FROM tags INDEXED BY i WHERE post_id BETWEEN 1 AND 2; REPLACE INTO again DEFAULT VALUES;
EXPLAIN QUERY PLAN SELECT * FROM main.users; PRAGMA table_info(users); CREATE TABLE t AS SELECT 1; DROP TABLE usres; BEGIN
