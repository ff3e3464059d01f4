-- replace: email TEXT, => email TEXT, bio TEXT,
---- next
-- rename: users.bio=about
-- replace: bio => about
---- next
-- accept: drop_column:users.about
-- replace: about TEXT, =>
CREATE INDEX posts_title ON posts (title);
