-- dbmigrate: allow(drop_column) users.legacy
-- dbmigrate: expect-none "users ""without"" an e-mail" SELECT id FROM users
--   WHERE email IS NULL -- really

ALTER TABLE users DROP COLUMN legacy;
CREATE TRIGGER t AFTER INSERT ON users BEGIN
  SELECT CASE WHEN new.a = ';' THEN 1 END;
  UPDATE users SET "end" = 1; /* END; */
END;
WITH x AS (SELECT 1) INSERT INTO users SELECT * FROM x;;
SELECT 'a;b', "c;d", [e;f], `g;h`
