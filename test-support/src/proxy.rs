//! What stands between a client and a server: a proxy that makes the way long, counts what goes over it, and breaks it
//! where a test wants it to.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::Mutex;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::http::Message;
use crate::listening::{Listening, lock};

/// How one request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What the server gets of the request.
    pub delivered: Delivered,
    /// What the client gets for it.
    pub answer: Answer,
}

/// What a server gets of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// It never hears of it.
    Nothing,
    /// So many bytes, of head and body; then the connection is closed.
    First(usize),
    /// Everything.
    All,
}

/// What a client gets for a request. Unless it says otherwise, a server that got everything has answered before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The connection is closed.
    Nothing,
    /// The connections to both sides are closed while the server is still at it.
    HangUp,
    /// So many bytes of the server's answer, of head and body; then the connection is closed.
    First(usize),
    /// Nothing ever, and the connection stays open.
    Silence,
    /// This status, with a page that no client can read.
    Status(u16),
    /// A page, as if all were well.
    Page,
    /// That it is to be asked for at another port of this machine.
    Moved(u16),
    /// That the disk failed in the first `COMMIT`, and nothing of what came after it.
    FailedCommit,
}

/// What went through the proxy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// The connections that clients have opened.
    pub connections: usize,
    /// The requests, in their order.
    pub requests: Vec<Exchange>,
}

/// A request and what was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exchange {
    /// The first line of the request.
    pub line: String,
    /// That line and the headers.
    pub head: String,
    /// The size of the request in bytes.
    pub sent: usize,
    /// The size of the server's answer in bytes, 0 as long as there is none.
    pub received: usize,
}

#[derive(Debug, Default)]
struct State {
    upstream: u16,
    delay: Duration,
    traffic: Traffic,
    faults: BTreeMap<usize, Fault>,
    /// From which request on every one fails, and how.
    broken: Option<(usize, Fault)>,
    /// Whether the server is to look like Turso Database.
    is_turso: bool,
    /// Whether the server is to have JSON only.
    is_without_protobuf: bool,
    /// Every connection of either side, to close them in the end.
    open: Vec<TcpStream>,
}

/// A proxy on a port of this machine. It can be taken for the server, and for a proxy of the web (`HTTP_PROXY`), behind
/// which every host is that server.
#[derive(Debug)]
pub struct Proxy {
    listening: Listening<State>,
}

impl Proxy {
    /// A proxy before the server on a port of this machine.
    pub fn before(port: u16) -> Self {
        let state = State { upstream: port, ..State::default() };
        Self { listening: Listening::start(|_| state, serve) }
    }

    /// The port of the proxy.
    pub fn port(&self) -> u16 {
        self.listening.port()
    }

