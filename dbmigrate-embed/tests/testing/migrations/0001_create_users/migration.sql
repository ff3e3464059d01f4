-- 0001_create_users
--   create table users (instant)

CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  email TEXT NOT NULL
);
