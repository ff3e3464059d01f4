-- 0013_post_search
--   create virtual table posts_search (scan)
--   create trigger posts_search_delete (instant)
--   create trigger posts_search_insert (instant)
--   create trigger posts_search_update (instant)

-- create virtual table posts_search
CREATE VIRTUAL TABLE posts_search USING fts5(title, body, content='posts', content_rowid='id', tokenize='porter unicode61');
INSERT INTO posts_search (posts_search) VALUES ('rebuild');

CREATE TRIGGER posts_search_delete AFTER DELETE ON posts
BEGIN
  INSERT INTO posts_search (posts_search, rowid, title, body)
  VALUES ('delete', OLD.id, OLD.title, OLD.body);
END;

CREATE TRIGGER posts_search_insert AFTER INSERT ON posts
BEGIN
  INSERT INTO posts_search (rowid, title, body) VALUES (NEW.id, NEW.title, NEW.body);
END;

CREATE TRIGGER posts_search_update AFTER UPDATE OF id, title, body ON posts
BEGIN
  INSERT INTO posts_search (posts_search, rowid, title, body)
  VALUES ('delete', OLD.id, OLD.title, OLD.body);
  INSERT INTO posts_search (rowid, title, body) VALUES (NEW.id, NEW.title, NEW.body);
END;
