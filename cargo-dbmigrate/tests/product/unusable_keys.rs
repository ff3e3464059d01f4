//! Foreign keys that SQLite takes and cannot enforce: to a table that is not there, or to columns that are no key. The
//! databases of applications that never turned foreign keys on have them, and are to be looked after like others.

use insta::assert_snapshot;

use crate::project::Project;

const OLD: &str = "
    PRAGMA foreign_keys = OFF;
    CREATE TABLE orgs (id INTEGER PRIMARY KEY, slug TEXT);
    CREATE TABLE posts (id INTEGER PRIMARY KEY, author INT REFERENCES users (id) ON DELETE CASCADE, org TEXT REFERENCES orgs (slug), own INT REFERENCES orgs (id));
    CREATE TRIGGER touch AFTER INSERT ON posts BEGIN UPDATE posts SET own = own WHERE id = new.id; END;
    INSERT INTO orgs VALUES (1, 'a'), (2, 'a');
    INSERT INTO posts VALUES (10, 7, 'a', 1), (20, 8, 'b', NULL);";

/// A project whose structs were pulled from an old database.
fn pulled() -> Project {
    let project = Project::new("");
    project.sql(OLD);
    project.runs("pull --out src/lib.rs --overwrite");
    project.transcript();
    project
}

#[test]
fn an_old_database_is_pulled_with_its_keys_and_equals_its_structs() {
    let project = pulled();
    let structs = project.read("src/lib.rs");
    assert!(structs.contains("references = \"users(id)\", on_delete = cascade"), "{structs}");
    assert!(structs.contains("references = \"orgs(slug)\""), "{structs}");
    assert!(structs.contains("references = Orgs::id"), "{structs}");
    project.refuses(0, "diff");
    assert_snapshot!(project.transcript());
    // the same from nothing
    project.runs("push --url new.db");
    project.runs("diff --url new.db");
    project.runs("pull --url new.db --out again.rs");
    assert_eq!(project.read("again.rs"), structs);
}

#[test]
fn a_table_with_such_keys_is_rebuilt_with_its_rows() {
    let project = pulled();
    // a foreign key can only go with the table
    project.replace("src/lib.rs", ", references = Orgs::id", "");
    project.runs("push");
    assert_eq!(project.query("SELECT id, author, org, own FROM posts"), ["10|7|a|1", "20|8|b|NULL"]);
    assert_eq!(project.query("SELECT count(*) FROM pragma_foreign_key_list('posts')"), ["2"]);
    assert!(project.runs("diff").err.contains("Equal"));
    project.runs("push");
    assert_eq!(project.query("SELECT count(*) FROM sqlite_schema WHERE name = 'touch'"), ["1"]);
}

#[test]
fn such_keys_go_through_migrations() {
    let project = pulled();
    project.runs("generate");
    project.runs("migrate --url fresh.db");
    project.replace("src/lib.rs", "pub org: Option<String>", "pub org: Option<Vec<u8>>");
    project.runs("generate --accept lossy_conversion:posts.org");
    project
        .database("fresh.db")
        .run("PRAGMA foreign_keys = OFF; INSERT INTO orgs VALUES (1, 'a'); INSERT INTO posts VALUES (10, 7, x'61', 1)");
    project.runs("migrate --url fresh.db");
    project.runs("check");
    assert_eq!(project.database("fresh.db").query("SELECT id, author, hex(org), own FROM posts"), ["10|7|61|1"]);
}

const ORGS: &str =
    "#[derive(Table)]\n#[table(name = \"orgs\")]\nstruct Org { #[column(primary_key)] id: i64, slug: String }\n";

fn posts(columns: &str) -> String {
    format!(
        "{ORGS}#[derive(Table)]\n#[table(name = \"posts\")]\nstruct Post {{ #[column(primary_key)] id: i64, {columns} }}"
    )
}

#[test]
fn a_table_in_use_does_not_get_such_a_key() {
    let project = Project::migrated(&posts("org: Option<String>"));
    for key in ["orgs(slug)", "orgs(sluck)", "orks"] {
        project.structs(&posts(&format!("#[column(references = \"{key}\")] org: Option<String>")));
        project.refuses(1, "generate");
        project.refuses(3, "push --accept history");
    }
    assert_snapshot!(project.transcript());
}

#[test]
fn a_path_stands_for_a_key_that_works() {
    let project = Project::new(&posts("#[column(references = Org::slug)] org: Option<String>"));
    project.refuses(1, "generate");
    assert_snapshot!(project.transcript());
}

#[test]
fn a_parent_that_goes_is_missed() {
    let with_key = posts("#[column(references = \"orgs\")] org: Option<i64>");
    let project = Project::migrated(&with_key);
    project.structs(with_key.strip_prefix(ORGS).expect("it begins so"));
    project.refuses(1, "generate --accept drop_table:orgs");
    assert_snapshot!(project.transcript());
}
