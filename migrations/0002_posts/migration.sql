-- 0002_posts
--   create table posts (instant)
--   create table tags (instant)
--   create table comments (instant)
--   create table post_tags (instant)
--   create view published_posts (instant)

-- create table posts
CREATE TABLE posts (
  id INTEGER PRIMARY KEY,
  team_id INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  author_id INTEGER NOT NULL REFERENCES users (id),
  title TEXT NOT NULL,
  body TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'draft',
  views INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  CHECK (state IN ('draft', 'published'))
);
CREATE INDEX posts_author_id_idx ON posts (author_id);
CREATE INDEX posts_team_id_created_at_idx ON posts (team_id, created_at DESC);

CREATE TABLE tags (
  id INTEGER PRIMARY KEY,
  team_id INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  name TEXT NOT NULL COLLATE nocase,
  UNIQUE (team_id, name)
);

-- create table comments
CREATE TABLE comments (
  id INTEGER PRIMARY KEY,
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  author_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL DEFAULT (unixepoch())
);
CREATE INDEX comments_author_id_idx ON comments (author_id);
CREATE INDEX comments_post_id_idx ON comments (post_id);

-- create table post_tags
CREATE TABLE post_tags (
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  tag_id INTEGER NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
  PRIMARY KEY (post_id, tag_id)
) WITHOUT ROWID;
CREATE INDEX post_tags_tag_id_idx ON post_tags (tag_id);

CREATE VIEW published_posts AS
SELECT posts.id, posts.team_id, posts.title, posts.body, posts.created_at
FROM posts WHERE posts.state = 'published';
