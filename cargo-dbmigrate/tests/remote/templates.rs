//! New databases of tenants on a server: copies of one that is kept at head, by a fork or by a dump. A copy has the rows and
//! the history, so nothing is left to be applied there, and it goes on from there when a template of before was copied.

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::sqld::Options;

use crate::project::Project;
use crate::served::{POSTS, USERS, applied};

#[test]
fn a_new_tenant_is_a_copy_of_the_template() {
    let Some(server) = Options::default().namespaces().start() else { return };
    let project = Project::new(USERS);
    project.runs("generate --name start");
    project.write("seeds/base/users.toml", "[users.admin]\nname = \"Ada\"\n");
    let template = server.create_namespace("template");
    project.runs(&format!("migrate --url {template}"));
    project.runs(&format!("seed base --url {template}"));

    let forked = server.fork("template");
    let dumped = server.create_from_dump("dumped", &template);
    for url in [&forked, &dumped] {
        let copy = Hand::new(url.as_str());
        assert_eq!(applied(&copy), ["0001_start"], "{url}");
        assert_eq!(copy.query("SELECT name FROM users"), ["Ada"], "{url}");
        // nothing is left to be done, and nothing differs
        project.runs(&format!("status --url {url}"));
        let run = project.runs(&format!("migrate --url {url}"));
        assert!(run.err.contains("nothing to apply"), "{}", run.err);
        // a set that is there already is not written twice
        let run = project.runs(&format!("seed base --url {url}"));
        assert!(run.err.contains("nothing to do"), "{}", run.err);
        copy.run(&["INSERT INTO users (name) VALUES ('Grace')"]);
    }
    // the copies and the template have nothing in common any more
    assert_eq!(Hand::new(template.as_str()).query("SELECT name FROM users"), ["Ada"]);

    // a copy of before goes on, with its rows; a copy of now has nothing left to do
    project.structs(&format!("{USERS}{POSTS}"));
    project.runs("generate --name posts");
    project.runs(&format!("migrate --url {template}"));
    for url in [&forked, &dumped] {
        project.ends(4, &format!("status --url {url}"));
        project.runs(&format!("migrate --url {url}"));
        let copy = Hand::new(url.as_str());
        assert_eq!(applied(&copy), ["0001_start", "0002_posts"], "{url}");
        assert_eq!(copy.query("SELECT name FROM users ORDER BY id"), ["Ada", "Grace"], "{url}");
        assert_eq!(copy.foreign_key_check(), [""; 0], "{url}");
        assert_eq!(copy.integrity_check(), [""; 0], "{url}");
    }
    let new = server.fork("template");
    project.runs(&format!("status --url {new}"));
    assert_eq!(applied(&Hand::new(new)), ["0001_start", "0002_posts"]);
}
