//! A stand-in for Turso Cloud: its platform API as far as it is needed, and its databases, which are namespaces of a
//! libSQL server. It is the API at its own address, and a proxy of the web (`HTTP_PROXY`) behind which every host is one
//! of its databases.
//!
//! It does what is written about the real one, and nobody has compared the two.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::{Mutex, MutexGuard};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::hand::Hand;
use crate::http::Message;
use crate::listening::{Listening, lock};
use crate::sqld::Server;

/// Where the databases are.
const REGION: &str = "aws-eu-west-1.turso.io";

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `GET /v1/organizations`.
    Organizations,
    /// `GET …/databases`.
    List,
    /// `POST …/databases`.
    Create,
    /// `POST …/auth/tokens`.
    Token,
    /// The same of a group.
    GroupToken,
    /// `DELETE …/databases/NAME`.
    Drop,
    /// Anything at the host of a copy.
    Copy,
}

/// How a call fails, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// With this status and these words.
    Status(u16, &'static str),
    /// With 429, and how many seconds to wait.
    TooMany(u64),
    /// With a page, as if all were well.
    Page,
    /// It takes so long, and is done.
    Slow(Duration),
    /// It is done, and the connection is closed without an answer.
    Lost,
    /// What is made has nothing in it.
    Empty,
    /// What is made has nothing in it for so long.
    Lags(Duration),
    /// What is made has had this done to it.
    Altered(&'static str),
    /// What is made is said to be at this host.
    At(&'static str),
}

/// A request that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its first line.
    pub line: String,
    /// The host that was meant.
    pub host: String,
    /// The token that came with it.
    pub token: Option<String>,
}

#[derive(Debug, Clone)]
struct Entry {
    id: String,
    host: String,
    group: String,
    namespace: String,
    /// What is there until then.
    before: Option<(Instant, String)>,
    parent: Option<(String, String)>,
    protected: bool,
    tokens: Vec<String>,
}

#[derive(Debug)]
struct State {
    server: &'static Server,
    organization: String,
    token: String,
    databases: BTreeMap<String, Entry>,
    /// By the id of a database: what it was at which time.
    past: Vec<(String, String, String)>,
    failures: Vec<(Call, Failure)>,
    requests: Vec<Request>,
    leaks: Vec<String>,
    page: usize,
    made: usize,
}

/// The stand-in, on a port of this machine.
#[derive(Debug)]
pub struct Turso {
    listening: Listening<State>,
}

impl Turso {
    /// With one organization, and databases on a server with namespaces.
    pub fn of(server: &'static Server, organization: &str) -> Self {
        let state = |port| State {
            server,
            organization: organization.to_owned(),
            token: format!("platform.{port}.secret"),
            databases: BTreeMap::new(),
            past: Vec::new(),
            failures: Vec::new(),
            requests: Vec::new(),
            leaks: Vec::new(),
            page: 2,
            made: 0,
        };
        Self { listening: Listening::start(state, serve) }
    }

    /// Its address as the API, and as a proxy.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.listening.port())
    }

    /// The platform token.
    pub fn token(&self) -> String {
        self.lock().token.clone()
    }

    /// Makes a database; returns its URL, and a token for it.
    pub fn create(&self, name: &str) -> (String, String) {
        let mut state = self.lock();
        let namespace = namespace(&state.server.fresh());
        let entry = state.add(name, "default", namespace, None);
        (format!("http://{}", entry.host), entry.tokens[0].clone())
    }

    /// Moves a database to another group.
    pub fn regroup(&self, name: &str, group: &str) {
        let mut state = self.lock();
        let entry = state.databases.get_mut(name).unwrap_or_else(|| panic!("no database `{name}`"));
        group.clone_into(&mut entry.group);
    }

    /// A database asked by hand, by its name.
    pub fn hand(&self, name: &str) -> Hand {
        let state = self.lock();
        let entry = state.databases.get(name).unwrap_or_else(|| panic!("no database `{name}`"));
        Hand::new(state.server.url_of(&entry.namespace))
    }

    /// Remembers a database as it is now as what it was at a time (RFC 3339, UTC).
    pub fn remember(&self, name: &str, time: &str) {
        let mut state = self.lock();
        let entry = state.databases.get(name).unwrap_or_else(|| panic!("no database `{name}`"));
        let (id, copy) = (entry.id.clone(), namespace(&state.server.fork(&entry.namespace)));
        state.past.push((id, time.to_owned(), copy));
    }

    /// Protects a database from deletion.
    pub fn protect(&self, name: &str) {
        self.lock().databases.get_mut(name).unwrap_or_else(|| panic!("no database `{name}`")).protected = true;
    }

    /// Lets the next call of a kind fail; several failures of one kind come one after the other.
    pub fn fail(&self, call: Call, failure: Failure) {
        self.lock().failures.push((call, failure));
    }

    /// The names of all databases.
    pub fn names(&self) -> Vec<String> {
        self.lock().databases.keys().cloned().collect()
    }

    /// What came since the last time.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.lock().requests)
    }

    /// Tokens that came to where they do not belong.
    pub fn leaks(&self) -> Vec<String> {
        self.lock().leaks.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.listening.state()
    }
}

