//! Databases of one server, by their names in the URL. The wrong one is never migrated.

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::sqld::{Options, Server};
use insta::assert_snapshot;

use crate::project::Project;
use crate::served::{USERS, applied};

fn project() -> Project {
    let project = Project::new(USERS);
    project.runs("generate --name start");
    project.transcript();
    project
}

#[test]
fn a_database_is_named_by_host_or_by_path() {
    let Some(server) = Options::default().namespaces().start() else { return };
    let (one, other) = (Hand::new(server.create_namespace("one")), Hand::new(server.create_namespace("other")));
    let default = Hand::new(server.url());
    let project = project();
    project.runs(&format!("migrate --url http://one.localhost:{}", server.port()));
    assert_eq!(applied(&one), ["0001_start"]);
    assert_eq!((applied(&other), applied(&default)), (Vec::new(), Vec::new()));
    project.runs(&format!("migrate --url {}/dev/other", server.url()));
    assert_eq!(applied(&other), ["0001_start"]);
    assert_eq!(applied(&default), [""; 0]);
    project.runs(&format!("status --url {}/dev/one/", server.url()));
    project.runs(&format!("migrate --url {}", server.url()));
    assert_eq!(applied(&default), ["0001_start"]);
    assert_snapshot!(project.transcript());
}

#[test]
fn a_database_that_is_not_there_is_not_made() {
    let Some(server) = Options::default().namespaces().start() else { return };
    let project = project();
    for url in [
        format!("http://wrong.localhost:{}", server.port()),
        format!("{}/dev/wrong", server.url()),
        // the label before the first dot
        format!("http://127.0.0.1:{}", server.port()),
    ] {
        for command in ["migrate", "status", "push"] {
            project.ends(1, &format!("{command} --url {url}"));
        }
    }
    assert_eq!(applied(&Hand::new(server.url())), [""; 0]);
    let said = project.transcript().replace(&format!("127.0.0.1:{}", server.port()), "127.0.0.1:[PORT]");
    assert_snapshot!(said);
}

#[test]
fn a_server_without_namespaces_is_not_taken_for_one_with_them() {
    // it would answer for any name, with its only database
    let Some(server) = Server::start() else { return };
    let project = project();
    for url in [format!("http://foo.localhost:{}", server.port()), format!("{}/dev/foo", server.url())] {
        project.ends(1, &format!("migrate --url {url}"));
        project.ends(1, &format!("push --url {url}"));
    }
    assert_eq!(applied(&Hand::new(server.url())), [""; 0]);
    assert_eq!(Hand::new(server.url()).tables(), [""; 0]);
    assert_snapshot!(project.transcript());
    // by number it is meant itself
    project.runs(&format!("migrate --url http://{}", server.address()));
    assert_eq!(applied(&Hand::new(server.url())), ["0001_start"]);
}
