-- 0005_slugs_and_locales
--   drop what depends on changed tables, and what changes itself: published_posts (instant)
--   rebuild posts: add slug (rewrite)
--   rebuild users: add locale, add last_seen_at (rewrite)
--   recreate view published_posts (instant)

DROP VIEW published_posts;

-- rebuild posts: add slug
CREATE TABLE _dbmigrate_new_posts (
  id INTEGER PRIMARY KEY,
  team_id INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  author_id INTEGER NOT NULL REFERENCES users (id),
  slug TEXT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'draft',
  views INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  CHECK (state IN ('draft', 'published'))
);
INSERT INTO _dbmigrate_new_posts (id, team_id, author_id, slug, title, body, state, views, created_at)
SELECT id, team_id, author_id, (lower(replace(title, ' ', '-')) || '-' || id), title, body, state, views, created_at
FROM posts;
DROP TABLE posts;
ALTER TABLE _dbmigrate_new_posts RENAME TO posts;
CREATE INDEX posts_author_id_idx ON posts (author_id);
CREATE INDEX posts_team_id_created_at_idx ON posts (team_id, created_at DESC);
CREATE UNIQUE INDEX posts_team_id_slug_key ON posts (team_id, slug);

-- rebuild users: add locale, add last_seen_at
CREATE TABLE _dbmigrate_new_users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  email TEXT NOT NULL COLLATE nocase UNIQUE,
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  locale TEXT NOT NULL,
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  last_seen_at INTEGER
);
INSERT INTO _dbmigrate_new_users (id, email, name, password_hash, locale, created_at)
SELECT id, email, name, password_hash, 'en', created_at
FROM users;
DELETE FROM sqlite_sequence WHERE name = '_dbmigrate_new_users';
INSERT INTO sqlite_sequence (name, seq)
SELECT '_dbmigrate_new_users', seq FROM sqlite_sequence WHERE name = 'users' COLLATE NOCASE;
DROP TABLE users;
ALTER TABLE _dbmigrate_new_users RENAME TO users;

CREATE VIEW published_posts AS
SELECT posts.id, posts.team_id, posts.title, posts.body, posts.created_at
FROM posts WHERE posts.state = 'published';
