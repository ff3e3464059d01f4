-- Measurements: STRICT, composite keys, vectors, an R-Tree, names of all kinds.
CREATE TABLE device (
  id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 8), -- as printed on it
  model TEXT NOT NULL,
  "type" TEXT NOT NULL DEFAULT 'probe' CHECK ("type" IN ('probe', 'relay', 'gate way')),
  firmware TEXT,
  secret BLOB NOT NULL DEFAULT (randomblob(16))
) STRICT, WITHOUT ROWID;
CREATE TABLE "größe" ( /* What is measured,
     and in which unit. */
  kürzel TEXT PRIMARY KEY,
  einheit TEXT NOT NULL
) STRICT;
CREATE TABLE sample (
  device TEXT NOT NULL REFERENCES device ON UPDATE CASCADE,
  what TEXT NOT NULL REFERENCES "größe" (kürzel),
  at INTEGER NOT NULL,
  value ANY,
  quality REAL NOT NULL DEFAULT 1e0,
  day TEXT GENERATED ALWAYS AS (date(at, 'unixepoch')) VIRTUAL,
  PRIMARY KEY (device, what, at DESC),
  CHECK (quality BETWEEN 0 AND 1)
) STRICT;
CREATE TABLE place (id INTEGER PRIMARY KEY, name TEXT, latitude REAL, longitude REAL, look FLOAT32(3), tags TEXT DEFAULT '[]');
CREATE INDEX place_look ON place (libsql_vector_idx(look, 'metric=l2'));
CREATE VIRTUAL TABLE place_box USING rtree (id, min_lat, max_lat, min_lon, max_lon, +place);
CREATE INDEX sample_at ON sample (at) WHERE quality > 0.5;
CREATE UNIQUE INDEX "device model, firmware" ON device (model, firmware) WHERE firmware IS NOT NULL;
CREATE VIEW latest AS
SELECT s.device, s.what, s.value, max(s.at) AS at FROM sample s GROUP BY s.device, s.what;
CREATE TRIGGER sample_old AFTER INSERT ON sample WHEN new.at < 0 BEGIN
  DELETE FROM sample WHERE device = new.device AND what = new.what AND at = new.at;
END;
