-- A mail store: blobs, full text without content, tables without types, a tree of folders.
CREATE TABLE accounts (id BLOB PRIMARY KEY, address TEXT NOT NULL UNIQUE, settings JSON NOT NULL DEFAULT '{}');
CREATE TABLE folders (
  id INTEGER PRIMARY KEY,
  account BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  parent INTEGER REFERENCES folders (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  uid_next INTEGER NOT NULL DEFAULT 1,
  uid_validity INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)),
  UNIQUE (account, parent, name)
);
CREATE TABLE mails (
  folder INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
  uid INTEGER NOT NULL,
  message_id TEXT,
  subject TEXT COLLATE NOCASE,
  sent INTEGER NOT NULL,
  flags INTEGER NOT NULL DEFAULT 0,
  seen INTEGER AS (flags & 1) STORED,
  raw BLOB NOT NULL DEFAULT x'',
  thread TEXT AS (coalesce(message_id, 'none')),
  PRIMARY KEY (folder, uid)
) WITHOUT ROWID;
CREATE TABLE headers (mail_folder, mail_uid, "key", value, FOREIGN KEY (mail_folder, mail_uid) REFERENCES mails (folder, uid));
CREATE TABLE queue (
  id INTEGER PRIMARY KEY DESC,
  "to" TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0 AND tries <= 10),
  next_try REAL NOT NULL DEFAULT (julianday('now')),
  error TEXT DEFAULT NULL
);
CREATE VIRTUAL TABLE mail_search USING fts5 (subject, body, folder UNINDEXED, tokenize = 'unicode61 remove_diacritics 2');
CREATE INDEX mails_sent ON mails (folder, sent DESC);
CREATE INDEX mails_unseen ON mails (folder) WHERE flags & 1 = 0;
CREATE INDEX headers_key ON headers ("key" COLLATE NOCASE, value);
CREATE VIEW unread AS SELECT folder, count(*) AS mails, max(sent) AS newest FROM mails WHERE seen = 0 GROUP BY folder;
CREATE VIEW tree AS
WITH RECURSIVE below (id, path) AS (
  SELECT id, name FROM folders WHERE parent IS NULL
  UNION ALL
  SELECT f.id, b.path || '/' || f.name FROM folders f JOIN below b ON f.parent = b.id
)
SELECT id, path FROM below;
CREATE TRIGGER mails_uid BEFORE INSERT ON mails
WHEN new.uid < (SELECT uid_next FROM folders WHERE id = new.folder) BEGIN
  SELECT raise(ROLLBACK, 'a number; used twice');
END;
