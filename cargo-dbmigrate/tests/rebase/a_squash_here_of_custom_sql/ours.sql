-- replace: email TEXT, => email TEXT, bio TEXT,
---- next
-- custom
UPDATE users SET email = upper(email);
INSERT INTO users (id, nick) VALUES (900, 'new');
-- squash: 2..3
