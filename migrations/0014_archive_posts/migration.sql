-- 0014_archive_posts
--   drop what depends on changed tables, and what changes itself: posts_search_delete, posts_search_insert, posts_search_update, published_posts (instant)
--   rebuild posts: add published_at, drop views, change checks (rewrite)
--   recreate view published_posts (instant)
--   recreate trigger posts_search_delete (instant)
--   recreate trigger posts_search_insert (instant)
--   recreate trigger posts_search_update (instant)

-- dbmigrate: allow(drop_column) posts.views
-- dbmigrate: expect-none "{} rows of `posts` violate CHECK (state IN ('draft', 'published', 'archived')), first at rowid {}" SELECT * FROM (SELECT count(*) AS _count, min(rowid) FROM posts WHERE NOT (state IN ('draft', 'published', 'archived'))) WHERE _count > 0

-- drop what depends on changed tables, and what changes itself: posts_search_delete, posts_search_insert, posts_search_update, published_posts
DROP TRIGGER posts_search_delete;
DROP TRIGGER posts_search_insert;
DROP TRIGGER posts_search_update;
DROP VIEW published_posts;

-- rebuild posts: add published_at, drop views, change checks
CREATE TABLE _dbmigrate_new_posts (
  id INTEGER PRIMARY KEY,
  organization_id INTEGER NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  author_id INTEGER NOT NULL REFERENCES users (id),
  slug TEXT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'draft',
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  published_at INTEGER,
  CHECK (state IN ('draft', 'published', 'archived')),
  CONSTRAINT published_has_a_time CHECK (state <> 'published' OR published_at IS NOT NULL)
);
INSERT INTO _dbmigrate_new_posts (id, organization_id, author_id, slug, title, body, state, created_at, published_at)
SELECT id, organization_id, author_id, slug, title, body, state, created_at, (CASE state WHEN 'published' THEN created_at END)
FROM posts;
DROP TABLE posts;
ALTER TABLE _dbmigrate_new_posts RENAME TO posts;
CREATE INDEX posts_author_id_idx ON posts (author_id);
CREATE INDEX posts_organization_id_created_at_idx ON posts (organization_id, created_at DESC);
CREATE UNIQUE INDEX posts_organization_id_slug_key ON posts (organization_id, slug);

CREATE VIEW published_posts AS
SELECT posts.id, posts.organization_id, posts.title, posts.body, posts.created_at
FROM posts WHERE posts.state = 'published';

CREATE TRIGGER posts_search_delete AFTER DELETE ON posts
BEGIN
  INSERT INTO posts_search (posts_search, rowid, title, body)
  VALUES ('delete', OLD.id, OLD.title, OLD.body);
END;

CREATE TRIGGER posts_search_insert AFTER INSERT ON posts
BEGIN
  INSERT INTO posts_search (rowid, title, body) VALUES (NEW.id, NEW.title, NEW.body);
END;

CREATE TRIGGER posts_search_update AFTER UPDATE OF id, title, body ON posts
BEGIN
  INSERT INTO posts_search (posts_search, rowid, title, body)
  VALUES ('delete', OLD.id, OLD.title, OLD.body);
  INSERT INTO posts_search (rowid, title, body) VALUES (NEW.id, NEW.title, NEW.body);
END;
