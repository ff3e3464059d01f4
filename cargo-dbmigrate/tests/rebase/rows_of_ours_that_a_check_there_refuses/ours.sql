-- custom
INSERT INTO users (id, nick, age) VALUES (900, 'new', -1);
