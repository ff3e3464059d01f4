//! Migrations on a libSQL server: the same runner, in few requests. And the client of servers, and the copies of their
//! databases: one program, because what waits for a server leaves the processors to the others.

#[path = "../support/mod.rs"]
mod support;

mod altered;
#[path = "../backup/main.rs"]
mod backup;
mod batched;
#[path = "../remote/main.rs"]
mod client;
mod failures;
mod steps;

use std::path::Path;

use dbmigrate_core::engine::apply::{
    Applied, ApplyError, Database, Failure, Loss, Observer, Options, Outcome, Standing, apply_pending_with, inspect,
};
use dbmigrate_core::engine::remote::{self, Client, RemoteUrl};
use dbmigrate_core::folder::{Folder, Slug};
use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::proxy::Proxy;
use dbmigrate_test_support::sqld::Server;
use pollster::block_on;

/// A folder of migrations in a temporary place, and a server with a database that has none of them.
struct Case {
    _scratch: tempfile::TempDir,
    folder: Folder,
    server: Server,
    proxy: Proxy,
}

impl Case {
    /// `None` where no server can be had.
    fn new() -> Option<Self> {
        let server = Server::start()?;
        let scratch = support::scratch_folder().expect("a folder");
        let folder = Folder::open(scratch.path().join("migrations")).expect("a folder");
        let proxy = Proxy::before(server.port());
        Some(Self { _scratch: scratch, folder, server, proxy })
    }

    fn hand(&self) -> Hand {
        Hand::new(self.server.url())
    }

    /// Adds a migration that leads to this schema.
    fn add(&mut self, name: &str, sql: &str, leads_to: &str) {
        let schema = support::schema_of(leads_to).expect("the schema is right");
        self.folder.add(&Slug::sanitize(name).expect("a name"), sql, &schema.into()).expect("it is written");
    }

    fn migrate(&self) -> Result<Outcome, ApplyError> {
        migrate(&self.proxy.url(), &self.folder, Options::default())
    }

    /// The names of the migrations that the database has.
    fn applied(&self) -> Vec<String> {
        self.hand().query("SELECT name FROM _dbmigrate_history ORDER BY position")
    }

    /// Nothing is broken, and the schema is what the last migration leads to.
    fn assert_sound(&self) {
        assert!(self.hand().integrity_check().is_empty());
        let (_, standing) = block_on(inspect(&mut database(&self.server.url()), &self.folder)).expect("readable");
        assert!(matches!(standing, Standing::AsRecorded), "{standing:?}");
    }
}

/// Why a migration failed, and which.
fn failure(result: Result<Outcome, ApplyError>) -> (String, Failure) {
    match result {
        Err(ApplyError::Migration { name, failure, .. }) => (name, *failure),
        other => panic!("{other:?}"),
    }
}

struct Silent;

impl Observer for Silent {
    fn begin(&mut self, _: &str, _: usize, _: usize) {}
    fn loses(&mut self, _: &Loss) {}
    fn applied(&mut self, _: &Applied) {}
}

fn database(url: &str) -> Database {
    let (url, token) = RemoteUrl::parse(url).expect("a url");
    Database::on_server(Client::new(url, token, remote::Options::default()))
}

fn migrate(url: &str, folder: &Folder, options: Options<'_>) -> Result<Outcome, ApplyError> {
    block_on(apply_pending_with(&mut database(url), folder, options, &mut Silent))
}

/// The history of the sample application.
fn sample() -> Folder {
    Folder::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations")).expect("the sample's migrations")
}

#[test]
fn a_whole_history_takes_two_requests_and_nothing_pending_one() {
    let Some(server) = Server::start() else { return };
    let (proxy, folder) = (Proxy::before(server.port()), sample());
    let outcome = migrate(&proxy.url(), &folder, Options::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(outcome.applied.len(), folder.migrations().len());
    assert_eq!((proxy.requests(), proxy.traffic().connections), (2, 1), "{:?}", proxy.traffic());
    proxy.reset();
    let again = migrate(&proxy.url(), &folder, Options::default()).expect("nothing to do");
    assert_eq!((again.applied.len(), proxy.requests()), (0, 1), "{:?}", proxy.traffic());
    let hand = Hand::new(server.url());
    assert!(hand.integrity_check().is_empty());
    assert!(hand.foreign_key_check().is_empty());
    let (status, standing) = block_on(inspect(&mut database(&server.url()), &folder)).expect("readable");
    assert_eq!(status.applied, folder.migrations().len());
    assert!(matches!(standing, Standing::AsRecorded), "{standing:?}");
}

#[test]
fn an_atomic_run_takes_two_requests_as_well() {
    let Some(server) = Server::start() else { return };
    let (proxy, folder) = (Proxy::before(server.port()), sample());
    let options = Options { atomic: true, ..Options::default() };
    let outcome = migrate(&proxy.url(), &folder, options).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((outcome.applied.len(), proxy.requests()), (folder.migrations().len(), 2), "{:?}", proxy.traffic());
}
