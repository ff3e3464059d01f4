-- fires: all columns, those of one table, and with names
-- # before
CREATE TABLE t (a TEXT, b TEXT);
CREATE TABLE u (c TEXT);
-- # migration
CREATE VIEW v AS SELECT * FROM t;
CREATE VIEW w AS SELECT c, t.* FROM t, u;
CREATE VIEW x (one, two) AS SELECT DISTINCT * FROM t;
CREATE VIEW y AS SELECT a FROM t UNION SELECT * FROM u;

-- fires: in what it selects from
-- # before
CREATE TABLE t (a TEXT, b TEXT);
-- # migration
CREATE VIEW v AS WITH q AS (SELECT * FROM t) SELECT * FROM q;
CREATE VIEW w AS SELECT * FROM (SELECT t.* FROM t);
CREATE VIEW x AS SELECT * FROM (SELECT a FROM t) JOIN t;

-- spares: named columns, products, counts
-- # before
CREATE TABLE t (a TEXT, b TEXT);
-- # migration
CREATE VIEW v AS SELECT a, b * 2 AS c, count(*) AS n FROM t GROUP BY a;
CREATE VIEW w AS SELECT a FROM t WHERE EXISTS (SELECT * FROM t AS o WHERE o.b = t.a);

-- spares: all columns of what names them
-- # before
CREATE TABLE t (a TEXT, b TEXT);
-- # migration
CREATE VIEW v AS WITH q AS (SELECT a, b FROM t) SELECT * FROM q WHERE a > 1;
CREATE VIEW w AS SELECT * FROM (SELECT a, b FROM t) ORDER BY a;
CREATE VIEW x AS WITH q AS (SELECT a FROM t), r AS (SELECT b FROM t) SELECT * FROM q JOIN r ON a = b WHERE a IN (1, 2);
CREATE VIEW y AS WITH q (a) AS (SELECT 1) SELECT q.*, t.b FROM q, t;
CREATE VIEW z AS SELECT s.*, t.b FROM t JOIN (SELECT a FROM t) AS s;

-- spares: it was so before
-- # before
CREATE TABLE t (a TEXT, b TEXT);
CREATE VIEW v AS SELECT * FROM t;
-- # migration
DROP VIEW v;
CREATE VIEW v AS SELECT * FROM t WHERE a > 1;
