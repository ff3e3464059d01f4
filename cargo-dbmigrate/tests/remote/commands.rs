//! Every command on a server, beside the same on a file: what is said is the same, and so is what is there afterwards.

use insta::assert_snapshot;

use crate::project::{Project, sql_of};
use crate::served::{MIGRATIONS, POSTS, REBUILT, ROWS, Served, TAGS, USERS, applied, content, with_pending};

/// A project twice: with a file, and with a database on a server.
struct Both {
    local: Project,
    served: Served,
}

impl Both {
    fn new(name: &str, structs: &str) -> Option<Self> {
        let served = Served::new(name, structs)?;
        let local = Project::new(structs);
        local.set("TURSO_DATABASE_URL", "dev.db");
        // that there is no file yet can be said of files only
        local.sql("");
        Some(Self { local, served })
    }

    fn each(&self, act: impl Fn(&Project)) {
        act(&self.local);
        act(&self.served.project);
    }

    /// Runs a line in both. It ends with the same code and says the same, apart from where the database is; rows and
    /// structure are the same afterwards.
    #[track_caller]
    fn ends(&self, code: i32, line: &str) {
        self.local.transcript();
        self.served.project.transcript();
        self.local.ends(code, line);
        self.served.project.ends(code, line);
        let local = self.local.transcript().replace("dev.db", "[DATABASE]");
        let shown = self.served.url.rsplit_once(':').expect("it has a port").0.to_owned() + ":[PORT]";
        let remote = self.served.project.transcript().replace(&shown, "[DATABASE]");
        assert_eq!(remote, local, "`{line}` on a server (left) and on a file (right)");
        self.local.say(&local);
        if self.local.path("dev.db").exists() {
            assert_eq!(self.served.copy().dump(), self.local.dump(), "`{line}`");
            let statements = "SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2";
            assert_eq!(self.served.copy().query(statements), self.local.query(statements), "`{line}`");
        }
    }

    fn run(&self, statements: &[&str]) {
        self.served.hand().run(statements);
        self.local.database("dev.db").run(&statements.join(";\n"));
    }
}

#[test]
fn generate_migrate_and_status_say_and_do_the_same() {
    let Some(both) = Both::new("rounds", &format!("{USERS}{POSTS}")) else { return };
    both.each(with_pending);
    both.ends(4, "status");
    both.ends(0, "migrate --dry-run --to 1");
    both.ends(0, "migrate --to 1");
    both.run(&ROWS);
    both.ends(4, "status");
    both.ends(0, "migrate");
    both.ends(0, "migrate");
    both.ends(0, "status -v");
    assert_eq!(applied(&both.served.hand()), MIGRATIONS);
    assert_eq!(both.served.hand().query("SELECT count(*) FROM posts"), ["6"]);
    both.each(|project| project.structs(&format!("{REBUILT}{POSTS}")));
    both.ends(3, "generate");
    both.ends(0, "generate --accept all");
    both.run(&["INSERT INTO tags VALUES (1, 7, 'red'), (2, NULL, 'blue')"]);
    both.ends(0, "migrate");
    content(&both.served.hand());
}

#[test]
fn rows_that_contradict_a_migration_are_found_before_anything_is_touched() {
    let Some(both) = Both::new("contradict", &format!("{USERS}{POSTS}")) else { return };
    both.each(with_pending);
    both.ends(0, "migrate --to 1");
    both.run(&ROWS);
    both.run(&["INSERT INTO users VALUES (20, NULL), (21, '')"]);
    let before = content(&both.served.hand());
    both.ends(3, "migrate");
    assert_eq!(content(&both.served.hand()), before);
    both.run(&["DELETE FROM users WHERE id = 20"]);
    both.ends(3, "migrate");
    both.run(&["DELETE FROM users WHERE id = 21"]);
    both.ends(0, "migrate");
}

