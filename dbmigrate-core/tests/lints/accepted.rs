//! What `generate --accept` writes silences the rule of that name, and nothing else does.

use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::lint::{RULES, rule};
use dbmigrate_core::plan::decide::questions;
use dbmigrate_core::plan::{Decisions, Lint, plan};
use dbmigrate_core::sql::{Expr, Name};

use crate::case;
use crate::one;

/// A change that asks for the acceptance of a loss.
struct Change {
    lint: Lint,
    object: &'static str,
    before: &'static str,
    after: &'static str,
    /// A column that is renamed: table, from, to.
    renamed: Option<(&'static str, &'static str, &'static str)>,
    /// What values become: table, column, expression.
    converted: Option<(&'static str, &'static str, &'static str)>,
    can_keep: bool,
}

const PLAIN: Change =
    Change { lint: Lint::DropTable, object: "", before: "", after: "", renamed: None, converted: None, can_keep: true };

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age TEXT);";

const CHANGES: [Change; 12] = [
    Change { object: "users", before: USERS, ..PLAIN },
    Change { object: "\"my.t\"", before: "CREATE TABLE \"my.t\" (a PRIMARY KEY);", ..PLAIN },
    Change { object: "notes", before: "CREATE VIRTUAL TABLE notes USING fts5(body);", can_keep: false, ..PLAIN },
    Change {
        lint: Lint::DropColumn,
        object: "users.name",
        before: USERS,
        after: "CREATE TABLE users (id INTEGER PRIMARY KEY, age TEXT);",
        ..PLAIN
    },
    // another column takes the name
    Change {
        lint: Lint::DropColumn,
        object: "users.name",
        before: USERS,
        after: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
        renamed: Some(("users", "age", "name")),
        ..PLAIN
    },
    Change {
        lint: Lint::DropColumn,
        object: "t.\"a.b\"",
        before: "CREATE TABLE t (id INTEGER PRIMARY KEY, \"a.b\" TEXT UNIQUE, c);",
        after: "CREATE TABLE t (id INTEGER PRIMARY KEY, c);",
        ..PLAIN
    },
    Change {
        lint: Lint::DiscardValues,
        object: "users.age",
        before: USERS,
        after: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age TEXT AS (upper(name)));",
        ..PLAIN
    },
    Change {
        lint: Lint::NotNullWithoutDefault,
        object: "users.email",
        before: USERS,
        after: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age TEXT, email TEXT NOT NULL);",
        can_keep: false,
        ..PLAIN
    },
    Change {
        lint: Lint::LossyConversion,
        object: "users.age",
        before: USERS,
        after: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER);",
        ..PLAIN
    },
    Change {
        lint: Lint::LossyConversion,
        object: "users.age",
        before: USERS,
        after: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER) STRICT;",
        ..PLAIN
    },
    Change {
        lint: Lint::LossyConversion,
        object: "users.age",
        before: USERS,
        after: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER);",
        converted: Some(("users", "age", "CAST(age AS INTEGER)")),
        ..PLAIN
    },
    Change {
        lint: Lint::LossyConversion,
        object: "users.years",
        before: USERS,
        after: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, years INTEGER);",
        renamed: Some(("users", "age", "years")),
        converted: Some(("users", "years", "length(years)")),
        ..PLAIN
    },
];

/// The text of the migration, as `generate` writes it.
fn generated(change: &Change, keeps: bool) -> String {
    let (old, new) = (schema(change.before), schema(change.after));
    let mut decisions = Decisions::default();
    let names = |(one, two, three): (&str, &str, &str)| (Name::from(one), Name::from(two), Name::from(three));
    decisions.renames = Renames { columns: change.renamed.map(names).into_iter().collect(), ..Renames::default() };
    if let Some((table, column, expr)) = change.converted {
        decisions.conversions.insert((table.into(), column.into()), Expr::new(expr));
    }
    decisions.accepted.add(change.lint, change.object);
    decisions.keep = keeps.then_some(7);
    let difference = diff(&old, &new, &decisions.renames).expect("the renames fit");
    assert_eq!(questions(&difference, &old, &new, &decisions), [], "{}: all is accepted", change.object);
    plan(&old, &new, &difference, &decisions).expect("there is a plan").to_sql("0007_a")
}

