-- 0002_notes_add_done_and_notes_unique
--   rebuild notes: add done, change unique constraints (rewrite)

-- dbmigrate: expect-none "{} duplicates in `notes` (title), which becomes unique: {}" SELECT * FROM (SELECT count(*) AS _count, min(v) FROM (SELECT quote(title) AS v FROM notes WHERE title IS NOT NULL GROUP BY title COLLATE BINARY HAVING count(*) > 1)) WHERE _count > 0

-- rebuild notes: add done, change unique constraints
CREATE TABLE _dbmigrate_new_notes ( /* A note. */
  id INTEGER PRIMARY KEY,
  title TEXT NOT NULL UNIQUE,
  done INTEGER NOT NULL DEFAULT FALSE
) STRICT;
INSERT INTO _dbmigrate_new_notes (id, title)
SELECT id, title
FROM notes;
DROP TABLE notes;
ALTER TABLE _dbmigrate_new_notes RENAME TO notes;
