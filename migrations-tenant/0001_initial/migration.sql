-- 0001_initial
--   create table projects (instant)
--   create table tasks (instant)
--   create view project_progress (instant)

CREATE TABLE projects ( /* Something that is done in the end. */
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL COLLATE nocase UNIQUE,
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  archived_at INTEGER
) STRICT;

-- create table tasks
CREATE TABLE tasks ( /* A part of a project that somebody does. */
  id INTEGER PRIMARY KEY,
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open',
  assignee_id INTEGER /* Who does it: a user of the default database, which no foreign key can lead to. */,
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  CHECK (state IN ('open', 'doing', 'done'))
) STRICT;
CREATE INDEX tasks_assignee_id_idx ON tasks (assignee_id) WHERE assignee_id IS NOT NULL;
CREATE INDEX tasks_project_id_state_idx ON tasks (project_id, state);

CREATE VIEW project_progress /* How far each project is. */ AS
SELECT projects.id, projects.name,
       count(*) FILTER (WHERE tasks.state = 'done') AS done,
       count(tasks.id) AS tasks
FROM projects LEFT JOIN tasks ON tasks.project_id = projects.id
WHERE projects.archived_at IS NULL
GROUP BY projects.id;
