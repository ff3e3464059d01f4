-- 0004_billing
--   create table invoices (instant)
--   create table plans (instant)
--   create table processed_webhooks (instant)
--   create table invoice_lines (instant)
--   create table subscriptions (instant)

-- create table invoices
CREATE TABLE invoices (
  id INTEGER PRIMARY KEY,
  team_id INTEGER NOT NULL REFERENCES teams (id) ON DELETE RESTRICT,
  number TEXT NOT NULL UNIQUE,
  currency TEXT NOT NULL,
  subtotal INTEGER NOT NULL,
  tax INTEGER NOT NULL,
  total INTEGER NOT NULL,
  issued_at INTEGER NOT NULL DEFAULT (unixepoch()),
  paid_at INTEGER,
  CHECK (length(currency) = 3 AND currency = upper(currency))
) STRICT;
CREATE INDEX invoices_team_id_issued_at_idx ON invoices (team_id, issued_at DESC);

CREATE TABLE plans (
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  price INTEGER NOT NULL,
  currency TEXT NOT NULL DEFAULT 'EUR',
  months INTEGER NOT NULL DEFAULT 1,
  max_members INTEGER,
  is_public INTEGER NOT NULL DEFAULT TRUE,
  CHECK (length(currency) = 3 AND currency = upper(currency)),
  CHECK (months IN (1, 12))
) STRICT, WITHOUT ROWID;

CREATE TABLE processed_webhooks (
  provider TEXT NOT NULL,
  event_id TEXT NOT NULL,
  payload TEXT NOT NULL,
  processed_at INTEGER NOT NULL DEFAULT (unixepoch()),
  PRIMARY KEY (provider, event_id),
  CHECK (json_valid(payload))
) STRICT, WITHOUT ROWID;

CREATE TABLE invoice_lines (
  invoice_id INTEGER NOT NULL REFERENCES invoices (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  description TEXT NOT NULL,
  quantity INTEGER NOT NULL,
  unit_price INTEGER NOT NULL,
  amount INTEGER NOT NULL GENERATED ALWAYS AS (quantity * unit_price) STORED,
  PRIMARY KEY (invoice_id, position),
  CONSTRAINT quantity_positive CHECK (quantity > 0)
) STRICT, WITHOUT ROWID;

-- create table subscriptions
CREATE TABLE subscriptions (
  id INTEGER PRIMARY KEY,
  team_id INTEGER NOT NULL REFERENCES teams (id) ON DELETE RESTRICT,
  plan_id TEXT NOT NULL REFERENCES plans (id) ON UPDATE CASCADE,
  state TEXT NOT NULL,
  provider_id TEXT NOT NULL UNIQUE,
  period_end INTEGER NOT NULL,
  CHECK (state IN ('trialing', 'active', 'past_due', 'canceled'))
) STRICT;
CREATE INDEX subscriptions_plan_id_idx ON subscriptions (plan_id);
CREATE INDEX subscriptions_team_id_idx ON subscriptions (team_id);
