-- replace: y TEXT => y TEXT DEFAULT 'why'
CREATE INDEX a_x ON a (x);
