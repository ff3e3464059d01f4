//! Statements of our own: what is known of those that fit (`valid.sql`), and what is said of those that do not
//! (`mistakes.sql`). The engine is asked about each. `UPDATE_QUERIES=1` writes the lines beneath the statements.

use std::fmt::Write as _;
use std::path::Path;

use dbmigrate_core::config::Engine;
use dbmigrate_core::query::{Catalog, Typed, resolve};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::split;

use crate::oracle::{Oracle, Verdict};

/// The schema of both files.
const SCHEMA: &str = include_str!("schema.sql");

pub(crate) async fn oracle() -> Oracle {
    let mut oracle = Oracle::new().await;
    for statement in split(SCHEMA) {
        oracle.run(statement.text).await.expect("our own schema");
    }
    oracle
}

/// Compares a file with what it should be, or writes it.
fn compare(file: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/queries").join(file);
    if std::env::var_os("UPDATE_QUERIES").is_some() {
        std::fs::write(&path, wanted).expect("the file can be written");
        return;
    }
    let text = std::fs::read_to_string(&path).expect("the file is there");
    let differs = text.lines().zip(wanted.lines()).find(|(is, should)| is != should);
    assert!(text == wanted, "{file}: {differs:#?}");
}

/// The statements of a file, without what stands beneath each.
fn statements(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/queries").join(file);
    let text = std::fs::read_to_string(path).expect("the file is there");
    let own = |line: &&str| !line.starts_with("--") && !line.trim_start().starts_with('^') && !line.is_empty();
    text.lines().filter(own).map(str::to_owned).collect()
}

fn typed(ty: Option<&Typed>) -> String {
    let Some(ty) = ty else { return "unknown".to_owned() };
    let kind = match (&ty.declared, ty.affinity) {
        (Some(declared), _) if !declared.is_empty() => declared.to_string(),
        (_, Some(affinity)) => format!("{affinity:?}").to_lowercase(),
        _ => "any".to_owned(),
    };
    let nullable = match ty.nullable {
        Some(true) => " or NULL",
        Some(false) => "",
        None => ", NULL perhaps",
    };
    let column = ty.column.as_ref().map_or_else(String::new, |(table, column)| format!(", of {table}.{column}"));
    format!("{kind}{nullable}{column}")
}

#[test]
fn what_fits_is_accepted_and_its_columns_and_parameters_are_known() {
    pollster::block_on(async {
        let oracle = oracle().await;
        let mut text = "-- Statements that fit schema.sql, one a line; beneath each what is known of it.\n".to_owned();
        for sql in statements("valid.sql") {
            assert_eq!(oracle.judge(&sql).await, Verdict::Accepted, "{sql}");
            let query = resolve(oracle.catalog(), &sql).expect("it was accepted");
            let _ = writeln!(text, "\n{sql}");
            for column in query.columns {
                let stated = column.stated.map_or_else(String::new, |stated| format!(", stated {stated}"));
                let _ = writeln!(text, "--   {}: {}{stated}", column.name, typed(column.ty.as_ref()));
            }
            for parameter in query.parameters {
                let name = parameter.name.unwrap_or_else(|| format!("?{}", parameter.index));
                let _ = writeln!(text, "--   {} {name}: {}", parameter.index, typed(parameter.ty.as_ref()));
            }
        }
        compare("valid.sql", &text);
    });
}

#[test]
fn what_does_not_fit_is_said_on_the_word() {
    pollster::block_on(async {
        let oracle = oracle().await;
        let mut text =
            "-- Statements that do not fit schema.sql, one a line; beneath each what is said of which word.\n"
                .to_owned();
        for sql in statements("mistakes.sql") {
            let verdict = oracle.judge(&sql).await;
            assert!(matches!(verdict, Verdict::Refused | Verdict::Stricter(_)), "{sql}: {verdict:?}");
            let _ = writeln!(text, "\n{sql}");
            for mistake in resolve(oracle.catalog(), &sql).expect_err("it was refused") {
                let before = sql[..mistake.span.start].chars().count();
                let marks = "^".repeat(sql[mistake.span.clone()].chars().count().max(1));
                let help = mistake.help.map_or_else(String::new, |help| format!("; {help}"));
                let accepted = if mistake.engine_accepts { " (the engine takes it)" } else { "" };
                let _ = writeln!(text, "{}{marks} {}{help}{accepted}", " ".repeat(before), mistake.message);
            }
        }
        compare("mistakes.sql", &text);
    });
}

#[test]
fn a_catalog_is_asked_from_several_threads() {
    let catalog = Catalog::new(&Schema::default(), &Engine::default());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(resolve(&catalog, "SELECT name FROM sqlite_schema").is_ok()));
        }
    });
}
