-- 0017_one_subscription_at_a_time
--   drop table password_resets (instant)
--   create index invitations_organization_id_lower_email_key (scan)
--   create index subscriptions_one_at_a_time_key (scan)
--   create index users_by_name_idx (scan)
--   create index users_last_seen_at_idx (scan)

-- dbmigrate: allow(drop_table) password_resets
-- dbmigrate: expect-none "{} duplicates in `subscriptions` (organization_id), which becomes unique: {}" SELECT * FROM (SELECT count(*) AS _count, min(v) FROM (SELECT quote(organization_id) AS v FROM subscriptions WHERE organization_id IS NOT NULL AND (state <> 'canceled') GROUP BY organization_id COLLATE BINARY HAVING count(*) > 1)) WHERE _count > 0

DROP TABLE password_resets;

CREATE UNIQUE INDEX invitations_organization_id_lower_email_key ON invitations (organization_id, lower(email)) WHERE accepted_at IS NULL;

CREATE UNIQUE INDEX subscriptions_one_at_a_time_key ON subscriptions (organization_id) WHERE state <> 'canceled';

CREATE INDEX users_by_name_idx ON users (lower(coalesce(family_name, given_name)));

CREATE INDEX users_last_seen_at_idx ON users (last_seen_at) WHERE last_seen_at IS NOT NULL;
