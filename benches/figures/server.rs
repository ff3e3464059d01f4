//! The same on a server: many tiny migrations and a large rebuild against the same statements sent by hand in one
//! request, and what the commands cost that have nothing to do. Round trips are counted by a proxy, which also makes
//! each of them take 40 ms.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::proxy::Proxy;
use dbmigrate_test_support::sqld::{Options, Server};

use crate::bare;
use crate::contest::{Contest, cost_of};
use crate::project::{Project, tiny_migrations, tiny_statement, tool};
use crate::rebuild::{Big, fill_statement};

/// What a round trip to a server far away takes.
const FAR: Duration = Duration::from_millis(40);

const TABLES: usize = 500;

pub(crate) fn run() {
    for count in [100, 1000] {
        tiny(count);
    }
    many_tables();
    for rows in [100_000, 1_000_000] {
        rebuild(rows);
    }
}

/// The same database, but over the proxy.
fn through(proxy: &Proxy, url: &str) -> String {
    let (name, _) = url.rsplit_once(':').expect("a port");
    format!("{name}:{}", proxy.port())
}

/// The tool on the database at a URL.
fn on(directory: &Path, url: &str, command: &str) -> Command {
    let mut process = tool();
    process.args([command, "--quiet", "--url", url]).current_dir(directory);
    if command == "push" {
        // what it does to a database that has a history as well
        process.args(["--accept", "history"]);
    }
    process
}

fn by_hand(url: &str, script: &Path) -> Command {
    bare::command("send", [url.as_ref(), script.as_os_str()])
}

/// Runs a command once over the proxy and says how many requests it took.
fn say_requests(proxy: &Proxy, name: &str, mut command: Command) {
    proxy.delay(Duration::ZERO);
    proxy.reset();
    cost_of(&mut command);
    let traffic = proxy.traffic();
    let bytes = |part: fn(&dbmigrate_test_support::proxy::Exchange) -> usize| -> usize {
        traffic.requests.iter().map(part).sum::<usize>() / 1024
    };
    let (sent, received) = (bytes(|one| one.sent), bytes(|one| one.received));
    println!("  {name}: {} requests, {sent} KB sent, {received} KB received", traffic.requests.len());
}

/// A server with as many databases as are wanted, and the proxy in front of it.
fn server() -> (Server, Proxy) {
    let server = Options::default().namespaces().start().expect("the libSQL server");
    let proxy = Proxy::before(server.port());
    (server, proxy)
}

fn tiny(count: usize) {
    let (server, proxy) = server();
    let proxy = &proxy;
    let project = tiny_migrations(count);
    let directory = project.path();
    let script = directory.join("all.sql");
    let mut lines = vec![bare::HISTORY.to_owned()];
    for number in 1..=count {
        lines.extend(["BEGIN IMMEDIATE".to_owned(), tiny_statement(number), bare::record(number), "COMMIT".to_owned()]);
    }
    fs::write(&script, lines.join("\n")).expect("a file");
    let history = directory.join("history.sql");
    fs::write(&history, "SELECT * FROM _dbmigrate_history ORDER BY position").expect("a file");
    for (way, delay) in [("on this machine", Duration::ZERO), ("40 ms away", FAR)] {
        proxy.delay(delay);
        let way_to = |url: String| if delay.is_zero() { url } else { through(proxy, &url) };
        println!("server {way}, {count} migrations of one CREATE TABLE, a transaction each");
        let mut contest = Contest::default();
        contest.add("by hand, one request", || by_hand(&way_to(server.fresh()), &script));
        contest.add("cargo dbmigrate migrate", || on(directory, &way_to(server.fresh()), "migrate"));
        contest.show(if delay.is_zero() { 15 } else { 7 });

        let applied = server.fresh();
        cost_of(&mut on(directory, &applied, "migrate"));
        println!("server {way}, nothing pending, {count} migrations applied");
        let mut contest = Contest::default();
        contest.add("by hand, reads the history", || by_hand(&way_to(applied.clone()), &history));
        contest.add("cargo dbmigrate migrate", || on(directory, &way_to(applied.clone()), "migrate"));
        contest.add("cargo dbmigrate status", || on(directory, &way_to(applied.clone()), "status"));
        contest.show(if delay.is_zero() { 15 } else { 7 });
    }
    let url = through(proxy, &server.fresh());
    for name in ["migrate", "migrate, nothing pending", "status"] {
        let command = name.split(',').next().unwrap_or(name);
        say_requests(proxy, name, on(directory, &url, command));
    }
}