#[test]
fn rows_on_which_an_expression_fails_are_counted_and_named_before_anything_is_touched() {
    const TABLE: &str = "#[derive(Table)]\n#[table(name = \"my \\\"t; --\", without_rowid, primary_key(a, order)MORE)]\nstruct T { #[column(name = \"a b\")] a: Vec<u8>, order: i64, doc: Option<String> }\n";
    let all = |more: &str| format!("{USERS}{POSTS}{}", TABLE.replace("MORE", more));
    let Some(both) = Both::new("expressions", &all("")) else { return };
    both.ends(0, "generate");
    both.ends(0, "migrate");
    both.run(&ROWS);
    both.run(&[
        "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) INSERT INTO users SELECT i, CASE WHEN i % 5 THEN '{}' END FROM n",
        "INSERT INTO \"my \"\"t; --\" VALUES (x'00ff', 1, 'no'), (x'', 1, '{}'), (x'01', -7, 'nor'), (x'01', 2, NULL)",
    ]);
    let before = content(&both.served.hand());
    let indexed = all(", index(\"json(doc)\", name = \"i\")");
    let filled = indexed.replace(
        "name: Option<String> }",
        "name: Option<String>, #[column(generated = \"json_type(name)\", stored)] kind: Option<String> }",
    );
    both.each(|project| project.structs(&indexed));
    both.ends(0, "generate");
    both.each(|project| project.structs(&filled));
    both.ends(0, "generate");
    for line in ["migrate --dry-run", "migrate", "push --accept history --dry-run", "push --accept history"] {
        both.ends(3, line);
        assert_eq!(content(&both.served.hand()), before);
        let run = both.served.project.run(line);
        let keys = "`json(doc)` of index `i` fails on 2 rows of `my \"t; --`, at (a b, order) (X'00FF', 1), (X'01', -7): malformed JSON";
        assert!(run.err.contains(keys), "{line}: {}", run.err);
        // push looks at everything at once
        let rows = "`json_type(name)` of generated column `users.kind` fails on 3 rows of `users`, at rowid 1, 2, 9: malformed JSON";
        assert_eq!(run.err.contains(rows), line.starts_with("push"), "{line}: {}", run.err);
    }
    both.run(&["UPDATE \"my \"\"t; --\" SET doc = NULL"]);
    both.ends(3, "migrate");
    assert_eq!(applied(&both.served.hand()).len(), 2);
    both.run(&["UPDATE users SET name = '[]' WHERE id < 10"]);
    both.ends(0, "migrate");
    assert_eq!(both.served.hand().query("SELECT count(*) FROM users WHERE kind = 'array'"), ["3"]);
    content(&both.served.hand());
}

#[test]
fn a_wrong_statement_is_named_and_those_before_it_are_undone() {
    let Some(both) = Both::new("wrong", &format!("{USERS}{POSTS}")) else { return };
    both.each(|project| {
        project.runs("generate --name start");
        project.runs("generate --custom --name fails");
        // it works where there is no row
        let sql = "UPDATE users SET name = name || '!';\n\n-- here\nINSERT INTO posts (id, author)\n  SELECT 1, id FROM users;\n";
        project.write(&sql_of("0002_fails"), sql);
        project.runs("generate --custom");
    });
    both.ends(0, "migrate --to 1");
    both.run(&ROWS);
    let before = content(&both.served.hand());
    both.ends(1, "migrate");
    assert_eq!(content(&both.served.hand()), before);
    assert_eq!(applied(&both.served.hand()), ["0001_start"]);
    both.ends(4, "status");
}

#[test]
fn what_was_edited_or_changed_by_hand_is_seen() {
    let Some(both) = Both::new("edited", &format!("{USERS}{POSTS}")) else { return };
    both.each(with_pending);
    both.ends(0, "migrate --to 2");
    both.run(&["ALTER TABLE users ADD COLUMN phone TEXT", "CREATE TABLE scratch (x)"]);
    both.ends(4, "status");
    both.ends(5, "migrate");
    both.ends(0, "migrate --accept drift --dry-run");
    both.ends(0, "migrate --accept drift --to 3");
    both.ends(5, "migrate");
    both.run(&["ALTER TABLE users DROP COLUMN phone", "DROP TABLE scratch"]);
    both.ends(0, "migrate");
    both.each(|project| project.replace(&sql_of("0003_shout"), "upper", "lower"));
    both.ends(5, "migrate");
    both.ends(5, "status");
}

