-- fires: a table, a column, a view
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE VIEW people AS SELECT id FROM users;
-- # migration
CREATE TABLE posts (a INTEGER REFERENCES user (id), b INTEGER REFERENCES users (uuid), c INTEGER REFERENCES people (id));

-- fires: the parent goes
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE posts (a INTEGER REFERENCES users (id));
-- # migration
DROP TABLE users;

-- spares: the parent comes later in the migration
-- # before
-- # migration
CREATE TABLE posts (a INTEGER REFERENCES users (id));
CREATE TABLE users (id INTEGER PRIMARY KEY);

-- spares: itself, and in another case
-- # before
-- # migration
CREATE TABLE folders (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES FOLDERS (Id));

-- spares: the parent gets another name
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE posts (a INTEGER REFERENCES users (id));
-- # migration
ALTER TABLE users RENAME TO people;
