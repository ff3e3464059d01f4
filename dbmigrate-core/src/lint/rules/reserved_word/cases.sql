-- fires: a table, a column, an index, a view, a trigger
-- # before
CREATE TABLE t (a TEXT);
-- # migration
CREATE TABLE "Order" (id INTEGER PRIMARY KEY, [index] TEXT, `from` TEXT);
CREATE INDEX "check" ON t (a);
CREATE VIEW "select" AS SELECT a FROM t;
CREATE TRIGGER "when" AFTER INSERT ON t BEGIN SELECT 1; END;

-- fires: a column gets such a name
-- # before
CREATE TABLE t (a TEXT);
-- # migration
ALTER TABLE t RENAME COLUMN a TO "group";
ALTER TABLE t RENAME TO "table";

-- spares: words that SQLite takes as names, and names that contain others
-- # before
-- # migration
CREATE TABLE t (key TEXT, action TEXT, view TEXT, row TEXT, name TEXT, type TEXT, end TEXT, first TEXT, orders TEXT, "user" TEXT);

-- spares: it was so before
-- # before
CREATE TABLE "order" ("group" TEXT);
-- # migration
ALTER TABLE "order" ADD COLUMN a TEXT;
