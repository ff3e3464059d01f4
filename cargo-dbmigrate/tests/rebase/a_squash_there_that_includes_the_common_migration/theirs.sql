-- replace: email TEXT, => email TEXT, bio TEXT,
---- next
CREATE INDEX posts_title ON posts (title);
-- squash: 1..2
