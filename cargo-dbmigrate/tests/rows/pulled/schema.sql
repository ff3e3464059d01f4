-- Tables with rows of all kinds and views over them; every name that Rust has a use for.
CREATE TABLE store (id INTEGER PRIMARY KEY, city TEXT NOT NULL, manager TEXT);
CREATE TABLE payment (
  id INTEGER PRIMARY KEY,
  store_id INT NOT NULL REFERENCES store (id),
  amount DECIMAL(5, 2) NOT NULL,
  tip NUMERIC,
  points INT NOT NULL,
  weight REAL,
  note TEXT,
  receipt BLOB,
  paid_at DATETIME NOT NULL,
  refunded BOOLEAN NOT NULL,
  anything
);
INSERT INTO store VALUES (1, 'Lethbridge', 'Mike'), (2, 'Woodridge', NULL), (3, 'Nowhere', NULL);
INSERT INTO payment VALUES
  (1, 1, 2.99, NULL, 5, 1.5, 'one', x'00', '2024-01-01 10:00:00', 0, 1),
  (2, 1, 3, 0.5, -1, NULL, NULL, NULL, '2024-01-02 10:00:00', 1, 'text'),
  (3, 2, 5, 1, 9007199254740993, 3.0, '', x'', '2024-01-03 10:00:00', 0, 2.5),
  (4, 2, 4, 2, 0, -1.0, '12', x'3132', 'no date', 0, x'ff'),
  (5, 2, 0.1, 3.25, 7, 1e300, 'é', NULL, '2024-02-29', 1, NULL);

CREATE VIEW sales_by_store AS
SELECT s.city || ', ' || s.id AS store, s.manager, sum(p.amount) AS total_sales, count(p.id) AS payments
FROM store s LEFT JOIN payment p ON p.store_id = s.id GROUP BY s.id;
CREATE VIEW integer_sales AS SELECT sum(amount) AS total_sales, max(amount) AS highest FROM payment WHERE amount IN (3, 5, 4);
CREATE VIEW no_sales AS
SELECT count(*) AS n, sum(amount) AS amount, sum(points) AS points, total(points) AS total, avg(points) AS mean,
  min(note) AS first_note, max(paid_at) AS last, group_concat(note) AS notes, json_group_array(note) AS list, city
FROM payment JOIN store ON 0;
CREATE VIEW computed AS
SELECT points + 1 AS next, points * 2.5 AS scaled, amount * id AS product, points / 2 AS half, points / nullif(points, 0) AS one,
  points > 1 AS is_more, tip > 1 AS tips_more, note IS NULL AS is_silent, refunded, NOT refunded AS is_kept,
  EXISTS (SELECT 1 FROM store WHERE store.id = payment.store_id) AS has_store, points IN (5, 7) AS is_odd,
  coalesce(note, '-') AS said, coalesce(tip, 0) AS tipped, length(note) AS length, lower(note) || '!' AS loud,
  CASE WHEN refunded THEN 'back' ELSE 'kept' END AS state, CASE points WHEN 5 THEN 1 END AS five, CAST(note AS INTEGER) AS number,
  date(paid_at) AS day, unixepoch(paid_at) AS second, substr(receipt, 1, 1) AS head, hex(receipt) AS digits, round(amount) AS rounded,
  abs(points) AS size, typeof(anything) AS kind, anything, ifnull(anything, 0) AS filled, iif(refunded, points, note) AS mixed,
  (SELECT city FROM store WHERE store.id = payment.store_id) AS city, (SELECT count(*) FROM store) AS stores,
  row_number() OVER (ORDER BY id) AS place, sum(amount) OVER (ORDER BY id) AS running, lag(points) OVER (ORDER BY id) AS before,
  json_array(id, note) AS list, json_extract('[1, 2.5, "x", null]', '$[' || (id - 1) || ']') AS element
