-- 0001_create_jobs
--   create table jobs (instant)

-- create table jobs
CREATE TABLE jobs ( /* Something that is to be done. */
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  task TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting',
  CHECK (state IN ('waiting', 'running', 'done'))
) STRICT;
CREATE INDEX jobs_state_id_idx ON jobs (state, id);
