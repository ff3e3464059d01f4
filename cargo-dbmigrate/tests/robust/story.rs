//! The story that all these tests tell: a blog with rows, and the migrations that it goes through. Rebuilds of a parent
//! with children that cascade, statements that change rows and fire triggers, a table with AUTOINCREMENT.

use crate::project::{Project, sql_of};

const SETTING: &str = "
#[derive(Table)]
#[table(name = \"settings\", without_rowid)]
struct Setting { #[column(primary_key)] key: String, value: Option<Vec<u8>> }
";

const LOG: &str = "
#[derive(Table)]
#[table(name = \"post_log\")]
struct PostLog { #[column(primary_key, autoincrement)] id: i64, post: i64, was: Option<String> }
";

const VIEW: &str = "
#[derive(View)]
#[view(name = \"author_posts\", query = \"SELECT a.name AS author, p.title AS title FROM authors a JOIN posts p ON p.author_id = a.id\")]
struct AuthorPost { author: String, title: Option<String> }
";

const POSTS: &str = "#[table(name = \"posts\", index(author_id), trigger(posts_log, after = update, update_of(title), \
    body = \"INSERT INTO post_log (post, was) VALUES (old.id, old.title);\"))]";

/// The structs after each migration: authors, posts, comments.
fn chapter(authors: &str, posts: &str, comments: &str) -> String {
    format!("{authors}{posts}{comments}{SETTING}{LOG}{VIEW}")
}

fn authors(options: &str, fields: &str) -> String {
    format!(
        "#[derive(Table)]\n#[table(name = \"authors\"{options})]\n\
         struct Author {{ #[column(primary_key, autoincrement)] id: i64, name: String, {fields} }}\n"
    )
}

fn posts(fields: &str) -> String {
    format!(
        "#[derive(Table)]\n{POSTS}\nstruct Post {{ #[column(primary_key)] id: i64, \
         #[column(references = Author::id, on_delete = cascade)] author_id: i64, {fields} }}\n"
    )
}

fn comments(fields: &str) -> String {
    format!(
        "#[derive(Table)]\n#[table(name = \"comments\")]\nstruct Comment {{ #[column(primary_key, autoincrement)] id: i64, \
         #[column(references = Post::id, on_delete = cascade)] post_id: i64, \
         #[column(references = Author::id, on_delete = set_null)] author_id: Option<i64>, {fields} }}\n"
    )
}

/// Changes rows of all kinds, and fires the trigger.
const REWRITE: &str = "UPDATE posts SET title = title || ' #' || id WHERE id % 2 = 0;
DELETE FROM comments WHERE id % 7 = 0;
INSERT INTO comments (post_id, author_id, text) SELECT id, author_id, 'first: ' || title FROM posts WHERE id % 3 = 0;
UPDATE settings SET value = zeroblob(300) WHERE key LIKE '%5';
";

/// Moves the mark of AUTOINCREMENT beyond the greatest id.
const GROW: &str = "INSERT INTO authors (name, email) SELECT 'copy of ' || name, email FROM authors WHERE id % 4 = 0;
DELETE FROM post_log WHERE id > (SELECT max(id) - 10 FROM post_log);
UPDATE posts SET title = upper(title) WHERE id % 5 = 0;
";

/// A project with all migrations of the story, the first of which makes the tables.
pub(crate) struct Story {
    pub(crate) project: Project,
    /// The names of the migrations.
    pub(crate) names: Vec<String>,
    rows: usize,
}

impl Story {
    /// The migrations; `rows` is how many posts there are to be before the second.
    pub(crate) fn new(rows: usize) -> Self {
        let (old_authors, old_posts) = (authors("", "email: Option<String>"), posts("title: Option<String>"));
        let old_comments = comments("text: Option<String>");
        let project = Project::new(&chapter(&old_authors, &old_posts, &old_comments));
        project.runs("generate");
        // the parent of both others is rebuilt
        let new_authors = authors(", strict, check(name_len, \"length(name) > 0\")", "email: Option<String>");
        project.structs(&chapter(&new_authors, &old_posts, &old_comments));
        project.runs("generate");
        custom(&project, "0003_rewrite", REWRITE);
        let new_posts = posts("title: Option<String>, #[column(default = \"draft\")] state: String");
        project.structs(&chapter(&new_authors, &new_posts, &old_comments));
        project.runs("generate");
        // a parent with a trigger and a view is rebuilt
        let newer_posts = posts(
            "title: String, #[column(default = \"draft\")] state: String, #[column(default_sql = \"(unixepoch('2026-01-01'))\")] made: i64",
        );
        project.structs(&chapter(&new_authors, &newer_posts, &old_comments));
        project.runs("generate");
        custom(&project, "0006_grow", GROW);
        let new_comments = comments("#[column(renamed_from = \"text\", default = \"\")] body: String");
        project.structs(&chapter(&new_authors, &newer_posts, &new_comments));
        project.runs("generate");
        let newest_comments = new_comments.replace("name = \"comments\"", "name = \"comments\", index(body, post_id)");
        project.structs(&chapter(&new_authors, &newer_posts, &newest_comments));
        project.runs("generate");
        // on a busy machine others may take their time
        project.write("dbmigrate.toml", "busy_timeout = 600\n");
        project.transcript();
        let lock = project.read("migrations/migrations.lock");
        let entries = fs_err::read_dir(project.path("migrations")).expect("it is there");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("it is readable").file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| lock.contains(name.as_str()));
        names.sort();
        assert_eq!(names.len(), 8, "{names:?}");
        Self { project, names, rows }
    }

    /// The name of the first migration, behind which there are rows.
    pub(crate) fn first(&self) -> &str {
        &self.names[0]
    }

    /// How many migrations there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The statements that fill the tables behind the first migration.
    pub(crate) fn rows(&self) -> Vec<String> {
        let posts = self.rows;
        let (authors, comments) = (posts / 4 + 1, posts * 2);
        let numbers =
            |many: usize| format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many})");
        vec![
            format!(
                "INSERT INTO authors {} SELECT i, 'author ' || i, iif(i % 3, 'a' || i || '@example.org', NULL) FROM n",
                numbers(authors)
            ),
            format!(
                "INSERT INTO posts {} SELECT i, 1 + i % {authors}, printf('a title of number %06d, long enough', i) FROM n",
                numbers(posts)
            ),
            format!(
                "INSERT INTO comments {} SELECT i, 1 + i % {posts}, iif(i % 5, 1 + i % {authors}, NULL), printf('%060d', i) FROM n",
                numbers(comments)
            ),
            format!("INSERT INTO settings {} SELECT 'key ' || i, zeroblob(i % 90) FROM n", numbers(posts / 10 + 10)),
            // the marks of AUTOINCREMENT are beyond the greatest ids
            format!("DELETE FROM comments WHERE id > {}", comments - 3),
            "INSERT INTO post_log (id, post, was) VALUES (1000, 1, 'before')".to_owned(),
            "DELETE FROM post_log".to_owned(),
        ]
    }
}

/// A migration that somebody has written.
fn custom(project: &Project, name: &str, sql: &str) {
    let (_, bare) = name.split_once('_').expect("there is a number");
    project.runs(&format!("generate --custom --name {bare}"));
    let draft = project.read(&sql_of(name));
    project.write(&sql_of(name), format!("{draft}{sql}"));
    project.runs("generate --custom");
}
