-- 0004_bio
--   add column users.bio (instant)

ALTER TABLE users ADD COLUMN bio TEXT;
