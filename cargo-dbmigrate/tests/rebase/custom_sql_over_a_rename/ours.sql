-- custom
UPDATE users SET nick = trim(nick);
