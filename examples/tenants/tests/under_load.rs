//! Clients that open many tenants with old databases at once, while other processes migrate the same files: nobody gets an
//! error, and every database has each migration once and all of its rows.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use dbmigrate::Migrations;
use libsql::{Builder, Connection};

const MIGRATIONS: Migrations = dbmigrate::embed_migrations!();

const TENANTS: usize = 24;
const CLIENTS: usize = 6;
/// Rows that a tenant has before.
const OLD: usize = 200;

/// An instance, killed at the end of the test.
struct Instance {
    process: Child,
    address: String,
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Instance {
    fn start(folder: &Path, template: Option<&Path>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenants-service"));
        command.arg(folder).arg("127.0.0.1:0").args(template).stdout(Stdio::piped());
        let mut process = command.spawn().expect("it can be started");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("it is piped")).read_line(&mut line).expect("it is text");
        let address = line.trim().strip_prefix("listening on ").expect("it listens").to_owned();
        Self { process, address }
    }

    fn ask(&self, request: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("it is a setting");
        let length = body.len();
        let head =
            format!("{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n");
        write!(stream, "{head}content-type: application/json\r\n\r\n{body}").expect("it listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    /// Asks again for as long as the database is in maintenance, and counts how often it was.
    fn ask_until_it_is_there(&self, request: &str, body: &str, unavailable: &AtomicUsize) -> String {
        loop {
            let answer = self.ask(request, body);
            if !answer.starts_with("HTTP/1.1 503") {
                return answer;
            }
            unavailable.fetch_add(1, Ordering::Relaxed);
            let after = answer.lines().find_map(|line| line.strip_prefix("retry-after: ")).expect("it says when");
            thread::sleep(Duration::from_secs(after.trim().parse().expect("it is a number")));
        }
    }
}

async fn connection(path: &Path) -> Connection {
    Builder::new_local(path).build().await.expect("a path").connect().expect("a database")
}

async fn number(connection: &Connection, sql: &str) -> i64 {
    let mut rows = connection.query(sql, ()).await.expect(sql);
    rows.next().await.expect(sql).expect("a row").get(0).expect("a number")
}

/// The subcommand that this repository builds, beside this program.
fn subcommand() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let found = program.parent()?.parent()?.join("cargo-dbmigrate");
    found.is_file().then_some(found)
}

#[tokio::test]
async fn tenants_are_migrated_on_open_while_others_migrate_them() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let folder = directory.path().join("tenants");
    std::fs::create_dir(&folder).expect("it is writable");
    // as the first version of the service has left them
    let old = directory.path().join("old.db");
    let database = Builder::new_local(&old).build().await.expect("a path");
    MIGRATIONS.runner().to("1").run(&database).await.expect("it applies");
    let writer = database.connect().expect("a database");
    for at in 0..OLD {
        writer.execute("INSERT INTO notes (title) VALUES (?1)", [format!("old {at}")]).await.expect("it is new");
    }
    drop((writer, database));
    let files: Vec<PathBuf> = (0..TENANTS).map(|at| folder.join(format!("tenant-{at}.db"))).collect();
    for file in &files {
        std::fs::copy(&old, file).expect("it is writable");
    }
    let instances = [Instance::start(&folder, None), Instance::start(&folder, None)];
    let unavailable = AtomicUsize::new(0);
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (instance, unavailable) = (&instances[client % 2], &unavailable);
            scope.spawn(move || {
                for at in 0..TENANTS {
                    let tenant = (at + client / 2 * 7) % TENANTS;
                    let notes = instance.ask_until_it_is_there(&format!("GET /tenant-{tenant}/notes"), "", unavailable);
                    assert!(notes.starts_with("HTTP/1.1 200"), "{notes}");
                    assert!(notes.contains(r#""title":"old 199","done":false,"priority":0"#), "{notes}");
                    let body = format!(r#"{{"title":"new {client}","priority":{client}}}"#);
                    let post = format!("POST /tenant-{tenant}/notes");
                    let created = instance.ask_until_it_is_there(&post, &body, unavailable);
                    assert!(created.starts_with("HTTP/1.1 201"), "{created}");
                }
            });
        }
        let Some(subcommand) = subcommand() else {
            eprintln!("SKIPPED: no `cargo-dbmigrate` in the target directory: `cargo build -p cargo-dbmigrate`");
            return;
        };
        let files = &files;
        scope.spawn(move || {
            // from the other end, so that some are new to it and some are being migrated
            for file in files.iter().rev() {
                let mut command = Command::new(&subcommand);
                command.args(["dbmigrate", "migrate", "--quiet", "--url"]).arg(file);
                let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("it can be started");
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            }
        });
    });
    println!("{} answers were 503", unavailable.load(Ordering::Relaxed));
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/migrations.lock"));
    let count = i64::try_from(lock.expect("it is there").lines().count()).expect("a few") - 1;
    let expected = i64::try_from(OLD + CLIENTS).expect("a few");
    for file in &files {
        let database = connection(file).await;
        assert_eq!(number(&database, "SELECT count(*) FROM _dbmigrate_history").await, count);
        assert_eq!(number(&database, "SELECT count(*) FROM notes").await, expected);
        assert_eq!(number(&database, "SELECT count(*) FROM notes WHERE title LIKE 'old %' AND id <= 200").await, 200);
        assert_eq!(number(&database, "SELECT sum(priority) FROM notes").await, 15);
        let whole = "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'";
        assert_eq!(number(&database, whole).await, 1);
        assert_eq!(number(&database, "SELECT count(*) FROM pragma_foreign_key_check").await, 0);
    }
}

#[tokio::test]
async fn new_tenants_are_copies_of_a_template_and_are_made_once() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (folder, template) = (directory.path().join("tenants"), directory.path().join("template.db"));
    let database = Builder::new_local(&template).build().await.expect("a path");
    MIGRATIONS.ready(&database).await.expect("it applies");
    drop(database);
    let instance = Instance::start(&folder, Some(&template));
    let answers: Vec<String> = thread::scope(|scope| {
        let all: Vec<_> = (0..6).map(|_| scope.spawn(|| instance.ask("PUT /acme", ""))).collect();
        all.into_iter().map(|one| one.join().expect("it answers")).collect()
    });
    let with = |status: &str| answers.iter().filter(|answer| answer.starts_with(&format!("HTTP/1.1 {status}"))).count();
    assert_eq!((with("201"), with("409")), (1, 5), "{answers:?}");
    assert!(instance.ask("POST /acme/notes", r#"{"title":"Milk"}"#).starts_with("HTTP/1.1 201"));
    assert!(instance.ask("GET /acme/notes", "").ends_with(r#"[{"id":1,"title":"Milk","done":false,"priority":0}]"#));
    assert!(instance.ask("GET /nobody/notes", "").starts_with("HTTP/1.1 404"));
    assert!(instance.ask("PUT /..%2Facme", "").starts_with("HTTP/1.1 404"));
    let left: Vec<_> = std::fs::read_dir(&folder).expect("it is there").flatten().map(|one| one.file_name()).collect();
    assert_eq!(left, ["acme.db"]);
}
