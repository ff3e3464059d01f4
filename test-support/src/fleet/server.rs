//! A server with a simulated fleet: one port, and a database for each member at its host name.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::files::Files;
use super::member::{Member, Said};
use super::weather::{Capacity, Fault, Weather, When};
use crate::http::Message;
use crate::listening::{Listening, lock};

/// What went on at a member.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Visits {
    /// The requests that came for it.
    pub requests: usize,
    /// Those of them that were executed.
    pub executed: usize,
    /// Those of them that were executed and had a `COMMIT` in them.
    pub commits: usize,
}

/// What went on at the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// The connections that clients have opened.
    pub connections: usize,
    /// The requests that came, and what they did.
    pub visits: Visits,
    /// The most requests at one moment.
    pub at_once: usize,
}

#[derive(Debug)]
struct Entry {
    member: Arc<Member>,
    visits: Visits,
    faults: Vec<(When, Fault)>,
}

#[derive(Debug)]
struct State {
    seed: u64,
    weather: Weather,
    members: BTreeMap<String, Entry>,
    traffic: Traffic,
    in_flight: usize,
    /// How many are done at once, of which there may be a [`Capacity`].
    serving: usize,
    has_room: Arc<Condvar>,
}

/// A running server, which ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    listening: Listening<State>,
}

impl Server {
    /// A server of all members of a folder, with good weather. The seed decides about the weather to come.
    pub fn start(files: &Files, seed: u64) -> Self {
        let members = files.names().iter().map(|name| (name.clone(), entry(name, files.path(name)))).collect();
        let (traffic, weather) = (Traffic::default(), Weather::default());
        let state = State { seed, weather, members, traffic, in_flight: 0, serving: 0, has_room: Arc::default() };
        Self { listening: Listening::start(|_| state, serve) }
    }

    /// The port on which it answers.
    pub fn port(&self) -> u16 {
        self.listening.port()
    }

    /// Where a member is.
    pub fn url(&self, name: &str) -> String {
        format!("http://{name}.localhost:{}", self.port())
    }

    /// Changes what happens to requests from now on.
    pub fn set_weather(&self, weather: Weather) {
        self.listening.state().weather = weather;
    }

    /// Lets requests for a member fail.
    pub fn fail(&self, name: &str, when: When, fault: Fault) {
        self.entry(name, |entry| {
            let when = match when {
                When::After(count) => When::After(entry.visits.requests + count),
                other => other,
            };
            entry.faults.push((when, fault));
        });
    }

    /// Lets a member be well again.
    pub fn heal(&self, name: &str) {
        self.entry(name, |entry| entry.faults.clear());
    }

    /// Takes a member away: the server does not know it.
    pub fn remove(&self, name: &str) {
        self.listening.state().members.remove(name).expect("the member is there");
    }

    /// Adds a member.
    pub fn add(&self, name: &str, path: PathBuf) {
        self.listening.state().members.insert(name.to_owned(), entry(name, path));
    }

    /// What went on at a member.
    pub fn visits(&self, name: &str) -> Visits {
        self.entry(name, |entry| entry.visits)
    }

    /// What went on at all of them since the last [`forget`](Self::forget).
    pub fn traffic(&self) -> Traffic {
        self.listening.state().traffic
    }

    /// Forgets what went on. What will happen to requests remains what it would be.
    pub fn forget(&self) {
        self.listening.state().traffic = Traffic::default();
    }

    #[track_caller]
    fn entry<T>(&self, name: &str, read: impl FnOnce(&mut Entry) -> T) -> T {
        let mut state = self.listening.state();
        read(state.members.get_mut(name).unwrap_or_else(|| panic!("no member `{name}`")))
    }
}

fn entry(name: &str, path: PathBuf) -> Entry {
    Entry { member: Arc::new(Member::new(name, path)), visits: Visits::default(), faults: Vec::new() }
}

/// A request that is known to be one for a member.
struct Admitted {
    member: Arc<Member>,
    fault: Option<Fault>,
    delay: Duration,
}

