CREATE INDEX users_nick ON users (lower(nick)) WHERE nick <> '';
CREATE VIEW nicks AS SELECT nick FROM users;
CREATE TRIGGER keep BEFORE UPDATE OF nick ON users WHEN NEW.nick IS NULL BEGIN SELECT RAISE(ABORT, 'no nick'); END;
