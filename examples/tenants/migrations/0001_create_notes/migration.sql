-- 0001_create_notes
--   create table notes (instant)

CREATE TABLE notes ( /* A note. */
  id INTEGER PRIMARY KEY,
  title TEXT NOT NULL
) STRICT;
