-- fires: a trigger may write anywhere, without a database
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users);
CREATE TABLE likes (id INTEGER PRIMARY KEY, post_id INTEGER REFERENCES posts, user_id INTEGER REFERENCES users);
CREATE TRIGGER users_gone AFTER UPDATE ON users BEGIN DELETE FROM posts WHERE user_id = old.id; END;
-- # migration
UPDATE users SET email = '' WHERE id = 1;

-- fires: many rows
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users);
CREATE TABLE likes (id INTEGER PRIMARY KEY, post_id INTEGER REFERENCES posts, user_id INTEGER REFERENCES users);
-- # counts
users 1000
posts 200000
likes 30000000
-- # migration
DELETE FROM users WHERE id = 1;
PRAGMA user_version = 4;

-- fires: a server checks all of them
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users);
CREATE TABLE likes (id INTEGER PRIMARY KEY, post_id INTEGER REFERENCES posts);
-- # server
-- # counts
posts 2000000
likes 2000000
-- # migration
ALTER TABLE users DROP COLUMN email;

-- spares: what it reaches is known
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, legacy TEXT);
CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users);
CREATE TABLE likes (id INTEGER PRIMARY KEY, post_id INTEGER REFERENCES posts);
-- # migration
ALTER TABLE users DROP COLUMN legacy;
DELETE FROM users WHERE id = 1;

-- spares: few rows
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users);
CREATE TABLE likes (id INTEGER PRIMARY KEY, post_id INTEGER REFERENCES posts);
-- # server
-- # counts
posts 20000
likes 20000
-- # migration
DELETE FROM users WHERE id = 1;

-- spares: nothing that can break a foreign key
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users);
CREATE TABLE likes (id INTEGER PRIMARY KEY, post_id INTEGER REFERENCES posts);
-- # server
-- # migration
ALTER TABLE users ADD COLUMN name TEXT;
CREATE TABLE a (id INTEGER PRIMARY KEY);
CREATE INDEX posts_user ON posts (user_id);
