CREATE INDEX more ON users (email, age);