#[test]
fn push_says_and_does_the_same() {
    let Some(both) = Both::new("push", &format!("{USERS}{POSTS}")) else { return };
    both.ends(0, "push");
    both.run(&ROWS);
    both.run(&["CREATE VIEW titles AS SELECT title FROM posts", "INSERT INTO users VALUES (30, NULL)"]);
    both.ends(0, "push");
    both.each(|project| project.structs(&format!("{REBUILT}{POSTS}{TAGS}")));
    both.ends(3, "push");
    both.run(&["DELETE FROM users WHERE id = 30"]);
    both.ends(0, "push --dry-run");
    both.ends(0, "push");
    both.ends(0, "push");
    both.each(|project| project.structs(REBUILT));
    both.ends(3, "push --accept drop_table:posts");
    both.ends(0, "push --accept all");
    content(&both.served.hand());
}

#[test]
fn pull_diff_and_baseline_say_and_do_the_same() {
    let Some(both) = Both::new("pull", "") else { return };
    both.run(&[
        "CREATE TABLE users (id INTEGER PRIMARY KEY, \"name\" VARCHAR(20) NOT NULL COLLATE NOCASE, -- shown\n  age int DEFAULT (1+1), CHECK (age > 0))",
        "CREATE UNIQUE INDEX one ON users (lower(name)) WHERE age > 1",
        "CREATE TABLE posts (author REFERENCES users ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, body BLOB, PRIMARY KEY (author, body)) WITHOUT ROWID",
        "CREATE VIEW names AS SELECT name FROM users",
        "CREATE TRIGGER t AFTER INSERT ON users BEGIN UPDATE users SET age = 3 WHERE id = new.id; END",
        "CREATE VIRTUAL TABLE search USING fts5 (body)",
        "INSERT INTO users VALUES (1, 'Ada', 4)",
        "INSERT INTO search VALUES ('words')",
    ]);
    both.each(|project| fs_err::remove_file(project.path("src/lib.rs")).expect("it is there"));
    both.ends(0, "pull --out src/lib.rs --baseline");
    assert_eq!(both.served.project.read("src/lib.rs"), both.local.read("src/lib.rs"));
    both.ends(0, "status");
    both.ends(0, "diff --from database --to structs");
    both.run(&["ALTER TABLE users ADD COLUMN phone TEXT"]);
    both.ends(4, "diff --from database --to head --sql");
    both.ends(4, "diff --from database --to structs");
    let before = content(&both.served.hand());
    both.ends(0, "diff --from database --to database");
    assert_eq!(content(&both.served.hand()), before);
}

#[test]
fn a_database_is_adopted_on_a_server() {
    let Some(both) = Both::new("adopt", USERS) else { return };
    both.each(|project| {
        project.runs("generate --name start");
        project.structs(&format!("{USERS}{POSTS}"));
        project.runs("generate --name posts");
    });
    both.run(&[
        "create table users (\"id\" integer primary key autoincrement not null, [name] text)",
        "CREATE INDEX users_name_idx ON users (name)",
        ROWS[0],
    ]);
    both.ends(5, "migrate");
    both.ends(0, "baseline 1");
    both.ends(4, "status");
    both.ends(0, "migrate");
    both.run(&ROWS[1..]);
    both.ends(0, "status");
}

#[test]
fn what_a_server_refuses_is_found_before_anything_is_sent() {
    let Some(served) = Served::new("refused", USERS) else { return };
    let project = &served.project;
    project.runs("generate --name start");
    project.runs("migrate");
    served.hand().run(&ROWS[..1]);
    let before = (content(&served.hand()), applied(&served.hand()));
    project.transcript();
    for (name, sql) in [
        ("temp", "UPDATE users SET name = 'x';\n\nCREATE TEMP TABLE scratch (a);\nDROP TABLE scratch;\n"),
        ("vacuum", "-- dbmigrate: no-transaction\nVACUUM;\n"),
        ("pragma", "UPDATE users SET name = 'x';\nPRAGMA legacy_alter_table = ON;\n"),
    ] {
        project.runs(&format!("generate --custom --name {name}"));
        let file = sql_of(&format!("0002_{name}"));
        project.write(&file, sql);
        project.run("generate --custom");
        project.transcript();
        let run = project.run("migrate");
        assert_ne!(run.code, 0, "{}", run.err);
        assert_eq!((content(&served.hand()), applied(&served.hand())), before, "{name}");
        let said = project.transcript();
        assert!(said.contains(&file), "{name}:\n{said}");
        assert_snapshot!(format!("refused_{name}"), said);
        // back to where it was, as if the migration had never been
        fs_err::remove_dir_all(project.path(&format!("migrations/0002_{name}"))).expect("it is there");
        let lock = project.read("migrations/migrations.lock");
        let kept: Vec<&str> = lock.lines().filter(|line| !line.contains(&format!("0002_{name}"))).collect();
        project.write("migrations/migrations.lock", kept.join("\n") + "\n");
    }
}

