//! `seed`: a set is read, checked and written, and a second run finds nothing to do.

use crate::project::{Project, Run};

pub(crate) const STRUCTS: &str = "\
#[derive(ColumnType)]
pub enum Role { Admin, Member }
#[derive(Table)]
#[table(name = \"users\", strict)]
pub struct User {
    #[column(primary_key, autoincrement)] pub id: i64,
    #[column(unique, collate = nocase)] pub email: String,
    pub name: Option<String>,
    pub role: Role,
    #[column(default_sql = \"unixepoch()\")] pub created_at: i64,
    pub logo: Option<Vec<u8>>,
}
#[derive(Table)]
#[table(name = \"posts\", check(positive, \"score >= 0\"))]
pub struct Post {
    #[column(primary_key)] pub id: i64,
    #[column(references = User::id, on_delete = cascade)] pub author_id: i64,
    pub title: String,
    #[column(default = 0)] pub score: i64,
    pub is_public: bool,
}
";

/// A set whose rows refer to each other by name.
const USERS: &str = "\
[users.admin]
email = \"admin@example.com\"
name = \"Ada\"
role = \"admin\"

[users.bob]
email = \"bob@example.com\"
role = \"member\"
created_at = { sql = \"unixepoch() - 5\" }
";
const POSTS: &str = "[\n  {\"id\": 1, \"author_id\": {\"ref\": \"users.admin\"}, \"title\": \"One\", \"is_public\": true},\n  \
     {\"id\": 2, \"author_id\": {\"ref\": \"bob\"}, \"title\": \"Two\", \"is_public\": false}\n]\n";

pub(crate) fn seeded() -> Project {
    let project = Project::migrated(STRUCTS);
    project.write("seeds/full/users.toml", USERS);
    project.write("seeds/full/posts.json", POSTS);
    project
}

/// Everything of a database that a write would change.
fn state(project: &Project) -> (Vec<u8>, Vec<String>) {
    (project.bytes("dev.db"), project.query("PRAGMA data_version"))
}

/// A second run says that there is nothing to do, and not a byte of the file differs.
#[track_caller]
pub(crate) fn is_done(project: &Project, line: &str) {
    let before = state(project);
    let run = project.runs(line);
    assert!(run.err.contains("nothing to do"), "{}", run.err);
    assert!(before == state(project), "the file has changed");
    assert!(project.query("PRAGMA foreign_key_check").is_empty());
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
}

#[track_caller]
pub(crate) fn says(run: &Run, words: &[&str]) {
    for word in words {
        assert!(run.err.contains(word), "`{word}` is not in\n{}", run.err);
    }
}

#[test]
fn rows_of_all_formats_are_written_in_the_order_of_their_references_and_only_once() {
    let project = seeded();
    project.write(
        "seeds/full/01_extra.sql",
        "INSERT OR IGNORE INTO users (email, role) VALUES ('c@example.com', 'member');\n",
    );
    project.write("seeds/full/README.md", "not a file of rows");
    let run = project.runs("seed");
    insta::assert_snapshot!(run.err);
    assert_eq!(
        project.query(
            "SELECT p.id, u.email, p.title, p.score, p.is_public FROM posts p JOIN users u ON u.id = p.author_id"
        ),
        ["1|admin@example.com|One|0|1", "2|bob@example.com|Two|0|0"]
    );
    is_done(&project, "seed");
    is_done(&project, "seed full --only-missing");
}

#[test]
fn what_differs_is_updated_and_nothing_else() {
    let project = seeded();
    project.runs("seed");
    project.sql(
        "UPDATE users SET name = 'Eve', created_at = 7 WHERE email = 'bob@example.com'; UPDATE posts SET score = 9",
    );
    let before = project.query("SELECT * FROM sqlite_sequence");
    project.replace("seeds/full/users.toml", "\"Ada\"", "\"Ada L.\"");
    project.replace("seeds/full/users.toml", "bob@example.com", "BOB@example.com");
    is_done(&project, "seed --only-missing");
    let run = project.runs("seed");
    says(&run, &["Seeded users: 2 rows updated", "2 rows updated"]);
    // what the set does not say, and what an expression says, stays
    assert_eq!(
        project.query("SELECT email, name, created_at = 7 FROM users ORDER BY id"),
        ["admin@example.com|Ada L.|0", "BOB@example.com|Eve|1"]
    );
    assert_eq!(project.query("SELECT score FROM posts"), ["9", "9"]);
    assert_eq!(project.query("SELECT * FROM sqlite_sequence"), before);
    is_done(&project, "seed");
}

#[test]
fn a_table_that_is_to_have_no_other_rows_loses_them_only_with_a_word() {
    let project = seeded();
    project.runs("seed");
    project.write("seeds/full/_set.toml", "[users]\nmode = \"sync\"\n");
    project.sql(
        "INSERT INTO users (id, email, role) VALUES (50, 'x@example.com', 'member'), (51, 'y@example.com', 'member')",
    );
    project.sql("INSERT INTO posts (id, author_id, title, is_public) VALUES (90, 50, 'x', 1)");
    let run = project.refuses(3, "seed");
    says(
        &run,
        &["users: 2 rows", "1 row of `posts` would be deleted with them (ON DELETE CASCADE)", "nothing was written"],
    );
    let suggested = run.suggested();
    assert_eq!(suggested, ["cargo dbmigrate seed full --accept delete_rows:users"]);
    project.refuses(2, "seed --accept delete_row:users");
    project.refuses(3, "seed --accept delete_rows:posts");
    let run = project.shell(&suggested[0]);
    says(&run, &["users: 2 rows deleted, 2 unchanged"]);
    assert_eq!(project.query("SELECT id FROM users ORDER BY id"), ["1", "2"]);
    assert_eq!(project.query("SELECT id FROM posts ORDER BY id"), ["1", "2"]);
    is_done(&project, "seed");
}

#[test]
fn one_wrong_row_among_ten_thousand_is_named() {
    let project = Project::migrated(STRUCTS);
    let mut csv = "email,role\n".to_owned();
    for at in 1..=10_000 {
        let role = if at == 7321 { "membr" } else { "member" };
        csv.extend(["user", &at.to_string(), "@example.com,", role, "\n"]);
    }
    project.write("seeds/full/users.csv", &csv);
    let run = project.refuses(1, "seed");
    says(
        &run,
        &[
            "`users.role` takes one of `admin`, `member`, found `membr`",
            "users.csv:7322:22",
            "did you mean `member`?",
            "the set `full` has 1 error",
            "nothing was written",
        ],
    );
    let json = project.ends(1, "seed --message-format json").json();
    let found = json.iter().find(|object| object["reason"] == "diagnostic").expect("it is named");
    assert_eq!((&found["line"], &found["column"]), (&7322.into(), &22.into()));
    project.write("seeds/full/users.csv", csv.replace("membr\n", "member\n"));
    project.runs("seed");
    assert_eq!(project.query("SELECT count(*) FROM users"), ["10000"]);
    is_done(&project, "seed");
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let project = seeded();
    project.write(
        "seeds/full/posts.csv",
        "id,author_id,title,is_public,score\n10,1,A,true,5\n11,99,B,maybe,5\n12,98,C,1,-5\n10,1,D,0,3\n13,,E,0,3\n14,97,F,1,1\n",
    );
    project.write(
        "seeds/full/more.toml",
        "[[users]]\nemail = \"BOB@example.com\"\nrole = \"admin\"\n[[users]]\nemail = \"z@example.com\"\nrol = \"admin\"\n\
         [[users]]\nemail = { ref = \"posts.nobody\" }\nrole = { env = \"NOT_SET_ANYWHERE\" }\nname = 5\n\
         [[users]]\nemail = \"w@example.com\"\nrole = \"member\"\nlogo = { file = \"../../Cargo.toml\" }\n[[usrs]]\na = 1\n\
         [[posts]]\nid = 77\nauthor_id = 1\nis_public = true\n",
    );
    let run = project.refuses(1, "seed");
    insta::assert_snapshot!(run.err);
}

#[test]
fn the_sets_of_a_new_package_are_written_into_its_first_table() {
    let project = Project::new("mod schema;\n");
    fs_err::remove_file(project.path("src/lib.rs")).expect("it is there");
    project.write("src/lib.rs", "pub mod schema;\n");
    project.runs("init");
    project.runs("push");
    let run = project.runs("seed");
    says(&run, &["Seeded users: 2 rows inserted"]);
    is_done(&project, "seed");
    project.runs("seed demo");
    is_done(&project, "seed demo");
    assert_eq!(
        project.query("SELECT email FROM users ORDER BY id"),
        ["ada@example.com", "bob@example.com", "admin@example.com"]
    );
    // never written over
    project.write("seeds/full/users.toml", "# mine\n");
    fs_err::remove_file(project.path("src/schema.rs")).expect("it is there");
    project.runs("init");
    assert_eq!(project.read("seeds/full/users.toml"), "# mine\n");
}

#[test]
fn a_key_can_be_chosen_and_the_mode_of_one_table_is_its_own() {
    let project = seeded();
    project.runs("seed");
    // by its address, whatever its id
    project.write(
        "seeds/full/users.toml",
        "mode = \"insert\"\nkey = \"email\"\n[[users]]\nid = 1\nemail = \"admin@example.com\"\nrole = \"member\"\n",
    );
    project.write("seeds/full/posts.json", "[{\"id\": 1, \"author_id\": 1, \"title\": \"Eins\", \"is_public\": true}]");
    let run = project.runs("seed");
    says(&run, &["Seeded posts: 1 row updated"]);
    assert_eq!(project.query("SELECT role FROM users WHERE id = 1"), ["admin"]);
    assert_eq!(project.query("SELECT title FROM posts ORDER BY id"), ["Eins", "Two"]);
    is_done(&project, "seed");
}

#[test]
fn a_log_of_changes_stays_empty_when_there_is_nothing_to_do() {
    let project = seeded();
    project.sql("PRAGMA journal_mode = WAL");
    project.runs("seed");
    let held = project.database("dev.db");
    let before = (held.query("PRAGMA data_version"), held.query("SELECT * FROM users"));
    project.runs("seed");
    assert_eq!(before, (held.query("PRAGMA data_version"), held.query("SELECT * FROM users")));
    assert_eq!(fs_err::metadata(project.path("dev.db-wal")).expect("it is there").len(), 0);
}

#[test]
fn a_reference_to_a_row_of_the_database_is_enough() {
    let project = seeded();
    project.runs("seed");
    project.write("seeds/more/posts.csv", "id,author_id,title,is_public\n3,2,Three,true\n");
    project.runs("seed more");
    is_done(&project, "seed more");
    project.write("seeds/more/posts.csv", "id,author_id,title,is_public\n3,2,Three,true\n4,77,Four,true\n");
    let run = project.refuses(1, "seed more");
    says(
        &run,
        &[
            "`posts.author_id` refers to `users.id` `77`, which is neither in the set nor in the database",
            "posts.csv:3:3",
        ],
    );
}

#[test]
fn a_set_in_json_says_what_it_has_done() {
    let project = seeded();
    let json = project.runs("seed --message-format json").json();
    let seeded = json.iter().find(|object| object["reason"] == "seeded").expect("it is said");
    assert_eq!((&seeded["set"], &seeded["database"]), (&"full".into(), &"dev.db".into()));
    let users = seeded["tables"].as_array().and_then(|tables| tables.iter().find(|table| table["table"] == "users"));
    assert_eq!(users.expect("it is there")["inserted"], 2);
}

#[test]
fn two_rows_that_are_one_in_the_database_are_refused() {
    let project = seeded();
    project.runs("seed");
    project.write(
        "seeds/more/users.toml",
        "[[users]]\nid = 1\nemail = \"new@example.com\"\nrole = \"admin\"\n[[users]]\nemail = \"admin@example.com\"\nrole = \"admin\"\n",
    );
    let run = project.refuses(1, "seed more");
    says(&run, &["two rows of the set are the same row of `users` in the database", "the other one"]);
    project.write("seeds/more/users.toml", "mode = \"sync\"\n");
    project.write("seeds/more/users.sql", "UPDATE users SET name = 'x' WHERE name IS NULL;\n");
    says(&project.refuses(1, "seed more"), &["`sync` cannot tell which rows of `users` are surplus"]);
}
