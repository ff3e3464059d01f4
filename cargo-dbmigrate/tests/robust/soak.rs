//! The large version of races and deaths, which takes long: its figures are in `docs/guarantees.md`.

use std::time::Instant;

use crate::chance::Chance;
use crate::death::{Deaths, kill_runners};
use crate::races::{Race, race};
use crate::story::Story;
use crate::subject::{LocalFile, Subject, pictures};

/// Kills of runners for each kind of local file.
const KILLS: usize = 110;

/// Runners at once, and how often.
const RUNNERS: usize = 16;
const ROUNDS: usize = 20;

/// The lines of the table.
struct Table(Vec<String>);

impl Table {
    fn deaths(&mut self, what: &str, deaths: &Deaths) {
        let Deaths { kills, midway, hot, missed, histories } = deaths;
        let histories: Vec<String> =
            (1..=8).map(|at| histories.iter().filter(|have| **have == at).count().to_string()).collect();
        self.0.push(format!(
            "| {what} | {kills} kills of the runner | {midway} midway, {hot} with something to undo or redo; {missed} came too late | migrations there afterwards, 1 to 8: {} |",
            histories.join(" ")
        ));
    }

    fn race(&mut self, what: &str, race: Race) {
        let Race { rounds, shared } = race;
        self.0.push(format!("| {what} | {rounds} rounds of {RUNNERS} runners | all ended with 0, each migration applied once | in {shared} rounds by more than one runner |"));
    }

    fn show(&self) {
        println!("\n| database | what was done | of these | |\n|---|---|---|---|");
        for line in &self.0 {
            println!("{line}");
        }
    }
}

#[test]
#[ignore = "takes long: `cargo test --release -p cargo-dbmigrate --test robust -- --ignored soak --nocapture`"]
fn soak() {
    let started = Instant::now();
    let mut chance = Chance::new("soak");
    let mut table = Table(Vec::new());
    let (story, small) = (Story::new(12_000), Story::new(200));
    for has_wal in [false, true] {
        let mut file = LocalFile::new(&story, &format!("soak{has_wal}.db"), has_wal);
        let expected = pictures(&story, &mut file);
        let deaths = kill_runners(&story, &mut file, &expected, KILLS, &mut chance);
        deaths.must_have_hit(&file.what());
        table.deaths(&file.what(), &deaths);
        table.show();
        let mut file = LocalFile::new(&small, &format!("race{has_wal}.db"), has_wal);
        let expected = pictures(&small, &mut file);
        table.race(&file.what(), race(&small, &mut file, &expected, RUNNERS, ROUNDS));
        table.show();
    }
    println!("\nin {} minutes", started.elapsed().as_secs() / 60);
}
