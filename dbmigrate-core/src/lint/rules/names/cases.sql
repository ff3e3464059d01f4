-- fires: a new table, with all that has a name
-- # config
[rules.names]
tables = "snake_case"
columns = "snake_case"
indexes = ["{table}_{columns}_idx", "tmp_*"]
foreign_keys = "fk_{parent}"
foreign_key_columns = "*_id"
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
CREATE TABLE BlogPosts (id INTEGER PRIMARY KEY, author INTEGER, isDraft BOOLEAN,
  CONSTRAINT by_author FOREIGN KEY (author) REFERENCES users (id));
CREATE INDEX tmp_posts ON BlogPosts (author);
CREATE INDEX drafts ON BlogPosts (isDraft, lower(author));

-- fires: new names of what was there
-- # config
rules.names = { tables = "snake_case", columns = "snake_case" }
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
ALTER TABLE users RENAME TO Users2;
ALTER TABLE Users2 RENAME COLUMN email TO eMail;

-- fires: views, triggers and virtual tables
-- # config
rules.names = { tables = "snake_case", views = "v_*", triggers = "{table}_*" }
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
CREATE VIEW everybody AS SELECT * FROM users;
CREATE TRIGGER hello AFTER INSERT ON users BEGIN SELECT 1; END;
CREATE VIRTUAL TABLE Words USING fts5 (word);

-- fires: an index whose table has another name now
-- # config
rules.names.indexes = "{table}_*"
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE INDEX users_email ON users (email);
-- # migration
ALTER TABLE users RENAME TO people;

-- spares: it was so before
-- # config
rules.names = { tables = "snake_case", columns = "snake_case", indexes = "*_idx" }
-- # before
CREATE TABLE Users (id INTEGER PRIMARY KEY, eMail TEXT);
CREATE INDEX byMail ON Users (eMail);
-- # migration
ALTER TABLE Users ADD COLUMN name TEXT;

-- spares: what fits, and what is left out
-- # config
[rules.names]
tables = "snake_case"
columns = "snake_case"
indexes = "snake_case *_idx"
unique_indexes = "*_key"
except = ["legacy_*"]
-- # migration
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE INDEX users_idx ON users (email, id);
CREATE TABLE legacy_users (userId INTEGER PRIMARY KEY);
CREATE VIEW Anything AS SELECT 1 AS Whatever;
