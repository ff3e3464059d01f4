-- custom
INSERT INTO users (id, nick, email) VALUES (900, 'new', 'one@example.com'), (901, 'newer', 'one@example.com');