#[test]
fn generated_rows_are_the_same_on_a_server_and_in_a_file() {
    let Some(both) = Both::new("generated", &format!("{USERS}{POSTS}")) else { return };
    both.ends(0, "push");
    both.each(|project| {
        project.write("seeds/full/rows.toml", "[users]\nrows = 200\n\n[posts]\nrows = 700\n");
    });
    both.ends(0, "seed");
    both.ends(0, "seed");
}

#[test]
fn what_comes_back_is_counted_as_on_a_file() {
    let Some(both) = Both::new("counted", &format!("{USERS}{POSTS}")) else { return };
    both.ends(0, "generate");
    both.ends(0, "migrate");
    both.run(&ROWS);
    let posts = POSTS.replace(", #[column(default = \"untitled\")] title: String", "");
    both.each(|project| project.structs(&format!("{USERS}{posts}")));
    both.ends(0, "generate --keep");
    both.ends(0, "migrate");
    both.run(&[
        "DELETE FROM posts WHERE id = 8",
        "INSERT INTO posts VALUES (8, 2), (12, 1)",
        "UPDATE posts SET id = 70 WHERE id = 7",
    ]);
    both.ends(0, "revert");
    let said = "2 values of `posts.title`; 2 rows were added since and get 'untitled'; 1 row was deleted since";
    both.ends(0, "migrate --dry-run");
    let run = both.served.project.ends(0, "migrate --dry-run");
    assert!(run.err.contains(&format!("Would restore {said}")), "{}", run.err);
    let run = both.served.project.ends(0, "plan");
    assert!(run.err.contains(&format!("restores {said}")), "{}", run.err);
    let run = both.served.project.ends(0, "migrate --rehearse-only");
    assert!(run.err.contains(&format!("restored {said}")), "{}", run.err);
    both.ends(0, "migrate");
    assert_eq!(
        both.served.hand().query("SELECT id, title FROM posts ORDER BY id"),
        ["8|untitled", "11|x", "12|untitled", "70|on engines"]
    );
    // a conversion that travels with others in one request
    let numbers = POSTS.replace("title: String", "title: i64").replace("\"untitled\"", "0");
    both.each(|project| project.structs(&format!("{USERS}{numbers}")));
    both.ends(0, "generate --keep --convert posts.title=length(title)");
    both.ends(0, "revert");
    both.ends(0, "migrate");
    assert_eq!(
        both.served.hand().query("SELECT title FROM posts ORDER BY id"),
        ["untitled", "x", "untitled", "on engines"]
    );
    content(&both.served.hand());
}

#[test]
fn what_is_dropped_is_kept_and_followed_as_on_a_file() {
    let Some(both) = Both::new("kept", &format!("{USERS}{POSTS}")) else { return };
    both.each(with_pending);
    both.ends(0, "migrate --to 1");
    both.run(&ROWS);
    both.ends(0, "migrate");
    both.run(&["INSERT INTO tags VALUES (1, 7, 'red'), (2, NULL, 'blue')"]);
    // a table and a column go, then the table that has lost the column is rebuilt, then its key gets another name
    let posts = POSTS.replace(", #[column(default = \"untitled\")] title: String", "");
    both.each(|project| project.structs(&format!("{REBUILT}{posts}")));
    both.ends(0, "generate --accept all --keep");
    let posts = posts.replace("index(author)", "index(author), check(known, \"author > 0\")");
    both.each(|project| project.structs(&format!("{REBUILT}{posts}")));
    both.ends(0, "generate");
    let posts = posts.replace(" id: i64, #[column(ref", " key: i64, #[column(ref");
    both.each(|project| project.structs(&format!("{REBUILT}{posts}")));
    both.ends(0, "generate --rename posts.id=key");
    both.ends(0, "migrate");
    let kept = "SELECT id, title FROM _dbmigrate_kept_0005_posts WHERE id < 12 ORDER BY id";
    assert_eq!(both.served.hand().query(kept), ["7|ON ENGINES".to_lowercase(), "8|".to_owned(), "11|x".to_owned()]);
    both.run(&[
        "DELETE FROM posts WHERE key = 8",
        "INSERT INTO posts VALUES (8, 2)",
        "UPDATE posts SET key = 70 WHERE key = 7",
    ]);
    both.ends(0, "status");
    let kept = kept.replace("id < 12", "id < 12 OR id = 70");
    assert_eq!(both.served.hand().query(&kept), ["11|x", "70|on engines"]);
    both.served.project.runs("kept");
    both.ends(0, "kept drop posts.title");
    both.ends(0, "status");
}

