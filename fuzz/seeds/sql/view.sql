CREATE VIEW v (a, b) AS
  /* why */ SELECT a, -- what
         count(*) FROM t
  GROUP BY a
