//! The client of one server: where requests go, with which headers, how often, and what their answers mean.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::connections::Connections;
use super::failure::{Answer, Asked};
use super::helper::Helper;
use super::http::{Beginning, Http, HttpAnswer, HttpRequest, Method, NoAnswer};
use super::protobuf::error_text;
use super::stream::{Patience, Stream};
use super::token::Token;
use super::url::RemoteUrl;
use crate::engine::error::{EngineError, ErrorKind, UNANSWERED};

/// Called with the time that has passed whenever a request under [`Patience::WhileAlive`] is still without an answer
/// and the server has shown that it is alive.
pub type Observer = Arc<dyn Fn(Duration) + Send + Sync>;

/// A server wants fewer requests: it has answered with 429 or 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pressure {
    /// The status.
    pub status: u16,
    /// How long it wants to be left alone, if it says so.
    pub after: Option<Duration>,
    /// Whether the request is sent again then, unless somebody does not want that.
    pub again: bool,
}

/// Called with each of those; `false` lets the request fail at once, so that whoever asked can come back later.
pub type OnPressure = Arc<dyn Fn(&Pressure) -> bool + Send + Sync>;

/// How requests are made.
#[derive(Clone)]
pub struct Options {
    /// How long connecting, and then the answer, may take.
    pub timeout: Duration,
    /// Within which time a server that is up has to give the lock, or to answer a piece of a long migration: longer than any of
    /// these takes, and any wait for the lock. It may show that it is alive and let nobody write any more.
    pub answered_within: Duration,
    /// How many times something is tried again that cannot have had any effect.
    pub retries: u32,
    /// The namespace of a server of one's own, sent as a header.
    pub namespace: Option<String>,
    /// The key that the server encrypts the database with, sent as a header. It is shown as little as a token.
    pub encryption_key: Option<Token>,
    /// Who is told that a request is still waited for.
    pub observer: Option<Observer>,
    /// Who is told that the server wants fewer requests.
    pub on_pressure: Option<OnPressure>,
    /// Connections that are shared with the clients of other databases.
    pub connections: Option<Connections>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            answered_within: Duration::from_secs(120),
            retries: 2,
            namespace: None,
            encryption_key: None,
            observer: None,
            on_pressure: None,
            connections: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("timeout", &self.timeout)
            .field("answered_within", &self.answered_within)
            .field("retries", &self.retries)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// The pause before the first further attempt; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Nobody waits longer because a server says so: then the request fails, and says for how long.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How long a sign of life may take, and closing a stream that nobody waits for.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);
/// After so many missing signs of life in a row a server is given up.
const MISSED_SIGNS: u32 = 2;
/// Asks for nothing, and so is answered by every server that is alive.
const NOTHING: &str = r#"{"baton":null,"requests":[{"type":"execute","stmt":{"sql":"SELECT 1"}},{"type":"close"}]}"#;

/// How requests and answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Json,
    /// What not every server has, for many rows.
    Protobuf,
}

/// The client of one server. Clones share their connection.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    url: RemoteUrl,
    token: Option<Token>,
    options: Options,
    http: Http,
    requests: AtomicU64,
    /// Whether the server has answered in JSON what it had refused otherwise.
    wants_json: AtomicBool,
}

/// What is sent to the pipeline of a server.
pub(super) struct Post {
    pub(super) encoding: Encoding,
    pub(super) body: Arc<[u8]>,
    /// Where the server said that the stream goes on.
    pub(super) base: Option<RemoteUrl>,
    /// Whether it may change something.
    pub(super) writes: bool,
    /// Whether the same may be sent twice: not if it has a baton.
    pub(super) repeatable: bool,
    pub(super) patience: Patience,
    /// Who wants to see how the answer begins.
    pub(super) beginning: Option<Beginning>,
}

/// What kept a request from being answered.
pub(super) struct Failed {
    pub(super) error: EngineError,
    /// Whether the server may have received it.
    pub(super) sent: bool,
    /// Whether it has answered, if only to refuse.
    pub(super) answered: bool,
}

impl Client {
    /// A client of that server. Nothing is read, connected to or sent yet.
    pub fn new(url: RemoteUrl, token: Option<Token>, options: Options) -> Self {
        let http = Http::new(&url, options.timeout, options.connections.clone());
        let (requests, wants_json) = (AtomicU64::new(0), AtomicBool::new(false));
        Self { shared: Arc::new(Shared { url, token, options, http, requests, wants_json }) }
    }

