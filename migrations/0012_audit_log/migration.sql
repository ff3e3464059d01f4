-- 0012_audit_log
--   create table audit_log (instant)
--   create trigger audit_log_is_kept_for_a_year (instant)
--   create trigger audit_log_is_not_changed (instant)
--   create trigger memberships_log_role (instant)

-- create table audit_log
CREATE TABLE audit_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  organization_id INTEGER NOT NULL,
  user_id INTEGER,
  api_key_id INTEGER REFERENCES api_keys (id) DEFERRABLE INITIALLY DEFERRED,
  "action" TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT '{}',
  at INTEGER NOT NULL DEFAULT (unixepoch()),
  CHECK (json_valid(detail)),
  CONSTRAINT somebody CHECK (user_id IS NULL OR api_key_id IS NULL)
) STRICT;
CREATE INDEX audit_log_organization_id_at_idx ON audit_log (organization_id, at DESC);
CREATE INDEX audit_log_subject_idx ON audit_log (json_extract(detail, '$.subject'));

CREATE TRIGGER audit_log_is_kept_for_a_year BEFORE DELETE ON audit_log
WHEN OLD.at > unixepoch() - 31536000
BEGIN
  SELECT RAISE(ABORT, 'the audit log is kept for a year');
END;

CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'the audit log is not changed');
END;

CREATE TRIGGER memberships_log_role AFTER UPDATE OF role ON memberships
WHEN OLD.role <> NEW.role
BEGIN
  INSERT INTO audit_log (organization_id, user_id, action, detail)
  VALUES (NEW.organization_id, NEW.user_id, 'membership.role',
          json_object('subject', NEW.user_id, 'from', OLD.role, 'to', NEW.role));
END;
