//! The statements of the sample application, edited as people edit: each edit is an error on the word that was edited,
//! inside its literal; and what the application has is no error.

use std::fmt::Write as _;

use serde_json::Value;

use crate::workspace::{Workspace, repository};

/// What is edited into what, the word that the error must be on, and a part of the message.
const EDITS: [(&str, &str, &str, &str); 16] = [
    ("given_name, family_name, locale", "given_nam, family_name, locale", "given_nam", "given_nam"),
    ("FROM users WHERE email", "FROM user WHERE email", "user", "user"),
    ("WHERE email = ?1", "WHERE mail = ?1", "mail", "mail"),
    ("organizations.name, memberships.role", "organizations.title, memberships.role", "title", "title"),
    ("memberships.user_id = :user", "membership.user_id = :user", "membership", "membership"),
    ("SELECT posts.title, ", "SELECT id, ", "id", "ambiguous"),
    ("invited_by, email, role", "invited_of, email, role", "invited_of", "invited_of"),
    ("RETURNING id, expires_at", "RETURNING id, expired_at", "expired_at", "expired_at"),
    (
        "(organization_id, user_id, role) VALUES (?1, ?2, ?3)",
        "(organization_id, user_id, role) VALUES (?1, ?2)",
        "role",
        "2 values for 3 columns",
    ),
    ("excluded.role", "excluded.rol", "rol", "rol"),
    ("\"posts\".\"slug\"", "\"posts\".\"slugs\"", "\"slugs\"", "slugs"),
    ("found.place\n", "found.places\n", "places", "places"),
    ("count(audit_log.id) AS actions", "coun(audit_log.id) AS actions", "coun", "coun"),
    ("LEFT JOIN audit_log ON", "LEFT JOIN audit_logs ON", "audit_logs", "audit_logs"),
    ("DELETE FROM sessions WHERE user_id", "DELETE FROM sessions WHERE user", "user", "user"),
    ("\"WHERE slug > ?", "\"WHERE slog > ?", "slog", "slog"),
];

#[test]
fn each_edit_of_the_sample_application_is_an_error_on_its_word() {
    let package = "compiler-queries".to_owned();
    let workspace = Workspace::new("compiler-queries", std::slice::from_ref(&package));
    let migrations = repository().join("migrations");
    workspace.write(&format!("{package}/dbmigrate.toml"), &format!("migrations = \"{}\"\n", migrations.display()));
    let source = std::fs::read_to_string(repository().join("examples/saas/queries.rs")).expect("it is there");
    let mut modules = "mod as_it_is;\n".to_owned();
    workspace.write(&format!("{package}/src/as_it_is.rs"), &source);
    for (at, (from, to, ..)) in EDITS.iter().enumerate() {
        assert_eq!(source.matches(from).count(), 1, "{from}");
        workspace.write(&format!("{package}/src/edit_{at}.rs"), &source.replace(from, to));
        writeln!(modules, "mod edit_{at};").expect("a string takes it");
    }
    workspace.write(&format!("{package}/src/lib.rs"), &format!("#![allow(dead_code)]\n{modules}"));
    let output = workspace.output("check", &["--workspace"]);
    let mut said: Vec<Vec<(String, String)>> = vec![Vec::new(); EDITS.len()];
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
        let message = &line["message"];
        let Some(span) =
            message["spans"].as_array().and_then(|spans| spans.iter().find(|span| span["is_primary"] == true))
        else {
            continue;
        };
        let file = span["file_name"].as_str().unwrap_or_default();
        assert!(!file.ends_with("as_it_is.rs"), "{}", message["rendered"]);
        let Some((_, number)) = file.trim_end_matches(".rs").rsplit_once("edit_") else { continue };
        let number: usize = number.parse().expect("a number");
        let first = &span["text"][0];
        let text: Vec<char> = first["text"].as_str().unwrap_or_default().chars().collect();
        let column = |key: &str| usize::try_from(first[key].as_u64().expect("a column")).expect("it is small") - 1;
        let word: String = text[column("highlight_start")..column("highlight_end").min(text.len())].iter().collect();
        said[number].push((word, message["message"].as_str().unwrap_or_default().to_owned()));
    }
    for ((from, to, word, part), said) in EDITS.iter().zip(said) {
        // a name that is not there may be missed in several places; a span of rustc has three bytes at least
        let is_on_word = |(found, message): &&(String, String)| {
            found.starts_with(word) && found.len() <= word.len().max(3) && message.contains(part)
        };
        assert!(said.iter().any(|one| is_on_word(&one)), "`{from}` as `{to}`: {said:?}");
    }
}

