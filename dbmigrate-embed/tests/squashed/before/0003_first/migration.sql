-- 0003_first
--
-- Write the statements here, each ending in a semicolon. They run in one transaction with foreign keys off;
-- the migration fails if it adds foreign key violations.
-- Then record the edit: cargo dbmigrate generate --custom
-- For `cargo dbmigrate revert`, write how to take rows back at the end, below the line `-- dbmigrate: undo`.
INSERT INTO users (id, name) VALUES (1, 'first');
