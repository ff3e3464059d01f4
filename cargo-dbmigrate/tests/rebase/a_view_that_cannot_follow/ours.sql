CREATE VIEW v AS SELECT title FROM (SELECT title AS title FROM posts);
