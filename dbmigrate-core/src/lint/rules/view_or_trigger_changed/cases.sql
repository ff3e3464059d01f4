-- fires: views that are changed or dropped
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, name TEXT, gone INTEGER);
CREATE VIEW contacts AS SELECT id, email FROM users;
CREATE VIEW present AS SELECT id FROM users;
CREATE VIEW old AS SELECT id FROM users;
-- # migration
DROP VIEW contacts;
CREATE VIEW contacts AS SELECT id, name FROM users;
DROP VIEW present;
CREATE VIEW present AS SELECT id FROM users WHERE gone IS NULL;
DROP VIEW old;

-- fires: triggers that are changed or dropped
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, at INTEGER);
CREATE TABLE log (what TEXT);
CREATE TRIGGER users_at AFTER UPDATE OF email ON users BEGIN UPDATE users SET at = 1 WHERE id = new.id; END;
CREATE TRIGGER users_log AFTER DELETE ON users BEGIN INSERT INTO log VALUES (old.email); END;
-- # migration
DROP TRIGGER users_at;
CREATE TRIGGER users_at AFTER UPDATE OF email ON users BEGIN UPDATE users SET at = 2 WHERE id = new.id; END;
DROP TRIGGER users_log;

-- fires: the rows of a union are others
-- # before
CREATE TABLE a (id INTEGER PRIMARY KEY, x, y);
CREATE VIEW both AS SELECT id FROM a UNION ALL SELECT x FROM a;
-- # migration
DROP VIEW both;
CREATE VIEW both AS SELECT id, y FROM a UNION ALL SELECT x, y FROM a;

-- spares: a table is rebuilt, and what reads it is created again
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, at INTEGER);
CREATE VIEW contacts AS SELECT id, email FROM users;
CREATE TRIGGER users_at AFTER UPDATE OF email ON users BEGIN UPDATE users SET at = 1 WHERE id = new.id; END;
-- # migration
DROP VIEW contacts;
CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT NOT NULL, at INTEGER);
INSERT INTO users_new SELECT * FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
CREATE TRIGGER users_at AFTER UPDATE OF email ON users BEGIN UPDATE users SET at = 1 WHERE id = new.id; END;
CREATE VIEW contacts AS SELECT id, email FROM users;

-- spares: names that change are followed
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT, at INTEGER);
CREATE VIEW contacts AS SELECT id, nick FROM users;
CREATE TRIGGER users_at AFTER UPDATE OF nick ON users BEGIN UPDATE users SET at = 1 WHERE id = new.id; END;
-- # migration
DROP VIEW contacts;
ALTER TABLE users RENAME TO people;
ALTER TABLE people RENAME COLUMN nick TO handle;
CREATE VIEW contacts AS SELECT id, handle AS nick FROM people;

-- spares: a trigger with another name, and one that goes with its table, its column or its view
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, at INTEGER, old TEXT);
CREATE TABLE pets (id INTEGER PRIMARY KEY);
CREATE TRIGGER one AFTER UPDATE OF email ON users BEGIN UPDATE users SET at = 1 WHERE id = new.id; END;
CREATE TRIGGER two AFTER INSERT ON users BEGIN UPDATE users SET old = new.email WHERE id = new.id; END;
CREATE TRIGGER three AFTER INSERT ON pets BEGIN SELECT 1; END;
-- # migration
DROP TRIGGER one;
CREATE TRIGGER users_at AFTER UPDATE OF email ON users BEGIN UPDATE users SET at = 1 WHERE id = new.id; END;
DROP TRIGGER two;
ALTER TABLE users DROP COLUMN old;
DROP TABLE pets;

-- spares: a view that shows more, and one that becomes a table
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
CREATE VIEW contacts AS SELECT id, lower(email) AS email FROM users WHERE id > 1;
CREATE VIEW counts AS SELECT count(*) AS n FROM users;
-- # migration
DROP VIEW contacts;
CREATE VIEW contacts AS SELECT id, lower(email) AS email, name FROM users WHERE id > 1;
DROP VIEW counts;
CREATE TABLE counts (n INTEGER);

-- spares: a view and a trigger that no release knows yet
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
-- # earlier
CREATE VIEW contacts AS SELECT id FROM users;
CREATE TRIGGER users_gone AFTER DELETE ON users BEGIN SELECT 1; END;
-- # migration
DROP VIEW contacts;
DROP TRIGGER users_gone;
CREATE TRIGGER users_gone AFTER DELETE ON users BEGIN SELECT 2; END;
