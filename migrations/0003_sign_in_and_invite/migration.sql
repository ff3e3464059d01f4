-- 0003_sign_in_and_invite
--   create table invitations (instant)
--   create table oauth_accounts (instant)
--   create table password_resets (instant)

-- create table invitations
CREATE TABLE invitations (
  id INTEGER PRIMARY KEY,
  team_id INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  invited_by INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  email TEXT NOT NULL COLLATE nocase,
  role TEXT NOT NULL DEFAULT 'member',
  token_hash BLOB NOT NULL UNIQUE,
  accepted_at INTEGER,
  expires_at INTEGER NOT NULL DEFAULT (unixepoch() + 604800),
  CHECK (role IN ('owner', 'admin', 'member'))
);
CREATE INDEX invitations_invited_by_idx ON invitations (invited_by);
CREATE INDEX invitations_team_id_idx ON invitations (team_id);

-- create table oauth_accounts
CREATE TABLE oauth_accounts (
  provider TEXT NOT NULL,
  subject TEXT NOT NULL,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  linked_at INTEGER NOT NULL DEFAULT (unixepoch()),
  PRIMARY KEY (provider, subject),
  CHECK (provider IN ('github', 'google'))
) WITHOUT ROWID;
CREATE INDEX oauth_accounts_user_id_idx ON oauth_accounts (user_id);

-- create table password_resets
CREATE TABLE password_resets (
  token_hash BLOB PRIMARY KEY NOT NULL,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX password_resets_user_id_idx ON password_resets (user_id);
