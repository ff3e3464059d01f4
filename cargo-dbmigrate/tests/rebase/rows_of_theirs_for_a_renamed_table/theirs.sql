-- rename: users=people
-- replace: TABLE users => TABLE people
-- replace: REFERENCES users => REFERENCES people
-- replace: ON users (email) => ON people (email)
-- replace: FROM users; => FROM people;
-- replace: nick ON users => nick ON people
---- next
-- custom
INSERT INTO people (id, nick) VALUES (900, 'new');