/// What commands cost with many tables: a first migration, and those that change nothing.
fn many_tables() {
    let (server, proxy) = server();
    let proxy = &proxy;
    let project = Project::new(TABLES);
    let directory = project.path();
    cost_of(&mut project.generate());
    let entries = fs::read_dir(project.migrations()).expect("a folder").flatten().map(|entry| entry.path());
    let migration = entries.map(|path| path.join("migration.sql")).find(|path| path.exists()).expect("a migration");
    let text = fs::read_to_string(migration).expect("a file");
    let statements = dbmigrate_core::sql::split(&text);
    let one_line = |sql: &str| sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut lines = vec![bare::HISTORY.to_owned(), "BEGIN IMMEDIATE".to_owned()];
    lines.extend(statements.iter().map(|statement| one_line(statement.text)));
    lines.extend([bare::record(1), "COMMIT".to_owned()]);
    let script = directory.join("all.sql");
    fs::write(&script, lines.join("\n")).expect("a file");

    println!("server on this machine, first migration of {TABLES} tables");
    let mut contest = Contest::default();
    contest.add("by hand, one request", || by_hand(&server.fresh(), &script));
    contest.add("cargo dbmigrate migrate", || on(directory, &server.fresh(), "migrate"));
    contest.show(5);

    let url = server.fresh();
    say_requests(proxy, "migrate", on(directory, &through(proxy, &url), "migrate"));
    cost_of(&mut on(directory, "dev.db", "migrate"));
    println!("{TABLES} tables, nothing to do, on a file and on a server");
    for command in ["status", "push", "pull"] {
        let mut contest = Contest::default();
        contest.add(format!("{command}, file"), || on(directory, "dev.db", command));
        contest.add(format!("{command}, server"), || on(directory, &url, command));
        contest.show(5);
        say_requests(proxy, command, on(directory, &through(proxy, &url), command));
    }
}

fn rebuild(rows: usize) {
    println!("server on this machine, rebuild, {rows} rows x 8 columns, 2 indexes");
    let big = Big::new();
    let script = big.path().join("by_hand.sql");
    fs::write(&script, bare::REBUILD_ON_SERVER.join("\n")).expect("a file");
    // a server of its own for each turn, whose files are gone with it
    let server: RefCell<Option<Server>> = RefCell::default();
    let full = || {
        *server.borrow_mut() = None;
        let fresh = Server::start().expect("there was one before");
        let url = fresh.url();
        *server.borrow_mut() = Some(fresh);
        let mut first = on(big.path(), &url, "migrate");
        first.args(["--to", "1"]);
        cost_of(&mut first);
        // with the indexes in place, a million rows are gigabytes of a server's log
        let [first, second] = [bare::REBUILD[6], bare::REBUILD[7]];
        let (drop_first, drop_second) = ("DROP INDEX big_name_created_at_idx", "DROP INDEX big_score_idx");
        let statements = [drop_first, drop_second, &fill_statement(rows), first, second];
        Hand::new(&url).with_timeout(Duration::from_secs(300)).run(&statements);
        url
    };
    let mut contest = Contest::default();
    contest.add("by hand, one request", || by_hand(&full(), &script));
    contest.add("cargo dbmigrate migrate", || on(big.path(), &full(), "migrate"));
    contest.show(if rows > 500_000 { 3 } else { 5 });
}
