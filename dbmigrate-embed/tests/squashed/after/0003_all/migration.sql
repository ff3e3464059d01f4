-- 0003_all
--   replaces 0001_create_users to 0003_first, with their statements in their order

-- 0001_create_users
CREATE TABLE users (
  id INTEGER PRIMARY KEY
);

-- 0002_name
ALTER TABLE users ADD COLUMN name TEXT;

-- 0003_first
INSERT INTO users (id, name) VALUES (1, 'first');
