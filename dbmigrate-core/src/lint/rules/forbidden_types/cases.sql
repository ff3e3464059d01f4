-- fires: a new table
-- # config
rules.forbidden_types = ["real", "VARCHAR"]
-- # migration
CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR (20), rate REAL);

-- fires: a new column, and one that is made so
-- # config
rules.forbidden_types = ["FLOAT*"]
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, rate INTEGER);
-- # migration
ALTER TABLE users ADD COLUMN weight FLOATING POINT;
CREATE TABLE n (id INTEGER PRIMARY KEY, rate FLOAT, weight FLOATING POINT);
INSERT INTO n SELECT * FROM users;
DROP TABLE users;
ALTER TABLE n RENAME TO users;

-- spares: it was so before, and has another name now
-- # config
rules.forbidden_types = ["REAL"]
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, rate REAL);
-- # migration
ALTER TABLE users RENAME COLUMN rate TO share;

-- spares: another type, no type, and a table that is left out
-- # config
rules.forbidden_types = { types = ["REAL", "BLOB"], except = ["files"] }
-- # migration
CREATE TABLE users (id INTEGER PRIMARY KEY, unreal UNREAL, any);
CREATE TABLE files (id INTEGER PRIMARY KEY, content BLOB);
