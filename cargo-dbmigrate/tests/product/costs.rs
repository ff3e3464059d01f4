//! What a rebuild costs that may be made in place: said in one word before it is applied, measured by a rehearsal, promised
//! by `expect-rewrites 0`.

use crate::project::{Project, sql_of};

const USERS: &str = "#[derive(Table)]\n#[table(name = \"users\", index(name))]\npub struct User {\n\
    #[column(primary_key)] pub id: i64,\npub name: Option<String>,\n}\n";

/// As many rows as another way than the statements is tried for.
const ROWS: usize = 21_000;

/// Users, and a pending migration after which each has a name.
fn pending(rows: usize) -> Project {
    let project = Project::migrated(USERS);
    project.sql(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) \
         INSERT INTO users (id, name) SELECT i, 'user ' || i FROM n;"
    ));
    project.structs(&USERS.replace("Option<String>", "String"));
    project
}

const PENDING: &str = "0002_names";

#[test]
fn what_may_be_made_in_place_is_called_a_scan_wherever_its_cost_is_said() {
    let project = pending(ROWS);
    let title = "rebuild users, in place where possible: change nullability of name";
    let run = project.runs("generate --name names --dry-run");
    assert!(run.out.contains(&format!("--   {title} (scan)\n")), "{}", run.out);
    let run = project.runs("generate --name names --dry-run --online");
    assert!(run.err.contains("`--online` copies every row, and none needs to be copied"), "{}", run.err);
    assert!(run.out.contains("--   rebuild users: change nullability of name (rewrite)\n"), "{}", run.out);
    let run = project.runs("generate --name names -W rewrites_table");
    assert!(run.err.contains("0002_names (1 change, scan)") && !run.err.contains("rewrites_table"), "{}", run.err);
    let run = project.runs("plan");
    assert!(run.err.contains("0002_names (scan, ") && run.err.contains(&format!("{title} (scan)")), "{}", run.err);
    let run = project.runs("check -W rewrites_table");
    assert!(!run.err.contains("rewrites_table"), "{}", run.err);
    // what is computed for the rows that are there has to be written
    project.structs(
        &USERS.replace("Option<String>", "String").replace("name: String,", "name: String,\npub locale: String,"),
    );
    let run = project.runs("generate --dry-run --backfill users.locale='en'");
    assert!(run.out.contains("--   rebuild users: add locale (rewrite)\n"), "{}", run.out);
}

#[test]
fn a_rehearsal_counts_no_row_as_rewritten_that_stays_where_it_is() {
    let project = pending(ROWS);
    project.runs("generate --name names");
    // fewer than there are
    let text = project.read(&sql_of(PENDING));
    project.write(&sql_of(PENDING), format!("{text}\n-- dbmigrate: expect-rewrites 5\n"));
    project.runs("generate --custom");
    let run = project.runs("migrate --rehearse --message-format json");
    let objects = run.json();
    let said = |reason: &str| objects.iter().find(|object| object["reason"] == reason).expect("it is said");
    let one = &said("rehearsed")["migrations"][0];
    assert_eq!((&one["in_place"], &one["rows_rewritten"]), (&true.into(), &0.into()));
    assert_eq!((&one["tables"][0]["rows_after"], &one["tables"][0]["rows_rewritten"]), (&ROWS.into(), &0.into()));
    assert!(one["write_lock_milliseconds"].as_u64() <= one["estimate_milliseconds"].as_u64(), "{one}");
    assert_eq!(said("applied")["in_place"], true);
    assert_eq!(project.query("SELECT count(*), count(name) FROM users"), [format!("{ROWS}|{ROWS}")]);
    assert_eq!(project.query("PRAGMA integrity_check"), ["ok"]);
}

#[test]
fn a_promise_that_no_row_is_rewritten_is_kept_however_few_there_are() {
    let project = pending(3);
    project.runs("generate --name names");
    let promise = |name: &str| {
        let text = project.read(&sql_of(name));
        project.write(&sql_of(name), format!("{text}\n-- dbmigrate: expect-rewrites 0\n"));
        project.runs("generate --custom");
    };
    promise(PENDING);
    project.runs("check");
    let run = project.runs("migrate");
    assert!(run.err.contains(", in place)"), "{}", run.err);
    // rows that are older than their column have no value stored that could stay
    let with = |default: &str| {
        USERS
            .replace("Option<String>", "String")
            .replace("name: String,", &format!("name: String,\n#[column(default = \"{default}\")] pub state: String,"))
    };
    project.structs(&with("new"));
    project.runs("generate --name states");
    project.runs("migrate");
    project.structs(&with("old"));
    project.runs("generate --name defaults");
    promise("0004_defaults");
    for line in ["migrate", "migrate --rehearse"] {
        let run = project.refuses(3, line);
        let wanted = "`0004_defaults` is refused: it rewrites `users`, and `expect-rewrites 0` promises not to";
        assert!(run.err.contains(wanted) && run.err.contains("it cannot be made in place here: "), "{}", run.err);
    }
    assert_eq!(project.query("SELECT count(*) FROM _dbmigrate_history"), ["3"]);
    project.sql("UPDATE users SET state = state || ''");
    assert!(project.runs("migrate").err.contains(", in place)"));
    assert_eq!(project.query("SELECT DISTINCT state FROM users"), ["new"]);
    // without rows, nothing is rewritten by whatever way
    project.runs("migrate --url empty.db");
}