    /// A new stream, which is opened by the first batch.
    pub fn stream(&self) -> Stream {
        Stream::new(self.clone(), Encoding::Json)
    }

    /// A new stream for many rows, which are asked for as protobuf if the server has that.
    pub fn stream_of_rows(&self) -> Stream {
        let wants_json = self.shared.wants_json.load(Ordering::Relaxed);
        Stream::new(self.clone(), if wants_json { Encoding::Json } else { Encoding::Protobuf })
    }

    /// Notes that the server has JSON only.
    pub(super) fn only_json(&self) {
        self.shared.wants_json.store(true, Ordering::Relaxed);
    }

    /// The address of the server.
    pub fn url(&self) -> &RemoteUrl {
        &self.shared.url
    }

    /// The namespace that is asked for, by option or by URL.
    pub fn namespace(&self) -> Option<&str> {
        self.shared.options.namespace.as_deref().or(self.shared.url.namespace())
    }

    /// How the requests are made.
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// How many requests were sent to the pipeline so far, signs of life not counted.
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// Whether requests have something in them that is for this server alone.
    pub(super) fn has_secret(&self) -> bool {
        self.shared.token.is_some() || self.shared.options.encryption_key.is_some()
    }

    /// What is known of a request, for the message if it fails.
    pub(super) fn asked(&self, writes: bool) -> Asked<'_> {
        let shared = &*self.shared;
        let (token, key) = (shared.token.as_ref(), shared.options.encryption_key.as_ref());
        Asked { url: &shared.url, token, key, namespace: shared.options.namespace.as_deref(), writes }
    }

    /// Posts, again where that can do no harm, and returns the body of a good answer.
    pub(super) fn post(&self, post: &Post) -> Result<Vec<u8>, Failed> {
        let asked = self.asked(post.writes);
        let harmless = !post.writes && post.repeatable;
        let mut pause = FIRST_PAUSE;
        let mut left = self.shared.options.retries;
        loop {
            let mut wait = None;
            let failed = match self.post_once(post).map_err(|error| Failed { error, sent: false, answered: false })? {
                Ok(answer) if (200..300).contains(&answer.status) => return Ok(answer.body),
                Ok(answer) => {
                    wait = answer.retry_after;
                    let location = answer.location.as_deref();
                    let said = if post.encoding == Encoding::Protobuf { error_text(&answer.body) } else { None };
                    let body = said.as_deref().unwrap_or(&answer.body);
                    let error = asked.error(&Answer { status: answer.status, body, location, retry_after: wait });
                    // what it says now and then of a database that it is putting to sleep, before it wakes it up again
                    let denied = post.repeatable && error.kind == ErrorKind::NoSuchDatabase;
                    let again = denied || answer.status == 429 || (harmless && matches!(answer.status, 502..=504));
                    let again = self.waits_here(&answer, again && left > 0);
                    (again, Failed { error, sent: true, answered: true })
                }
                Err(none) => {
                    let again = none.again && (harmless || !none.sent);
                    (again, Failed { error: self.unanswered(&asked, &none), sent: none.sent, answered: false })
                }
            };
            match failed {
                (true, _) if left > 0 => left -= 1,
                (_, failed) => return Err(failed),
            }
            thread::sleep(wait.map_or(pause, |wait| wait.max(pause)));
            pause *= 2;
        }
    }

    /// Whether the request waits to be sent `again`, rather than whoever has sent it.
    fn waits_here(&self, answer: &HttpAnswer, again: bool) -> bool {
        let again = again && answer.retry_after.is_none_or(|after| after <= LONGEST_WAIT);
        match &self.shared.options.on_pressure {
            Some(on_pressure) if matches!(answer.status, 429 | 503) => {
                on_pressure(&Pressure { status: answer.status, after: answer.retry_after, again }) && again
            }
            _ => again,
        }
    }

    fn unanswered(&self, asked: &Asked<'_>, none: &NoAnswer) -> EngineError {
        let url = &self.shared.url;
        let what = &none.what;
        if none.sent && asked.writes {
            return asked.hiding(ErrorKind::Lost, &format!("no answer from `{url}`: {what}"));
        }
        let message = if none.sent { "did not answer" } else { "cannot be reached" };
        asked.hiding(ErrorKind::Unreachable, &format!("`{url}` {message}: {what}"))
    }

    /// Posts once, and returns whatever comes.
    pub(super) fn post_once(&self, post: &Post) -> Result<Result<HttpAnswer, NoAnswer>, EngineError> {
        self.shared.requests.fetch_add(1, Ordering::Relaxed);
        let mut request = self.request(post.encoding, post.base.as_ref(), Some(Arc::clone(&post.body)));
        request.beginning.clone_from(&post.beginning);
        let agent = self.shared.http.agent()?;
        match post.patience {
            Patience::Timeout => Ok(request.send(&agent, Some(self.shared.options.timeout))),
            Patience::Short(timeout) => Ok(request.send(&agent, Some(timeout.min(self.shared.options.timeout)))),
            Patience::WhileAlive | Patience::UpTo(_) => {
                let limit = if let Patience::UpTo(limit) = post.patience { limit } else { Duration::MAX };
                let (done, answered) = mpsc::channel();
                // ends with the answer, or when the connection is closed under it
                let helper = Helper::start(move || drop(done.send(request.send(&agent, None))));
                let answer = self.wait(&answered, limit);
                if answer.is_ok() {
                    helper.keep();
                }
                Ok(answer)
            }
        }
    }

    /// Waits for an answer for as long as the server shows signs of life, and no longer than the limit.
    fn wait(
        &self,
        answered: &mpsc::Receiver<Result<HttpAnswer, NoAnswer>>,
        limit: Duration,
    ) -> Result<HttpAnswer, NoAnswer> {
        let since = Instant::now();
        let mut missed = 0;
        loop {
            match answered.recv_timeout(self.shared.options.timeout.min(limit.saturating_sub(since.elapsed()))) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => {
                    let what = "the request was abandoned".to_owned();
                    return Err(NoAnswer { sent: true, again: false, what });
                }
                Err(RecvTimeoutError::Timeout) if self.is_alive() => {
                    missed = 0;
                    if since.elapsed() >= limit {
                        let late = answered.try_recv();
                        self.shared.http.hang_up();
                        let what = format!("{UNANSWERED} {} s", limit.as_secs());
                        return late.unwrap_or(Err(NoAnswer { sent: true, again: false, what }));
                    }
                    if let Some(observer) = &self.shared.options.observer {
                        observer(since.elapsed());
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    missed += 1;
                    if missed >= MISSED_SIGNS {
                        // it may have come in the meantime
                        let late = answered.try_recv();
                        self.shared.http.hang_up();
                        let what = "it stopped answering".to_owned();
                        return late.unwrap_or(Err(NoAnswer { sent: true, again: false, what }));
                    }
                }
            }
        }
    }

    /// Whether the server answers on a connection of its own: `GET /health`, or a query of nothing where there is none.
    fn is_alive(&self) -> bool {
        let shared = &*self.shared;
        let timeout = Some(shared.options.timeout.min(SIGN_OF_LIFE));
        let Ok(agent) = shared.http.fresh_agent() else { return false };
        let host = vec![("host", shared.url.host_header())];
        let address = shared.url.root_address("/health");
        let health = HttpRequest { method: Method::Get, address, headers: host, body: None, beginning: None };
        match health.send(&agent, timeout) {
            Ok(answer) if (200..300).contains(&answer.status) => true,
            Ok(answer) if (400..500).contains(&answer.status) => {
                let query = self.request(Encoding::Json, None, Some(NOTHING.as_bytes().into()));
                query.send(&agent, timeout).is_ok_and(|answer| (200..300).contains(&answer.status))
            }
            _ => false,
        }
    }

    fn request(&self, encoding: Encoding, base: Option<&RemoteUrl>, body: Option<Arc<[u8]>>) -> HttpRequest {
        let shared = &*self.shared;
        let url = base.unwrap_or(&shared.url);
        let (path, kind) = match encoding {
            Encoding::Json => ("/v3/pipeline", "application/json"),
            Encoding::Protobuf => ("/v3-protobuf/pipeline", "application/x-protobuf"),
        };
        let mut headers = vec![("host", url.host_header()), ("content-type", kind.to_owned())];
        if let Some(token) = &shared.token {
            headers.push(("authorization", format!("Bearer {}", token.secret())));
        }
        if let Some(key) = &shared.options.encryption_key {
            headers.push(("x-turso-encryption-key", key.secret().to_owned()));
        }
        if let Some(namespace) = &shared.options.namespace {
            headers.push(("x-namespace-bin", STANDARD.encode(namespace)));
        }
        HttpRequest { method: Method::Post, address: url.address(path), headers, body, beginning: None }
    }
}

/// Shows the address.
impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Client").field(&self.shared.url.to_string()).finish()
    }
}