/// Answers the requests of a connection.
fn serve(client: &TcpStream, state: &Mutex<State>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let latency = {
        let mut state = lock(state);
        state.traffic.connections += 1;
        state.weather.latency
    };
    sleep(latency);
    let mut from_client = BufReader::new(client.try_clone()?);
    while let Some(request) = Message::read(&mut from_client)? {
        if request.first_line().starts_with("GET /health") {
            reply(client, &(200, Json::Null))?;
            continue;
        }
        if request.is_protobuf() {
            reply(client, &(404, Json::Null))?;
            continue;
        }
        let name = name_of(&request);
        let commits = has_commit(&request.body);
        let Some(Admitted { member, fault, delay }) = admit(&mut lock(state), &name, commits) else {
            reply(client, &(404, json!({"error": format!("Namespace `{name}` doesn't exist")})))?;
            continue;
        };
        // a request has ended before the client can know it
        let flight = Flight::begin(state);
        sleep(delay);
        let fault = if fault.is_none() && !served(state) { Some(Fault::Status(429)) } else { fault };
        let said = match fault {
            Some(Fault::Closed) => return Ok(()),
            Some(Fault::Unknown) => (404, json!({"error": format!("Namespace `{name}` doesn't exist")})),
            Some(Fault::Status(status)) => (status, json!({"error": format!("simulated {status}")})),
            _ => {
                if let Some(Fault::Slow(more)) = fault {
                    sleep(more);
                }
                let said = member.answer(&serde_json::from_slice(&request.body).map_err(io::Error::other)?);
                executed(&mut lock(state), &name, commits);
                said
            }
        };
        drop(flight);
        match fault {
            Some(Fault::Lost) => return Ok(()),
            Some(Fault::Half) => {
                let bytes = bytes_of(&said, "");
                let mut to_client = client;
                return to_client.write_all(&bytes[..bytes.len() / 2]);
            }
            Some(Fault::Status(_)) => {
                let after = lock(state).weather.retry_after;
                reply_with(client, &said, &after.map(|after| format!("retry-after: {after}\r\n")).unwrap_or_default())?;
            }
            _ => reply(client, &said)?,
        }
    }
    Ok(())
}

/// Takes the time that a server of some [`Capacity`] needs; false if it refuses.
fn served(state: &Mutex<State>) -> bool {
    let mut guard = lock(state);
    let Some(Capacity { takes, refuses, .. }) = guard.weather.capacity else { return true };
    let has_room = Arc::clone(&guard.has_room);
    while guard.weather.capacity.is_some_and(|capacity| guard.serving >= capacity.at_once) {
        if refuses {
            return false;
        }
        guard = has_room.wait(guard).unwrap_or_else(PoisonError::into_inner);
    }
    guard.serving += 1;
    drop(guard);
    sleep(takes);
    lock(state).serving -= 1;
    has_room.notify_one();
    true
}

/// Counts a request, and decides about it.
fn admit(state: &mut State, name: &str, commits: bool) -> Option<Admitted> {
    let (seed, weather) = (state.seed, state.weather);
    let entry = state.members.get_mut(name)?;
    let nth = entry.visits.requests;
    entry.visits.requests += 1;
    state.traffic.visits.requests += 1;
    let matches = |when: When| match when {
        When::After(at) => at == nth,
        When::Commit => commits,
        When::Always => true,
    };
    let at = entry.faults.iter().position(|(when, _)| matches(*when));
    let own = at.map(|at| match entry.faults[at] {
        (When::Always, fault) => fault,
        _ => entry.faults.remove(at).1,
    });
    let fault = own.or_else(|| weather.fault(seed, name, nth, commits));
    Some(Admitted { member: Arc::clone(&entry.member), fault, delay: weather.delay(seed, name, nth) })
}

fn executed(state: &mut State, name: &str, commits: bool) {
    let count = |visits: &mut Visits| {
        visits.executed += 1;
        visits.commits += usize::from(commits);
    };
    count(&mut state.traffic.visits);
    if let Some(entry) = state.members.get_mut(name) {
        count(&mut entry.visits);
    }
}

/// A request that is under way.
struct Flight<'a> {
    state: &'a Mutex<State>,
}

impl<'a> Flight<'a> {
    fn begin(state: &'a Mutex<State>) -> Self {
        let mut guard = lock(state);
        guard.in_flight += 1;
        guard.traffic.at_once = guard.traffic.at_once.max(guard.in_flight);
        drop(guard);
        Self { state }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        lock(self.state).in_flight -= 1;
    }
}

/// The member that a request is for: `/dev/NAME/…`, else the first part of the host.
fn name_of(request: &Message) -> String {
    let line = request.first_line();
    let path = line.split(' ').nth(1).unwrap_or_default();
    if let Some((name, _)) = path.strip_prefix("/dev/").and_then(|rest| rest.split_once('/')) {
        return name.to_owned();
    }
    let host = request.header("host").unwrap_or_default();
    host.split_once('.').map_or("default", |(name, _)| name).to_owned()
}

fn has_commit(body: &[u8]) -> bool {
    let commit = br#""COMMIT""#;
    body.windows(commit.len()).any(|part| part == commit)
}

fn reply(client: &TcpStream, said: &Said) -> io::Result<()> {
    let mut to_client = client;
    to_client.write_all(&bytes_of(said, ""))
}

fn reply_with(client: &TcpStream, said: &Said, header: &str) -> io::Result<()> {
    let mut to_client = client;
    to_client.write_all(&bytes_of(said, header))
}

fn bytes_of((status, body): &Said, header: &str) -> Vec<u8> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let head = format!("HTTP/1.1 {status} Simulated\r\ncontent-type: application/json\r\n{header}");
    format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
