-- 0016_feature_flags
--   create table feature_flags (instant)
--   create table notification_settings (instant)
--   create table feature_overrides (instant)

CREATE TABLE feature_flags (
  name TEXT PRIMARY KEY NOT NULL,
  description TEXT NOT NULL,
  is_on INTEGER NOT NULL DEFAULT FALSE,
  share REAL NOT NULL DEFAULT 0.0,
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  CHECK (name GLOB '[a-z]*' AND name NOT GLOB '*[^a-z0-9_]*'),
  CHECK (share BETWEEN 0 AND 1)
) STRICT, WITHOUT ROWID;

CREATE TABLE notification_settings (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  topic TEXT NOT NULL,
  channel TEXT NOT NULL DEFAULT 'email',
  PRIMARY KEY (user_id, topic),
  CHECK (channel IN ('email', 'push', 'none'))
) STRICT, WITHOUT ROWID;

-- create table feature_overrides
CREATE TABLE feature_overrides (
  flag TEXT NOT NULL REFERENCES feature_flags (name) ON DELETE CASCADE ON UPDATE CASCADE,
  organization_id INTEGER NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  is_on INTEGER NOT NULL,
  PRIMARY KEY (flag, organization_id),
  CHECK (flag GLOB '[a-z]*' AND flag NOT GLOB '*[^a-z0-9_]*')
) STRICT, WITHOUT ROWID;
CREATE INDEX feature_overrides_organization_id_idx ON feature_overrides (organization_id);
