-- fires: a column that has values
-- # before
CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER, total INTEGER);
-- # rows
INSERT INTO items VALUES (1, 2, 4), (2, 3, NULL);
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, price INTEGER, total INTEGER AS (price * 2) STORED);
INSERT INTO n (id, price) SELECT id, price FROM items;
DROP TABLE items;
ALTER TABLE n RENAME TO items;

-- spares: it was generated before
-- # before
CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER, total INTEGER AS (price * 2));
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, price INTEGER, total INTEGER AS (price * 3));
INSERT INTO n (id, price) SELECT id, price FROM items;
DROP TABLE items;
ALTER TABLE n RENAME TO items;

-- spares: it becomes an ordinary one
-- # before
CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER, total INTEGER AS (price * 2));
-- # migration
CREATE TABLE n (id INTEGER PRIMARY KEY, price INTEGER, total INTEGER);
INSERT INTO n (id, price, total) SELECT id, price, total FROM items;
DROP TABLE items;
ALTER TABLE n RENAME TO items;
