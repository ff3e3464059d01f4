//! What a connection sees stays in its file while others write, and write back their logs.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::{deep, run};
use crate::engine::backup::bytes::{Also, seen, still};
use crate::engine::backup::local::Local;

#[test]
fn what_a_connection_sees_stays_in_its_file_while_others_write_and_checkpoint() {
    for mode in ["WAL", "DELETE"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = deep(folder.path());
        let patient = || Local::open(&path, false, Duration::from_secs(20)).expect("a database");
        run(&patient(), &format!("PRAGMA journal_mode = {mode}"));
        let (done, written) = (AtomicBool::new(false), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            // also when this fails, or the test would wait for the writer for ever
            let _ended = Ended(&done);
            scope.spawn(|| {
                let writer = patient();
                let modes = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"];
                while !done.load(Ordering::Relaxed) {
                    let number = written.fetch_add(1, Ordering::Relaxed);
                    let id = number * 7 % 60_000;
                    run(
                        &writer,
                        &format!("UPDATE big SET name = 'new ' || {number} WHERE id BETWEEN {id} AND {id} + 900"),
                    );
                    // one that another one is in the way of gives up at once
                    let idle = Local::open(&path, false, Duration::ZERO);
                    let _ = idle.and_then(|idle| idle.rows(&format!("PRAGMA wal_checkpoint({})", modes[number % 4])));
                    // whoever waits for the lock looks only once in a while whether it is free
                    std::thread::sleep(Duration::from_millis(5));
                }
            });
            let (mut read, begun) = (0, Instant::now());
            while read < 5 && begun.elapsed() < Duration::from_secs(60) {
                let [lock, reader, idle] = [patient(), patient(), patient()];
                lock.run("BEGIN IMMEDIATE").expect("the lock");
                reader.begin_reading().expect("a transaction");
                let file = still::still(&path, || still::write_back(&idle).unwrap_or_default());
                lock.run("ROLLBACK").expect("it is given back");
                let Some(file) = file else {
                    // whoever is in the way of that may have to wait for a processor itself
                    std::thread::sleep(Duration::from_millis(2));
                    continue;
                };
                let before = written.load(Ordering::Relaxed);
                while mode == "WAL" && written.load(Ordering::Relaxed) < before + 3 {
                    std::thread::sleep(Duration::from_micros(200));
                }
                let seen = seen(&reader, Some(&file), Also::Nothing, 1, None).expect("rows");
                assert!(seen.unchecked.is_some(), "it was read as bytes");
                assert_eq!(seen.contents.tables, reader.tables().expect("rows"), "{mode}");
                read += 1;
            }
            assert_eq!(read, 5, "{mode}");
        });
    }
}

/// Ends the writers when a test ends, however it does.
struct Ended<'d>(&'d AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