    /// The proxy in the place of the server.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.listening.port())
    }

    /// Lets the server lack what Turso Database lacks, and have what it has, as far as that is known of it:
    /// `PRAGMA foreign_key_check` returns nothing, there is no table function of that name, and no name of the database.
    pub fn pose_as_turso_database(&self) {
        let mut state = self.listening.state();
        (state.is_turso, state.is_without_protobuf) = (true, true);
    }

    /// Lets the server have JSON only, as old ones do.
    pub fn without_protobuf(&self) {
        self.listening.state().is_without_protobuf = true;
    }

    /// Lets every round trip take that much longer: each request, and opening a connection.
    pub fn delay(&self, delay: Duration) {
        self.listening.state().delay = delay;
    }

    /// Lets a request fail, counted from 0 since the last [`reset`](Self::reset).
    pub fn fail(&self, nth: usize, fault: Fault) {
        self.listening.state().faults.insert(nth, fault);
    }

    /// Lets a request fail, and all after it.
    pub fn fail_from(&self, nth: usize, fault: Fault) {
        self.listening.state().broken = Some((nth, fault));
    }

    /// Lets all requests from now on go to a server on another port.
    pub fn lead_to(&self, port: u16) {
        self.listening.state().upstream = port;
    }

    /// What went through it since the last [`reset`](Self::reset).
    pub fn traffic(&self) -> Traffic {
        self.listening.state().traffic.clone()
    }

    /// How many requests went through it since the last [`reset`](Self::reset).
    pub fn requests(&self) -> usize {
        self.listening.state().traffic.requests.len()
    }

    /// Forgets what went through it, and all faults.
    pub fn reset(&self) {
        let mut state = self.listening.state();
        state.traffic = Traffic::default();
        state.faults.clear();
        state.broken = None;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let open = std::mem::take(&mut self.listening.state().open);
        for stream in open {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Answers the requests of a connection.
fn serve(client: &TcpStream, state: &Mutex<State>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let delay = {
        let mut state = lock(state);
        state.traffic.connections += 1;
        state.open.push(client.try_clone()?);
        state.delay
    };
    sleep(delay);
    let mut upstream = None;
    let mut from_client = BufReader::new(client.try_clone()?);
    while let Some(request) = Message::read(&mut from_client)? {
        if request.first_line().starts_with("CONNECT ") {
            // whoever takes it for a proxy of the web gets to the server, whatever host is asked for
            let mut to_client = client;
            to_client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
            continue;
        }
        if request.is_protobuf() && lock(state).is_without_protobuf {
            let mut to_client = client;
            to_client.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")?;
            continue;
        }
        let request = if lock(state).is_turso { as_turso(&request) } else { request };
        let bytes = request.bytes();
        let (nth, fault, delay) = {
            let mut state = lock(state);
            let nth = state.traffic.requests.len();
            let head = String::from_utf8_lossy(&request.head).into_owned();
            let exchange = Exchange { line: request.first_line(), head, sent: bytes.len(), received: 0 };
            state.traffic.requests.push(exchange);
            let broken = state.broken.filter(|(first, _)| *first <= nth).map(|(_, fault)| fault);
            (nth, state.faults.get(&nth).copied().or(broken), state.delay)
        };
        sleep(delay);
        let delivered = fault.map_or(Delivered::All, |fault| fault.delivered);
        let answer = fault.map(|fault| fault.answer);
        let part = match delivered {
            Delivered::Nothing => 0,
            Delivered::First(count) => count.min(bytes.len()),
            Delivered::All => bytes.len(),
        };
        let mut response = Message::default();
        if part > 0 {
            let server = match &mut upstream {
                Some(server) => server,
                none => none.insert(BufReader::new(connect(state)?)),
            };
            server.get_ref().write_all(&bytes[..part])?;
            if delivered != Delivered::All || answer == Some(Answer::HangUp) {
                server.get_ref().shutdown(Shutdown::Both)?;
                upstream = None;
            } else {
                response = Message::read(server)?.ok_or(io::ErrorKind::UnexpectedEof)?;
                if let Some(exchange) = lock(state).traffic.requests.get_mut(nth) {
                    exchange.received = response.bytes().len();
                }
            }
        }
        let mut to_client = client;
        match answer {
            None => to_client.write_all(&response.bytes())?,
            Some(Answer::Nothing | Answer::HangUp) => return Ok(()),
            Some(Answer::First(count)) => {
                let bytes = response.bytes();
                return to_client.write_all(&bytes[..count.min(bytes.len())]);
            }
            // until the client has had enough, or the test
            Some(Answer::Silence) => return io::copy(&mut from_client.by_ref(), &mut io::sink()).map(|_| ()),
            Some(Answer::Status(status)) => to_client.write_all(page(status).as_bytes())?,
            Some(Answer::Moved(port)) => {
                let head = "HTTP/1.1 307 Temporary Redirect\r\ncontent-length: 0\r\n";
                let head = format!("{head}location: http://localhost:{port}/v3/pipeline\r\n\r\n");
                to_client.write_all(head.as_bytes())?;
            }
            Some(Answer::FailedCommit) => to_client.write_all(&with_failed_commit(&request, &response))?,
            Some(Answer::Page) => to_client.write_all(page(200).as_bytes())?,
        }
    }
    Ok(())
}

fn connect(state: &Mutex<State>) -> io::Result<TcpStream> {
    let port = lock(state).upstream;
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    server.set_nodelay(true)?;
    lock(state).open.push(server.try_clone()?);
    Ok(server)
}

/// What a libSQL server has to be asked so that it answers as Turso Database does.
fn as_turso(request: &Message) -> Message {
    const OTHERWISE: [(&str, &str); 4] = [
        ("pragma_foreign_key_check", "no_table_pragma_foreign_key_check"),
        ("PRAGMA foreign_key_check", "SELECT 1 WHERE 0 --"),
        ("libsql_server_database_name()", "no_libsql_server_database_name()"),
        ("SELECT turso_version()", "SELECT '0.8.3'"),
    ];
    let text = String::from_utf8_lossy(&request.body);
    let body = OTHERWISE.iter().fold(text.into_owned(), |text, (what, other)| text.replace(what, other)).into_bytes();
    let length = |length: usize| format!("content-length: {length}\r\n");
    let head = String::from_utf8_lossy(&request.head).into_owned();
    let lines = head.split_inclusive('\n').map(|line| match line.to_ascii_lowercase() {
        line if line.starts_with("content-length:") => length(body.len()),
        _ => line.to_owned(),
    });
    Message { head: lines.collect::<String>().into_bytes(), raw: body.clone(), body }
}

/// A server's answer to a batch, as if its disk had failed in the first `COMMIT`.
fn with_failed_commit(request: &Message, response: &Message) -> Vec<u8> {
    let read = |message: &Message| serde_json::from_slice::<Value>(&message.body).expect("a batch");
    let (request, mut answer) = (read(request), read(response));
    let steps = request["requests"][0]["batch"]["steps"].as_array().expect("a batch");
    let commit = steps.iter().position(|step| step["stmt"]["sql"] == "COMMIT").expect("a commit");
    let result = &mut answer["results"][0]["response"]["result"];
    for step in commit..steps.len() {
        result["step_results"][step] = Value::Null;
        result["step_errors"][step] = Value::Null;
    }
    result["step_errors"][commit] = json!({"message": "SQLite error: disk I/O error", "code": "SQLITE_IOERR"});
    let body = answer.to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    (head + &body).into_bytes()
}

/// What a server in front of the server says of it.
fn page(status: u16) -> String {
    let body = format!("<html><head><title>{status}</title></head><body>somebody else's page</body></html>\r\n");
    let head =
        format!("HTTP/1.1 {status} Something\r\ncontent-type: text/html\r\ncontent-length: {}\r\n\r\n", body.len());
    head + &body
}
