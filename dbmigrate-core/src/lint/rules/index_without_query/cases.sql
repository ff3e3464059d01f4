-- fires: a better one is added
-- # before
CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER, at INTEGER);
CREATE INDEX posts_author ON posts (author);
-- # application
src/posts.rs:9: SELECT id, at FROM posts WHERE author = ?1 AND at > ?2
-- # migration
CREATE INDEX posts_author_at ON posts (author, at);

-- spares: another query still uses it, it is gone, it keeps rows apart, or nobody used it
-- # before
CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER, at INTEGER, slug TEXT, title TEXT);
CREATE INDEX posts_author ON posts (author);
CREATE UNIQUE INDEX posts_slug ON posts (slug);
CREATE INDEX posts_title ON posts (title);
-- # application
src/posts.rs:9: SELECT id, at FROM posts WHERE author = ?1 AND at > ?2
src/posts.rs:12: SELECT title FROM posts WHERE slug = ?1
-- # migration
DROP INDEX posts_author;
CREATE INDEX posts_author_at ON posts (author, at);
CREATE INDEX posts_slug_title ON posts (slug, title);
