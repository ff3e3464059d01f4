//! Rebuilds that nobody waits for, beside four writers, on a server and in a file: how long they take beside the plain
//! rebuild that nobody disturbs, and how long the writers had to wait.
//!
//! `ONLINE_ROWS=10000000` takes as many rows; `ONLINE_ON=file` or `server` only one of the two.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use dbmigrate_core::engine::Connection;
use dbmigrate_core::engine::apply::Database;
use dbmigrate_core::engine::error::ErrorKind;
use dbmigrate_core::engine::remote::{Client, Options, RemoteUrl};
use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::sqld::Server;
use pollster::block_on;

use crate::contest::{cost_of, milliseconds};
use crate::project::{Project, tool};
use crate::rebuild::fill_statement;

const ROWS: usize = 1_000_000;
const WRITERS: u64 = 4;
/// The pause between two writes of one of them.
const PACE: Duration = Duration::from_millis(5);
/// If no write of anybody is answered for so long, the server hangs, and so would this.
const STUCK: Duration = Duration::from_secs(30);

pub(crate) fn run() {
    let rows = std::env::var("ONLINE_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(ROWS);
    let only = std::env::var("ONLINE_ON").ok();
    let wanted = |place: &str| only.as_deref().is_none_or(|only| only == place);
    let [plain, online] = [project("", false), project("", true)];
    if wanted("server") {
        println!("online, {rows} rows x 8 columns on a server, {WRITERS} writers, a write each {PACE:?}");
        on_server(rows, &plain, &online);
    }
    let indexes = ", index(name, created_at), index(score)";
    let [plain, online] = [project(indexes, false), project(indexes, true)];
    if wanted("file") {
        println!("online, {rows} rows x 8 columns, 2 indexes, in a file, {WRITERS} writers, a write each {PACE:?}");
        in_file(rows, &plain, &online);
    }
}

/// A project with two migrations: one creates the table, the other one rebuilds it.
fn project(indexes: &str, online: bool) -> Project {
    let project = Project::new(0);
    for (number, amount) in ["i64", "f64"].iter().enumerate() {
        let source = format!(
            "use dbmigrate::Table;\n#[derive(Table)]\n#[table(name = \"big\"{indexes})]\npub struct Big {{\n\
             #[column(primary_key)] pub id: i64,\npub name: String,\npub note: Option<String>,\npub score: Option<f64>,\n\
             pub amount: {amount},\npub state: String,\npub created_at: i64,\npub body: Option<Vec<u8>>,\n}}\n"
        );
        std::fs::write(project.path().join("src/lib.rs"), source).expect("a file");
        let mut generate = project.generate();
        if online && number == 1 {
            generate.arg("--online");
        }
        cost_of(&mut generate);
    }
    project
}

fn migrate(project: &Project, url: &str, more: &[&str]) -> Command {
    let mut command = tool();
    command.args(["migrate", "--quiet", "--url", url]).args(more).current_dir(project.path());
    command
}

fn on_server(rows: usize, plain: &Project, online: &Project) {
    let filled = || {
        let server = Server::start().expect("the libSQL server");
        cost_of(&mut migrate(plain, &server.url(), &["--to", "1"]));
        Hand::new(server.url()).with_timeout(Duration::from_secs(900)).run(&[fill_statement(rows)]);
        server
    };
    let offline = {
        let server = filled();
        cost_of(&mut migrate(plain, &server.url(), &[])).wall
    };
    let server = filled();
    let url = server.url();
    let connect = || {
        let (url, token) = RemoteUrl::parse(&url).expect("a URL");
        Database::on_server(Client::new(url, token, Options::default())).into_connection()
    };
    show(rows, offline, &connect, &mut migrate(online, &url, &[]));
}

fn in_file(rows: usize, plain: &Project, online: &Project) {
    let path = |project: &Project| project.path().join("dev.db");
    let filled = |project: &Project| {
        cost_of(&mut migrate(project, "dev.db", &["--to", "1"]));
        cost_of(
            Command::new("sqlite3")
                .arg(path(project))
                .arg(format!("PRAGMA journal_mode = WAL; {}", fill_statement(rows))),
        );
    };
    filled(plain);
    let offline = cost_of(&mut migrate(plain, "dev.db", &[])).wall;
    filled(online);
    let database: PathBuf = path(online);
    let connect = || opened(&database);
    show(rows, offline, &connect, &mut migrate(online, "dev.db", &[]));
}

fn opened(path: &Path) -> Connection {
    let connection = block_on(Connection::open_waiting(path, false, Duration::from_secs(60))).expect("it opens");
    block_on(connection.run("PRAGMA synchronous = NORMAL")).expect("it can be set");
    connection
}

/// What became of writers.
#[derive(Default)]
struct Wrote {
    /// How long each write took, with what was tried again, sorted.
    waits: Vec<Duration>,
    inserted: u64,
    /// How often one was refused as busy, and tried again.
    refused: u64,
    failed: u64,
}

impl Wrote {
    fn say(&self, what: &str) {
        let at = |part: usize| milliseconds(self.waits[(self.waits.len() * part / 1000).min(self.waits.len() - 1)]);
        println!(
            "  {what}: {} writes, {} refused as busy and tried again, {} failed",
            self.waits.len(),
            self.refused,
            self.failed
        );
        println!("    one took {:.1} ms, 99% up to {:.0} ms, the slowest {:.0} ms", at(500), at(990), at(1000));
    }
}

/// Lets writers write while something runs, and returns what they and that have come to.
fn beside<R>(rows: usize, connect: &(dyn Fn() -> Connection + Sync), from: u64, run: impl FnOnce() -> R) -> (Wrote, R) {
    let (stop, answered) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let (stop, answered) = (&stop, &answered);
        scope.spawn(move || watch(stop, answered));
        let each = |writer| scope.spawn(move || write(rows, &connect(), (writer, from), (stop, answered)));
        let writers: Vec<_> = (0..WRITERS).map(each).collect();
        let result = run();
        stop.store(true, Ordering::Relaxed);
        let mut all = Wrote::default();
        for wrote in writers.into_iter().map(|writer| writer.join().expect("a writer")) {
            all.waits.extend(wrote.waits);
            all.inserted += wrote.inserted;
            all.refused += wrote.refused;
            all.failed += wrote.failed;
        }
        all.waits.sort_unstable();
        (all, result)
    })
}

