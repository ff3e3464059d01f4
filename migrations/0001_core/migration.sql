-- 0001_core
--   create table teams (instant)
--   create table users (instant)
--   create table sessions (instant)
--   create table team_members (instant)

CREATE TABLE teams (
  id INTEGER PRIMARY KEY,
  slug TEXT NOT NULL COLLATE nocase UNIQUE,
  name TEXT NOT NULL,
  billing_email TEXT,
  created_at INTEGER NOT NULL DEFAULT (unixepoch())
);

CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  email TEXT NOT NULL COLLATE nocase UNIQUE,
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  created_at INTEGER NOT NULL DEFAULT (unixepoch())
);

-- create table sessions
CREATE TABLE sessions (
  token_hash BLOB PRIMARY KEY NOT NULL,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_user_id_idx ON sessions (user_id);

-- create table team_members
CREATE TABLE team_members (
  team_id INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role TEXT NOT NULL DEFAULT 'member',
  joined_at INTEGER NOT NULL DEFAULT (unixepoch()),
  PRIMARY KEY (team_id, user_id),
  CHECK (role IN ('owner', 'admin', 'member'))
) WITHOUT ROWID;
CREATE INDEX team_members_user_id_idx ON team_members (user_id);
