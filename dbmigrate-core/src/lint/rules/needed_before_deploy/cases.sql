-- fires: a column, a table and a view
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
-- # migration
-- dbmigrate: after-deploy
ALTER TABLE users ADD COLUMN bio TEXT;
CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT);
CREATE VIEW nicks AS SELECT nick FROM users;

-- fires: a new name
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
-- # migration
-- dbmigrate: after-deploy
ALTER TABLE users RENAME COLUMN nick TO handle;

-- spares: what goes, or gets stricter
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT, handle TEXT);
CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT);
-- # migration
-- dbmigrate: after-deploy
ALTER TABLE users DROP COLUMN nick;
DROP TABLE pets;
CREATE UNIQUE INDEX users_handle ON users (handle);

-- spares: the same before the deployment
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
-- # migration
ALTER TABLE users ADD COLUMN bio TEXT;
