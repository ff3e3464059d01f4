-- replace: title TEXT => title TEXT COLLATE NOCASE
CREATE INDEX posts_title ON posts (title);
