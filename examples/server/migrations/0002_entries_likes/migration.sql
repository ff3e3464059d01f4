-- 0002_entries_likes
--   add column entries.likes (instant)

ALTER TABLE entries ADD COLUMN likes INTEGER NOT NULL DEFAULT 0;
