CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT);
-- replace: title TEXT => title TEXT, tag INTEGER
