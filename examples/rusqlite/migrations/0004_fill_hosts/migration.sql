-- 0004_fill_hosts

-- The step in Rust runs here, in the migration's transaction, and may only read and write rows. Move the line between
-- the statements that go before it and those that go behind it, then record the edit:
-- cargo dbmigrate generate --custom
-- dbmigrate: rust
