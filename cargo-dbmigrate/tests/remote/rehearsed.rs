//! Rehearsals and plans of databases on a server: read into a file, and tried there.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::project::sql_of;
use crate::served::{MIGRATIONS, POSTS, ROWS, Served, USERS, applied, content, with_pending};

/// A database with rows and three pending migrations.
fn pending(name: &str) -> Option<Served> {
    let served = Served::new(name, &format!("{USERS}{POSTS}"))?;
    with_pending(&served.project);
    served.project.runs("migrate --to 1");
    served.hand().run(&ROWS);
    Some(served)
}

#[test]
fn a_database_on_a_server_is_rehearsed_in_a_file_and_then_migrated() {
    let Some(served) = pending("rehearse") else { return };
    let before = content(&served.hand());
    let run = served.project.runs("migrate --rehearse-only");
    for name in &MIGRATIONS[1..] {
        assert!(run.err.contains(&format!("Rehearsed {name} (")), "{}", run.err);
    }
    assert!(run.err.contains("`users`: 3 rows kept, all rewritten"), "{}", run.err);
    assert_eq!(content(&served.hand()), before);
    let run = served.project.runs("migrate --rehearse --message-format json");
    let rehearsed = run.json().into_iter().find(|object| object["reason"] == "rehearsed").expect("it is said");
    assert_eq!((&rehearsed["copied"], &rehearsed["passed"]), (&"read".into(), &true.into()));
    assert_eq!(applied(&served.hand()), MIGRATIONS);
    content(&served.hand());
    assert_eq!(served.hand().query("SELECT count(*) FROM posts"), ["6"]);
}

#[test]
fn what_contradicts_a_migration_is_found_on_the_copy_of_a_server() {
    let Some(served) = pending("rehearse-contradicted") else { return };
    served.hand().run(&["INSERT INTO users VALUES (20, NULL), (21, NULL)"]);
    let before = content(&served.hand());
    let run = served.project.ends(3, "migrate --rehearse");
    assert!(run.err.contains("rows: 20; 21") && run.err.contains("was not changed"), "{}", run.err);
    assert_eq!((content(&served.hand()), applied(&served.hand())), (before, vec![MIGRATIONS[0].to_owned()]));
}

#[test]
fn a_server_that_is_written_to_during_the_rehearsal_is_not_migrated() {
    let Some(served) = pending("rehearse-raced") else { return };
    served.project.runs("generate --custom --name slow");
    served.project.write(
        &sql_of("0005_slow"),
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000000) UPDATE users SET name = (SELECT count(*) FROM n) WHERE id = 1;\n",
    );
    served.project.runs("generate --custom");
    let mut child =
        served.project.command(&["migrate", "--rehearse"]).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("Rehearsed 0004_tags")));
    served.hand().run(&["INSERT INTO users VALUES (30, 'Alan')"]);
    let rest = lines.collect::<Vec<_>>().join("\n");
    assert_eq!(child.wait().expect("it is ours").code(), Some(5), "{rest}");
    assert!(rest.contains("the database was written to since it was copied"), "{rest}");
    assert_eq!(applied(&served.hand()), MIGRATIONS[..1]);
    content(&served.hand());
}

#[test]
fn a_plan_of_a_server_has_no_secret_and_is_applied_or_refused() {
    let Some(served) = pending("planned") else { return };
    let run = served.project.runs(&format!("plan --url {}?authToken=s3cret", served.url));
    assert!(!format!("{}{}", run.out, run.err).contains("s3cret"), "{}{}", run.out, run.err);
    served.project.runs("plan --out plan.json --rehearse");
    let plan: serde_json::Value = serde_json::from_str(&served.project.read("plan.json")).expect("it is JSON");
    assert_eq!(plan["database"].as_str(), Some(served.url.as_str()));
    served.hand().run(&["CREATE TABLE by_hand (a)"]);
    served.project.ends(5, "migrate --plan plan.json");
    served.hand().run(&["DROP TABLE by_hand"]);
    served.project.runs("migrate --plan plan.json --rehearse");
    assert_eq!(applied(&served.hand()), MIGRATIONS);
    served.project.ends(5, "migrate --plan plan.json");
    content(&served.hand());
}