fn schema(script: &str) -> dbmigrate_core::schema::Schema {
    case::made(&[script]).and_then(|connection| case::schema(&connection)).expect("a schema")
}

#[test]
fn what_is_accepted_when_a_migration_is_generated_silences_the_rule_of_that_name() {
    for change in &CHANGES {
        let rule = rule(change.lint.name()).expect("each has a rule");
        for keeps in [false, true] {
            if keeps && !change.can_keep {
                continue;
            }
            let text = generated(change, keeps);
            let allow = format!("-- dbmigrate: allow({}) {}\n", change.lint, change.object);
            assert!(text.contains(&allow), "{text}");
            let said = |text: &str| {
                let case = one(change.before, text);
                let (found, unused) = case.report(rule).expect(text);
                (found.iter().map(|finding| finding.object.clone()).collect::<Vec<_>>(), unused)
            };
            assert_eq!(said(&text), (Vec::new(), 0), "{} is allowed:\n{text}", change.object);
            let without = text.replacen(&allow, "", 1);
            // what is kept is no loss, whether or not it is allowed
            let wanted = if keeps { Vec::new() } else { vec![change.object.to_owned()] };
            assert_eq!(said(&without), (wanted, 0), "{} is not allowed:\n{without}", change.object);
        }
    }
}

#[test]
fn a_finding_has_the_answers_of_the_preflight_that_looks_for_it() {
    let before = "CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT);";
    let after = "CREATE TABLE users (id INTEGER PRIMARY KEY, phone INTEGER CHECK (phone > 5));";
    let (old, new) = (schema(before), schema(after));
    let difference = diff(&old, &new, &Renames::default()).expect("nothing is renamed");
    let text = plan(&old, &new, &difference, &Decisions::default()).expect("there is a plan").to_sql("0002_a");
    let helps = |name: &str| {
        let (found, _) = one(before, &text).report(rule(name).expect("it is one")).expect(&text);
        found.iter().flat_map(|finding| finding.help.clone()).collect::<Vec<_>>().join("\n")
    };
    let (check, conversion) = (helps("check_on_existing_rows"), helps("lossy_conversion"));
    assert!(check.contains("CASE WHEN phone > 5") && !check.contains("lossy_conversion"), "{check}");
    assert!(conversion.contains("--accept lossy_conversion:users.phone"), "{conversion}");
}

#[test]
fn every_loss_that_can_be_accepted_is_a_rule_and_an_object_of_it_is_that_of_the_question() {
    for lint in Lint::ALL {
        assert!(RULES.iter().any(|rule| rule.name == lint.name()), "{lint}");
        assert!(CHANGES.iter().any(|change| change.lint == lint), "{lint}");
    }
}

#[test]
fn the_line_that_a_finding_offers_makes_migrate_refuse() {
    let before = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, \"a b\" TEXT);";
    for migration in [
        "ALTER TABLE users ADD COLUMN name TEXT NOT NULL;",
        "CREATE UNIQUE INDEX by_email ON users (email, \"a b\");",
        "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT CHECK (email <> 'x; -- y'), \"a b\" INTEGER) STRICT; \
         INSERT INTO n SELECT * FROM users; DROP TABLE users; ALTER TABLE n RENAME TO users;",
    ] {
        let mut offered = 0;
        for rule in RULES {
            let (found, _) = one(before, migration).findings(rule).expect("it is linted");
            let lines = found.iter().flat_map(|finding| &finding.help);
            for line in lines.filter_map(|help| Some(&help[help.find("-- dbmigrate: expect-none")?..])) {
                offered += 1;
                let text = format!("{line}\n{migration}");
                let (found, _) = one(before, &text).findings(rule).expect(&text);
                assert!(found.iter().any(|finding| finding.message.contains("`migrate` refuses while")), "{text}");
            }
        }
        assert!(offered > 0, "{migration}");
    }
}
