-- fires: a new table
-- # config
[rules]
strict = true
-- # migration
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);

-- fires: it is made so
-- # config
rules.strict = true
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL) STRICT;
-- # migration
CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
INSERT INTO new_users SELECT * FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;

-- fires: a type that no STRICT table has
-- # config
rules.strict = true
-- # migration
CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80));

-- spares: it was so before
-- # config
rules.strict = true
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
-- # migration
ALTER TABLE users ADD COLUMN name TEXT;
CREATE TABLE posts (id INTEGER PRIMARY KEY) STRICT;

-- spares: it is left out
-- # config
rules.strict.except = ["legacy_*"]
-- # migration
CREATE TABLE Legacy_users (id INTEGER PRIMARY KEY);

-- spares: nobody asked
-- # config
rules.strict = false
-- # migration
CREATE TABLE users (id INTEGER PRIMARY KEY);
