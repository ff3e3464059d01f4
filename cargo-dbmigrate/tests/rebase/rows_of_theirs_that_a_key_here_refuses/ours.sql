CREATE UNIQUE INDEX one_user ON users (email);
