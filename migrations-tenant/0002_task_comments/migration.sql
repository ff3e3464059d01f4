-- 0002_task_comments
--   create table task_comments (instant)
--   add column tasks.due_at (instant)

-- create table task_comments
CREATE TABLE task_comments ( /* What somebody says about a task. */
  id INTEGER PRIMARY KEY,
  task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  author_id INTEGER NOT NULL /* A user of the default database. */,
  text TEXT NOT NULL,
  created_at INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX task_comments_task_id_idx ON task_comments (task_id);

ALTER TABLE tasks ADD COLUMN due_at INTEGER;
