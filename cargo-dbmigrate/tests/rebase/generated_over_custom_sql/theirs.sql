-- custom
UPDATE users SET email = lower(email);
CREATE TABLE log (id INTEGER PRIMARY KEY, what TEXT);
INSERT INTO log (what) VALUES ('custom');
