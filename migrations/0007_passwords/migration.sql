-- 0007_passwords
--   create table passwords (instant)
--   carry the hashes over (rewrite)
--   drop column users.password_hash (rewrite)

-- dbmigrate: allow(drop_column) users.password_hash

CREATE TABLE passwords (
  user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  hash TEXT NOT NULL,
  changed_at INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;

-- when a hash was changed last is not known: the earliest that it can have been is when the account was made
INSERT INTO passwords (user_id, hash, changed_at)
SELECT id, password_hash, created_at FROM users;

ALTER TABLE users DROP COLUMN password_hash;
