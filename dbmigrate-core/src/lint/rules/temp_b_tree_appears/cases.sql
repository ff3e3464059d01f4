-- fires: an order, a group
-- # before
CREATE TABLE posts (id INTEGER PRIMARY KEY, at INTEGER, author INTEGER);
CREATE INDEX posts_at ON posts (at);
CREATE INDEX posts_author ON posts (author);
-- # application
src/posts.rs:9: SELECT id FROM posts ORDER BY at DESC LIMIT 10
src/posts.rs:20: SELECT author, count(*) FROM posts GROUP BY author
-- # migration
DROP INDEX posts_at;
DROP INDEX posts_author;

-- spares: it sorted before as well
-- # before
CREATE TABLE posts (id INTEGER PRIMARY KEY, at INTEGER, title TEXT);
CREATE INDEX posts_at ON posts (at);
-- # application
src/posts.rs:9: SELECT id FROM posts ORDER BY title
-- # migration
DROP INDEX posts_at;
