//! A replica: what it is told reaches the primary, and what it says is never older than what the primary has.

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::sqld::Options;

use crate::project::{Project, sql_of};
use crate::served::{USERS, applied};

/// How many migrations go to and fro.
const ROUNDS: usize = 30;

#[test]
fn a_replica_is_never_behind() {
    let Some(primary) = Options::default().replicable().start() else { return };
    let Some(replica) = Options::default().replica_of(&primary).start() else { return };
    let project = Project::new(USERS);
    project.runs("generate --name start");
    for number in 2..=ROUNDS {
        project.runs(&format!("generate --custom --name n{number}"));
        project.write(&sql_of(&format!("{number:04}_n{number}")), "INSERT INTO users (name) VALUES ('x');\n");
        project.runs("generate --custom");
    }
    let hand = Hand::new(primary.url());
    for number in 1..=ROUNDS {
        // one after the other through the replica, and past it
        let url = if number % 2 == 0 { replica.url() } else { primary.url() };
        let run = project.runs(&format!("migrate --to {number} --url {url}"));
        assert!(run.err.contains("1 migration applied"), "{}", run.err);
        assert_eq!(applied(&hand).len(), number);
        let run = project.runs(&format!("migrate --to {number} --url {}", replica.url()));
        assert!(run.err.contains("nothing to apply"), "{number}: {}", run.err);
        let run = project.run(&format!("status --message-format json --url {}", replica.url()));
        let found = run.json().iter().filter(|line| line["applied_at"].is_string()).count();
        assert_eq!(found, number, "{}", run.out);
    }
    assert_eq!(hand.query("SELECT count(*), max(id) FROM users"), [format!("{0}|{0}", ROUNDS - 1)]);
    let said = project.transcript();
    assert!(!said.contains("by hand"), "{said}");
}

#[test]
fn a_push_through_a_replica_sees_what_was_pushed_past_it() {
    let Some(primary) = Options::default().replicable().start() else { return };
    let Some(replica) = Options::default().replica_of(&primary).start() else { return };
    let project = Project::new(USERS);
    let hand = Hand::new(primary.url());
    for round in 0..10 {
        project.structs(&USERS.replace("name:", &format!("c{round}: Option<i64>, name:")));
        let (first, second) = if round % 2 == 0 { (&primary, &replica) } else { (&replica, &primary) };
        project.runs(&format!("push --accept all --url {}", first.url()));
        let before = hand.query("PRAGMA schema_version");
        project.runs(&format!("push --accept all --url {}", second.url()));
        assert_eq!(hand.query("PRAGMA schema_version"), before, "a second push does nothing");
        let columns = hand.query("SELECT name FROM pragma_table_info('users') ORDER BY 1");
        assert_eq!(columns, [format!("c{round}"), "id".to_owned(), "name".to_owned()]);
    }
}
