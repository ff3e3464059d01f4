//! The libSQL server: started on free ports of this machine with a data folder of its own, and gone when the test is.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{PATIENCE, binary, hand, must_not_skip, skipped};

/// How often a server is started again because somebody else has taken a port that was free.
const TRIES: usize = 5;

/// How a server is started.
#[derive(Debug, Clone, Default)]
pub struct Options {
    key: Option<String>,
    namespaces: bool,
    replicable: bool,
    primary: Option<u16>,
    arguments: Vec<String>,
}

impl Options {
    /// It wants tokens that this key has signed: see [`crate::token::Key::public`].
    #[must_use]
    pub fn key(mut self, public: String) -> Self {
        self.key = Some(public);
        self
    }

    /// It has many databases: see [`Server::create_namespace`].
    #[must_use]
    pub fn namespaces(mut self) -> Self {
        self.namespaces = true;
        self
    }

    /// It may have replicas.
    #[must_use]
    pub fn replicable(mut self) -> Self {
        self.replicable = true;
        self
    }

    /// It is a replica of another server, which is [`replicable`](Self::replicable).
    #[must_use]
    pub fn replica_of(mut self, primary: &Server) -> Self {
        self.primary = Some(primary.ports.grpc);
        self
    }

    /// The size at which an answer is too large, such as `1MB`.
    #[must_use]
    pub fn max_response_size(mut self, size: &str) -> Self {
        self.arguments.extend(["--max-response-size".to_owned(), size.to_owned()]);
        self
    }

    /// The folder of the libraries that it may load, each with a line in `trusted.lst`.
    #[must_use]
    pub fn extensions(mut self, folder: &Path) -> Self {
        self.arguments.extend(["--extensions-path".to_owned(), folder.display().to_string()]);
        self
    }

    /// Starts it, and waits until it answers. Where no server can be had, the test is skipped, loudly; in CI it fails.
    pub fn start(self) -> Option<Server> {
        match binary::sqld() {
            Ok(_) => Some(Server::new(self)),
            Err(why) if must_not_skip() => panic!("{why}"),
            Err(why) => {
                skipped(why);
                None
            }
        }
    }
}

/// The server with namespaces that all tests of a process share, each with databases of its own. None where no server
/// can be had.
pub fn shared() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(|| Options::default().namespaces().start()).as_ref()
}

/// The ports that a server listens on.
#[derive(Debug, Clone, Copy)]
struct Ports {
    http: u16,
    admin: u16,
    grpc: u16,
}

/// A running server, which is killed when this is dropped, and also if the test dies without doing so.
#[derive(Debug)]
pub struct Server {
    options: Options,
    folder: TempDir,
    ports: Ports,
    child: Child,
}

impl Server {
    /// Starts a server with one database, for everybody.
    pub fn start() -> Option<Self> {
        Options::default().start()
    }

    fn new(options: Options) -> Self {
        let folder = tempfile::Builder::new().prefix("sqld-").tempdir().expect("a temporary directory");
        if let Some(key) = &options.key {
            fs::write(folder.path().join("key"), key).expect("the directory is writable");
        }
        let (child, ports) = launch(&options, folder.path());
        Self { options, folder, ports, child }
    }

