-- 0011_create_api_keys_and_4_more
--   create table api_keys (instant)
--   create table emails (instant)
--   create table files (instant)
--   create table jobs (instant)
--   create trigger jobs_give_up (instant)

-- create table api_keys
CREATE TABLE api_keys (
  id INTEGER PRIMARY KEY,
  organization_id INTEGER NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  created_by INTEGER REFERENCES users (id) ON DELETE SET NULL,
  label TEXT NOT NULL,
  prefix TEXT NOT NULL,
  secret_hash BLOB NOT NULL UNIQUE,
  scopes TEXT NOT NULL DEFAULT '[]',
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  revoked_at INTEGER,
  CHECK (length(prefix) = 8),
  CONSTRAINT scopes_is_array CHECK (json_type(scopes) = 'array')
) STRICT;
CREATE INDEX api_keys_created_by_idx ON api_keys (created_by);
CREATE INDEX api_keys_organization_id_idx ON api_keys (organization_id);

-- create table emails
CREATE TABLE emails (
  id INTEGER PRIMARY KEY,
  user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
  "to" TEXT NOT NULL COLLATE nocase,
  template TEXT NOT NULL,
  variables TEXT NOT NULL DEFAULT '{}',
  sent_at INTEGER,
  CHECK ("to" LIKE '_%@_%' AND "to" NOT LIKE '% %'),
  CHECK (json_valid(variables))
) STRICT;
CREATE INDEX emails_sent_at_idx ON emails (sent_at) WHERE sent_at IS NULL;
CREATE INDEX emails_user_id_idx ON emails (user_id);

-- create table files
CREATE TABLE files (
  id INTEGER PRIMARY KEY,
  organization_id INTEGER NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  uploaded_by INTEGER REFERENCES users (id) ON DELETE SET NULL,
  path TEXT NOT NULL COLLATE nocase,
  extension TEXT NOT NULL GENERATED ALWAYS AS (lower(substr(path, length(rtrim(path, replace(path, '.', ''))) + 1))),
  size INTEGER,
  link TEXT,
  sha256 BLOB,
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  UNIQUE (organization_id, path),
  CHECK (size >= 0),
  CHECK (length(sha256) = 32),
  CONSTRAINT size_or_link CHECK ((size IS NULL) <> (link IS NULL))
) STRICT;
CREATE INDEX files_extension_idx ON files (extension);
CREATE INDEX files_uploaded_by_idx ON files (uploaded_by);

-- create table jobs
CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  queue TEXT NOT NULL DEFAULT 'default',
  kind TEXT NOT NULL,
  payload TEXT NOT NULL DEFAULT '{}',
  priority INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'queued',
  attempts INTEGER NOT NULL DEFAULT 0,
  max_attempts INTEGER NOT NULL DEFAULT 5,
  run_at INTEGER NOT NULL DEFAULT (unixepoch()),
  last_error TEXT,
  unique_key TEXT,
  CHECK (json_valid(payload)),
  CHECK (state IN ('queued', 'running', 'done', 'failed'))
) STRICT;
CREATE INDEX jobs_next_idx ON jobs (queue, priority DESC, run_at) WHERE state = 'queued';
CREATE UNIQUE INDEX jobs_unique_key_key ON jobs (unique_key) WHERE state IN ('queued', 'running');

CREATE TRIGGER jobs_give_up AFTER UPDATE OF attempts ON jobs
WHEN NEW.attempts >= NEW.max_attempts AND NEW.state = 'queued'
BEGIN
  UPDATE jobs SET state = 'failed' WHERE id = NEW.id;
END;
