-- replace: title TEXT => title TEXT, body TEXT
CREATE INDEX users_age ON users (age);