    /// Where it is, of its only database or of the one called `default`.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.ports.http)
    }

    /// Where it is, without a name.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.ports.http)
    }

    /// The port on which it answers.
    pub fn port(&self) -> u16 {
        self.ports.http
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The folder with everything that it has.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes a database, and says where it is.
    pub fn create_namespace(&self, name: &str) -> String {
        assert!(self.options.namespaces, "a server without namespaces");
        let admin = format!("http://127.0.0.1:{}/v1/namespaces/{name}/create", self.ports.admin);
        hand::post(&admin, "{}").unwrap_or_else(|error| panic!("no namespace `{name}`: {error}"));
        self.url_of(name)
    }

    /// Copies a database, given by its name, to a new one that nobody else uses, and says where that is.
    pub fn fork(&self, name: &str) -> String {
        let copy = unique();
        let admin = format!("http://127.0.0.1:{}/v1/namespaces/{name}/fork/{copy}", self.ports.admin);
        hand::post(&admin, "{}").unwrap_or_else(|error| panic!("no copy of `{name}`: {error}"));
        self.url_of(&copy)
    }

    /// Makes a database of what the server dumps of another one, given by its URL, and says where it is.
    pub fn create_from_dump(&self, name: &str, of: &str) -> String {
        assert!(self.options.namespaces, "a server without namespaces");
        let dump = hand::get(&format!("{of}/dump")).unwrap_or_else(|error| panic!("no dump of `{of}`: {error}"));
        let file = self.folder.path().join(format!("{name}.sql"));
        fs::write(&file, dump).expect("the directory is writable");
        let admin = format!("http://127.0.0.1:{}/v1/namespaces/{name}/create", self.ports.admin);
        let body = format!("{{\"dump_url\": \"file:{}\"}}", file.display());
        hand::post(&admin, &body).unwrap_or_else(|error| panic!("no namespace `{name}` of a dump: {error}"));
        self.url_of(name)
    }

    /// Where a database is, by its name.
    pub fn url_of(&self, name: &str) -> String {
        format!("http://{name}.localhost:{}", self.ports.http)
    }

    /// Makes a database that nobody else uses, and says where it is.
    pub fn fresh(&self) -> String {
        self.create_namespace(&unique())
    }

    /// Copies the file of a database, with its log, while nobody writes to it: what any SQLite reads there is what the
    /// server has.
    pub fn copy_database(&self, url: &str, to: &Path) {
        let host = url.trim_start_matches("http://").split([':', '/']).next().unwrap_or_default();
        let namespace = host.split_once('.').map_or("default", |(namespace, _)| namespace);
        let folder = self.folder.path().join("data/dbs").join(namespace);
        fs::copy(folder.join("data"), to).unwrap_or_else(|error| panic!("no database `{namespace}`: {error}"));
        let mut log = to.as_os_str().to_owned();
        log.push("-wal");
        fs::copy(folder.join("data-wal"), log).expect("the server keeps a log");
    }

    /// Lets it do nothing, while its connections stay open, from the moment that this returns.
    pub fn pause(&self) {
        self.signal("STOP");
        // the signal is sent, but its threads run on until one of them has received it and stopped the others
        let begin = Instant::now();
        while !is_stopped(self.id()) {
            assert!(begin.elapsed() < PATIENCE, "the server {} does not stop", self.id());
            sleep(Duration::from_millis(1));
        }
    }

    /// Waits until it has computed for that long, which somebody else has asked for meanwhile. How busy the machine is
    /// makes no difference.
    pub fn wait_for_work(&self, time: Duration) {
        let (begin, wanted) = (Instant::now(), processor_time(self.id()) + time);
        while processor_time(self.id()) < wanted {
            assert!(begin.elapsed() < PATIENCE, "the server {} has nothing to do", self.id());
            sleep(Duration::from_millis(5));
        }
    }

    /// How long it computes while this runs, at least a hundredth of a second. How busy the machine is makes no
    /// difference.
    pub fn work_of(&self, run: impl FnOnce()) -> Duration {
        let before = processor_time(self.id());
        run();
        processor_time(self.id()).saturating_sub(before).max(Duration::from_millis(10))
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("sh").args(["-c", "kill -s \"$1\" \"$2\"", "sh", signal, &id]).status();
        assert!(status.is_ok_and(|status| status.success()), "no {signal} to {id}");
    }

    /// Kills it in the middle of whatever it does (SIGKILL), and waits until it is dead.
    pub fn kill_9(&mut self) {
        end(&mut self.child);
    }

    /// Starts it again with the data that it had, on other ports: the old ones may not be free for a minute.
    pub fn restart(&mut self) {
        end(&mut self.child);
        (self.child, self.ports) = launch(&self.options, self.folder.path());
    }

    /// Ends it.
    pub fn stop(self) {}

    /// What it has said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A name that no database has yet.
fn unique() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("n{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

fn launch(options: &Options, folder: &Path) -> (Child, Ports) {
    for _ in 0..TRIES {
        let ports = free_ports();
        let mut child = spawn(options, ports, folder);
        if answers(&mut child, ports.http) {
            return (child, ports);
        }
        end(&mut child);
    }
    let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
    panic!("the server does not start:\n{log}");
}

/// Ports that nobody listens on at this moment.
fn free_ports() -> Ports {
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let [http, admin, grpc] = listeners.each_ref().map(|one| one.local_addr().expect("a bound port").port());
    Ports { http, admin, grpc }
}

/// The shell becomes the server, and leaves behind a process that kills it, and removes its folder, when the test's end
/// of a pipe is closed by the test's death; `end` tells it that there is nothing left to do.
const LAUNCH: &str = r#"
    folder=$1
    shift
    exec 3<&0
    (trap '' HUP INT TERM; read -r _ <&3 || { kill -9 $$; sleep 1; rm -rf "$folder"; }) </dev/null >/dev/null 2>&1 &
    exec "$@" </dev/null 3<&-
"#;

fn spawn(options: &Options, ports: Ports, folder: &Path) -> Child {
    let binary = binary::sqld().expect("somebody has looked for it");
    let local = |port: u16| format!("127.0.0.1:{port}");
    let mut command = Command::new("sh");
    command.args(["-c", LAUNCH, "sh"]).arg(folder).arg(binary).arg("--no-welcome");
    command.arg("--db-path").arg(folder.join("data"));
    command.args(["--http-listen-addr", &local(ports.http), "--shutdown-timeout", "1"]);
    if options.namespaces {
        command.args(["--enable-namespaces", "--admin-listen-addr", &local(ports.admin)]);
        // one that is put to sleep for another can be missing for a moment
        command.args(["--max-active-namespaces", "100000"]);
    }
    if options.replicable {
        command.args(["--grpc-listen-addr", &local(ports.grpc)]);
    }
    if let Some(primary) = options.primary {
        command.args(["--primary-grpc-url", &format!("http://{}", local(primary))]);
    }
    if options.key.is_some() {
        command.arg("--auth-jwt-key-file").arg(folder.join("key"));
    }
    command.args(&options.arguments);
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("SQLD_") || name.starts_with("LIBSQL_") || name.ends_with("_proxy") {
            command.env_remove(&variable);
        }
    }
    let log = File::options().create(true).append(true).open(folder.join("log")).expect("the directory is writable");
    command.stdout(log.try_clone().expect("a second handle")).stderr(log).stdin(Stdio::piped());
    command.spawn().expect("a shell")
}

/// Waits until it answers, or has ended. That a port answers does not say who does.
fn answers(child: &mut Child, port: u16) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE && child.try_wait().is_ok_and(|ended| ended.is_none()) {
        if listens(child.id(), port) && hand::get(&format!("http://127.0.0.1:{port}/health")).is_ok() {
            return true;
        }
        sleep(Duration::from_millis(5));
    }
    false
}

