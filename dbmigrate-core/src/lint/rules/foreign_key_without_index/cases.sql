-- fires: a new table
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id));

-- fires: the index goes
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id));
CREATE INDEX by_author ON posts (author_id);
-- # migration
DROP INDEX by_author;

-- fires: an index of some rows only, and one in which the column comes second
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
CREATE TABLE posts (id INTEGER PRIMARY KEY, state TEXT, author_id INTEGER REFERENCES users (id));
CREATE INDEX drafts ON posts (author_id) WHERE state = 'draft';
CREATE INDEX by_state ON posts (state, author_id);

-- spares: the primary key begins with it
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
CREATE TABLE members (user_id INTEGER REFERENCES users (id), team TEXT, PRIMARY KEY (user_id, team)) WITHOUT ROWID;

-- spares: it was so before
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id));
-- # migration
ALTER TABLE posts ADD COLUMN title TEXT;

-- spares: it was so before, and has another name now
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id));
-- # migration
ALTER TABLE posts RENAME COLUMN author_id TO writer_id;
ALTER TABLE posts RENAME TO articles;
