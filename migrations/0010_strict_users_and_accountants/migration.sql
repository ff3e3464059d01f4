-- 0010_strict_users_and_accountants
--   rebuild invitations: change checks (rewrite)
--   rebuild memberships: change checks (rewrite)
--   rebuild organizations: change checks (rewrite)
--   rebuild users: change default of locale, change checks, change options (rewrite)

-- dbmigrate: expect-none "{} rows of `invitations` violate CHECK (email LIKE '_%@_%' AND email NOT LIKE '% %'), first at rowid {}" SELECT * FROM (SELECT count(*) AS _count, min(rowid) FROM invitations WHERE NOT (email LIKE '_%@_%' AND email NOT LIKE '% %')) WHERE _count > 0
-- dbmigrate: expect-none "{} rows of `invitations` violate CHECK (role IN ('owner', 'admin', 'member', 'accountant')), first at rowid {}" SELECT * FROM (SELECT count(*) AS _count, min(rowid) FROM invitations WHERE NOT (role IN ('owner', 'admin', 'member', 'accountant'))) WHERE _count > 0
-- dbmigrate: expect-none "{} rows of `memberships` violate CHECK (role IN ('owner', 'admin', 'member', 'accountant')), first at organization_id {}" SELECT * FROM (SELECT count(*) AS _count, min(organization_id) FROM memberships WHERE NOT (role IN ('owner', 'admin', 'member', 'accountant'))) WHERE _count > 0
-- dbmigrate: expect-none "{} rows of `organizations` violate CHECK (billing_email LIKE '_%@_%' AND billing_email NOT LIKE '% %'), first at rowid {}" SELECT * FROM (SELECT count(*) AS _count, min(rowid) FROM organizations WHERE NOT (billing_email LIKE '_%@_%' AND billing_email NOT LIKE '% %')) WHERE _count > 0
-- dbmigrate: expect-none "{} values of `users.email` are not TEXT, as the table becomes STRICT, first at rowid {}: {}" SELECT * FROM (SELECT count(*) AS _count, min(rowid), quote(email) FROM users WHERE typeof(email) = 'blob') WHERE _count > 0
-- dbmigrate: expect-none "{} values of `users.given_name` are not TEXT, as the table becomes STRICT, first at rowid {}: {}" SELECT * FROM (SELECT count(*) AS _count, min(rowid), quote(given_name) FROM users WHERE typeof(given_name) = 'blob') WHERE _count > 0
-- dbmigrate: expect-none "{} values of `users.family_name` are not TEXT, as the table becomes STRICT, first at rowid {}: {}" SELECT * FROM (SELECT count(*) AS _count, min(rowid), quote(family_name) FROM users WHERE typeof(family_name) = 'blob') WHERE _count > 0
-- dbmigrate: expect-none "{} values of `users.locale` are not TEXT, as the table becomes STRICT, first at rowid {}: {}" SELECT * FROM (SELECT count(*) AS _count, min(rowid), quote(locale) FROM users WHERE typeof(locale) = 'blob') WHERE _count > 0
-- dbmigrate: expect-none "{} values of `users.created_at` are not INTEGER, as the table becomes STRICT, first at rowid {}: {}" SELECT * FROM (SELECT count(*) AS _count, min(rowid), quote(created_at) FROM users WHERE typeof(created_at) = 'blob' OR (typeof(created_at) = 'real' AND created_at <> CAST(created_at AS INTEGER)) OR (typeof(created_at) = 'text' AND NOT (created_at = CAST(created_at AS INTEGER)))) WHERE _count > 0
-- dbmigrate: expect-none "{} values of `users.last_seen_at` are not INTEGER, as the table becomes STRICT, first at rowid {}: {}" SELECT * FROM (SELECT count(*) AS _count, min(rowid), quote(last_seen_at) FROM users WHERE typeof(last_seen_at) = 'blob' OR (typeof(last_seen_at) = 'real' AND last_seen_at <> CAST(last_seen_at AS INTEGER)) OR (typeof(last_seen_at) = 'text' AND NOT (last_seen_at = CAST(last_seen_at AS INTEGER)))) WHERE _count > 0
-- dbmigrate: expect-none "{} rows of `users` violate CHECK (email LIKE '_%@_%' AND email NOT LIKE '% %'), first at rowid {}" SELECT * FROM (SELECT count(*) AS _count, min(rowid) FROM users WHERE NOT (email LIKE '_%@_%' AND email NOT LIKE '% %')) WHERE _count > 0

