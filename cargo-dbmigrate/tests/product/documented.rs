//! Documentation of structs in databases: written by migrations and `push`, read back by `pull`, in nobody's way.

use insta::assert_snapshot;

use crate::project::Project;

/// What could end a comment, a statement or a column, or pass for a directive.
const NASTY: &str = "it's a \"b\", (c; `d`) */ /* -- e, größer → 日本語";

fn blog() -> String {
    format!(
        "/// People, and what they {NASTY}
///
/// -- dbmigrate: allow(drop_column) users.legacy
#[derive(Table)]
#[table(name = \"users\")]
pub struct User {{
    /// The key, which is {NASTY}
    #[column(primary_key)]
    pub id: i64,
    /// dbmigrate: allow(drop_table) users; {NASTY}
    /// of two lines,
    ///
    /// * and an item
    pub email: String,
    /// Last, {NASTY}
    #[column(index)]
    pub name: Option<String>,
}}

/// Those, who
/// - have a name
#[derive(View)]
#[view(name = \"named\", query = \"SELECT id FROM users WHERE name IS NOT NULL\")]
pub struct Named {{
    pub id: Option<i64>,
}}
"
    )
}

/// A database with the blog and two rows.
fn migrated() -> Project {
    let project = Project::migrated(&blog());
    project.sql("INSERT INTO users (id, email, name) VALUES (1, 'a@b', 'Ann'), (2, 'c@d', NULL)");
    project.transcript();
    project
}

/// The path of a file of the first migration.
fn first(project: &Project, file: &str) -> String {
    let names = project.file_names();
    names.lines().find(|name| name.ends_with(file)).expect("there is a migration").to_owned()
}

/// Generates and migrates; the database is whole afterwards.
#[track_caller]
fn settle(project: &Project, generate: &str) {
    project.runs(generate);
    project.runs("migrate");
    project.runs("check");
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
    assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0]);
}

/// The documentation that `pull` finds, with what each part stands above.
#[track_caller]
fn pulled(project: &Project) -> String {
    let text = project.runs("pull").out;
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_told = |line: &str| line.starts_with("///") || line.starts_with("pub ");
    project.transcript();
    lines.into_iter().filter(|line| is_told(line)).map(|line| line.to_owned() + "\n").collect()
}

#[test]
fn documentation_is_in_the_database_and_comes_back() {
    let project = migrated();
    assert_snapshot!("migration", project.read(&first(&project, "migration.sql")));
    assert_snapshot!(pulled(&project));
}

#[test]
fn documentation_is_no_part_of_what_is_compared_or_recorded() {
    let project = migrated();
    let before = project.tree();
    project.replace("src/lib.rs", "The key", "The number");
    project.replace("src/lib.rs", "/// Those, who", "/// All who");
    assert!(project.runs("generate").err.contains("Unchanged"));
    project.runs("check");
    project.runs("diff");
    project.runs("migrate");
    project.runs("push --accept history");
    let mut after = project.tree();
    after.insert("src/lib.rs".into(), before[std::path::Path::new("src/lib.rs")].clone());
    assert!(before == after, "a file was written");
    let undocumented: String = blog().lines().filter(|line| !line.trim().starts_with("///")).collect();
    let plain = Project::generated(&undocumented);
    let snapshot = first(&project, "snapshot.json");
    assert_eq!(plain.read(&snapshot), project.read(&snapshot));
}

