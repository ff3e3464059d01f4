-- 0001_create_entries
--   create table entries (instant)

CREATE TABLE entries ( /* What somebody wrote. */
  id INTEGER PRIMARY KEY,
  author TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;