/// What is wrong with a query, or only with its types. The structs and migrations are those of the sample application.
const TYPED: &str = r#"#![allow(dead_code, unused_must_use)]

use dbmigrate::query;

struct Person {
    id: i64,
    email: String,
    family_name: String,
}

struct Other {
    id: String,
    mail: String,
}

fn nullable() {
    query!(Person: "SELECT id, email, family_name FROM users");
}

fn other_names_and_types() {
    query!(Other: "SELECT id, email AS mail FROM users");
}

fn too_few_columns() {
    query!(Person: "SELECT id, email FROM users");
}

fn values(id: i64, email: &str) {
    query!((i64): "SELECT count(*) FROM users WHERE id = ?", email);
    query!((i64): "SELECT count(*) FROM users WHERE id = ?");
    query!((i64): "SELECT count(*) FROM users WHERE id = ?", id, email);
    query!((i64): "SELECT count(*) FROM users WHERE id = :user");
    query!((i64, String): "SELECT count(*) FROM users");
}

fn what_is_not_known() {
    query!("SELECT count(*) FROM users");
    query!("SELECT email, email FROM users");
    query!(Person: "DELETE FROM users");
}

fn as_it_should_be(id: i64) {
    query!("SELECT max(id) AS \"latest: Option<i64>\" FROM users WHERE id < :id");
    query!((Option<String>): "SELECT family_name FROM users WHERE id = ?1 OR id = ?1 + 1", &id);
}
"#;

#[test]
fn types_of_rows_and_parameters_are_held_against_the_columns() {
    let package = "compiler-typed-queries".to_owned();
    let workspace = Workspace::new("compiler-typed-queries", std::slice::from_ref(&package));
    workspace.replace(
        &format!("{package}/Cargo.toml"),
        "{ workspace = true }",
        "{ workspace = true, features = [\"rows\"] }",
    );
    let migrations = repository().join("migrations");
    workspace.write(&format!("{package}/dbmigrate.toml"), &format!("migrations = \"{}\"\n", migrations.display()));
    workspace.write(&format!("{package}/src/lib.rs"), TYPED);
    let said = workspace.check(&["--workspace"]);
    let said = said.get(&package.replace('-', "_")).map_or("(nothing)", String::as_str);
    for (line, expected) in [
        (17, "`family_name` may be NULL, but its field is no `Option`"),
        (21, "`id` is INTEGER, but its field is TEXT"),
        (25, "missing field `family_name` in initializer of `Person`"),
        (29, "a parameter for INTEGER cannot be a value of this type"),
        (30, "no value for parameter 1"),
        (31, "the statement has 1 parameter: this value is one too many"),
        (32, "cannot find value `user` in this scope"),
        (33, "the statement returns 1 column, for 2 types"),
        (37, "no field can be called `count(*)`"),
        (38, "two columns are called `email`"),
        (39, "the statement returns no rows"),
    ] {
        let mut messages = said.split("\n\n").filter(|one| one.contains(&format!("src/lib.rs:{line}:")));
        assert!(messages.any(|one| one.contains(expected)), "line {line}: {expected}\n{said}");
    }
    // what is right
    for line in 42..46 {
        assert!(!said.contains(&format!("src/lib.rs:{line}:")), "line {line}: {said}");
    }
}
