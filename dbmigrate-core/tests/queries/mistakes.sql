-- Statements that do not fit schema.sql, one a line; beneath each what is said of which word.

SELECT emial FROM users
       ^^^^^ `users` has no column `emial`; did you mean `email`?

SELECT id FROM usres
               ^^^^^ no table `usres`; did you mean `users`?

SELECT u.nmae FROM users u
         ^^^^ `u` has no column `nmae`; did you mean `name`?

SELECT users.name FROM users u
       ^^^^^ no table `users` is in this part of the statement; it is called `u` here

SELECT x.id FROM users
       ^ no table `x` is in this part of the statement; there are: `users`

SELECT id FROM users JOIN posts ON user_id = users.id
       ^^ `id` is ambiguous: it is a column of `users` and of `posts`; write `users.id` or `posts.id`

SELECT name FROM users WHERE name = "abc"
                                    ^^^^^ `"abc"` is no column here, and SQLite would take it for the string 'abc'; write `'abc'` for the string (the engine takes it)

SELECT "emial" FROM users
       ^^^^^^^ `"emial"` is no column here, and SQLite would take it for the string 'emial'; did you mean `email`? (the engine takes it)

SELECT lenght(name) FROM users
       ^^^^^^ no function `lenght`; did you mean `length`?

SELECT length(name, 1) FROM users
       ^^^^^^ `length` gets 2 arguments here, and takes 1

SELECT substr(name) FROM users
       ^^^^^^ `substr` gets 1 argument here, and takes 2 or 3

SELECT my_own(name) FROM users
       ^^^^^^ no function `my_own`; if the application registers it: `[engine] functions = { my_own = 1 }` in `dbmigrate.toml`

SELECT name FROM users ORDER BY nmae
                                ^^^^ `users` has no column `nmae`; did you mean `name`?

SELECT name FROM users ORDER BY 2
                                ^ `ORDER BY` 2: the query returns 1 column

SELECT name FROM users GROUP BY count(*)
                                ^^^^^^^^ an aggregate cannot be in `GROUP BY`

SELECT name FROM users WHERE count(*) > 1
                             ^^^^^ the aggregate `count` cannot be used here

SELECT name FROM users HAVING age > 1
                              ^^^^^^^ `HAVING` needs a `GROUP BY` or an aggregate

SELECT sum(count(*)) FROM users
           ^^^^^ the aggregate `count` cannot be used here

SELECT row_number() FROM users
       ^^^^^^^^^^ `row_number` is a window function: it needs `OVER`

SELECT lower(name) OVER () FROM users
       ^^^^^ `lower` is no window function: it has no `OVER`

SELECT name FROM users WHERE rank() OVER () > 1
                             ^^^^ the window function `rank` can only be in the result and in `ORDER BY`

SELECT sum(age) OVER win FROM users WINDOW w AS (ORDER BY id)
                     ^^^ no window `win`

SELECT name COLLATE NOCSE FROM users
                    ^^^^^ no collation `NOCSE`; did you mean `NOCASE`? (the engine takes it)

SELECT id FROM users UNION SELECT id, title FROM posts
                           ^^^^^^^^^^^^^^^^ this returns 2 columns, the query before it 1

SELECT id FROM users UNION SELECT id FROM posts ORDER BY email
                                                         ^^^^^ `email` is no column that the compound returns; it returns: `id`

SELECT id FROM users ORDER BY id UNION SELECT id FROM posts
                     ^^^^^ `ORDER BY` stands behind the last query of a compound

SELECT (SELECT id, name FROM users)
       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ this query returns 2 columns, and one value is wanted here

SELECT id FROM users WHERE id IN (SELECT id, title FROM posts)
                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^ this query returns 2 columns, and 1 is wanted here

SELECT id FROM users WHERE (id, name) = (1, 2, 3)
                                        ^^^^^^^^^ 2 values cannot be compared with 3