#[test]
fn documentation_stays_with_its_column_whatever_happens_to_others() {
    let project = migrated();
    // the last, the first beside the key, one in between
    let structs = |name: &str, fields: &str| {
        format!(
            "/// The table, {NASTY}\n#[derive(Table)]\n#[table(name = \"{name}\")]\npub struct T {{\n/// Key, {NASTY}\n\
             #[column(primary_key)]\npub id: i64,\n{fields}}}\n"
        )
    };
    let field = |name: &str| format!("/// Of {name}, {NASTY}\npub {name}: Option<String>,\n");
    let four = ["a", "b", "c", "d"].map(field).concat();
    project.structs(&(blog() + &structs("t", &four)));
    settle(&project, "generate");
    project.sql("INSERT INTO t VALUES (1, 'A', 'B', 'C', 'D')");
    for (dropped, left, row) in [("d", "abc", "1|A|B|C"), ("a", "bc", "1|B|C"), ("b", "c", "1|C")] {
        let fields: String = left.chars().map(|one| field(&one.to_string())).collect();
        project.structs(&(blog() + &structs("t", &fields)));
        settle(&project, &format!("generate --accept drop_column:t.{dropped}"));
        assert_eq!(project.query("SELECT * FROM t"), [row]);
        let found = pulled(&project);
        for column in ["a", "b", "c", "d"] {
            assert_eq!(found.contains(&format!("/// Of {column}, ")), left.contains(column), "{found}");
        }
        assert!(found.contains("/// The table, it's") && found.contains("/// Key, it's"), "{found}");
    }
    // added and dropped, again added, then renamed, and the table too, then rebuilt
    project.structs(&(blog() + &structs("t", &(field("c") + &field("g")))));
    settle(&project, "generate");
    assert!(pulled(&project).contains("/// Of g, it's"));
    project.structs(&(blog() + &structs("t", &field("c"))));
    settle(&project, "generate --accept drop_column:t.g");
    assert_eq!(project.query("SELECT * FROM t"), ["1|C"]);
    assert!(pulled(&project).contains("/// Of c, it's"));
    project.structs(&(blog() + &structs("t", &(field("c") + &field("e")))));
    settle(&project, "generate");
    project.structs(&(blog() + &structs("t", &(field("c") + &field("e").replace("pub e", "pub f")))));
    settle(&project, "generate --rename t.e=f");
    project.structs(&(blog() + &structs("s", &(field("c") + &field("e").replace("pub e", "pub f")))));
    settle(&project, "generate --rename t=s");
    assert_eq!(project.query("SELECT id, c, f FROM s"), ["1|C|NULL"]);
    assert_snapshot!("native", project.query("SELECT sql FROM sqlite_schema WHERE name = 's'")[0]);
    let rebuilt = structs("s", &(field("c") + &field("e").replace("pub e", "#[column(unique)]\npub f")));
    project.structs(&(blog() + &rebuilt.replace("Of c", "Anew of c")));
    settle(&project, "generate");
    assert_eq!(project.query("SELECT id, c, f FROM s"), ["1|C|NULL"]);
    assert_snapshot!("rebuilt", project.query("SELECT sql FROM sqlite_schema WHERE name = 's'")[0]);
    assert_eq!(project.query("SELECT * FROM users"), ["1|a@b|Ann", "2|c@d|NULL"]);
}

#[test]
fn a_database_made_from_pulled_structs_has_the_same_structs() {
    let project = Project::new("");
    project.write("src/lib.rs", "pub mod schema;\n");
    project.sql(
        "CREATE TABLE users ( -- people who write
           -- and read */ too
           id INTEGER PRIMARY KEY, -- the key; application='x'
           /*
            * The name:
            *   * as in the [passport]
            *   * \\[or] <b>not</b> `a\\[0]` it`s https://a.b/c,
            */
           name TEXT,
           -- application='x'
           nick TEXT,\t-- \ttab\tand\x0bmore
           UNIQUE (name, nick) -- '*/' is `odd`, no?
         ) -- done;
         ;
         CREATE VIEW v (a, /* of a, */ b -- of b
         ) AS -- the names
         SELECT name, nick FROM users;
         CREATE VIRTUAL TABLE f /* found */ USING fts5(title, -- of title
           body UNINDEXED -- of body, and (more)
           , tokenize = 'porter' /* stems */);
         CREATE VIRTUAL TABLE r USING rtree(id, a, b /* far, */, +note TEXT /* free */);",
    );
    project.runs("pull --out src/schema.rs");
    project.runs("push --url again.db");
    let first = project.read("src/schema.rs");
    assert_eq!(project.runs("pull --url again.db").out, first);
    let database = project.database("again.db");
    database.run("INSERT INTO f VALUES ('running', 'b'); INSERT INTO r VALUES (1, 2, 3, 'n')");
    assert_eq!(database.query("SELECT title FROM f WHERE f MATCH 'run'"), ["running"]);
    assert_eq!(database.query("SELECT name FROM pragma_table_info('f')"), ["title", "body"]);
    assert_eq!(database.query("SELECT note FROM r WHERE a < 3"), ["n"]);
    database.run("ALTER TABLE f RENAME TO g");
    assert_eq!(database.query("PRAGMA integrity_check"), ["ok"]);
    assert_snapshot!(first);
}