#[test]
fn what_was_changed_by_hand_is_captured_and_a_history_is_repaired_as_on_a_file() {
    let Some(both) = Both::new("captured", &format!("{USERS}{POSTS}")) else { return };
    both.each(|project| drop(project.runs("generate --name first")));
    both.ends(0, "migrate");
    both.run(&ROWS);
    both.run(&["ALTER TABLE users ADD COLUMN phone TEXT", "UPDATE users SET phone = id"]);
    both.ends(4, "status");
    both.ends(0, "capture --yes --dry-run");
    both.ends(0, "capture --yes");
    both.ends(0, "status -v");
    both.ends(0, "capture --yes");
    // the files are there, and the record is not
    both.ends(0, "repair --not-applied 2 --accept schema --yes");
    both.ends(4, "status");
    both.ends(0, "capture --yes");
    both.ends(3, "repair --not-applied 2 --yes");
    both.run(&["ALTER TABLE users DROP COLUMN phone"]);
    both.ends(0, "repair --not-applied 2 --yes");
    both.ends(0, "migrate");
    both.ends(0, "status -v");
    let notes = "SELECT position, name FROM _dbmigrate_history WHERE position < 1 ORDER BY position DESC";
    assert_eq!(both.served.hand().query(notes), both.local.query(notes));
}

#[test]
fn a_database_with_the_other_order_of_two_branches_is_brought_along() {
    let Some(served) = Served::new("ordered", USERS) else { return };
    let project = &served.project;
    let note = "#[derive(Table)]\n#[table(name = \"notes\")]\nstruct Note { #[column(primary_key)] id: i64, #[column(references = User::id)] of: i64 }\n";
    let theirs = format!("{USERS}{note}");
    // the database that is not named is another one
    project.set("TURSO_DATABASE_URL", "dev.db");
    project.write("dbmigrate.toml", format!("[targets.production]\nurl = \"{}\"\n", served.url));
    project.runs("generate --name first");
    project.structs(&theirs);
    project.runs("generate --name theirs");
    // the other branch, in a folder of its own
    let mut copy = std::process::Command::new("cp");
    let copied = copy.args(["-r", "migrations", "other"]).current_dir(project.root()).status();
    assert!(copied.expect("it runs").success());
    project.runs("generate --undo");
    project.structs(&format!("{USERS}{POSTS}"));
    project.runs("generate --name ours");
    project.ends(0, "migrate --yes -t production");
    served.hand().run(&ROWS);
    let rows = served.hand().query("SELECT * FROM posts ORDER BY 1");
    project.ends(5, "rebase --onto other/migrations.lock");
    project.ends(0, "rebase --onto other/migrations.lock --moved-on production");
    project.structs(&format!("{theirs}{POSTS}"));
    project.ends(0, "check");
    drop(project.refuses(5, "migrate --yes -t production"));
    project.ends(0, "rebase --deployed --dry-run -t production");
    project.ends(3, "rebase --deployed -t production");
    project.ends(0, "rebase --deployed --yes -t production");
    project.ends(0, "rebase --deployed --yes -t production");
    project.ends(0, "status -v -t production");
    project.ends(0, "migrate --yes -t production");
    let names = "SELECT name FROM _dbmigrate_history WHERE position > 0 ORDER BY position";
    assert_eq!(served.hand().query(names), ["0001_first", "0002_theirs", "0003_ours"]);
    assert_eq!(served.hand().query("SELECT * FROM posts ORDER BY 1"), rows);
    assert!(served.hand().query("SELECT * FROM pragma_foreign_key_check").is_empty());
}