SELECT id FROM users LIMIT age
                           ^^^ no column `age`: nothing is read from here

SELECT * FROM users JOIN posts USING (title)
                                      ^^^^^ no table before this one has a column `title`; both sides have: `id`

SELECT * FROM users NATURAL JOIN posts ON 1
                                 ^^^^^ a `NATURAL` join has neither `ON` nor `USING`

SELECT p.* FROM users
       ^ no table `p` is in this part of the statement; there are: `users`

SELECT *
       ^ `*` without a `FROM`

SELECT rowid FROM tags
       ^^^^^ `tags` has no column `rowid`; there are: `post_id`, `tag`

SELECT rowid FROM users, posts
       ^^^^^ `rowid` is ambiguous: it is a column of `users` and of `posts`; write `users.rowid` or `posts.rowid`

SELECT id FROM authors WHERE emial = 'x'
                             ^^^^^ `authors` has no column `emial`; did you mean `email`?

SELECT kye FROM json_each('[]')
       ^^^ `json_each` has no column `kye`; did you mean `key`?

SELECT name FROM users INDEXED BY users_nme
                                  ^^^^^^^^^ `users` has no index `users_nme`; did you mean `users_name`?

SELECT name FROM users('x')
                 ^^^^^ `users` is a table and takes no arguments

SELECT 1 FROM jsn_each('[]')
              ^^^^^^^^ no table-valued function `jsn_each`; did you mean `json_each`?

WITH a AS (SELECT id FROM users) SELECT name FROM a
                                        ^^^^ `a` has no column `name`; there are: `id`

WITH a(x, y) AS (SELECT id FROM users) SELECT x FROM a
     ^ `a` names 2 columns, and its query returns 1

WITH a AS (SELECT * FROM a) SELECT * FROM a
                         ^ `a` reads from itself before it has a row

SELECT name FROM users WHERE name REGEXP 'a'
                             ^^^^^^^^^^^^^^^ no function `regexp`: `REGEXP` calls one that the application registers; declare it in `dbmigrate.toml`: `[engine] functions = { regexp = 2 }`

SELECT RAISE(ABORT, 'no')
       ^^^^^^^^^^^^^^^^^^ `RAISE` is for triggers

INSERT INTO users (emial) VALUES (?)
                   ^^^^^ `users` has no column `emial`; did you mean `email`?

INSERT INTO users (email, name) VALUES (?)
                          ^^^^ 1 value for 2 columns; no value for `name`

INSERT INTO users (email) VALUES (?, ?)
                                     ^ 2 values for 1 column

INSERT INTO users VALUES (1, 2)
            ^^^^^ `users` has 5 columns, and here 2 values are given; no value for `name`, `age`, `created_at`

INSERT INTO users (name) VALUES (?)
            ^^^^^ `email` is not written, and has neither a default nor may it be NULL (the engine takes it)

INSERT INTO posts (title) VALUES ('x')
            ^^^^^ `user_id` is not written, and has neither a default nor may it be NULL (the engine takes it)

INSERT INTO posts DEFAULT VALUES
            ^^^^^ `user_id`, `title` are not written, and have neither defaults nor may they be NULL (the engine takes it)

INSERT INTO posts (user_id, title, slug) VALUES (1, 'a', 'b')
                                   ^^^^ `slug` is generated and cannot be written

INSERT INTO users (email) VALUES (email)
                                  ^^^^^ no column `email`: nothing is read from here

INSERT INTO users (email) VALUES ('a'), ('b', 'c')
                                        ^^^^^^^^^^ this row has 2 values, the first one 1

INSERT INTO users (email) VALUES ('a') ON CONFLICT (age) DO NOTHING
                                                   ^^^^^ no primary key, `UNIQUE` constraint or unique index is of these columns; what is unique: `(id)`, `(email)`

INSERT INTO users (email) VALUES ('a') ON CONFLICT (name) DO NOTHING
                                                   ^^^^^^ no primary key, `UNIQUE` constraint or unique index is of these columns; the index `users_name` is partial: write its `WHERE age > 17` behind the columns