/// The name in the URL of a namespace.
fn namespace(url: &str) -> String {
    url.trim_start_matches("http://").split('.').next().unwrap_or_default().to_owned()
}

impl State {
    fn add(&mut self, name: &str, group: &str, namespace: String, parent: Option<(String, String)>) -> &Entry {
        self.made += 1;
        let entry = Entry {
            id: format!("id-{}", self.made),
            host: format!("{name}-{}.{REGION}", self.organization),
            group: group.to_owned(),
            namespace,
            before: None,
            parent,
            protected: false,
            tokens: vec![format!("database.{name}.{}", self.made)],
        };
        self.databases.entry(name.to_owned()).or_insert(entry)
    }

    fn failure(&mut self, call: Call) -> Option<Failure> {
        let at = self.failures.iter().position(|(one, _)| *one == call)?;
        Some(self.failures.remove(at).1)
    }

    fn described(&self, name: &str) -> Value {
        let entry = &self.databases[name];
        let parent = entry.parent.as_ref();
        let parent = parent.map(|(id, name)| json!({"id": id, "name": name, "branched_at": "2026-01-02T03:04:05Z"}));
        json!({
            "Name": name, "DbId": entry.id, "Hostname": entry.host, "group": entry.group, "block_reads": false,
            "block_writes": false, "delete_protection": entry.protected, "primaryRegion": "aws-eu-west-1",
            "parent": parent
        })
    }

    fn list(&self, query: &BTreeMap<String, String>) -> Value {
        let fits = |entry: &Entry| {
            query.get("group").is_none_or(|group| *group == entry.group)
                && query.get("parent").is_none_or(|id| entry.parent.as_ref().is_some_and(|(parent, _)| parent == id))
        };
        let names: Vec<&String> =
            self.databases.iter().filter(|(_, entry)| fits(entry)).map(|(name, _)| name).collect();
        let from: usize = query.get("cursor").and_then(|cursor| cursor.parse().ok()).unwrap_or_default();
        let page: Vec<Value> = names.iter().skip(from).take(self.page).map(|name| self.described(name)).collect();
        let next = from + page.len();
        let next = if next < names.len() { json!(next.to_string()) } else { Value::Null };
        json!({"databases": page, "pagination": {"next": next}})
    }