FROM payment;
CREATE VIEW joined AS
SELECT s.city, p.amount, p.points, p.note, p.paid_at, p.refunded, p.receipt FROM store s LEFT JOIN payment p ON p.store_id = s.id;
CREATE VIEW united AS SELECT id, city AS what, 1 AS n FROM store UNION ALL SELECT id, note, amount FROM payment;
CREATE VIEW of_views AS SELECT store, total_sales / payments AS mean, total_sales IS NULL AS is_empty FROM sales_by_store;
CREATE VIEW counted AS
WITH RECURSIVE c (i, text) AS (SELECT 1, 'a' UNION ALL SELECT i + 1, text || i FROM c WHERE i < 4) SELECT i, text, i % 2 AS odd FROM c;
CREATE VIEW either AS SELECT points AS value FROM payment UNION ALL SELECT note FROM payment UNION ALL SELECT receipt FROM payment;

CREATE TABLE "yield" ("yield" REAL, "abstract" INT, "become" INT, "box" INT, "do" INT, "final" INT, "macro" INT, "override" INT,
  "priv" INT, "typeof" INT, "unsized" INT, "virtual" INT, "try" INT, "gen" INT, "async" INT, "await" INT, "dyn" INT, "self" INT,
  "super" INT, "crate" INT, "_" INT, "union" INT, "static" INT, "raw" INT, "auto" INT, "default" INT, "macro_rules" INT, "match" INT, "where" INT,
  "1st" INT, "😀" INT, "a b" INT, "a-b" INT, "é" INT, "row" INT, "reader" INT, "writer" INT, "value" INT,
  CONSTRAINT "yield" CHECK ("yield" >= 0), UNIQUE ("try", "self"));
INSERT INTO "yield" ("yield", "try") VALUES (2.5, 1);
CREATE INDEX "abstract" ON "yield" ("gen", "do" DESC);
CREATE TRIGGER "become" AFTER UPDATE OF "yield", "typeof" ON "yield" BEGIN SELECT 1; END;
CREATE VIEW "async" AS SELECT "yield", "yield" + 1 AS "await", "self" AS "dyn" FROM "yield";
CREATE TABLE option (id INTEGER PRIMARY KEY, value TEXT);
CREATE TABLE string (id INTEGER PRIMARY KEY, option INT NOT NULL REFERENCES option (id));
CREATE TABLE vec (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE json (id INTEGER PRIMARY KEY, data TEXT CHECK (json_valid(data)));
CREATE TABLE "table" (id INTEGER PRIMARY KEY);
CREATE TABLE result (id INTEGER PRIMARY KEY, ok INT);
CREATE TABLE some (id INTEGER PRIMARY KEY, state TEXT NOT NULL CHECK (state IN ('self', 'yield', 'some', 'none')));
CREATE TABLE "box" (id INTEGER PRIMARY KEY);
CREATE TABLE "self" (id INTEGER PRIMARY KEY);
CREATE TABLE view (id INTEGER PRIMARY KEY);
CREATE TABLE column_type (id INTEGER PRIMARY KEY);
CREATE TABLE "default" (id INTEGER PRIMARY KEY);
CREATE TABLE "1st" (id INTEGER PRIMARY KEY);
CREATE TABLE "a b" (id INTEGER PRIMARY KEY);
CREATE TABLE "a-b" (id INTEGER PRIMARY KEY);
CREATE TABLE dbmigrate (id INTEGER PRIMARY KEY, dbmigrate);
CREATE TABLE serde_json (id INTEGER PRIMARY KEY);
CREATE TABLE core (id INTEGER PRIMARY KEY);
CREATE TABLE i64 (id INTEGER PRIMARY KEY);
CREATE TABLE debug (id INTEGER PRIMARY KEY);
CREATE TABLE clone (id INTEGER PRIMARY KEY);
CREATE TABLE value (id INTEGER PRIMARY KEY);
CREATE TABLE send (id INTEGER PRIMARY KEY);
INSERT INTO option VALUES (1, 'v');
INSERT INTO string VALUES (1, 1);
INSERT INTO vec VALUES (1, x'00');
INSERT INTO json VALUES (1, '{"a": 1}');
INSERT INTO some VALUES (1, 'yield');
CREATE VIEW "values" AS SELECT dbmigrate FROM dbmigrate UNION SELECT data FROM json;
INSERT INTO dbmigrate VALUES (1, 1.5);
