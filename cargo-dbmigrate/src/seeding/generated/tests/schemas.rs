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
    insta::assert_snapshot!(report, @"");
}

#[test]
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
    println!("{report}");
    assert!(!report.contains("FAILED"), "{report}");
}
