//! `rebase --deployed`: where each order of two branches is the wrong one for some database, one is chosen, and the
//! others are brought along with their rows.

use crate::branches::{two_branches, users};
use crate::project::{Project, sql_of};
use crate::repository::Repository;

const TARGETS: &str = "[targets.production]\nurl = \"production.db\"\n[targets.staging]\nurl = \"staging.db\"\n";

/// Two branches in a merge, of which staging has the one that is checked out, and production the other, with rows.
fn both_deployed(statements: &str) -> Repository {
    let repository = two_branches();
    let project = &repository.project;
    project.write("dbmigrate.toml", TARGETS);
    repository.commit("targets");
    if !statements.is_empty() {
        project.runs("generate --custom --name fill");
        project.write(&sql_of("0003_fill"), statements);
        project.runs("generate --custom");
        repository.commit("fill");
    }
    project.runs("migrate -t staging");
    project.database("staging.db").run("INSERT INTO users (id, bio) VALUES (1, 'a'), (2, NULL)");
    repository.git(&["checkout", "-q", "main"]);
    project.runs("migrate --url production.db");
    project.database("production.db").run("INSERT INTO users (id, nick) VALUES (1, 'n'), (2, NULL)");
    repository.git(&["checkout", "-q", "feature"]);
    repository.fails(&["merge", "main"]);
    repository
}

#[track_caller]
fn is_at_the_head(project: &Project, file: &str, rows: &[&str]) {
    project.runs(&format!("status --url {file}"));
    let database = project.database(file);
    assert_eq!(database.query("SELECT id, nick, bio FROM users ORDER BY id"), rows, "{file}");
    assert_eq!(database.query("PRAGMA integrity_check"), ["ok"]);
    assert!(database.query("PRAGMA foreign_key_check").is_empty());
}

/// The suggested command with this in it.
#[track_caller]
fn suggested(run: &crate::project::Run, with: &str) -> String {
    let found = run.suggested().into_iter().find(|line| line.contains(with));
    found.unwrap_or_else(|| panic!("no command with `{with}`: {}", run.err))
}

