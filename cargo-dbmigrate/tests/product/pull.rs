//! `pull`: what it writes, what it says, and that what it wrote is read again as what the database has.

use insta::assert_snapshot;

use crate::project::Project;

/// A blog with what makes structs interesting.
const BLOG: &str = "
    CREATE TABLE users ( -- people who write
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      email TEXT NOT NULL UNIQUE COLLATE NOCASE, -- as they typed it
      is_admin BOOLEAN NOT NULL DEFAULT FALSE
    );
    CREATE TABLE posts (
      id INTEGER PRIMARY KEY,
      author_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
      state TEXT NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'in_review', 'published')),
      meta TEXT CHECK (json_valid(meta)),
      pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1)),
      created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
    );
    CREATE INDEX posts_author_id_idx ON posts (author_id);
    CREATE VIEW published AS SELECT id, meta FROM posts WHERE state = 'published';";

/// A package without structs, and a database.
fn with(sql: &str) -> Project {
    let project = Project::new("");
    project.write("src/lib.rs", "pub mod schema;\n");
    project.sql(sql);
    project
}

/// Pulls into a file and reads it again: nothing is left to do, in either direction.
#[track_caller]
fn comes_back(project: &Project, flags: &str) -> String {
    project.runs(&format!("pull --out src/schema.rs {flags}"));
    let said = project.transcript();
    project.runs("push");
    project.runs("diff");
    // a database that is made from the structs has the same ones
    project.runs("push --url again.db");
    let first = project.read("src/schema.rs");
    let again = project.runs(&format!("pull --url again.db {flags}")).out;
    assert_eq!(first, again);
    project.transcript();
    said
}

#[test]
fn a_database_becomes_a_file_of_structs() {
    let project = with(BLOG);
    let said = comes_back(&project, "--enums");
    assert_snapshot!(said + "\n" + &project.read("src/schema.rs"));
}

#[test]
fn a_folder_gets_a_file_for_each_table() {
    let project = with(BLOG);
    project.runs("pull --out src/schema/ --enums");
    let said = project.transcript();
    let files = ["mod", "posts", "published", "users"].map(|name| {
        let file = format!("src/schema/{name}.rs");
        format!("--- {file}\n{}", project.read(&file))
    });
    assert_snapshot!(said + &files.join("\n"));
    project.runs("push");
    project.runs("diff");
    project.transcript();
    // again the same, and what is not ours stays
    project.write("src/schema/extra.rs", "use dbmigrate::Table;\n#[derive(Table)]\nstruct Extra { a: i64 }\n");
    let before = project.tree();
    project.runs("pull --out src/schema/ --enums");
    assert!(before == project.tree(), "a second pull changes nothing");
    assert_snapshot!(project.transcript());
}

