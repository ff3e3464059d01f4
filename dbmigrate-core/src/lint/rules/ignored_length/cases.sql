-- fires: types of text with a length
-- # before
-- # migration
CREATE TABLE t (a VARCHAR(255), b CHARACTER VARYING ( 20 ) NOT NULL, c TEXT(3));

-- spares: a check, no length, numbers, vectors
-- # before
-- # migration
CREATE TABLE t (a VARCHAR(9) CHECK (length(a) <= 9), b TEXT, c DECIMAL(10, 2), d INTEGER(11), e F32_BLOB(3), f VARCHAR);

-- spares: it was so before
-- # before
CREATE TABLE t (a VARCHAR(9));
-- # migration
ALTER TABLE t ADD COLUMN b TEXT;
