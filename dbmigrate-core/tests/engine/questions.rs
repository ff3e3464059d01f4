//! Which questions are asked at once, and the one command that answers them all.

use crate::support::schema_of;
use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::plan::decide::{answerable, as_renames, questions};
use dbmigrate_core::plan::{Decisions, Question};

fn open(old: &str, new: &str) -> Vec<Question> {
    let (old, new) = (schema_of(old).unwrap(), schema_of(new).unwrap());
    let difference = diff(&old, &new, &Renames::default()).unwrap();
    answerable(questions(&difference, &old, &new, &Decisions::default()))
}

#[test]
fn what_a_new_column_gets_is_not_asked_while_it_may_be_a_renamed_one() {
    let open = open(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT)",
        "CREATE TABLE a (id INTEGER PRIMARY KEY, y TEXT NOT NULL)",
    );
    assert!(matches!(&open[..], [Question::ColumnGone { .. }]), "{open:?}");
    assert_eq!(as_renames(&open).unwrap(), ["--rename a.x=y"]);
}

#[test]
fn all_renames_are_one_command() {
    let open = open(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT); CREATE TABLE b (one TEXT, two TEXT)",
        "CREATE TABLE a (id INTEGER PRIMARY KEY, y TEXT); CREATE TABLE c (one TEXT, two TEXT)",
    );
    assert_eq!(as_renames(&open).unwrap(), ["--rename b=c", "--rename a.x=y"]);
}

#[test]
fn two_columns_cannot_be_renamed_to_the_same() {
    let open = open("CREATE TABLE a (id INTEGER, x TEXT, y TEXT)", "CREATE TABLE a (id INTEGER, z TEXT)");
    assert_eq!((open.len(), as_renames(&open)), (2, None));
}