/// Whether a process is the one that listens on a port of this machine.
fn listens(id: u32, port: u16) -> bool {
    let table = fs::read_to_string(format!("/proc/{id}/net/tcp")).unwrap_or_default();
    let address = format!("0100007F:{port:04X}");
    let inode = table.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        (fields.get(1) == Some(&address.as_str()) && fields.get(3) == Some(&"0A")).then(|| fields.get(9).copied())?
    });
    let Some(inode) = inode else { return false };
    let open = fs::read_dir(format!("/proc/{id}/fd")).into_iter().flatten().flatten();
    let socket = format!("socket:[{inode}]");
    open.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|link| link == Path::new(&socket))
}

/// Whether no thread of a process runs (proc(5), `/proc/pid/stat`: the state comes after the name in parentheses).
fn is_stopped(id: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let mut states = threads.map(|thread| {
        let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").and_then(|(_, after)| after.chars().next())
    });
    states.all(|state| state == Some('T'))
}

/// How long a process has computed.
fn processor_time(id: u32) -> Duration {
    computed(&format!("/proc/{id}/stat")).unwrap_or_default()
}

/// How long a process or a thread has computed (proc(5), `stat`: user and system time in hundredths of a second).
pub(crate) fn computed(stat: &str) -> Option<Duration> {
    let stat = fs::read_to_string(stat).ok()?;
    let (_, after) = stat.rsplit_once(") ")?;
    let hundredths: u64 = after.split(' ').skip(11).take(2).filter_map(|time| time.parse::<u64>().ok()).sum();
    Some(Duration::from_millis(10 * hundredths))
}

fn end(child: &mut Child) {
    if let Some(mut stdin) = child.stdin.take() {
        // whoever waits for the end of the pipe may come late, when the id is somebody else's
        let _ = stdin.write_all(b"\n");
    }
    let _ = child.kill();
    let _ = child.wait();
}
