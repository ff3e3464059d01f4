CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT, email TEXT, age INTEGER);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users (id), title TEXT);
CREATE INDEX users_email ON users (email);
CREATE VIEW names AS SELECT id, nick FROM users;
CREATE TRIGGER mark AFTER UPDATE OF nick ON users BEGIN UPDATE posts SET title = NEW.nick WHERE author = NEW.id; END;
