-- 0002_name
--   add column users.name (instant)

ALTER TABLE users ADD COLUMN name TEXT;
