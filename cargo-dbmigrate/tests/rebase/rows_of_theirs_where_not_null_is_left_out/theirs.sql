-- custom
INSERT INTO users (id, nick) VALUES (900, 'new');
