-- What the statements of valid.sql and mistakes.sql are about.
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT COLLATE NOCASE, age INTEGER DEFAULT 0, created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users, title TEXT NOT NULL, body TEXT, rating REAL, slug TEXT GENERATED ALWAYS AS (lower(title)) VIRTUAL);
CREATE UNIQUE INDEX posts_title ON posts (user_id, title);
CREATE UNIQUE INDEX users_name ON users (name) WHERE age > 17;
CREATE TABLE tags (post_id INTEGER NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (post_id, tag)) WITHOUT ROWID;
CREATE TABLE events (at INTEGER NOT NULL, data BLOB) STRICT;
CREATE VIEW authors AS SELECT users.id, email, count(*) AS posts FROM users JOIN posts ON user_id = users.id GROUP BY users.id;
CREATE VIEW titles (post, heading) AS SELECT id, title FROM posts;
CREATE TRIGGER titles_written INSTEAD OF UPDATE ON titles BEGIN UPDATE posts SET title = NEW.heading WHERE id = NEW.post; END;
CREATE VIRTUAL TABLE search USING fts5(title, body);
CREATE VIRTUAL TABLE areas USING rtree(id, min_x, max_x, +label TEXT);
