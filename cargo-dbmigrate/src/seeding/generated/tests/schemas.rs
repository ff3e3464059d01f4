//! Every schema that there is, with nothing configured: rows, or an error that names the constraint.

use std::fmt::Write as _;
use std::path::Path;
use std::rc::Rc;

use super::*;

/// How many rows each table gets.
const ROWS: u64 = 40;

/// What came of a schema.
fn outcome(sql: &str) -> String {
    let (connection, schema) = schema(sql);
    // what triggers do with rows, only the application knows
    for trigger in &schema.triggers {
        block_on(connection.run(&format!("DROP TRIGGER {}", trigger.name.sql()))).expect("a trigger");
    }
    let inputs = schema.tables.iter().map(|table| InputTable {
        table: Rc::new(table.clone()),
        settings: Some(settings(&format!("rows = {ROWS}"), &schema, table.name.as_str()).expect("settings")),
        file: PathBuf::from("t.toml"),
        given: Vec::new(),
    });
    let inputs = inputs.collect();
    match plan(connection, schema, inputs) {
        Err(problem) => format!("said: {problem}"),
        Ok(made) => match made.insert() {
            Ok(()) => "fits".to_owned(),
            Err(message) => format!("FAILED: {message}"),
        },
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs_err::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    files
}

#[test]
fn schemas_of_the_tests_get_rows_without_configuration() {
    let mut report = String::new();
    for path in files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/schemas"))) {
        let sql = fs_err::read_to_string(&path).expect("a file");
        let _ = writeln!(report, "{}: {}", path.file_name().expect("a name").display(), outcome(&sql));
    }
    insta::assert_snapshot!(report);
}

#[test]
#[expect(clippy::print_stderr, reason = "what is skipped is said")]
fn schemas_of_real_applications_get_rows_without_configuration() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus/schemas"));
    if !folder.exists() {
        eprintln!("SKIPPED: no {}", folder.display());
        return;
    }
    let mut report = String::new();
    for path in files(folder) {
        let sql = fs_err::read_to_string(&path).expect("a file");
        let _ = writeln!(report, "{}: {}", path.file_name().expect("a name").display(), outcome(&sql));
    }
    assert!(!report.contains("FAILED"), "{report}");
}

/// Tables with the check `v`, as the cases of migrations have them.
#[test]
fn checks_of_all_kinds_are_satisfied() {
    let checks = [
        ("TEXT", "length(v)=3 AND v=upper(v)"),
        ("TEXT", "length(v)=36 AND v GLOB '????????-????-????-????-????????????' AND v NOT GLOB '*[^0-9a-f-]*'"),
        ("TEXT", "v LIKE 'https://%'"),
        ("TEXT", "v LIKE '%_@_%._%' AND v=lower(v)"),
        ("TEXT", "v GLOB '[0-9]*.[0-9]*.[0-9]*.[0-9]*'"),
        ("TEXT", "v GLOB '#[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'"),
        ("TEXT", "v NOT GLOB '*[^a-z0-9-]*' AND v NOT LIKE '-%' AND length(v) BETWEEN 3 AND 40"),
        ("TEXT", "v GLOB '[a-z]*' AND v NOT GLOB '*[^a-z0-9_]*'"),
        ("TEXT", "trim(v)=v AND v<>''"),
        ("TEXT", "time(v) IS v"),
        ("TEXT", "date(v)=v"),
        ("TEXT", "datetime(v) IS NOT NULL AND v LIKE '____-__-__T__:__:__Z'"),
        ("TEXT", "strftime('%Y-%m-%dT%H:%M:%fZ',v)=v"),
        ("TEXT", "substr(v,1,1)='/' AND instr(v,'//')=0"),
        ("TEXT", "substr(v,1,1)='+' AND CAST(substr(v,2) AS INTEGER)>1000000"),
        ("TEXT", "unhex(v) IS NOT NULL AND length(v)=8"),
        ("TEXT", "json_valid(v) AND json_type(v,'$.k')='text' AND json_extract(v,'$.n')>=1"),
        ("TEXT", "json_type(v)='object' AND json_extract(v,'$.a','$.b') IS NOT NULL AND (v->'$.c') IS NOT NULL"),
        ("TEXT", "json_array_length(v,'$.items')>0 AND v->>'$.items[0].sku' IS NOT NULL"),
        ("TEXT", "json_valid(v) AND json_type(v)='array'"),
        ("TEXT", "v IS NULL OR json_valid(v)"),
        ("TEXT", "NOT json_valid(v) OR json_extract(v,'$.v')>0"),
        ("TEXT", "v IN ('draft','live') OR v = 'gone'"),
        ("TEXT", "(CAST(substr(v,1,1) AS INTEGER)+CAST(substr(v,2,1) AS INTEGER))%10=0 AND length(v)=2"),
        ("INTEGER", "v>0 AND (v&(v-1))=0"),
        ("INTEGER", "v/2*2=v AND v<>0"),
        ("INTEGER", "v%10=0 AND v BETWEEN 100 AND 990"),
        ("INTEGER", "v>1000000000000"),
        ("INTEGER", "v<-5"),
        ("INTEGER", "v NOT IN (0,1,2,3)"),
        ("REAL", "v>=-90 AND v<=90 AND typeof(v)='real'"),
        ("REAL", "v>0 AND v<0.05"),
        ("NUMERIC", "v BETWEEN 0.5 AND 0.75"),
        ("BLOB", "typeof(v)='blob' AND length(v)=16"),
        ("BLOB", "length(v)=3"),
        ("", "typeof(v)='integer'"),
        ("DATE", "v >= '2024-01-01'"),
        ("TEXT", "v > 'm'"),
        ("TEXT COLLATE NOCASE", "v <> 'admin'"),
    ];
    let mut report = String::new();
    for (declared, check) in checks {
        for unique in ["", " UNIQUE"] {
            let sql = format!("CREATE TABLE t(id INTEGER PRIMARY KEY, v {declared} NOT NULL{unique} CHECK({check}))");
            let outcome = outcome(&sql);
            if outcome != "fits" {
                let _ = writeln!(report, "{declared}{unique} {check}: {outcome}");
            }
        }
    }
    insta::assert_snapshot!(report);
}

