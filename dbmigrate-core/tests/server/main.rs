//! Migrations on a libSQL server: the same runner, in few requests.

use std::path::Path;

use dbmigrate_core::engine::apply::{
    Applied, ApplyError, Database, Loss, Observer, Options, Outcome, Standing, apply_pending_with, inspect,
};
use dbmigrate_core::engine::remote::{self, Client, RemoteUrl};
use dbmigrate_core::folder::Folder;
use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::proxy::Proxy;
use dbmigrate_test_support::sqld::Server;
use pollster::block_on;

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
fn a_whole_history_takes_three_requests_and_nothing_pending_one() {
    let Some(server) = Server::start() else { return };
    let (proxy, folder) = (Proxy::before(server.port()), sample());
    let outcome = migrate(&proxy.url(), &folder, Options::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(outcome.applied.len(), folder.migrations().len());
    assert_eq!((proxy.requests(), proxy.traffic().connections), (3, 1), "{:?}", proxy.traffic());
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
fn an_atomic_run_takes_three_requests_as_well() {
    let Some(server) = Server::start() else { return };
    let (proxy, folder) = (Proxy::before(server.port()), sample());
    let options = Options { atomic: true, ..Options::default() };
    let outcome = migrate(&proxy.url(), &folder, options).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((outcome.applied.len(), proxy.requests()), (folder.migrations().len(), 3), "{:?}", proxy.traffic());
}
