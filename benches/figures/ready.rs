//! `MIGRATIONS.ready(…)` on databases with nothing to do, as an application with many tenants calls it whenever it opens
//! one, beside opening each of them and reading one row.

use std::path::{Path, PathBuf};

use dbmigrate_core::folder::Folder;
use dbmigrate_embed::Migrations;
use libsql::Builder;
use pollster::block_on;

use crate::bare;
use crate::contest::{Contest, cost_of, milliseconds};
use crate::project::{Project, tiny_migrations, tool};

const MIGRATIONS: usize = 100;
const FILES: usize = 200;
/// How often each file is opened: in the first round nothing is known of it.
const TIMES: [usize; 2] = [1, 50];

#[expect(clippy::cast_precision_loss, reason = "shown with few digits")]
pub(crate) fn run() {
    let project = tiny_migrations(MIGRATIONS);
    cost_of(tool().args(["migrate", "--quiet", "--url", "head.db"]).current_dir(project.path()));
    for path in files(&project) {
        std::fs::copy(project.path().join("head.db"), path).expect("it is writable");
    }
    for times in TIMES {
        println!("ready, {FILES} files with {MIGRATIONS} migrations and nothing to do, each opened {times} times");
        let mut contest = Contest::default();
        for kind in ["nothing", "read", "ready", "both"] {
            let name = match kind {
                "nothing" => "the process alone",
                "read" => "open, read a row",
                "ready" => "ready",
                _ => "ready, open, read a row",
            };
            let project = &project;
            contest.add(name, move || {
                bare::command("open", [project.path().as_os_str(), kind.as_ref(), times.to_string().as_ref()])
            });
        }
        let costs = contest.show(5);
        let beside = |at: usize| milliseconds(costs[at].wall.saturating_sub(costs[0].wall)) * 1000.0;
        let each = |at: usize| beside(at) / (FILES * times) as f64;
        println!("  each: read {:.1} us, ready {:.1} us: {:.2} x", each(1), each(2), beside(2) / beside(1));
    }
}

fn files(project: &Project) -> Vec<PathBuf> {
    (0..FILES).map(|at| project.path().join(format!("tenant-{at}.db"))).collect()
}

/// What a process of the contest does.
pub(crate) fn open(directory: &Path, kind: &str, times: usize) {
    let migrations = embedded(&directory.join("migrations"));
    for _ in 0..times {
        for at in 0..FILES {
            if kind == "nothing" {
                continue;
            }
            let path = directory.join(format!("tenant-{at}.db"));
            let database = block_on(Builder::new_local(path).build()).expect("a path");
            if kind != "read" {
                migrations.ready(&database).wait().expect("it is ready");
            }
            if kind != "ready" {
                let connection = database.connect().expect("a database");
                let mut rows = block_on(connection.query("SELECT id, name FROM tiny_7 LIMIT 1", ())).expect("a table");
                std::hint::black_box(block_on(rows.next()).expect("an answer").is_none());
            }
        }
    }
}

/// What `embed_migrations!()` makes of a folder.
fn embedded(path: &Path) -> Migrations {
    let folder = Folder::open(path).expect("a folder");
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let lock = leak(std::fs::read_to_string(folder.lock_path()).expect("a lock"));
    let texts = folder.migrations().iter().map(|migration| leak(folder.sql(migration).expect("a migration")));
    Migrations::__embedded("migrations", lock, texts.collect::<Vec<_>>().leak(), &[], 10)
}
