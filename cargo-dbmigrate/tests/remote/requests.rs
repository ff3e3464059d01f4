//! How often the server is asked: latency is what migrations of servers cost.

use dbmigrate_test_support::proxy::Proxy;
use dbmigrate_test_support::sqld::shared;

use crate::project::{Project, sql_of};
use crate::served::{MIGRATIONS, POSTS, ROWS, Served, USERS, applied, with_pending};

/// A project whose database is behind a proxy.
fn behind_a_proxy(name: &str) -> Option<(Served, Proxy)> {
    let served = Served::new(name, &format!("{USERS}{POSTS}"))?;
    let proxy = Proxy::before(shared()?.port());
    served.project.set("TURSO_DATABASE_URL", &format!("{}/dev/{name}", proxy.url()));
    Some((served, proxy))
}

/// What a command does over the wire.
#[track_caller]
fn requests(project: &Project, proxy: &Proxy, code: i32, line: &str) -> usize {
    proxy.reset();
    project.ends(code, line);
    let traffic = proxy.traffic();
    assert!(traffic.connections <= 1, "`{line}` opens {} connections", traffic.connections);
    traffic.requests.len()
}

#[test]
fn a_handful_of_migrations_takes_three_requests_and_nothing_takes_one() {
    let Some((served, proxy)) = behind_a_proxy("handful") else { return };
    let project = &served.project;
    with_pending(project);
    assert!(requests(project, &proxy, 0, "migrate --to 1") <= 3);
    served.hand().run(&ROWS);
    assert!(requests(project, &proxy, 4, "status") <= 2);
    // one of them counts the rows that a lint is about
    assert!(requests(project, &proxy, 0, "migrate --dry-run") <= 4, "{:?}", proxy.traffic());
    assert!(requests(project, &proxy, 0, "migrate") <= 3, "{:?}", proxy.traffic());
    assert_eq!(applied(&served.hand()), MIGRATIONS);
    assert_eq!(requests(project, &proxy, 0, "migrate"), 1);
    assert!(requests(project, &proxy, 0, "status") <= 2);
    assert!(requests(project, &proxy, 0, "diff --from database --to structs") <= 2);
}

#[test]
fn a_hundred_migrations_take_no_more_requests_than_one() {
    let Some((served, proxy)) = behind_a_proxy("hundred") else { return };
    let project = &served.project;
    project.runs("generate --name start");
    for number in 2..=100 {
        let name = format!("n{number}");
        project.runs(&format!("generate --custom --name {name}"));
        let sql = format!("INSERT INTO users (name) VALUES ('{number}');\n");
        project.write(&sql_of(&format!("{number:04}_{name}")), sql);
        project.runs("generate --custom");
    }
    assert!(requests(project, &proxy, 0, "migrate") <= 3, "{:?}", proxy.traffic());
    let hand = served.hand();
    assert_eq!(hand.query("SELECT count(*), sum(CAST(name AS INTEGER)), max(id) FROM users"), ["99|5049|99"]);
    assert_eq!(hand.query("SELECT count(*), count(DISTINCT position) FROM _dbmigrate_history"), ["100|100"]);
    assert_eq!(requests(project, &proxy, 0, "migrate"), 1);
}

#[test]
fn reading_a_schema_takes_as_many_requests_for_a_hundred_tables_as_for_one() {
    let Some((served, proxy)) = behind_a_proxy("tables") else { return };
    let tables: Vec<String> = (0..100)
        .map(|at| format!("CREATE TABLE t{at} (id INTEGER PRIMARY KEY, a TEXT, b REFERENCES t{} (id))", at / 2))
        .collect();
    served.hand().run(&tables);
    fs_err::remove_file(served.project.path("src/lib.rs")).expect("it is there");
    assert!(requests(&served.project, &proxy, 0, "pull --out src/lib.rs") <= 4, "{:?}", proxy.traffic());
    assert!(requests(&served.project, &proxy, 0, "diff --from structs --to database") <= 4, "{:?}", proxy.traffic());
    assert!(requests(&served.project, &proxy, 0, "push") <= 5, "{:?}", proxy.traffic());
}