#[test]
fn without_a_place_the_structs_go_to_the_standard_output() {
    let project = with("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    let before = project.tree();
    let run = project.runs("pull");
    assert_eq!(run.out, project.runs("pull -q").out);
    assert!(run.out.starts_with("use dbmigrate::Table;\n"), "{}", run.out);
    assert!(before == project.tree(), "nothing is written");
    project.transcript();
    let objects = project.runs("pull --message-format json").json();
    let reasons: Vec<&str> = objects.iter().filter_map(|object| object["reason"].as_str()).collect();
    assert_eq!(reasons, ["struct", "pulled"]);
    assert_eq!(objects[0]["struct"], "T");
    assert_eq!(objects[1]["text"].as_str().map(str::trim_end), Some(run.out.trim_end()));
}

#[test]
fn what_is_there_already_is_not_overwritten_without_a_word() {
    let project = with("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    project.write("src/schema.rs", "// mine\n");
    let run = project.refuses(3, "pull --out src/schema.rs --tables t");
    assert_snapshot!(project.transcript());
    let [overwrite, ..] = &run.suggested()[..] else { panic!("nothing is suggested: {}", run.err) };
    assert_eq!(project.shell(overwrite).code, 0);
    assert!(project.read("src/schema.rs").contains("struct T"));
    project.transcript();
    // of several files none is written
    project.runs("pull --out src/all/");
    project.write("src/all/t.rs", "// mine\n");
    project.sql("CREATE TABLE u (id INTEGER PRIMARY KEY)");
    project.transcript();
    project.refuses(3, "pull --out src/all");
    assert_snapshot!(project.transcript());
}

#[test]
fn places_that_are_none_are_refused() {
    let project = with("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    for (code, out) in [(1, "nowhere/schema.rs"), (1, "nowhere/schema/"), (2, "src/structs"), (2, "Cargo.toml")] {
        project.refuses(code, &format!("pull --out {out}"));
    }
    project.refuses(1, "pull --url missing.db --out src/schema.rs");
    assert!(!project.path("missing.db").exists());
    project.write("diary.db", "Dear diary, today I have not been a database.\n".repeat(100));
    project.refuses(1, "pull --url diary.db");
    project.refuses(2, "pull --overwrite");
    assert_snapshot!(project.transcript());
}

#[test]
fn an_empty_database_has_nothing_to_write() {
    let project = with("");
    project.database("empty.db").run("CREATE TABLE t (a); DROP TABLE t");
    project.refuses(0, "pull --url empty.db --out src/schema.rs");
    assert_snapshot!(project.transcript());
}

#[test]
fn only_the_tables_that_are_asked_for_are_pulled() {
    let project = with(BLOG);
    project.runs("pull --tables POST* --tables *sh?d --tables !posts");
    project.transcript();
    project.refuses(2, "pull --tables usres");
    project.refuses(2, "pull --tables users --tables !nothing*");
    project.refuses(2, "pull --tables {a,b}");
    assert_snapshot!(project.transcript());
}

#[test]
fn patterns_leave_a_foreign_key_as_it_is() {
    let project = with(BLOG);
    project.runs("pull --tables posts");
    assert_snapshot!(project.transcript());
}

#[test]
fn names_of_every_kind_come_back() {
    let project = with(
        "CREATE TABLE \"struct\" (\"type\" TEXT, \"self\" TEXT, \"a b\" TEXT, \"it's \"\"quoted\"\"\" TEXT, \"line
break\" TEXT, \"😀\" TEXT, \"größe\" TEXT, \"1st\" TEXT, \"userId\" TEXT, \"user_id\" TEXT);
         CREATE TABLE \"two
lines\" (a INTEGER REFERENCES \"struct\" (\"type\"));
         CREATE TABLE \"😀\" (id INTEGER PRIMARY KEY); CREATE TABLE \"mod\" (id INTEGER PRIMARY KEY, x REFERENCES \"😀\");
         CREATE TABLE foo_bar (a INTEGER PRIMARY KEY); CREATE TABLE fooBar (a INTEGER REFERENCES foo_bar);
         CREATE UNIQUE INDEX \"odd \"\"index\"\"\" ON \"struct\" (\"type\");
         CREATE TABLE json (a DECIMAL(10, 2), b TEXT CHECK (json_valid(b)));",
    );
    comes_back(&project, "");
    assert_snapshot!(project.read("src/schema.rs"));
    fs_err::remove_file(project.path("src/schema.rs")).expect("it is there");
    project.runs("pull --out src/schema/");
    project.runs("diff");
}

#[test]
fn a_table_of_two_thousand_columns_comes_back() {
    let columns: Vec<String> = (0..2000).map(|at| format!("column_{at} INTEGER NOT NULL DEFAULT {at}")).collect();
    let project = with(&format!("CREATE TABLE wide ({})", columns.join(", ")));
    project.runs("pull --out src/schema.rs");
    project.runs("diff");
    assert_eq!(project.read("src/schema.rs").matches("pub column_").count(), 2000);
}

#[test]
fn what_does_not_compile_here_is_not_lost() {
    let project = with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
         CREATE VIEW shouted AS SELECT id, shout(a) AS loud, a FROM t;
         CREATE VIEW louder AS SELECT loud FROM shouted;
         CREATE VIEW over_nothing AS SELECT * FROM missing;
         CREATE VIEW named (x, y) AS SELECT a, b FROM missing;
         CREATE TRIGGER notified AFTER INSERT ON t BEGIN SELECT notify(new.id); END;",
    );
    let said = comes_back(&project, "");
    assert_snapshot!(said + "\n" + &project.read("src/schema.rs"));
}

#[test]
fn a_table_is_rebuilt_under_what_does_not_compile() {
    let project = with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
         CREATE TABLE other (id INTEGER PRIMARY KEY);
         CREATE VIEW shouted AS SELECT id, shout(a) AS loud FROM t;
         CREATE VIEW over_nothing AS SELECT * FROM missing;
         CREATE TRIGGER notified AFTER UPDATE ON t BEGIN SELECT notify(new.id); END;
         INSERT INTO t VALUES (1, 'x'), (2, NULL);",
    );
    project.runs("pull --baseline --out src/schema.rs");
    // a rebuild of the table, a rename of another, a column that goes
    project.replace("src/schema.rs", "pub a: Option<String>", "#[column(default = \"none\")] pub a: String");
    project.replace("src/schema.rs", "pub struct Other", "#[table(renamed_from = \"other\")] pub struct Others");
    project.runs("generate --name change");
    project.runs("migrate");
    project.runs("check");
    project.runs("diff");
    assert_eq!(project.query("SELECT id, a FROM t"), ["1|x", "2|none"]);
    let objects = project.query("SELECT name FROM sqlite_schema WHERE type IN ('view', 'trigger') ORDER BY name");
    assert_eq!(objects, ["notified", "over_nothing", "shouted"]);
    project.replace(
        "src/schema.rs",
        "pub struct Others {\n    #[column(primary_key)]\n    pub id: i64,",
        "pub struct Others {\n    #[column(primary_key)]\n    pub id: i64, pub more: Option<String>,",
    );
    project.runs("push --accept history");
    project.replace("src/schema.rs", " pub more: Option<String>,", "");
    project.runs("push --accept history --accept drop_column:others.more");
    project.runs("diff");
    assert_eq!(project.query("SELECT count(*) FROM sqlite_schema WHERE type IN ('view', 'trigger')"), ["3"]);
}

