-- 0015_create_organization_overview_and_2_more
--   drop what depends on changed tables, and what changes itself: published_posts (instant)
--   create view organization_overview (instant)
--   recreate view published_posts (instant)
--   create view revenue (instant)

DROP VIEW published_posts;

CREATE VIEW organization_overview AS
SELECT organizations.id, organizations.name, subscriptions.plan_id,
       (SELECT count(*) FROM memberships WHERE organization_id = organizations.id) AS members,
       (SELECT count(*) FROM posts WHERE organization_id = organizations.id) AS posts
FROM organizations
LEFT JOIN subscriptions
  ON subscriptions.organization_id = organizations.id AND subscriptions.state <> 'canceled';

CREATE VIEW published_posts AS
SELECT posts.id, posts.organization_id, posts.slug, posts.title, posts.body, posts.published_at,
       trim(users.given_name || ' ' || coalesce(users.family_name, '')) AS author
FROM posts JOIN users ON users.id = posts.author_id
WHERE posts.state = 'published';

CREATE VIEW revenue (month, currency, amount) AS
SELECT strftime('%Y-%m', paid_at, 'unixepoch'), currency, sum(subtotal)
FROM invoices WHERE paid_at IS NOT NULL GROUP BY 1, 2;
