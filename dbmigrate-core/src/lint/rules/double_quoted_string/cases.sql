-- fires: a table that is rebuilt gets a column at the same time
-- # before
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
-- # migration
CREATE TABLE "__new_users" ("id" INTEGER PRIMARY KEY, "name" TEXT NOT NULL, "nickname" TEXT);
INSERT INTO "__new_users" ("id", "name", "nickname") SELECT "id", "name", "nickname" FROM "users";
DROP TABLE "users";
ALTER TABLE "__new_users" RENAME TO "users";

-- fires: in a check, a default, an index, a view and a trigger
-- # before
CREATE TABLE t (a TEXT);
-- # migration
CREATE TABLE u (a TEXT DEFAULT "new", CHECK (a IN ("new", "old")));
CREATE INDEX i ON t (a) WHERE a <> "gone";
CREATE VIEW v AS SELECT a, "text" AS b FROM t;
CREATE TRIGGER r AFTER INSERT ON t WHEN new.a = "x" BEGIN DELETE FROM u; END;

-- fires: on a server
-- # server
-- # before
CREATE TABLE t (a TEXT);
-- # migration
DELETE FROM t WHERE a = "x";

-- spares: names of columns, aliases and tables
-- # before
CREATE TABLE "users" ("id" INTEGER PRIMARY KEY, "name" TEXT);
-- # migration
CREATE TABLE "posts" ("id" INTEGER PRIMARY KEY, "author" INTEGER REFERENCES "users" ("id"), CHECK ("author" > 0));
INSERT INTO "posts" ("author") SELECT "u"."id" FROM "users" AS "u" WHERE "name" IS NOT NULL ORDER BY "name";
CREATE INDEX "by_author" ON "posts" ("author");
CREATE VIEW "v" AS SELECT "name" AS "label", count(*) AS "count" FROM "users" GROUP BY "label" HAVING "count" > 1;
UPDATE "users" SET "name" = upper("name") WHERE "rowid" = 1;

-- spares: a column that the migration has added or renamed before
-- # before
CREATE TABLE t (a TEXT);
-- # migration
ALTER TABLE t ADD COLUMN "b" TEXT;
UPDATE t SET "b" = "a";
ALTER TABLE t RENAME COLUMN "b" TO "c";
DELETE FROM t WHERE "c" IS NULL;

-- spares: it was so before, and stands in a statement that makes the table again
-- # before
CREATE TABLE t (a TEXT CHECK (a <> "x"));
-- # migration
CREATE TABLE t_new (a TEXT CHECK (a <> "x"), b TEXT UNIQUE);
INSERT INTO t_new (a) SELECT a FROM t;
DROP TABLE t;
ALTER TABLE t_new RENAME TO t;
