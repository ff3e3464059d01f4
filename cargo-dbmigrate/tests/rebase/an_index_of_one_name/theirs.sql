CREATE INDEX i ON posts (title);
