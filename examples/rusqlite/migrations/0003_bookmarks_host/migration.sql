-- 0003_bookmarks_host
--   add column bookmarks.host (instant)
--   create index bookmarks_host_idx (scan)

ALTER TABLE bookmarks ADD COLUMN host TEXT /* The server, as the URL has it. */;

CREATE INDEX bookmarks_host_idx ON bookmarks (host);
