//! Histories of schemas, with rows in the database: gone along by migrations in one project each, and every step of
//! them pushed to a database that has the schema as its authors wrote it.

use dbmigrate_core::diff::Renames;

use crate::copied::read_both_ways;
use crate::parallel::parallel;
use crate::project::{Loaded, Project, Run, answered, load};
use crate::support::Change;
use crate::support::data::real_histories;
use crate::support::history::{State, histories};
use crate::ways::{Ending, Way};

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
        Ending::Applied => read_both_ways(&project.place),
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

fn report(what: &str, way: Way, steps: usize, failed: &[String]) {
    dbmigrate_test_support::say(&format!("{what} by {way:?}: {} of {steps} steps", steps - failed.len()));
    assert!(failed.is_empty(), "{} of {steps} steps fail:\n{}", failed.len(), failed.join("\n"));
    assert!(steps >= 90, "only {steps} steps were found");
}

/// Goes along all of them.
fn migrate_all(what: &str, mut histories: Vec<(String, Vec<State>)>, run: Run) {
    // a history is one thread's work: the longest first
    histories.sort_by_key(|(_, states)| std::cmp::Reverse(states.len()));
    let reports = parallel(&histories, |_, (name, states)| go_along(name, states, Way::Migrate, run));
    let steps = reports.iter().map(|report| report.steps).sum();
    let failed: Vec<String> = reports.into_iter().flat_map(|report| report.failed).collect();
    report(what, Way::Migrate, steps, &failed);
}

/// Pushes each step of all of them.
fn push_all(what: &str, histories: &[(String, Vec<State>)], run: Run) {
    let steps: Vec<_> =
        histories.iter().flat_map(|(name, states)| states.windows(2).map(move |two| (name, two))).collect();
    let results = parallel(&steps, |_, (history, states)| {
        pushed(&states[0], &states[1], run).map_err(|error| format!("{history}/{}: {error}", states[1].name))
    });
    let failed: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    report(what, Way::Push, steps.len(), &failed);
}

/// All histories at hand, both ways.
pub(crate) fn run_all(run: Run) {
    for (what, histories) in [("our histories", Some(histories())), ("real histories", real_histories())] {
        let Some(histories) = histories else { continue };
        push_all(what, &histories, run);
        migrate_all(what, histories, run);
    }
}

#[test]
fn every_step_of_our_histories_is_migrated() {
    migrate_all("our histories", histories(), Run::InProcess);
}

#[test]
fn every_step_of_our_histories_is_pushed() {
    push_all("our histories", &histories(), Run::InProcess);
}

#[test]
fn every_step_of_real_histories_is_migrated() {
    if let Some(histories) = real_histories() {
        migrate_all("real histories", histories, Run::InProcess);
    }
}

#[test]
fn every_step_of_real_histories_is_pushed() {
    if let Some(histories) = real_histories() {
        push_all("real histories", &histories, Run::InProcess);
    }
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
