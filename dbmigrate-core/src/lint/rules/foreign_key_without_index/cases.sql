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

-- spares: an index of all rows that refer to something
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES users (id));
CREATE INDEX by_author ON posts (author_id DESC) WHERE (author_id IS NOT NULL);

-- spares: the key is the rowid
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
CREATE TABLE profiles (user_id INTEGER PRIMARY KEY REFERENCES users, bio TEXT);

-- spares: the columns in another order, with others behind them
-- # before
CREATE TABLE orders (shop INTEGER, number INTEGER, PRIMARY KEY (shop, number));
-- # migration
CREATE TABLE items (
  shop INTEGER NOT NULL, number INTEGER NOT NULL, line INTEGER NOT NULL,
  FOREIGN KEY (shop, number) REFERENCES orders,
  UNIQUE (number, shop, line)
);

-- spares: a part of the key that is unique in the parent
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, UNIQUE (tenant, id));
-- # migration
CREATE TABLE posts (
  id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, author INTEGER,
  FOREIGN KEY (tenant, author) REFERENCES users (tenant, id)
);
CREATE INDEX by_author ON posts (author, id);

-- fires: a part of the key that many rows share
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, UNIQUE (tenant, id));
-- # migration
CREATE TABLE posts (
  id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, author INTEGER,
  FOREIGN KEY (tenant, author) REFERENCES users (tenant, id)
);
CREATE INDEX by_tenant ON posts (tenant, id);

-- fires: an index in another collation than that of the parent, which is the one that counts
-- # before
CREATE TABLE users (email TEXT COLLATE NOCASE PRIMARY KEY);
-- # migration
CREATE TABLE posts (id INTEGER PRIMARY KEY, author TEXT REFERENCES users (email));
CREATE INDEX by_author ON posts (author);

-- spares: the collation of the parent
-- # before
CREATE TABLE users (email TEXT COLLATE NOCASE PRIMARY KEY);
-- # migration
CREATE TABLE posts (id INTEGER PRIMARY KEY, author TEXT REFERENCES users (email));
CREATE INDEX by_author ON posts (author COLLATE NOCASE);

-- fires: two keys of one table, each with its own answer, and a name that is taken
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE files (id INTEGER PRIMARY KEY, name TEXT);
CREATE INDEX posts_author_idx ON files (name);
-- # migration
CREATE TABLE posts (
  id INTEGER PRIMARY KEY, author INTEGER REFERENCES users, editor INTEGER REFERENCES users
);

-- spares: the parent does not exist yet
-- # before
-- # migration
CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users);

-- fires: the table itself is the parent
-- # before
-- # migration
CREATE TABLE folders (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES folders ON DELETE CASCADE);
