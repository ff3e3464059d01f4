CREATE TABLE organizations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  slug VARCHAR(40) NOT NULL COLLATE NOCASE UNIQUE,
  plan TEXT NOT NULL DEFAULT 'free' CHECK (plan IN ('free', 'team', 'enterprise')),
  settings JSON NOT NULL DEFAULT '{}',
  created_at INTEGER NOT NULL DEFAULT (unixepoch())
);
CREATE TABLE users (
  organization_id INTEGER NOT NULL REFERENCES organizations ON DELETE CASCADE,
  number INTEGER NOT NULL,
  email TEXT NOT NULL,
  type TEXT CONSTRAINT kind_known CHECK (type <> ''),
  active BOOLEAN NOT NULL DEFAULT TRUE,
  avatar BLOB DEFAULT x'89504e47',
  rating DOUBLE NOT NULL DEFAULT 1.5,
  "last seen" DATETIME DEFAULT CURRENT_TIMESTAMP,
  emailKey TEXT GENERATED ALWAYS AS (lower("email")) STORED,
  PRIMARY KEY (organization_id, number DESC),
  UNIQUE (organization_id, email COLLATE NOCASE) ON CONFLICT REPLACE
) WITHOUT ROWID;
CREATE UNIQUE INDEX users_by_key ON users (emailKey) WHERE active;
CREATE INDEX users_organization_id_email_idx ON users (organization_id, lower(email) DESC);
CREATE TABLE orders (
  id TEXT PRIMARY KEY NOT NULL,
  organization_id INTEGER NOT NULL,
  buyer INTEGER,
  parent TEXT REFERENCES orders (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
  total DECIMAL(10, 2) NOT NULL CONSTRAINT positive CHECK (total >= 0),
  discount REAL NOT NULL DEFAULT 0,
  state INTEGER NOT NULL DEFAULT 0,
  note,
  CONSTRAINT orders_buyer FOREIGN KEY (organization_id, buyer) REFERENCES users (organization_id, number)
    ON DELETE RESTRICT ON UPDATE CASCADE,
  CHECK (discount <= total)
);
CREATE INDEX orders_state_idx ON orders (state);
CREATE TRIGGER orders_closed BEFORE UPDATE OF total ON orders WHEN old.state = 9
BEGIN
  SELECT raise(ABORT, 'the order is closed');
END;
CREATE TABLE articles (
  id INTEGER PRIMARY KEY,
  title TEXT NOT NULL,
  body TEXT NOT NULL DEFAULT 'he said "hi"',
  embedding F32_BLOB(4)
);
CREATE INDEX articles_embedding ON articles (libsql_vector_idx(embedding));
CREATE VIRTUAL TABLE article_search USING fts5(title, body, content='articles', content_rowid='id');
CREATE TRIGGER articles_inserted AFTER INSERT ON articles
BEGIN
  INSERT INTO article_search (rowid, title, body) VALUES (new.id, new.title, new.body);
END;
CREATE VIRTUAL TABLE areas USING rtree(id, min_x, max_x, min_y, max_y, +label TEXT);
CREATE TABLE "Table" (
  string TEXT NOT NULL PRIMARY KEY,
  "unique" INTEGER,
  "self" INTEGER REFERENCES articles (id)
) STRICT;
CREATE INDEX "Table unique" ON "Table" ("unique", "self" DESC);
CREATE VIEW open_orders AS
SELECT o.id, o.total - o.discount AS due, u."last seen"
FROM orders o LEFT JOIN users u ON u.organization_id = o.organization_id AND u.number = o.buyer
WHERE o.state < 9;
CREATE VIEW slugs (organization, slug) AS SELECT id, slug FROM organizations;
CREATE TRIGGER slugs_updated INSTEAD OF UPDATE ON slugs
BEGIN
  UPDATE organizations SET slug = new.slug WHERE id = old.organization;
END;
CREATE TABLE struct ( -- what nobody would call a table */ [Vec<u8>]
  "type" TEXT NOT NULL DEFAULT 'in-review' CHECK ("type" IN ('draft', 'in-review')), -- ```
  kind VARCHAR(9) CONSTRAINT kinds CHECK (kind IS NULL OR kind IN ('PG-13', 'R')),
  meta TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(meta)), -- - one, see https://sqlite.org
                                                            -- - two \[
  more JSON CHECK (more IS NULL OR json_valid(more, 1)),
  flag INTEGER NOT NULL DEFAULT 0 CHECK (flag IN (0, 1)),
  "it's ""quoted""" TEXT,
  "two
lines" TEXT REFERENCES "😀" (id),
  article REFERENCES articles
);
CREATE TABLE "😀" (id TEXT PRIMARY KEY);
CREATE VIEW shouted AS SELECT shout(slug) AS loud, id FROM organizations;
CREATE VIEW over_nothing AS SELECT * FROM missing;
CREATE TRIGGER struct_notified AFTER DELETE ON struct BEGIN SELECT notify(old.kind); END;