INSERT INTO users (email) VALUES ('a') ON CONFLICT (email) DO UPDATE SET name = excluded.nmae
                                                                                         ^^^^ `excluded` has no column `nmae`; did you mean `name`?

INSERT INTO users AS u (email) VALUES ('a') ON CONFLICT (email) DO UPDATE SET name = users.name
                                                                                     ^^^^^ no table `users` is in this part of the statement; it is called `u` here

INSERT INTO users (email) VALUES ('a') RETURNING users.*
                                                 ^^^^^^^ `RETURNING` takes `*`, without a table in front

INSERT INTO users (email) VALUES ('a') RETURNING count(*)
                                                 ^^^^^ the aggregate `count` cannot be used here

INSERT INTO authors (id) VALUES (1)
            ^^^^^^^ `authors` is a view, and no `INSTEAD OF INSERT` trigger is on it

UPDATE users SET nmae = 'x'
                 ^^^^ `users` has no column `nmae`; did you mean `name`?

UPDATE users SET name = nmae WHERE id = 1
                        ^^^^ `users` has no column `nmae`; did you mean `name`?

UPDATE posts SET slug = 'x'
                 ^^^^ `slug` is generated and cannot be written

UPDATE users SET (name, age) = (1, 2, 3)
                               ^^^^^^^^^ 3 values for 2 columns

UPDATE authors SET posts = 1
       ^^^^^^^ `authors` is a view, and no `INSTEAD OF UPDATE` trigger is on it

UPDATE users AS u SET name = 'x' WHERE users.id = 1
                                       ^^^^^ no table `users` is in this part of the statement; it is called `u` here

UPDATE users SET name = p.title FROM posts q WHERE q.id = 1
                        ^ no table `p` is in this part of the statement; there are: `users`, `q`

DELETE FROM usres
            ^^^^^ no table `usres`; did you mean `users`?

DELETE FROM titles WHERE post = 1
            ^^^^^^ `titles` is a view, and no `INSTEAD OF DELETE` trigger is on it

DELETE FROM sqlite_schema
            ^^^^^^^^^^^^^ `sqlite_schema` is the engine's own and cannot be written

DELETE FROM users WHERE idd = 1
                        ^^^ `users` has no column `idd`; did you mean `id`?

SELECT FROM users
       ^^^^ expected an expression, found `FROM`

SELECT id FORM users
               ^^^^^ expected the end of the statement, found `users`

SELECT id, FROM users
           ^^^^ expected an expression, found `FROM`

SELECT id FROM users WHERE
                     ^^^^^ expected an expression, but the statement ends

SELECT id FROM users WHERE (id = 1
                                 ^ expected `)`, but the statement ends

SELECT 'abc
       ^^^^ the string does not end

SELECT 1x
       ^^ `1x` is no number

SELECT ?0
       ^^ a parameter has a number between ?1 and ?32766

SELCT 1
^^^^^ expected a statement, found `SELCT`; did you mean `SELECT`?

INSERT users VALUES (1)
       ^^^^^ expected `INTO`, found `users`

UPDATE users name = 1
             ^^^^ expected `SET`, found `name`

SELECT 1; SELECT 2
          ^^^^^^ a second statement begins here, which would not be run (the engine takes it)

DROP TABLE usres
           ^^^^^ no table `usres`; did you mean `users`?

DROP INDEX posts_titel
           ^^^^^^^^^^^ no index `posts_titel`; did you mean `posts_title`?

ALTER TABLE usres ADD COLUMN x
            ^^^^^ no table `usres`; did you mean `users`?

CREATE TABLE copies AS SELECT idd FROM posts
                              ^^^ `posts` has no column `idd`; did you mean `id`?

SELECT CAST(id AS) + FROM users
                     ^^^^ expected an expression, found `FROM`
