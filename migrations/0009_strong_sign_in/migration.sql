-- 0009_strong_sign_in
--   create table domains (instant)
--   create table passkeys (instant)
--   create table recovery_codes (instant)
--   create table saml_connections (instant)
--   create table second_factors (instant)
--   create table saml_identities (instant)

-- create table domains
CREATE TABLE domains (
  name TEXT PRIMARY KEY NOT NULL COLLATE nocase,
  organization_id INTEGER NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  challenge TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
  verified_at INTEGER
) STRICT;
CREATE INDEX domains_organization_id_idx ON domains (organization_id);
CREATE INDEX domains_verified_at_idx ON domains (verified_at) WHERE verified_at IS NULL;

-- create table passkeys
CREATE TABLE passkeys (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  credential_id BLOB NOT NULL UNIQUE,
  public_key BLOB NOT NULL,
  sign_count INTEGER NOT NULL DEFAULT 0,
  label TEXT NOT NULL DEFAULT 'Passkey',
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  last_used_at INTEGER
) STRICT;
CREATE INDEX passkeys_user_id_idx ON passkeys (user_id);

CREATE TABLE recovery_codes (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  code_hash BLOB NOT NULL,
  used_at INTEGER,
  PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE saml_connections (
  id INTEGER PRIMARY KEY,
  organization_id INTEGER NOT NULL UNIQUE REFERENCES organizations (id) ON DELETE CASCADE,
  entity_id TEXT NOT NULL UNIQUE,
  sign_on_url TEXT NOT NULL,
  certificate BLOB NOT NULL,
  is_enforced INTEGER NOT NULL DEFAULT FALSE,
  CHECK (sign_on_url LIKE 'https://%')
) STRICT;

CREATE TABLE second_factors (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  secret BLOB NOT NULL,
  confirmed_at INTEGER,
  UNIQUE (user_id, kind),
  CHECK (kind IN ('totp', 'sms-code'))
) STRICT;

-- create table saml_identities
CREATE TABLE saml_identities (
  connection_id INTEGER NOT NULL REFERENCES saml_connections (id) ON DELETE CASCADE,
  name_id TEXT NOT NULL,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  PRIMARY KEY (connection_id, name_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX saml_identities_user_id_idx ON saml_identities (user_id);