-- rebuild invitations: change checks
CREATE TABLE _dbmigrate_new_invitations (
  id INTEGER PRIMARY KEY,
  organization_id INTEGER NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  invited_by INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  email TEXT NOT NULL COLLATE nocase,
  role TEXT NOT NULL DEFAULT 'member',
  token_hash BLOB NOT NULL UNIQUE,
  accepted_at INTEGER,
  expires_at INTEGER NOT NULL DEFAULT (unixepoch() + 604800),
  CHECK (email LIKE '_%@_%' AND email NOT LIKE '% %'),
  CHECK (role IN ('owner', 'admin', 'member', 'accountant'))
);
INSERT INTO _dbmigrate_new_invitations (id, organization_id, invited_by, email, role, token_hash, accepted_at, expires_at)
SELECT id, organization_id, invited_by, email, role, token_hash, accepted_at, expires_at
FROM invitations;
DROP TABLE invitations;
ALTER TABLE _dbmigrate_new_invitations RENAME TO invitations;
CREATE INDEX invitations_invited_by_idx ON invitations (invited_by);
CREATE INDEX invitations_organization_id_idx ON invitations (organization_id);

-- rebuild memberships: change checks
CREATE TABLE _dbmigrate_new_memberships (
  organization_id INTEGER NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role TEXT NOT NULL DEFAULT 'member',
  joined_at INTEGER NOT NULL DEFAULT (unixepoch()),
  PRIMARY KEY (organization_id, user_id),
  CHECK (role IN ('owner', 'admin', 'member', 'accountant'))
) WITHOUT ROWID;
INSERT INTO _dbmigrate_new_memberships (organization_id, user_id, role, joined_at)
SELECT organization_id, user_id, role, joined_at
FROM memberships;
DROP TABLE memberships;
ALTER TABLE _dbmigrate_new_memberships RENAME TO memberships;
CREATE INDEX memberships_user_id_idx ON memberships (user_id);

-- rebuild organizations: change checks
CREATE TABLE _dbmigrate_new_organizations (
  id INTEGER PRIMARY KEY,
  slug TEXT NOT NULL COLLATE nocase UNIQUE,
  name TEXT NOT NULL,
  billing_email TEXT,
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  CHECK (billing_email LIKE '_%@_%' AND billing_email NOT LIKE '% %')
);
INSERT INTO _dbmigrate_new_organizations (id, slug, name, billing_email, created_at)
SELECT id, slug, name, billing_email, created_at
FROM organizations;
DROP TABLE organizations;
ALTER TABLE _dbmigrate_new_organizations RENAME TO organizations;

-- rebuild users: change default of locale, change checks, change options
CREATE TABLE _dbmigrate_new_users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  email TEXT NOT NULL COLLATE nocase UNIQUE,
  given_name TEXT NOT NULL,
  family_name TEXT,
  locale TEXT NOT NULL DEFAULT 'en',
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  last_seen_at INTEGER,
  CHECK (email LIKE '_%@_%' AND email NOT LIKE '% %')
) STRICT;
INSERT INTO _dbmigrate_new_users (id, email, given_name, family_name, locale, created_at, last_seen_at)
SELECT id, email, given_name, family_name, locale, created_at, last_seen_at
FROM users;
DELETE FROM sqlite_sequence WHERE name = '_dbmigrate_new_users';
INSERT INTO sqlite_sequence (name, seq)
SELECT '_dbmigrate_new_users', seq FROM sqlite_sequence WHERE name = 'users' COLLATE NOCASE;
DROP TABLE users;
ALTER TABLE _dbmigrate_new_users RENAME TO users;
