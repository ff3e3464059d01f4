-- fires: a new table
-- # config
rules.max_columns = 2
-- # migration
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, name TEXT);

-- fires: a column more than the table may have
-- # config
rules.max_columns = 2
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
ALTER TABLE users ADD COLUMN name TEXT;

-- spares: it had too many before
-- # config
rules.max_columns = 2
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
-- # migration
ALTER TABLE users ADD COLUMN age INTEGER;
ALTER TABLE users RENAME TO people;

-- spares: as many as it may have, and one that is left out
-- # config
[rules.max_columns]
columns = 2
except = ["import_?"]
-- # migration
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE TABLE import_1 (a, b, c, d);
