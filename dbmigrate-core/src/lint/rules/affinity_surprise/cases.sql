-- fires: words for text that are NUMERIC
-- # before
-- # migration
CREATE TABLE t (a STRING, b string(20) NOT NULL, c LONGSTRING);

-- fires: words that contain INT
-- # before
-- # migration
CREATE TABLE t (a FLOATING POINT, b CHARINT, c POINT, d INTERVAL, e BIGTEXT INT, f FINGERPRINT);

-- fires: words that contradict each other, as behind a missing comma
-- # before
-- # migration
CREATE TABLE t (a BLOB TEXT, b REAL CHAR(3), c TEXT d INTEGER);

-- fires: slips
-- # before
-- # migration
CREATE TABLE t (a TXT, b VARHCAR(20), c BLBO, d FLAOT);

-- fires: a column that is added
-- # before
CREATE TABLE t (a STRING);
-- # migration
ALTER TABLE t ADD COLUMN b STRING;

-- spares: types that are what they say
-- # before
-- # migration
CREATE TABLE t (
  a INT, b BIGINT UNSIGNED, c UNSIGNED BIG INT, d INT8, e uint64, f TINYINT(1), g DOUBLE PRECISION, h FLOAT8,
  i VARCHAR(20), j CHARACTER VARYING(20), k NATIONAL CHARACTER(3), l CLOB, m TINYTEXT, n LONGBLOB, o CITEXT, p BLOB SUB_TYPE TEXT, q
);

-- spares: types that SQLite has not, and that do no harm
-- # before
-- # migration
CREATE TABLE t (
  a BOOLEAN, b DATETIME, c TIMESTAMP WITH TIME ZONE, d DECIMAL(10, 2), e UUID, f JSON, g JSONB, h NUMERIC, i MONEY, j DATE,
  k BYTEA, l VARBINARY(16), m BIT, n YEAR, o SERIAL, q LONG
);

-- spares: vectors, whatever they contain
-- # before
-- # migration
CREATE TABLE t (a F32_BLOB(3), b FLOAT32(3), c FLOAT1BIT(8));

-- spares: it was so before
-- # before
CREATE TABLE t (a STRING);
-- # migration
ALTER TABLE t RENAME COLUMN a TO b;
ALTER TABLE t ADD COLUMN c TEXT;