    /// A copy of another database.
    fn copy(&mut self, body: &Value, failure: Option<Failure>) -> (u16, Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (name, group, of) = (text(&body["name"]), text(&body["group"]), text(&body["seed"]["name"]));
        let is_plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if name.is_empty() || name.len() > 64 || !is_plain || body["seed"]["type"] != "database" {
            return (400, json!({"error": "invalid request"}));
        }
        if self.databases.contains_key(&name) {
            return (409, json!({"error": format!("database with name {name} already exists")}));
        }
        let Some(original) = self.databases.get(&of).filter(|entry| entry.group == group) else {
            return (404, json!({"error": "record not found"}));
        };
        let (id, parent) = (original.id.clone(), original.namespace.clone());
        let parent = match body["seed"]["timestamp"].as_str() {
            None => parent,
            Some(time) => {
                let known = self.past.iter().filter(|(one, since, _)| *one == id && since.as_str() <= time);
                let Some((_, _, past)) = known.max_by(|one, other| one.1.cmp(&other.1)) else {
                    return (400, json!({"error": "the timestamp is outside of the retention period"}));
                };
                past.clone()
            }
        };
        let copy = match failure {
            Some(Failure::Empty) => self.server.fresh(),
            _ => self.server.fork(&parent),
        };
        if let Some(Failure::Altered(sql)) = failure {
            Hand::new(&copy).run(&[sql]);
        }
        let empty = matches!(failure, Some(Failure::Lags(_))).then(|| namespace(&self.server.fresh()));
        self.add(&name, &group, namespace(&copy), Some((id, of)));
        if let (Some(entry), Some(Failure::Lags(time)), Some(empty)) = (self.databases.get_mut(&name), failure, empty) {
            entry.before = Some((Instant::now() + time, empty));
        }
        let described = self.described(&name);
        let host = match failure {
            Some(Failure::At(host)) => json!(host),
            _ => described["Hostname"].clone(),
        };
        let database = json!({"DbId": described["DbId"], "Hostname": host, "Name": name});
        (200, json!({"database": database}))
    }
}

/// Answers the requests of a connection.
fn serve(client: &TcpStream, state: &Mutex<State>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut from_client = BufReader::new(client.try_clone()?);
    let mut to_client = client;
    while let Some(request) = Message::read(&mut from_client)? {
        let line = request.first_line();
        if line.starts_with("CONNECT ") {
            to_client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
            continue;
        }
        let host = request.header("host").unwrap_or_default();
        let token = request.header("authorization");
        let token = token.and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned));
        lock(state).requests.push(Request { line, host: host.clone(), token: token.clone() });
        let answer = match host.split(':').next().unwrap_or_default() {
            "127.0.0.1" | "localhost" => asked(state, &request, token.as_deref()),
            host => queried(state, &request, host, token.as_deref())?,
        };
        match answer {
            Some(bytes) => to_client.write_all(&bytes)?,
            None => return Ok(()),
        }
    }
    Ok(())
}

