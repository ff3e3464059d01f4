//! Every kind of change that no row contradicts, one after the other on the same rows: each is made in place.

use crate::project::Project;

/// As many rows as another way than the statements is tried for.
const ROWS: usize = 20_100;

/// The structs, with these attributes of the table and these columns.
fn structs(table: &str, columns: [&str; 5]) -> String {
    let [email, name, age, org, state] = columns;
    format!(
        "#[derive(Table)]\n#[table(name = \"orgs\")]\npub struct Org {{\n#[column(primary_key)] pub id: i64,\n}}\n\
         #[derive(Table)]\n#[table(name = \"users\", index(email), index(org_id){table})]\npub struct User {{\n\
         #[column(primary_key, autoincrement)] pub id: i64,\n{email},\n{name},\n{age},\n{org},\n{state},\n}}\n"
    )
}

const EMAIL: &str = "pub email: Option<String>";
const NAME: &str = "pub name: Option<String>";
const AGE: &str = "pub age: Option<i64>";
const ORG: &str = "pub org_id: i64";
const STATE: &str = "#[column(default = \"new\")] pub state: Option<String>";

/// What changes: the kind, and the structs with it.
fn kinds() -> Vec<(&'static str, String)> {
    let age = "pub age: i64";
    let refers = "#[column(references = Org::id)] pub org_id: i64";
    let cascades = "#[column(references = Org::id, on_delete = cascade)] pub org_id: i64";
    let other = "#[column(default = \"old\")] pub state: Option<String>";
    let folded = "#[column(collate = nocase)] pub name: Option<String>";
    let renamed = "#[column(renamed_from = \"name\", collate = nocase)] pub full_name: String";
    let full = "#[column(collate = nocase)] pub full_name: String";
    vec![
        ("NOT NULL", structs("", [EMAIL, NAME, age, ORG, STATE])),
        ("NOT NULL of an indexed column", structs("", ["pub email: String", NAME, age, ORG, STATE])),
        ("no NOT NULL", structs("", [EMAIL, NAME, AGE, "pub org_id: Option<i64>", STATE])),
        ("NOT NULL again", structs("", [EMAIL, NAME, AGE, ORG, STATE])),
        ("a check", structs(", check(adult, \"age >= 0\")", [EMAIL, NAME, AGE, ORG, STATE])),
        ("another check", structs(", check(adult, \"age >= 0 AND age < 99\")", [EMAIL, NAME, AGE, ORG, STATE])),
        ("no check", structs("", [EMAIL, NAME, AGE, ORG, STATE])),
        ("another default", structs("", [EMAIL, NAME, AGE, ORG, other])),
        ("no default", structs("", [EMAIL, NAME, AGE, ORG, "pub state: Option<String>"])),
        ("a default", structs("", [EMAIL, NAME, AGE, ORG, STATE])),
        ("a foreign key", structs("", [EMAIL, NAME, AGE, refers, STATE])),
        ("its action", structs("", [EMAIL, NAME, AGE, cascades, STATE])),
        ("no foreign key", structs("", [EMAIL, NAME, AGE, ORG, STATE])),
        ("a collation", structs("", [EMAIL, folded, AGE, ORG, STATE])),
        ("no collation", structs("", [EMAIL, NAME, AGE, ORG, STATE])),
        (
            "a type with the same affinity",
            structs("", [EMAIL, NAME, "#[column(type = \"BIGINT\")] pub age: Option<i64>", ORG, STATE]),
        ),
        (
            "a type with another affinity",
            structs("", [EMAIL, "#[column(type = \"BLOB\")] pub name: Option<String>", AGE, ORG, STATE]),
        ),
        ("no other type", structs("", [EMAIL, NAME, AGE, ORG, STATE])),
        ("STRICT", structs(", strict", [EMAIL, NAME, AGE, ORG, STATE])),
        ("no STRICT", structs("", [EMAIL, NAME, AGE, ORG, STATE])),
        ("a rename in all of that", structs(", check(named, \"full_name <> ''\")", [EMAIL, renamed, AGE, ORG, STATE])),
        ("all of it", structs(", strict, check(adult, \"age >= 0\")", [EMAIL, full, age, cascades, other])),
    ]
}

#[test]
fn every_change_that_no_row_contradicts_writes_no_row() {
    let project = Project::migrated(&structs("", [EMAIL, NAME, AGE, ORG, STATE]));
    project.sql(&format!(
        "INSERT INTO orgs WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 90) SELECT i FROM n; \
         INSERT INTO users WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) \
         SELECT i, 'u' || i, 'Name ' || i, i % 90, 1 + i % 90, 'new' FROM n; \
         INSERT INTO users (id, email, org_id) VALUES (50000, 'gone', 1); DELETE FROM users WHERE id = 50000;"
    ));
    let rows = "SELECT count(*), sum(id), sum(length(email)), sum(age), sum(org_id), count(DISTINCT state) FROM users";
    let mark = "SELECT seq FROM sqlite_sequence WHERE name = 'users'";
    let pages = "SELECT group_concat(name || ' ' || rootpage) FROM \
                 (SELECT name, rootpage FROM sqlite_schema WHERE tbl_name = 'users' ORDER BY name)";
    let way = "EXPLAIN QUERY PLAN SELECT id FROM users WHERE email = 'u77'";
    let seen = |query: &str| project.query(query);
    let before = [rows, mark, pages].map(seen);
    for (at, (kind, structs)) in kinds().into_iter().enumerate() {
        if at % 4 == 0 {
            project.sql(&format!("PRAGMA journal_mode = {}", if at % 8 == 0 { "WAL" } else { "DELETE" }));
        }
        project.structs(&structs);
        // a blob might become a text
        let (line, cost) = match kind {
            "no other type" => ("generate --accept lossy_conversion:users.name", ", rewrite)"),
            _ => ("generate", ", scan)"),
        };
        let run = project.runs(line);
        assert!(run.err.contains(cost), "{kind}: {}", run.err);
        let run = project.runs("migrate");
        assert!(run.err.contains(", in place)"), "{kind}: {}", run.err);
        assert_eq!([rows, mark, pages].map(seen), before, "{kind}");
        assert!(project.query(way)[0].contains("USING INDEX") || project.query(way)[0].contains("USING COVERING"));
    }
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
    assert_eq!(project.query("PRAGMA foreign_key_check"), [""; 0]);
    project.sql("INSERT INTO users (email, full_name, age, org_id) VALUES ('new', 'N', 1, 1)");
    assert_eq!(project.query("SELECT id, state FROM users WHERE email = 'new'"), ["50001|old"]);
    project.runs("check");
}
