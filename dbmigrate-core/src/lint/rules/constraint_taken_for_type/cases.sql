-- fires: words of other databases, and slips
-- # before
-- # migration
CREATE TABLE t (id INTEGER AUTO_INCREMENT PRIMARY KEY, a TEXT UNQIUE, b INTEGER IDENTITY(1, 1), c TEXT Not_Null, d INT REFERENCE);

-- spares: types of several words
-- # before
-- # migration
CREATE TABLE t (
  a DOUBLE PRECISION, b UNSIGNED BIG INT, c CHARACTER VARYING(20), d TIMESTAMP WITHOUT TIME ZONE, e NATIVE CHARACTER(3),
  f LONG RAW, g BINARY LARGE OBJECT, h INTEGER UNSIGNED
);

-- spares: constraints
-- # before
-- # migration
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT UNIQUE NOT NULL DEFAULT 'unique' COLLATE NOCASE);
