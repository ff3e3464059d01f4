-- fires: two values are gone, in a column that is renamed
-- # before
CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('new', 'packed', 'it''s', 'sent')));
-- # migration
CREATE TABLE orders_new (id INTEGER PRIMARY KEY, status TEXT CHECK (status IN ('sent', 'new')));
INSERT INTO orders_new (id, status) SELECT id, state FROM orders;
DROP TABLE orders;
ALTER TABLE orders_new RENAME TO orders;

-- fires: a value has another name, and one of several numbers is gone
-- # before
CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT CHECK (state IS NULL OR state IN ('a', 'b')), n INTEGER CHECK (n IN (-1, 0, 1)));
-- # migration
CREATE TABLE orders_new (id INTEGER PRIMARY KEY, state TEXT CHECK (state IS NULL OR state IN ('a', 'c')), n INTEGER CHECK (n IN (0, 1)));
INSERT INTO orders_new SELECT * FROM orders;
DROP TABLE orders;
ALTER TABLE orders_new RENAME TO orders;

-- fires: the list is written in another way
-- # before
CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT CHECK (state = 'a' OR state = 'b' OR state = 'c'));
-- # migration
CREATE TABLE orders_new (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('a', 'b')));
INSERT INTO orders_new SELECT * FROM orders;
DROP TABLE orders;
ALTER TABLE orders_new RENAME TO orders;

-- spares: values are added, and listed in another order
-- # before
CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('a', 'b')));
-- # migration
CREATE TABLE orders_new (id INTEGER PRIMARY KEY, state TEXT CONSTRAINT known CHECK ("state" IN ('c', 'b', 'a')));
INSERT INTO orders_new SELECT * FROM orders;
DROP TABLE orders;
ALTER TABLE orders_new RENAME TO orders;

-- spares: the list is gone, or the column
-- # before
CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('a', 'b')), n INTEGER CHECK (n IN (1, 2)));
-- # migration
CREATE TABLE orders_new (id INTEGER PRIMARY KEY, state TEXT);
INSERT INTO orders_new (id, state) SELECT id, state FROM orders;
DROP TABLE orders;
ALTER TABLE orders_new RENAME TO orders;

-- spares: values that were not allowed
-- # before
CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT CHECK (state NOT IN ('a', 'b')));
-- # migration
CREATE TABLE orders_new (id INTEGER PRIMARY KEY, state TEXT CHECK (state NOT IN ('a')));
INSERT INTO orders_new SELECT * FROM orders;
DROP TABLE orders;
ALTER TABLE orders_new RENAME TO orders;

-- spares: a list that is new
-- # before
CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT CHECK (state <> ''));
-- # migration
CREATE TABLE orders_new (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('a')));
INSERT INTO orders_new SELECT * FROM orders;
DROP TABLE orders;
ALTER TABLE orders_new RENAME TO orders;

-- spares: a column that no release knows yet
-- # before
CREATE TABLE orders (id INTEGER PRIMARY KEY);
-- # earlier
ALTER TABLE orders ADD COLUMN state TEXT CHECK (state IN ('a', 'b'));
-- # migration
CREATE TABLE orders_new (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('a')));
INSERT INTO orders_new SELECT * FROM orders;
DROP TABLE orders;
ALTER TABLE orders_new RENAME TO orders;