/// The answer of the platform API; none if it is lost.
fn asked(state: &Mutex<State>, request: &Message, token: Option<&str>) -> Option<Vec<u8>> {
    let line = request.first_line();
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query: BTreeMap<String, String> =
        query.split('&').filter_map(|pair| pair.split_once('=')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let call = match (method, &parts[..]) {
        ("GET", ["v1", "organizations"]) => Call::Organizations,
        ("GET", ["v1", "organizations", _, "databases"]) => Call::List,
        ("POST", ["v1", "organizations", _, "databases"]) => Call::Create,
        ("POST", ["v1", "organizations", _, "databases", _, "auth", "tokens"]) => Call::Token,
        ("POST", ["v1", "organizations", _, "groups", _, "auth", "tokens"]) => Call::GroupToken,
        ("DELETE", ["v1", "organizations", _, "databases", _]) => Call::Drop,
        _ => return Some(answer(404, &json!({"error": "no such route"}))),
    };
    let failure = lock(state).failure(call);
    match failure {
        Some(Failure::Status(status, words)) => return Some(answer(status, &json!({"error": words}))),
        Some(Failure::TooMany(seconds)) => {
            let body = json!({"error": "too many requests"});
            return Some(response(429, "application/json", &format!("retry-after: {seconds}\r\n"), &body.to_string()));
        }
        Some(Failure::Page) => return Some(response(200, "text/html", "", "<html>somebody else's page</html>")),
        Some(Failure::Slow(time)) => sleep(time),
        _ => {}
    }
    let mut state = lock(state);
    if token != Some(&state.token) {
        if let Some(token) = token.filter(|token| token.starts_with("database.")) {
            state.leaks.push(format!("{token} at the platform API"));
        }
        return Some(answer(401, &json!({"error": "token is not valid"})));
    }
    if parts.get(2).is_some_and(|organization| *organization != state.organization) {
        return Some(answer(404, &json!({"error": "organization not found"})));
    }
    let (status, body) = match call {
        Call::Organizations => {
            let slug = &state.organization;
            (200, json!([{"name": slug, "slug": slug, "type": "team", "plan_id": "free"}]))
        }
        Call::List => (200, state.list(&query)),
        Call::Create => {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            state.copy(&body, failure)
        }
        Call::GroupToken => {
            let group = parts.get(4).copied().unwrap_or_default();
            let jwt = format!("database.{group}.group.{}", state.made);
            state.made += 1;
            let mut of = state.databases.values_mut().filter(|entry| entry.group == group).peekable();
            if of.peek().is_none() {
                (404, json!({"error": "group not found"}))
            } else {
                of.for_each(|entry| entry.tokens.push(jwt.clone()));
                (200, json!({"jwt": jwt}))
            }
        }
        Call::Token | Call::Drop | Call::Copy => {
            let name = parts.get(4).copied().unwrap_or_default();
            let made = state.made;
            state.made += 1;
            match (call, state.databases.get_mut(name)) {
                (_, None) => (404, json!({"error": "database not found"})),
                (Call::Token, Some(entry)) => {
                    let jwt = format!("database.{name}.minted.{made}");
                    entry.tokens.push(jwt.clone());
                    (200, json!({"jwt": jwt}))
                }
                (_, Some(entry)) if entry.protected => (403, json!({"error": "the database is protected"})),
                _ => {
                    state.databases.remove(name);
                    (200, json!({"database": name}))
                }
            }
        }
    };
    if failure == Some(Failure::Lost) { None } else { Some(answer(status, &body)) }
}

/// The answer of a database; none if it is lost.
fn queried(state: &Mutex<State>, request: &Message, host: &str, token: Option<&str>) -> io::Result<Option<Vec<u8>>> {
    let (namespace, port) = {
        let mut state = lock(state);
        let Some((name, entry)) = state.databases.iter().find(|(_, entry)| entry.host == host) else {
            // a name of a database is looked for with the token that its user has for it
            let is_own = token.is_some_and(|token| token.starts_with("database.")) && host.ends_with(".turso.io");
            if let Some(token) = token.filter(|_| !is_own) {
                state.leaks.push(format!("{token} at {host}"));
            }
            return Ok(Some(answer(404, &json!({"error": format!("Namespace `{host}` doesn't exist")}))));
        };
        let (name, entry) = (name.clone(), entry.clone());
        if !entry.tokens.iter().any(|known| Some(known.as_str()) == token) {
            if let Some(token) = token {
                state.leaks.push(format!("{token} at {name}"));
            }
            return Ok(Some(answer(401, &json!({"error": "Unauthorized"}))));
        }
        let failure = if entry.parent.is_some() { state.failure(Call::Copy) } else { None };
        match failure {
            Some(Failure::Status(status, words)) => return Ok(Some(answer(status, &json!({"error": words})))),
            Some(Failure::Page) => {
                return Ok(Some(response(200, "text/html", "", "<html>somebody else's page</html>")));
            }
            Some(Failure::Lost) => return Ok(None),
            _ => {}
        }
        let now = entry.before.filter(|(until, _)| Instant::now() < *until).map(|(_, namespace)| namespace);
        (now.unwrap_or(entry.namespace), state.server.port())
    };
    let head = String::from_utf8_lossy(&request.head).into_owned();
    let kept = head.lines().filter(|line| {
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        !line.is_empty() && !["host", "authorization"].contains(&name.as_str())
    });
    let own = format!("host: {namespace}.localhost:{port}\r\n\r\n");
    let mut bytes = kept.chain([own.as_str()]).collect::<Vec<_>>().join("\r\n").into_bytes();
    bytes.extend(&request.raw);
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    (&server).write_all(&bytes)?;
    Ok(Message::read(&mut BufReader::new(server))?.map(|message| message.bytes()))
}

fn answer(status: u16, body: &Value) -> Vec<u8> {
    response(status, "application/json", "", &body.to_string())
}

fn response(status: u16, kind: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} Something\r\ncontent-type: {kind}\r\n{headers}content-length: {length}\r\n\r\n{body}")
        .into_bytes()
}
