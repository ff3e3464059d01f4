//! Histories of schemas, with rows in the database: gone along by migrations in one project each, and every step of
//! them pushed to a database that has the schema as its authors wrote it.

use std::path::Path;

use dbmigrate_core::diff::Renames;
use serde_json::Value;

use crate::parallel::parallel;
use crate::project::{Loaded, Project, Run, answered, files, load};
use crate::support::data::history_renames;
use crate::support::{Change, shared};
use crate::ways::{Ending, Way};

/// A schema of a history, with what it was called before.
struct State {
    name: String,
    sql: String,
    renames: Renames,
}

/// How a history went.
#[derive(Default)]
struct Report {
    steps: usize,
    failed: Vec<String>,
}

/// Goes along a history; after a step that fails it goes on in a new project.
fn go_along(history: &str, states: &[State], way: Way, run: Run) -> Report {
    let mut report = Report::default();
    let mut at: Option<(Project, Loaded)> = None;
    for state in states {
        report.steps += usize::from(at.is_some());
        match step(at.take(), state, way, run) {
            Ok(next) => at = Some(next),
            Err(error) => {
                report.failed.push(format!("{history}/{}: {error}", state.name));
                at = step(None, state, way, run).ok();
            }
        }
    }
    if way == Way::Migrate
        && let Some((project, _)) = at
        && let Err(error) = project.succeed(&["check".to_owned()])
    {
        report.failed.push(format!("{history}: {error}"));
    }
    report
}

fn step(before: Option<(Project, Loaded)>, state: &State, way: Way, run: Run) -> Result<(Project, Loaded), String> {
    let desired = load(&state.sql)?;
    match before {
        None => {
            let project = Project::new(run);
            way.begin(&project, &state.sql, &desired).map_err(|refusal| refusal.to_string())?;
            Ok((project, desired))
        }
        Some((project, current)) => {
            change(&project, way, &current, state)?;
            Ok((project, desired))
        }
    }
}

/// Fills the database, and makes it what the state wants.
fn change(project: &Project, way: Way, current: &Loaded, state: &State) -> Result<(), String> {
    let desired = load(&state.sql)?;
    let (before, after, renames) = (current.schema.clone(), desired.schema.clone(), state.renames.clone());
    let change = answered(Change { current: before, desired: after, renames, ..Change::default() })?;
    project.place.put_rows(|connection| change.populate(connection))?;
    way.declare(project, &state.sql, &desired).map_err(|refusal| refusal.to_string())?;
    match project.step(way, &change)? {
        Ending::Applied => Ok(()),
        Ending::Refused(refusal) => Err(refusal.to_string()),
    }
}

/// Pushes a state to a database that has the one before it.
fn pushed(before: &State, state: &State, run: Run) -> Result<(), String> {
    let project = Project::new(run);
    let current = load(&before.sql)?;
    Way::Push.begin(&project, &before.sql, &current).map_err(|refusal| refusal.to_string())?;
    change(&project, Way::Push, &current, state)
}

fn read_history(folder: &Path, cases: &Value) -> Vec<State> {
    let history = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let states = files(folder, "sql").into_iter().map(|file| {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let step = name.split_once("__").map_or(name.as_str(), |(_, tag)| tag);
        let renames = history_renames(cases, &history, step);
        State { sql: std::fs::read_to_string(&file).expect("text"), renames, name }
    });
    states.collect()
}

/// The real histories, none if the shared data is not there.
fn histories() -> Vec<(String, Vec<State>)> {
    let (Some(histories), Some(cases)) = (shared("corpus/histories"), shared("corpus/rename_cases.json")) else {
        return Vec::new();
    };
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(cases).expect("text")).expect("JSON");
    let mut folders: Vec<_> = std::fs::read_dir(histories).expect("a folder").flatten().map(|one| one.path()).collect();
    folders.sort();
    let name = |folder: &Path| folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    folders.iter().map(|folder| (name(folder), read_history(folder, &cases))).collect()
}

fn report(way: Way, steps: usize, failed: &[String]) {
    dbmigrate_test_support::say(&format!("histories by {way:?}: {} of {steps} steps", steps - failed.len()));
    assert!(failed.is_empty(), "{} of {steps} steps fail:\n{}", failed.len(), failed.join("\n"));
    assert!(steps > 200, "only {steps} steps were found");
}

/// Goes along all of them.
pub(crate) fn migrate_all(run: Run) {
    let mut histories = histories();
    if histories.is_empty() {
        return;
    }
    // a history is one thread's work: the longest first
    histories.sort_by_key(|(_, states)| std::cmp::Reverse(states.len()));
    let reports = parallel(&histories, |_, (name, states)| go_along(name, states, Way::Migrate, run));
    let steps = reports.iter().map(|report| report.steps).sum();
    let failed: Vec<String> = reports.into_iter().flat_map(|report| report.failed).collect();
    report(Way::Migrate, steps, &failed);
}

