-- replace: y TEXT => y TEXT, z TEXT
CREATE INDEX b_owner ON b (owner);
