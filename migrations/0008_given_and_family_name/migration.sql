-- 0008_given_and_family_name
--   rebuild users: add given_name, add family_name, drop name (rewrite)

-- dbmigrate: allow(drop_column) users.name

-- rebuild users: add given_name, add family_name, drop name
CREATE TABLE _dbmigrate_new_users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  email TEXT NOT NULL COLLATE nocase UNIQUE,
  given_name TEXT NOT NULL,
  family_name TEXT,
  locale TEXT NOT NULL,
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  last_seen_at INTEGER
);
INSERT INTO _dbmigrate_new_users (id, email, given_name, family_name, locale, created_at, last_seen_at)
SELECT id, email, (substr(name, 1, instr(name || ' ', ' ') - 1)), (nullif(substr(name, instr(name || ' ', ' ') + 1), '')), locale, created_at, last_seen_at
FROM users;
DELETE FROM sqlite_sequence WHERE name = '_dbmigrate_new_users';
INSERT INTO sqlite_sequence (name, seq)
SELECT '_dbmigrate_new_users', seq FROM sqlite_sequence WHERE name = 'users' COLLATE NOCASE;
DROP TABLE users;
ALTER TABLE _dbmigrate_new_users RENAME TO users;
