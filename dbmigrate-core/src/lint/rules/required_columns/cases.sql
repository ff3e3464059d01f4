-- fires: a new table
-- # config
rules.required_columns = ["id", "created_at"]
-- # migration
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);

-- fires: the column goes
-- # config
rules.required_columns = ["created_at"]
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, created_at INTEGER);
-- # migration
ALTER TABLE users DROP COLUMN created_at;

-- fires: the column is renamed
-- # config
rules.required_columns = ["created_at"]
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, created_at INTEGER);
-- # migration
ALTER TABLE users RENAME COLUMN created_at TO born;

-- spares: it had none before
-- # config
rules.required_columns = ["created_at"]
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY);
-- # migration
ALTER TABLE users ADD COLUMN email TEXT;

-- spares: in another case, in a table that is left out, and in virtual tables
-- # config
[rules.required_columns]
created_at = { except = ["*_tags"] }
-- # migration
CREATE TABLE users (id INTEGER PRIMARY KEY, Created_At INTEGER);
CREATE TABLE post_tags (tag TEXT);
CREATE VIRTUAL TABLE words USING fts5 (word);