#[test]
fn a_backup_that_is_not_needed_costs_no_request() {
    let mut counts = Vec::new();
    for (name, flag) in [("unneeded1", " --no-backup"), ("unneeded2", "")] {
        let Some((served, proxy)) = behind_a_proxy(name) else { return };
        let project = &served.project;
        project.write(".gitignore", "*.db\n");
        project.write("dbmigrate.toml", "[targets.production]\nurl_env = \"TURSO_DATABASE_URL\"\n");
        project.runs("generate");
        let posts = POSTS.replace(", #[column(default = \"untitled\")] title: String", "");
        project.structs(&format!("{USERS}{posts}"));
        project.runs("generate --accept drop_column:posts.title");
        project.runs("migrate -t production --yes --no-backup");
        project.structs(
            &format!("{USERS}{posts}").replace("name: Option<String>", "name: Option<String>, age: Option<i64>"),
        );
        project.runs("generate");
        for line in ["init -q", "add .", "-c user.name=x -c user.email=x@example.com commit -qm all"] {
            let git = std::process::Command::new("git").args(line.split(' ')).current_dir(project.root()).status();
            assert!(git.expect("git is there").success(), "{line}");
        }
        counts.push(requests(project, &proxy, 0, &format!("migrate -t production{flag}")));
    }
    assert_eq!(counts[0], counts[1], "of the migrations that it has, one is risky");
}

#[test]
fn a_database_with_all_migrations_of_a_squash_is_done_with_one_request_and_goes_on_behind_them() {
    let Some((served, proxy)) = behind_a_proxy("squashed") else { return };
    let project = &served.project;
    with_pending(project);
    project.runs("migrate --to 1");
    served.hand().run(&ROWS);
    project.runs("migrate");
    let (before, rows) = (applied(&served.hand()), crate::served::content(&served.hand()));
    project.runs("squash .. --name all");
    assert_eq!(requests(project, &proxy, 0, "migrate"), 1);
    assert!(requests(project, &proxy, 0, "status") <= 2);
    assert_eq!((applied(&served.hand()), crate::served::content(&served.hand())), (before.clone(), rows));
    // the next one is recorded behind what it has, and not behind what the folder has
    project.runs("generate --custom --name next");
    let number = before.len() + 1;
    project.write(&sql_of(&format!("{number:04}_next")), "UPDATE users SET name = name || '+';\n");
    project.runs("generate --custom");
    assert!(requests(project, &proxy, 0, "migrate") <= 3, "{:?}", proxy.traffic());
    assert_eq!(requests(project, &proxy, 0, "migrate"), 1);
    let last = served.hand().query("SELECT max(position) FROM _dbmigrate_history");
    assert_eq!(last, [number.to_string()]);
    // and with a folder in which a database on the server is in the middle
    served.hand().run(&["DELETE FROM _dbmigrate_history WHERE position > 1"]);
    let run = project.ends(5, "migrate");
    assert!(run.err.contains("has only some of the migrations that"), "{}", run.err);
}

#[test]
fn check_of_a_target_asks_all_its_rows_in_two_requests() {
    let Some((served, proxy)) = behind_a_proxy("checked") else { return };
    let project = &served.project;
    project.runs("generate --name start");
    project.runs("migrate");
    served.hand().run(&ROWS);
    for (name, sql) in
        [("clear", "DELETE FROM posts;\nUPDATE users SET name = 'x';\n"), ("again", "DELETE FROM users;\n")]
    {
        project.runs(&format!("generate --custom --name {name}"));
        let number = if name == "clear" { 2 } else { 3 };
        project.write(&sql_of(&format!("{number:04}_{name}")), sql);
        project.runs("generate --custom");
    }
    assert!(requests(project, &proxy, 0, "check -t production") <= 2, "{:?}", proxy.traffic());
    let run = project.runs("check -t production");
    let users = served.hand().query("SELECT count(*) FROM users").concat();
    for said in [format!("{users} rows of `users` are overwritten"), format!("{users} rows of `users` are deleted")] {
        assert!(run.err.contains(&said), "{said}: {run:?}");
    }
    project.ends(4, "check -t production -D data_loss");
    // one more than without a finding
    assert!(requests(project, &proxy, 0, "migrate --dry-run") <= 4, "{:?}", proxy.traffic());
}
