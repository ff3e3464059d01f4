//! The large version of races and deaths, which takes long: its figures are in `docs/guarantees.md`.

use std::time::Instant;

use crate::chance::Chance;
use crate::death::{Deaths, ServerDeaths, kill_runners, kill_servers};
use crate::races::{Race, race};
use crate::server::OnServer;
use crate::story::Story;
use crate::subject::{LocalFile, Subject, pictures};

/// Kills of runners for each kind of database.
const KILLS: usize = 110;

/// Kills of a server.
const SERVER_KILLS: usize = 55;

/// Runners at once, and how often.
const RUNNERS: usize = 16;
const ROUNDS: usize = 20;

/// The lines of the table.
struct Table(Vec<String>);

impl Table {
    fn deaths(&mut self, what: &str, deaths: &Deaths) {
        let Deaths { kills, midway, hot, missed, histories } = deaths;
        let there = spread(histories);
        self.add(&format!(
            "{what} | {kills} kills of the runner ({missed} more came too late) | {midway} behind the first write and \
             before the last migration, {hot} with a journal or log to be cleared; {there}"
        ));
    }

    fn server_deaths(&mut self, what: &str, deaths: &ServerDeaths) {
        let ServerDeaths { kills, midway, told, missed, histories } = deaths;
        let there = spread(histories);
        self.add(&format!(
            "{what} | {kills} kills of the server that a run did not survive ({missed} others did) | {midway} between \
             migrations; in {told} the run could tell the state and told it right, in the others it said that nobody can \
             tell; {there}"
        ));
    }

    fn race(&mut self, what: &str, race: Race) {
        let Race { rounds, shared } = race;
        self.add(&format!(
            "{what} | {rounds} rounds of {RUNNERS} runners at once | every runner ended with 0, each migration was applied \
             once; in {shared} rounds several runners had a share"
        ));
    }

    /// Adds a line, and shows the table so far.
    fn add(&mut self, line: &str) {
        self.0.push(format!("| {line} |"));
        println!("\n| database | what was done | what came of it |\n|---|---|---|\n{}", self.0.join("\n"));
    }
}

/// How often there were how many migrations.
fn spread(histories: &[usize]) -> String {
    let counts = (1..=8).map(|at| histories.iter().filter(|have| **have == at).count().to_string());
    format!("with 1 to 8 migrations there afterwards: {}", counts.collect::<Vec<_>>().join(", "))
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
        table.deaths(&file.what(), &deaths);
        let mut file = LocalFile::new(&small, &format!("race{has_wal}.db"), has_wal);
        let expected = pictures(&small, &mut file);
        table.race(&file.what(), race(&small, &mut file, &expected, RUNNERS, ROUNDS));
    }
    let mut server = OnServer::new(&story).expect("a soak needs a server");
    let expected = pictures(&story, &mut server);
    table.deaths(&server.what(), &kill_runners(&story, &mut server, &expected, KILLS, &mut chance));
    table.server_deaths(&server.what(), &kill_servers(&story, &mut server, &expected, SERVER_KILLS, &mut chance));
    let mut server = OnServer::new(&small).expect("a soak needs a server");
    let expected = pictures(&small, &mut server);
    table.race(&server.what(), race(&small, &mut server, &expected, RUNNERS, ROUNDS));
    println!("\nin {} minutes", started.elapsed().as_secs().div_ceil(60));
}
