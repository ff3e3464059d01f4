-- 0003_notes_priority
--   add column notes.priority (scan)
--   create index notes_priority_idx (scan)

ALTER TABLE notes ADD COLUMN priority INTEGER NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 9);

CREATE INDEX notes_priority_idx ON notes (priority);
