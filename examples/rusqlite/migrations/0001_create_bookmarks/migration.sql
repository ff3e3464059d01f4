-- 0001_create_bookmarks
--   create table bookmarks (instant)

CREATE TABLE bookmarks ( /* A page that somebody wants to read. */
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL UNIQUE,
  title TEXT
) STRICT;
