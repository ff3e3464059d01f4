-- fires: rows for which it is NULL
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a'), (2, NULL);
-- # migration
ALTER TABLE users ADD COLUMN folded TEXT NOT NULL AS (lower(email));

-- fires: no row for which it is NULL
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # rows
INSERT INTO users VALUES (1, 'a'), (2, '');
-- # migration
ALTER TABLE users ADD COLUMN folded TEXT NOT NULL AS (lower(email));

-- fires: a stored one, in a rebuild by hand
-- # before
CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER, count INTEGER);
-- # rows
INSERT INTO items VALUES (1, 3, 4), (2, 3, NULL);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, price INTEGER, count INTEGER, total INTEGER NOT NULL AS (price * count) STORED);
INSERT INTO n (id, price, count) SELECT id, price, count FROM items;
DROP TABLE items;
ALTER TABLE n RENAME TO items;

-- fires: a quotient, which is NULL where the divisor is 0
-- # before
CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER NOT NULL, count INTEGER NOT NULL);
-- # rows
INSERT INTO items VALUES (1, 3, 0);
-- # migration
ALTER TABLE items ADD COLUMN each INTEGER NOT NULL AS (price / count);

-- fires: values of another type, in a STRICT table
-- # before
CREATE TABLE items (id INTEGER PRIMARY KEY, doc TEXT) STRICT;
-- # rows
INSERT INTO items VALUES (1, '{"a": 1}'), (2, '{"a": "x"}'), (3, '{}');
-- # migration
ALTER TABLE items ADD COLUMN a INTEGER AS (doc ->> '$.a');

-- fires: a stored one by ADD COLUMN
-- # before
CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER NOT NULL);
-- # rows
INSERT INTO items VALUES (1, 3);
-- # migration
ALTER TABLE items ADD COLUMN twice INTEGER AS (price * 2) STORED;

-- fires: a stored one by ADD COLUMN, and no rows
-- # before
CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER NOT NULL);
CREATE TABLE others (a);
-- # rows
INSERT INTO others VALUES (1);
-- # migration
ALTER TABLE items ADD COLUMN twice INTEGER AS (price * 2) STORED;

-- spares: it may be NULL
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
ALTER TABLE users ADD COLUMN folded TEXT AS (lower(email));

-- spares: what it is computed of is filled before
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # migration
UPDATE users SET email = '' WHERE email IS NULL;
ALTER TABLE users ADD COLUMN folded TEXT NOT NULL AS (lower(email));

-- spares: it is of columns that are NOT NULL, or has something in the place of NULL
-- # before
CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER NOT NULL, name TEXT);
-- # migration
ALTER TABLE items ADD COLUMN twice INTEGER NOT NULL AS (price * 2);
ALTER TABLE items ADD COLUMN folded TEXT NOT NULL AS (lower(trim(coalesce(name, ''))) || '-' || price);

-- spares: an expression that gives nothing but its type
-- # before
CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT) STRICT;
-- # migration
ALTER TABLE items ADD COLUMN folded TEXT AS (lower(name));
ALTER TABLE items ADD COLUMN said TEXT AS (name || ' ' || id);
ALTER TABLE items ADD COLUMN letters INTEGER AS (length(name));
