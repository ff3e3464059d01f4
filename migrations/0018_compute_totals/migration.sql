-- 0018_compute_totals
--   drop what depends on changed tables, and what changes itself: revenue (instant)
--   rebuild invoices: change generated of total (rewrite)
--   recreate view revenue (instant)

-- dbmigrate: allow(discard_values) invoices.total

DROP VIEW revenue;

-- rebuild invoices: change generated of total
CREATE TABLE _dbmigrate_new_invoices (
  id INTEGER PRIMARY KEY,
  organization_id INTEGER NOT NULL REFERENCES organizations (id) ON DELETE RESTRICT,
  number TEXT NOT NULL UNIQUE,
  currency TEXT NOT NULL,
  subtotal INTEGER NOT NULL,
  tax INTEGER NOT NULL,
  total INTEGER NOT NULL GENERATED ALWAYS AS (subtotal + tax) STORED,
  issued_at INTEGER NOT NULL DEFAULT (unixepoch()),
  paid_at INTEGER,
  CHECK (length(currency) = 3 AND currency = upper(currency))
) STRICT;
INSERT INTO _dbmigrate_new_invoices (id, organization_id, number, currency, subtotal, tax, issued_at, paid_at)
SELECT id, organization_id, number, currency, subtotal, tax, issued_at, paid_at
FROM invoices;
DROP TABLE invoices;
ALTER TABLE _dbmigrate_new_invoices RENAME TO invoices;
CREATE INDEX invoices_organization_id_issued_at_idx ON invoices (organization_id, issued_at DESC);

CREATE VIEW revenue (month, currency, amount) AS
SELECT strftime('%Y-%m', paid_at, 'unixepoch'), currency, sum(subtotal)
FROM invoices WHERE paid_at IS NOT NULL GROUP BY 1, 2;