/// Pushes each step of all of them.
pub(crate) fn push_all(run: Run) {
    let histories = histories();
    if histories.is_empty() {
        return;
    }
    let steps: Vec<_> =
        histories.iter().flat_map(|(name, states)| states.windows(2).map(move |two| (name, two))).collect();
    let results = parallel(&steps, |_, (history, states)| {
        pushed(&states[0], &states[1], run).map_err(|error| format!("{history}/{}: {error}", states[1].name))
    });
    let failed: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    report(Way::Push, steps.len(), &failed);
}

#[test]
fn every_step_of_real_histories_is_migrated() {
    migrate_all(Run::InProcess);
}

#[test]
fn every_step_of_real_histories_is_pushed() {
    push_all(Run::InProcess);
}

/// A small application as it grows.
const GROWING: [&str; 6] = [
    "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL, nick TEXT);
     CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE, title TEXT);",
    // a unique index, a column with a default and one with a value for old rows, a view
    "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL, nick TEXT,
       active BOOLEAN NOT NULL DEFAULT TRUE, created_at INTEGER NOT NULL);
     CREATE UNIQUE INDEX users_email_key ON users (email);
     CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE, title TEXT);
     CREATE VIEW authors AS SELECT u.id, count(*) AS posts FROM users u JOIN posts p ON p.user_id = u.id GROUP BY u.id;",
    // a rename, a parent rebuilt under its cascading child, a trigger
    "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL COLLATE NOCASE, handle TEXT,
       active BOOLEAN NOT NULL DEFAULT TRUE, created_at INTEGER NOT NULL, CHECK (length(email) > 0));
     CREATE UNIQUE INDEX users_email_key ON users (email);
     CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE, title TEXT);
     CREATE VIEW authors AS SELECT u.id, count(*) AS posts FROM users u JOIN posts p ON p.user_id = u.id GROUP BY u.id;
     CREATE TRIGGER posts_title AFTER UPDATE OF title ON posts WHEN new.title = '' BEGIN
       UPDATE posts SET title = NULL WHERE id = new.id; END;",
    // a column that goes, a table that is renamed with what hangs on it
    "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL COLLATE NOCASE, handle TEXT,
       created_at INTEGER NOT NULL, CHECK (length(email) > 0));
     CREATE UNIQUE INDEX users_email_key ON users (email);
     CREATE TABLE articles (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE, title TEXT);
     CREATE VIEW authors AS SELECT u.id, count(*) AS posts FROM users u JOIN articles p ON p.user_id = u.id GROUP BY u.id;
     CREATE TRIGGER posts_title AFTER UPDATE OF title ON articles WHEN new.title = '' BEGIN
       UPDATE articles SET title = NULL WHERE id = new.id; END;",
    // a generated column, a full-text index, a composite key, STRICT
    "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL COLLATE NOCASE, handle TEXT,
       created_at INTEGER NOT NULL, handle_key TEXT AS (lower(handle)), CHECK (length(email) > 0));
     CREATE UNIQUE INDEX users_email_key ON users (email);
     CREATE TABLE articles (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE, title TEXT) STRICT;
     CREATE TABLE tags (article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE, tag TEXT NOT NULL,
       PRIMARY KEY (article_id, tag)) WITHOUT ROWID;
     CREATE VIRTUAL TABLE search USING fts5 (title, content='articles', content_rowid='id');",
    // everything but the users goes
    "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL COLLATE NOCASE, handle TEXT,
       created_at INTEGER NOT NULL, handle_key TEXT AS (lower(handle)), CHECK (length(email) > 0));
     CREATE UNIQUE INDEX users_email_key ON users (email);",
];

/// Lets it grow, both ways.
pub(crate) fn grow(run: Run) {
    let states: Vec<State> = GROWING
        .iter()
        .enumerate()
        .map(|(at, sql)| {
            let mut renames = Renames::default();
            if at == 2 {
                renames.columns.push(("users".into(), "nick".into(), "handle".into()));
            }
            if at == 3 {
                renames.tables.push(("posts".into(), "articles".into()));
            }
            State { name: at.to_string(), sql: (*sql).to_owned(), renames }
        })
        .collect();
    for way in [Way::Migrate, Way::Push] {
        let report = go_along("growing", &states, way, run);
        assert!(report.failed.is_empty(), "{way:?}: {}", report.failed.join("\n"));
        assert_eq!(report.steps, GROWING.len() - 1);
    }
}

#[test]
fn a_growing_application_goes_through_the_binary() {
    grow(Run::Spawned);
}
