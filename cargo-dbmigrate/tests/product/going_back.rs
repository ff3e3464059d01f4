//! The whole way back, on real rows: a risky change is rehearsed, fails there and nowhere else, is mended, backed up,
//! applied and reverted, and the values of the dropped column are back.

use crate::project::{Database, Project};

const BEFORE: &str = "\
#[derive(Table)]
#[table(name = \"users\")]
pub struct User {
    #[column(primary_key)]
    pub id: i64,
    pub email: Option<String>,
    pub legacy: Option<String>,
}
#[derive(Table)]
#[table(name = \"posts\", index(user_id))]
pub struct Post {
    #[column(primary_key, autoincrement)]
    pub id: i64,
    #[column(references = User::id, on_delete = cascade)]
    pub user_id: i64,
}
";

/// Users without an address, and values of every storage class in the column that goes.
const ROWS: &str = "\
WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
INSERT INTO users SELECT i, iif(i % 40 = 0, NULL, 'u' || i || '@example.com'), 'old ' || i FROM n;
UPDATE users SET legacy = NULL WHERE id = 5;
UPDATE users SET legacy = x'00ff' WHERE id = 6;
INSERT INTO posts (user_id) SELECT id FROM users UNION ALL SELECT id FROM users;";

const PRODUCTION: &str = "production.db";

fn production(project: &Project) -> Database {
    project.database(PRODUCTION)
}

/// Production with its rows, and a change that its rows do not all allow.
fn at_risk() -> Project {
    let project = Project::generated(BEFORE);
    project.write("dbmigrate.toml", "[targets.production]\nurl = \"production.db\"\n");
    project.runs("migrate");
    project.runs("migrate -t production --yes");
    production(&project).run(ROWS);
    project.replace("src/lib.rs", "    pub legacy: Option<String>,\n", "");
    project.replace("src/lib.rs", "pub email: Option<String>", "pub email: String");
    project.runs("generate --keep --accept drop_column:users.legacy");
    // the development database has no row that it could fail on
    project.runs("migrate");
    project
}

/// The command behind these words of a message.
#[track_caller]
fn printed(said: &str, before: &str) -> String {
    let (_, rest) = said.split_once(before).unwrap_or_else(|| panic!("`{before}` is not in\n{said}"));
    rest.split('`').nth(1).expect("a command").to_owned()
}

#[track_caller]
fn is_sound(database: &Database) {
    assert!(database.query("PRAGMA foreign_key_check").is_empty());
    assert_eq!(database.query("PRAGMA integrity_check"), ["ok"]);
}

#[test]
fn a_risky_change_is_rehearsed_mended_backed_up_applied_and_reverted_and_its_values_are_back() {
    let project = at_risk();
    let before = project.bytes(PRODUCTION);

    let rehearsal = project.ends(3, "migrate -t production --rehearse-only");
    for word in ["2 rows have NULL in `users.email`", "rows: 40; 80", "`production.db` was not changed"] {
        assert!(rehearsal.err.contains(word), "`{word}` is not in\n{}", rehearsal.err);
    }
    assert!(before == project.bytes(PRODUCTION), "a rehearsal has changed the database");

    production(&project).run("UPDATE users SET email = 'user' || id || '@example.com' WHERE email IS NULL");
    let users = production(&project).query("SELECT * FROM users ORDER BY id");
    let posts = production(&project).query("SELECT * FROM posts ORDER BY id");
    let run = project.runs("migrate -t production --rehearse --yes");
    for word in ["Backed up production.db", "Rehearsed 0002", "100 rows kept", "Applied 0002"] {
        assert!(run.err.contains(word), "`{word}` is not in\n{}", run.err);
    }
    assert_eq!(production(&project).query("SELECT group_concat(name) FROM pragma_table_info('users')"), ["id,email"]);
    is_sound(&production(&project));

    // the application goes on
    production(&project).run(
        "DELETE FROM users WHERE id = 100; INSERT INTO users (email) VALUES ('new@example.com');
         UPDATE users SET email = 'changed@example.com' WHERE id = 7;",
    );
    let kept = project.runs("kept -t production");
    project.runs(printed(&kept.err, "bring it back: ").trim_start_matches("cargo dbmigrate "));
    project.runs("migrate -t production --yes");

    let mut expected = users;
    expected.pop();
    expected[6] = expected[6].replace("u7@", "changed@");
    let now = production(&project).query("SELECT * FROM users ORDER BY id");
    assert_eq!(now[..99], expected[..], "every row that is still there has its value");
    assert_eq!(production(&project).query("SELECT id, legacy FROM users WHERE legacy IS NULL"), ["5|NULL", "100|NULL"]);
    assert_eq!(production(&project).query("SELECT typeof(legacy) FROM users WHERE id = 6"), ["blob"]);
    let children: Vec<String> = posts.iter().filter(|row| !row.ends_with("|100")).cloned().collect();
    assert_eq!(production(&project).query("SELECT * FROM posts ORDER BY id"), children);
    is_sound(&production(&project));
    project.runs("migrate");
    assert!(project.runs("kept -t production").err.contains("nothing is kept"));
}

#[test]
fn the_error_of_a_failed_migration_says_how_to_go_back_and_that_works_as_printed() {
    let project = at_risk();
    let rows = production(&project).query("SELECT * FROM users ORDER BY id");
    let run = project.ends(3, "migrate -t production --yes");
    assert!(run.err.contains("Backed up production.db"), "{}", run.err);
    let restore = printed(&run.err, "to go back to before this run: ");
    let document = printed(&run.err, "what to do now, by symptom: ");
    // somebody makes it worse
    production(&project).run("DELETE FROM users");
    let shown = project.shell(&document);
    assert!(shown.code == 0 && shown.out.starts_with("# Going back"), "{shown:?}");
    let restored = project.shell(&restore);
    assert_eq!(restored.code, 0, "{}", restored.err);
    assert_eq!(production(&project).query("SELECT * FROM users ORDER BY id"), rows);
    is_sound(&production(&project));
    assert!(project.ends(4, "status -t production").out.contains("pending"));
}
