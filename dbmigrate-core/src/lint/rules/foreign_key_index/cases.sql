-- fires: a new table
-- # config
rules.foreign_key_index = true
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id));

-- spares: a table that is left out, and a key that has one
-- # config
rules.foreign_key_index = { except = ["logs"] }
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
CREATE TABLE posts (author_id INTEGER PRIMARY KEY REFERENCES users (id));
CREATE TABLE logs (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id));

-- spares: nobody asked
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id));