/// Ends everything if the server hangs, which `sqld` does now and then, whoever writes.
fn watch(stop: &AtomicBool, answered: &AtomicU64) {
    let (mut last, mut since) = (0, Instant::now());
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(100));
        let now = answered.load(Ordering::Relaxed);
        if now != last {
            (last, since) = (now, Instant::now());
        } else if since.elapsed() > STUCK {
            println!(
                "  it hangs: behind {last} writes none was answered for {STUCK:?} (docs/large-tables.md#on-a-server)"
            );
            // what was started ends with this process
            std::process::exit(1);
        }
    }
}

/// Updates and inserts in turn until it is told to stop.
fn write(
    rows: usize,
    connection: &Connection,
    (writer, from): (u64, u64),
    (stop, answered): (&AtomicBool, &AtomicU64),
) -> Wrote {
    let mut wrote = Wrote::default();
    for at in from.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let id = (at * WRITERS + writer) * 7919 % rows as u64 + 1;
        let write = if at % 2 == 0 {
            format!("UPDATE big SET state = 'w{writer}' WHERE id = {id}")
        } else {
            format!("INSERT INTO big (name, amount, state, created_at) VALUES ('new {id}', {at}, 'new', {writer})")
        };
        let begun = Instant::now();
        loop {
            match block_on(connection.run(&write)) {
                Ok(()) => wrote.inserted += at % 2,
                // as an application has to, beside whoever else writes
                Err(error) if error.kind == ErrorKind::Locked => {
                    wrote.refused += 1;
                    continue;
                }
                Err(error) => {
                    println!("  a write failed: {error}");
                    wrote.failed += 1;
                }
            }
            break;
        }
        wrote.waits.push(begun.elapsed());
        answered.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(PACE.saturating_sub(begun.elapsed()));
    }
    wrote
}

/// Runs the rebuild with writers beside it, and says what became of all of them; before, what becomes of the writers alone.
fn show(rows: usize, offline: Duration, connect: &(dyn Fn() -> Connection + Sync), migrate: &mut Command) {
    let alone = offline.clamp(Duration::from_secs(5), Duration::from_secs(60));
    let (before, ()) = beside(rows, connect, 0, || std::thread::sleep(alone));
    let (wrote, wall) = beside(rows, connect, 1_000_000, || {
        std::thread::sleep(Duration::from_secs(1));
        let wall = cost_of(migrate).wall;
        std::thread::sleep(Duration::from_secs(1));
        wall
    });
    let found = block_on(connect().first_row("SELECT count(*), sum(typeof(amount) = 'real') FROM big"));
    let wanted = rows as u64 + before.inserted + wrote.inserted;
    println!("  {:<34} {:>9.1} s", "the plain rebuild, nobody else", offline.as_secs_f64());
    println!("  {:<34} {:>9.1} s  {:>5.2}x", "online", wall.as_secs_f64(), wall.as_secs_f64() / offline.as_secs_f64());
    before.say("nobody beside the writers");
    wrote.say("the rebuild beside them");
    println!("  rows {found:?} of {wanted}\n");
}
