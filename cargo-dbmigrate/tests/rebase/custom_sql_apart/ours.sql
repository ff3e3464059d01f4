-- custom
UPDATE posts SET title = upper(title);