#[test]
fn where_each_order_is_wrong_for_some_target_one_is_chosen_and_the_other_target_is_brought_along() {
    let repository = both_deployed("");
    let project = &repository.project;
    let run = project.refuses(5, "rebase");
    insta::assert_snapshot!(run.err, @r"
    error: `0002_users_bio` is applied to `staging.db` and cannot be moved
      = note: the migrations of `main` would come before it there
      = note: nothing was written
      = help: put the others behind it instead: `cargo dbmigrate rebase --onto HEAD`
      = help: or move it, and bring `staging` along afterwards, with its rows: `cargo dbmigrate rebase --moved-on staging`
    ");
    let other = project.shell(&suggested(&run, "--onto HEAD"));
    assert_eq!(other.code, 5);
    assert!(other.err.contains("`0002_users_nick` is applied to `production.db`"), "{}", other.err);
    assert!(!other.err.contains("`cargo dbmigrate rebase --onto HEAD`"), "it is what was typed: {}", other.err);
    let moved = project.shell(&suggested(&run, "--moved-on staging"));
    assert_eq!(moved.code, 0, "{}", moved.err);
    let along = suggested(&moved, "--deployed");
    project.structs(&users(&["nick", "bio"]));
    project.runs("check");
    repository.git(&["add", "migrations", "src"]);
    repository.git(&["merge", "--continue"]);
    project.runs("migrate -t production --yes");
    // its history is another one, and it is said how it gets along
    let refused = project.refuses(5, "migrate -t staging");
    assert_eq!(suggested(&refused, "--deployed"), "cargo dbmigrate rebase -t staging --deployed");
    let before = project.bytes("staging.db");
    let shown = project.runs(&format!("{} --dry-run", along.trim_start_matches("cargo dbmigrate ")));
    assert_eq!(project.bytes("staging.db"), before);
    assert!(shown.out.contains("ALTER TABLE users ADD COLUMN nick TEXT;"), "{}", shown.out);
    for line in [
        "Would rebase 0002_users_nick as 0003_users_nick (planned again)",
        "Would skip 0003_users_bio: staging.db has it as 0002_users_bio",
        "Would record staging.db: 3 migrations in the order of the folder",
    ] {
        assert!(shown.err.contains(line), "{line}: {}", shown.err);
    }
    let done = project.shell(&along);
    assert_eq!(done.code, 0, "{}", done.err);
    is_at_the_head(project, "staging.db", &["1|NULL|a", "2|NULL|NULL"]);
    is_at_the_head(project, "production.db", &["1|n|NULL", "2|NULL|NULL"]);
    let history = "SELECT position, name, kind FROM _dbmigrate_history WHERE position > 0 ORDER BY position";
    assert_eq!(
        project.database("staging.db").query(history),
        ["1|0001_create_users|migration", "2|0002_users_nick|repair", "3|0003_users_bio|repair"]
    );
    let notes = "SELECT name FROM _dbmigrate_history WHERE position < 1 ORDER BY position DESC";
    assert_eq!(project.database("staging.db").query(notes)[0], "rebased 0002_users_bio to 0003_users_bio");
    // and that was all
    let again = project.shell(&along);
    assert!(again.code == 0 && again.err.contains("Unchanged"), "{}", again.err);
    project.structs(&users(&["nick", "bio", "age"]));
    project.runs("generate");
    project.runs("migrate -t staging");
    project.runs("migrate -t production --yes");
}

#[test]
fn sql_by_hand_that_a_database_has_is_not_run_again_and_what_it_lacks_is() {
    let repository = both_deployed("UPDATE users SET bio = ifnull(bio, '') || '+' WHERE true;\n");
    let project = &repository.project;
    // staging had no rows when it was run there
    project.database("staging.db").run("UPDATE users SET bio = ifnull(bio, '') || '+'");
    project.runs("rebase --moved-on staging");
    project.structs(&users(&["nick", "bio"]));
    repository.commit("merged");
    project.runs("rebase --deployed -t staging");
    is_at_the_head(project, "staging.db", &["1|NULL|a+", "2|NULL|+"]);
    project.runs("migrate -t production --yes");
    is_at_the_head(project, "production.db", &["1|n|+", "2|NULL|+"]);
}

#[test]
fn a_database_that_was_left_in_the_middle_is_brought_to_the_end() {
    let repository = both_deployed("");
    let project = &repository.project;
    project.runs("rebase --moved-on staging");
    project.structs(&users(&["nick", "bio"]));
    repository.commit("merged");
    project.runs("migrate --url production.db");
    project.runs("rebase --deployed -t staging");
    // as it was when what it lacked was applied, and the order was not recorded
    let hash = |name: &str, column: &str| {
        let query = format!("SELECT {column} FROM _dbmigrate_history WHERE name = '{name}' AND position > 0");
        project.database("production.db").query(&query).remove(0)
    };
    let (old, old_schema) = {
        let note = "SELECT checksum, schema_hash FROM _dbmigrate_history WHERE name LIKE 'rebased 0002_users_bio%'";
        let note = project.database("staging.db").query(note).remove(0);
        let (checksum, schema) = note.split_once('|').expect("two columns");
        (checksum.to_owned(), schema.to_owned())
    };
    let planned = project.database("staging.db").query(
        "SELECT name || '|' || checksum FROM _dbmigrate_history WHERE position < 1 AND name LIKE 'rebased 0003%'",
    );
    let (planned, checksum) = planned[0].split_once('|').expect("two columns");
    let planned = planned.split(' ').nth(1).expect("a name");
    let head = hash("0003_users_bio", "schema_hash");
    project.database("staging.db").run(&format!(
        "DELETE FROM _dbmigrate_history WHERE position < 1; \
         UPDATE _dbmigrate_history SET name = '0002_users_bio', checksum = '{old}', schema_hash = '{old_schema}' WHERE position = 2; \
         UPDATE _dbmigrate_history SET name = '{planned}', checksum = '{checksum}', schema_hash = '{head}' WHERE position = 3"
    ));
    project.refuses(5, "migrate -t staging");
    let run = project.runs("rebase --deployed -t staging");
    assert!(run.err.contains("0 applied"), "{}", run.err);
    is_at_the_head(project, "staging.db", &["1|NULL|a", "2|NULL|NULL"]);
}

#[test]
fn what_is_nowhere_is_said_and_nothing_is_changed() {
    let repository = both_deployed("");
    let project = &repository.project;
    project.runs("rebase --moved-on staging");
    project.structs(&users(&["nick", "bio"]));
    repository.commit("merged");
    let before = project.bytes("staging.db");
    std::fs::rename(project.path(".git"), project.path("git-away")).expect("it is there");
    let run = project.refuses(5, "rebase --deployed -t staging");
    assert!(run.err.contains("cannot find the files of `0002_users_bio` as `staging.db` has it"), "{}", run.err);
    std::fs::rename(project.path("git-away"), project.path(".git")).expect("it is there");
    // a change by hand is no matter of order
    project.database("staging.db").run("ALTER TABLE users ADD COLUMN hand TEXT");
    let run = project.refuses(5, "rebase --deployed -t staging");
    assert!(run.err.contains("drift") || run.err.contains("by hand"), "{}", run.err);
    project.database("staging.db").run("ALTER TABLE users DROP COLUMN hand");
    assert_eq!(project.database("staging.db").query("SELECT count(*) FROM _dbmigrate_history"), ["2"]);
    assert!(!before.is_empty());
    project.refuses(2, "rebase --yes");
    project.refuses(2, "rebase --moved-on nowhere --onto main~1");
}

#[test]
fn a_database_of_upstream_is_brought_to_an_order_in_which_local_ones_come_first() {
    let repository = two_branches();
    let project = &repository.project;
    repository.git(&["checkout", "-q", "main"]);
    project.structs(&users(&["nick"]).replace("\"users\"", "\"people\""));
    project.runs("generate --rename users=people");
    repository.commit("people");
    project.runs("migrate --url upstream.db");
    project.database("upstream.db").run("INSERT INTO people (id, nick) VALUES (1, 'n'), (2, NULL)");
    repository.git(&["checkout", "-q", "feature"]);
    project.runs("migrate --url local.db");
    project.database("local.db").run("INSERT INTO users (id, bio) VALUES (1, 'a')");
    repository.fails(&["merge", "main"]);
    project.runs("rebase --onto HEAD");
    project.structs(&users(&["nick", "bio"]).replace("\"users\"", "\"people\""));
    project.runs("check");
    repository.commit("merged");
    project.runs("migrate --url local.db");
    project.refuses(5, "migrate --url upstream.db");
    project.runs("rebase --deployed --url upstream.db");
    let rows = "SELECT id, nick, bio FROM people ORDER BY id";
    assert_eq!(project.database("upstream.db").query(rows), ["1|n|NULL", "2|NULL|NULL"]);
    assert_eq!(project.database("local.db").query(rows), ["1|NULL|a"]);
    for file in ["local.db", "upstream.db"] {
        project.runs(&format!("status --url {file}"));
    }
}

#[test]
fn the_files_of_commits_that_git_has_rewritten_are_found() {
    let repository = two_branches();
    let project = &repository.project;
    project.runs("migrate --url staging.db");
    project.database("staging.db").run("INSERT INTO users (id, bio) VALUES (1, 'a')");
    repository.fails(&["rebase", "main"]);
    project.runs("rebase");
    project.structs(&users(&["nick", "bio"]));
    repository.git(&["add", "migrations", "src"]);
    repository.git(&["rebase", "--continue"]);
    project.refuses(5, "migrate --url staging.db");
    let run = project.runs("rebase --deployed --url staging.db --message-format json");
    let said = run.json();
    assert!(said.iter().any(|one| one["reason"] == "applied" && one["name"] == "0003_users_nick"), "{}", run.out);
    assert!(said.iter().any(|one| one["what"] == "rebased 0002_users_bio to 0003_users_bio"), "{}", run.out);
    is_at_the_head(project, "staging.db", &["1|NULL|a"]);
}

#[test]
fn the_members_of_a_fleet_are_brought_along_one_by_one() {
    let repository = two_branches();
    let project = &repository.project;
    project.write("dbmigrate.toml", "[targets.tenants]\nfleet = \"tenants/*.db\"\n");
    repository.commit("a fleet");
    std::fs::create_dir(project.path("tenants")).expect("it can be made");
    for name in ["a", "b", "c"] {
        project.runs(&format!("migrate --url tenants/{name}.db"));
        project.database(&format!("tenants/{name}.db")).run("INSERT INTO users (id, bio) VALUES (1, 'a')");
    }
    repository.fails(&["merge", "main"]);
    let run = project.refuses(5, "rebase");
    let moved = project.shell(&suggested(&run, "--moved-on"));
    assert_eq!(moved.code, 0, "{}", moved.err);
    project.structs(&users(&["nick", "bio"]));
    repository.commit("merged");
    // a roll-out leaves them alone, and says of whom that is true and what leads on
    let run = project.run("migrate -t tenants");
    assert_eq!(run.code, 6, "{}", run.err);
    assert!(run.err.contains("3 with another history"), "{}", run.err);
    let fleet = project.refuses(2, "rebase --deployed -t tenants");
    insta::assert_snapshot!(fleet.err, @r"
    error: `tenants` is a fleet, and its members are brought along one by one
      = help: see who has which: `cargo dbmigrate status -t tenants`
      = help: name a member: `cargo dbmigrate rebase --deployed -t tenants/NAME`
    ");
    let status = project.shell(&suggested(&fleet, "status"));
    assert!(status.code == 4 || status.code == 6, "{}", status.err);
    for name in ["a", "b"] {
        project.runs(&format!("rebase --deployed -t tenants/{name}"));
        is_at_the_head(project, &format!("tenants/{name}.db"), &["1|NULL|a"]);
    }
    let run = project.run("migrate -t tenants");
    assert_eq!(run.code, 6, "{}", run.err);
    assert!(run.err.contains("2 unchanged") && run.err.contains("1 with another history"), "{}", run.err);
    let run = project.runs("rebase --deployed -t tenants/c --message-format json");
    let what = "rebased 0002_users_bio to 0003_users_bio";
    assert!(run.json().iter().any(|one| one["what"] == what && one["target"] == "tenants/c"), "{}", run.out);
    is_at_the_head(project, "tenants/c.db", &["1|NULL|a"]);
    let run = project.runs("migrate -t tenants");
    assert!(run.err.contains("3 unchanged"), "{}", run.err);
}
