//! Fleets: a thousand files with ten migrations to go, ten thousand with none, and a thousand databases on a server far
//! away.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use dbmigrate_test_support::fleet::files::Files;
use dbmigrate_test_support::fleet::names;
use dbmigrate_test_support::proxy::Proxy;
use dbmigrate_test_support::sqld::{Options, Server};

use crate::bare;
use crate::contest::{Contest, Cost, cost_of, megabytes, milliseconds};
use crate::project::{Project, tiny_migrations, tiny_statement, tool};

/// What the members have, and what they lack.
const APPLIED: usize = 5;
const PENDING: usize = 10;
/// What a round trip to a server far away takes.
const FAR: Duration = Duration::from_millis(40);
/// How many members are asked at once.
const PARALLEL: usize = 32;

pub(crate) fn run() {
    let project = tiny_migrations(APPLIED + PENDING);
    if std::env::var_os("FLEET_ON").is_some_and(|on| on == "server") {
        return served(&project);
    }
    let directory = project.path();
    fs::write(directory.join("dbmigrate.toml"), "[targets.tenants]\nfleet = \"tenants/*.db\"\n").expect("a file");
    let behind = directory.join("behind.db");
    cost_of(&mut on(directory, &["--url", "behind.db", "--to", &APPLIED.to_string()]));
    files(&project, &behind, 1000);
    let head = directory.join("head.db");
    cost_of(&mut on(directory, &["--url", "head.db"]));
    for count in [1000, 10_000] {
        nothing_pending(&project, &head, count);
    }
    served(&project);
}

/// `migrate` in the project.
fn on(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = tool();
    command.args(["migrate", "--quiet"]).args(arguments).current_dir(directory);
    command
}

/// A fresh folder of copies.
fn copies(project: &Project, template: &Path, count: usize) -> Files {
    let folder = project.path().join("tenants");
    let _ = fs::remove_dir_all(&folder);
    let _ = fs::remove_dir_all(project.path().join(".dbmigrate"));
    Files::copy(template, &folder, &names(count))
}

fn files(project: &Project, template: &Path, count: usize) {
    let script = project.path().join("pending.sql");
    let mut text = String::new();
    for number in APPLIED + 1..=APPLIED + PENDING {
        let (create, record) = (tiny_statement(number), bare::record(number));
        let _ = writeln!(text, "BEGIN IMMEDIATE;\n{create};\n{record};\nCOMMIT;");
    }
    fs::write(&script, text).expect("a file");
    println!("fleet, {count} files, {PENDING} pending migrations each, a transaction each");
    let mut contest = Contest::default();
    contest.add("bare libSQL, one thread", || {
        let files = copies(project, template, count);
        bare::command("fleet", [files.folder(), &script])
    });
    contest.add("cargo dbmigrate migrate", || {
        copies(project, template, count);
        on(project.path(), &["--target", "tenants"])
    });
    contest.add("the same, all in one wave", || {
        copies(project, template, count);
        on(project.path(), &["--target", "tenants", "--canary", "0", "--waves", "100%"])
    });
    contest.show(3);
}

fn nothing_pending(project: &Project, template: &Path, count: usize) {
    println!("fleet, {count} files, nothing pending");
    copies(project, template, count);
    let mut contest = Contest::default();
    contest.add("cargo dbmigrate migrate", || on(project.path(), &["--target", "tenants"]));
    let costs = contest.show(3);
    let each = |cost: &Cost| milliseconds(cost.wall) / f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    println!("  {:.3} ms a file, {:.1} MB", each(&costs[0]), megabytes(costs[0].memory));
}

/// A server behind a proxy that makes it far away.
struct Far {
    server: Server,
    proxy: Proxy,
}

impl Far {
    fn start() -> Self {
        let server = Options::default().namespaces().start().expect("the libSQL server");
        let proxy = Proxy::before(server.port());
        Self { server, proxy }
    }

    /// So many new databases.
    fn members(&self, prefix: &str, count: usize) -> Vec<String> {
        let names = names(count).into_iter().map(|name| format!("{prefix}{name}"));
        let urls = names.map(|name| {
            self.server.create_namespace(&name);
            format!("http://{name}.localhost:{}", self.proxy.port())
        });
        urls.collect()
    }
}

/// Databases on a server behind a proxy, against the time that its round trips take in any case, and against a process for
/// each member. How many at once: a thousand members with as many as a roll-out asks at most, and fewer with fewer, where
/// it is less a question of how fast server, proxy and client compute on the same processors.
#[expect(clippy::cast_precision_loss, reason = "shown with few digits")]
fn served(project: &Project) {
    const LOOP: usize = 50;
    let far = Far::start();
    for (count, parallel) in [(1000, PARALLEL), (500, PARALLEL / 2), (250, PARALLEL / 4)] {
        roll_out(project, &far, count, parallel);
    }
    let begin = std::time::Instant::now();
    for url in far.members("loop", LOOP) {
        far.proxy.delay(FAR);
        cost_of(&mut on(project.path(), &["--url", &url]));
    }
    let each = milliseconds(begin.elapsed()) / LOOP as f64;
    println!(
        "  a process for each of {LOOP}, one after the other: {each:.0} ms each, {:.0} ms for 1000",
        each * 1000.0
    );
}

#[expect(clippy::cast_precision_loss, reason = "shown with few digits")]
fn roll_out(project: &Project, far: &Far, count: usize, parallel: usize) {
    let (directory, Far { server, proxy }) = (project.path(), far);
    fs::write(directory.join("members.txt"), far.members(&format!("at{parallel}x"), count).join("\n")).expect("a file");
    let text = format!("[targets.far]\nfleet = {{ list = \"members.txt\" }}\nparallel = {parallel}\n");
    let text = format!("{text}parallel_per_host = {parallel}\nwaves = [\"100%\"]\ncanary = 0\n");
    fs::write(directory.join("dbmigrate.toml"), text).expect("a file");
    // as in a fleet that is in use: made, and some migrations behind
    proxy.delay(Duration::ZERO);
    cost_of(&mut on(directory, &["--target", "far", "--to", &APPLIED.to_string()]));
    println!("fleet, {count} databases on a server 40 ms away, {PENDING} pending migrations each");
    for what in ["migrate", "migrate, nothing pending"] {
        proxy.delay(FAR);
        proxy.reset();
        let mut cost = Cost::default();
        let work = server.work_of(|| cost = cost_of(&mut on(directory, &["--target", "far"])));
        let traffic = proxy.traffic();
        let trips = traffic.requests.len() + traffic.connections;
        let share = |of: usize| of as f64 / parallel as f64 * milliseconds(FAR);
        let (wall, ideal) = (milliseconds(cost.wall), share(trips));
        println!(
            "  {what}: {wall:.0} ms, {:.1} MB; {} requests and {} connections of 40 ms, {parallel} at once: {ideal:.0} ms, {:.2}x",
            megabytes(cost.memory),
            traffic.requests.len(),
            traffic.connections,
            wall / ideal
        );
        println!(
            "  requests alone: {:.0} ms, {:.2}x; CPU {:.0} ms, that of the server {:.0} ms",
            share(traffic.requests.len()),
            wall / share(traffic.requests.len()),
            milliseconds(cost.cpu),
            milliseconds(work)
        );
    }
}