#[test]
fn comments_become_documentation_that_breaks_nothing() {
    let project = with(
        "CREATE TABLE t ( -- ends */ here, see [id] and Vec<u8>
           -- ```
           -- panic!()
           -- ```
           id INTEGER PRIMARY KEY, /* one
              - two: https://sqlite.org
              - three \u{202e} */
           a TEXT -- `code` and \\ backslash \\[
         )",
    );
    comes_back(&project, "");
    assert_snapshot!(project.read("src/schema.rs"));
}

#[test]
fn values_that_no_variant_can_be_called_stay_text() {
    let project = with(
        "CREATE TABLE t (
           a TEXT CHECK (a IN ('', 'x')), b TEXT CHECK (b IN ('a b', 'a-b')), c TEXT CHECK (c IN ('1st')),
           d TEXT COLLATE NOCASE CHECK (d IN ('x')), e INTEGER CHECK (e IN (1, 2)), f TEXT CHECK (f IN ('self')),
           g VARCHAR(9) CONSTRAINT named CHECK (g IS NULL OR g IN ('NC-17', 'PG')) DEFAULT 'PG',
           h TEXT NOT NULL DEFAULT 'inProgress' CHECK (h IN ('todo', 'inProgress')), i TEXT CHECK (length(i) > 1) UNIQUE);
         CREATE TABLE refers (h TEXT REFERENCES t (i), i TEXT REFERENCES t (i) CHECK (i IN ('x', 'y')));",
    );
    comes_back(&project, "--enums");
    assert_snapshot!(project.read("src/schema.rs"));
}

#[test]
fn what_cannot_be_read_is_kept_as_a_comment() {
    // the empty type is none that the model has
    let project = with(
        "CREATE TABLE fine (id INTEGER PRIMARY KEY, odd_id INTEGER REFERENCES odd (a));
         CREATE TABLE odd (a \"\",
           -- why \u{202e} not
           b TEXT);
         CREATE INDEX i ON odd (a);
         CREATE TRIGGER g AFTER INSERT ON odd BEGIN
           SELECT 1;
         END;",
    );
    project.runs("pull --out src/schema.rs");
    assert_snapshot!(project.transcript() + "\n" + &project.read("src/schema.rs"));
    project.runs("pull --out src/schema/");
    assert!(project.read("src/schema/mod.rs").contains("// CREATE INDEX i ON odd (a)\n"));
}

#[test]
fn what_no_struct_can_say_is_refused_by_name() {
    let project = with("CREATE TABLE t (\"\" TEXT); CREATE TABLE u (id INTEGER PRIMARY KEY)");
    let run = project.refuses(1, "pull --out src/schema.rs");
    assert_snapshot!(project.transcript());
    let [rest] = &run.suggested()[..] else { panic!("nothing is suggested: {}", run.err) };
    let rest = project.shell(rest);
    assert_eq!(rest.code, 0, "{}", rest.err);
    let written = project.read("src/schema.rs");
    assert!(written.contains("struct U") && !written.contains("struct T"), "{written}");
}
