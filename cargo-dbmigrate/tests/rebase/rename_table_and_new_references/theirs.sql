CREATE TABLE likes (post INTEGER REFERENCES posts (id), who INTEGER NOT NULL REFERENCES users (id));
CREATE VIEW writers AS SELECT u.nick, p.title FROM users u JOIN posts p ON p.author = u.id;
CREATE TRIGGER gone AFTER DELETE ON posts BEGIN DELETE FROM users WHERE id = OLD.author AND nick = 'x'; END;