/// The schemas of a file of cases.
fn cases(path: &Path) -> Vec<(String, String)> {
    let text = fs_err::read_to_string(path).expect("a file");
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let case: serde_json::Value = serde_json::from_str(line).expect("JSON");
        for side in ["current_sql", "desired_sql"] {
            let name = format!("{} {side}", case["name"].as_str().unwrap_or_default());
            found.push((name, case[side].as_str().unwrap_or_default().to_owned()));
        }
    }
    found
}

/// How many schemas got rows, how many errors name a constraint, and the rest.
fn count(schemas: impl Iterator<Item = (String, String)>) -> (usize, Vec<String>, Vec<String>) {
    let (mut fit, mut said, mut failed) = (0, Vec::new(), Vec::new());
    for (name, sql) in schemas {
        // some cases are about schemas that no database has
        let connection = block_on(Connection::in_memory()).expect("memory");
        let statements = dbmigrate_core::sql::split(&sql);
        if statements.iter().any(|statement| block_on(connection.run(statement.text)).is_err()) {
            continue;
        }
        match outcome(&sql) {
            outcome if outcome == "fits" => fit += 1,
            // a schema that can have no rows at all
            outcome if outcome.contains("foreign key mismatch") || outcome.contains("no such table") => {}
            outcome if outcome.starts_with("said") => said.push(format!("{name}: {outcome}")),
            outcome => failed.push(format!("{name}: {outcome}")),
        }
    }
    (fit, said, failed)
}

#[test]
fn schemas_of_cases_get_rows_without_configuration() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/cases"));
    let files = ["hazards.jsonl", "more_hazards.jsonl", "reports.jsonl", "more_reports.jsonl"];
    let (fit, said, failed) = count(files.iter().flat_map(|file| cases(&folder.join(file))));
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(said.len() * 30 < fit, "{fit} fit, of these it is said: {}", said.join("\n"));
}

#[test]
#[expect(clippy::print_stderr, reason = "what is skipped is said")]
fn schemas_of_other_cases_and_histories_get_rows_without_configuration() {
    let shared = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared"));
    if !shared.exists() {
        eprintln!("SKIPPED: no {}", shared.display());
        return;
    }
    let files = ["hazards.jsonl", "reports.jsonl", "atlas.jsonl", "sqldef.jsonl", "sqlite_alter_tcl.jsonl"];
    let cases = files.iter().flat_map(|file| cases(&shared.join("cases").join(file)));
    let histories = fs_err::read_dir(shared.join("corpus/histories")).expect("a folder").flatten();
    // the last schema of each
    let last = histories.filter_map(|history| self::files(&history.path()).pop());
    let last = last.map(|path| (path.display().to_string(), fs_err::read_to_string(&path).expect("a file")));
    let (fit, said, failed) = count(cases.chain(last));
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(said.len() * 30 < fit, "{fit} fit, of these it is said: {}", said.join("\n"));
}

#[test]
fn the_sample_application_gets_rows_without_configuration() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations"));
    let mut migrations: Vec<PathBuf> =
        fs_err::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    migrations.retain(|path| path.is_dir());
    migrations.sort();
    let scripts = migrations.iter().map(|path| fs_err::read_to_string(path.join("migration.sql")).expect("a script"));
    assert_eq!(outcome(&scripts.collect::<Vec<_>>().join(";\n")), "fits");
}

#[test]
fn kinds_of_values_are_documented() {
    let text = fs_err::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/seeding.md")).expect("a file");
    let unknown: Vec<&str> = super::super::column_settings::kind_names()
        .into_iter()
        .filter(|name| !text.contains(&format!("`{name}`")))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
