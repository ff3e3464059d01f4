-- 0006_teams_are_organizations
--   drop what depends on changed tables, and what changes itself: published_posts (instant)
--   drop index invitations_team_id_idx, invoices_team_id_issued_at_idx, team_members_user_id_idx, posts_team_id_created_at_idx, posts_team_id_slug_key, subscriptions_team_id_idx (instant)
--   rename table team_members to memberships, rename table teams to organizations (instant)
--   rename column invitations.team_id to organization_id (instant)
--   rename column invoices.team_id to organization_id (instant)
--   rename column memberships.team_id to organization_id (instant)
--   rename column posts.team_id to organization_id (instant)
--   rename column subscriptions.team_id to organization_id (instant)
--   rename column tags.team_id to organization_id (instant)
--   create index invitations_organization_id_idx (scan)
--   create index invoices_organization_id_issued_at_idx (scan)
--   create index memberships_user_id_idx (scan)
--   create index posts_organization_id_created_at_idx (scan)
--   create index posts_organization_id_slug_key (scan)
--   create index subscriptions_organization_id_idx (scan)
--   recreate view published_posts (instant)

-- dbmigrate: expect-none "{} duplicates in `posts` (team_id, slug), which becomes unique: {}" SELECT * FROM (SELECT count(*) AS _count, min(v) FROM (SELECT quote(team_id) || ', ' || quote(slug) AS v FROM posts WHERE team_id IS NOT NULL AND slug IS NOT NULL GROUP BY team_id COLLATE BINARY, slug COLLATE BINARY HAVING count(*) > 1)) WHERE _count > 0

DROP VIEW published_posts;

-- drop index invitations_team_id_idx, invoices_team_id_issued_at_idx, team_members_user_id_idx, posts_team_id_created_at_idx, posts_team_id_slug_key, subscriptions_team_id_idx
DROP INDEX invitations_team_id_idx;
DROP INDEX invoices_team_id_issued_at_idx;
DROP INDEX team_members_user_id_idx;
DROP INDEX posts_team_id_created_at_idx;
DROP INDEX posts_team_id_slug_key;
DROP INDEX subscriptions_team_id_idx;

-- rename table team_members to memberships, rename table teams to organizations
ALTER TABLE team_members RENAME TO memberships;
ALTER TABLE teams RENAME TO organizations;

ALTER TABLE invitations RENAME COLUMN team_id TO organization_id;

ALTER TABLE invoices RENAME COLUMN team_id TO organization_id;

ALTER TABLE memberships RENAME COLUMN team_id TO organization_id;

ALTER TABLE posts RENAME COLUMN team_id TO organization_id;

ALTER TABLE subscriptions RENAME COLUMN team_id TO organization_id;

ALTER TABLE tags RENAME COLUMN team_id TO organization_id;

CREATE INDEX invitations_organization_id_idx ON invitations (organization_id);

CREATE INDEX invoices_organization_id_issued_at_idx ON invoices (organization_id, issued_at DESC);

CREATE INDEX memberships_user_id_idx ON memberships (user_id);

CREATE INDEX posts_organization_id_created_at_idx ON posts (organization_id, created_at DESC);

CREATE UNIQUE INDEX posts_organization_id_slug_key ON posts (organization_id, slug);

CREATE INDEX subscriptions_organization_id_idx ON subscriptions (organization_id);

CREATE VIEW published_posts AS
SELECT posts.id, posts.organization_id, posts.title, posts.body, posts.created_at
FROM posts WHERE posts.state = 'published';
