-- 0002_bookmarks_state
--   add column bookmarks.state (scan)

ALTER TABLE bookmarks ADD COLUMN state TEXT NOT NULL DEFAULT 'unread' CHECK (state IN ('unread', 'read'));
