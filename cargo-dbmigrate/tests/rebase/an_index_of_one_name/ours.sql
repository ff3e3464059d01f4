CREATE INDEX i ON users (age);
