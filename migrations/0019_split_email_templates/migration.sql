-- 0019_split_email_templates
--   rebuild emails: add template_name, add locale, drop template (rewrite)

-- dbmigrate: allow(drop_column) emails.template

-- rebuild emails: add template_name, add locale, drop template
CREATE TABLE _dbmigrate_new_emails (
  id INTEGER PRIMARY KEY,
  user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
  "to" TEXT NOT NULL COLLATE nocase,
  template_name TEXT NOT NULL,
  locale TEXT,
  variables TEXT NOT NULL DEFAULT '{}',
  sent_at INTEGER,
  CHECK ("to" LIKE '_%@_%' AND "to" NOT LIKE '% %'),
  CHECK (json_valid(variables))
) STRICT;
-- `invitation.de` is the template `invitation` in German; without a point there is no language
INSERT INTO _dbmigrate_new_emails (id, user_id, "to", template_name, locale, variables, sent_at)
SELECT
  id, user_id, "to",
  iif(instr(template, '.') > 0, substr(template, 1, instr(template, '.') - 1), template),
  iif(instr(template, '.') > 0, substr(template, instr(template, '.') + 1), NULL),
  variables, sent_at
FROM emails;
DROP TABLE emails;
ALTER TABLE _dbmigrate_new_emails RENAME TO emails;
CREATE INDEX emails_sent_at_idx ON emails (sent_at) WHERE sent_at IS NULL;
CREATE INDEX emails_user_id_idx ON emails (user_id);
