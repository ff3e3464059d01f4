//! Several instances of an application that start at once.

use std::sync::{Arc, Barrier};

use dbmigrate_embed::Report;

use crate::database::File;
use crate::driver::block_on;
use crate::history::{family, migrations};

const INSTANCES: usize = 8;
const ROUNDS: usize = 10;

/// All of them start at once; returns their reports.
fn race(file: &File, history: dbmigrate_embed::Migrations) -> Vec<Report> {
    let barrier = Arc::new(Barrier::new(INSTANCES));
    let start = |_| {
        let (mut database, barrier) = (file.database(), Arc::clone(&barrier));
        std::thread::spawn(move || {
            barrier.wait();
            block_on(history.run(database.target()))
        })
    };
    let instances: Vec<_> = (0..INSTANCES).map(start).collect();
    let join = |instance: std::thread::JoinHandle<_>| instance.join().expect("it does not panic");
    instances.into_iter().map(join).map(|result: Result<Report, _>| result.expect("every instance starts")).collect()
}

#[test]
fn each_migration_is_applied_by_one_of_them() {
    for round in 0..ROUNDS {
        let file = File::new();
        if round % 2 == 1 {
            file.run(&["PRAGMA journal_mode = WAL"]);
        }
        let mut history: Vec<(&str, String)> = family().iter().map(|(name, sql)| (*name, (*sql).to_owned())).collect();
        let more = (0..5).map(|at| ("more", format!("CREATE TABLE more{at} (id INTEGER PRIMARY KEY);")));
        history.extend(more);
        let reports = race(&file, migrations(&history));
        let applied: usize = reports.iter().map(|report| report.applied.len()).sum();
        assert_eq!(applied, history.len(), "{reports:?}");
        assert_eq!(file.history().len(), history.len());
        assert_eq!(file.column("SELECT count(*) FROM children"), ["100"]);
        file.must_be_whole();
    }
}
