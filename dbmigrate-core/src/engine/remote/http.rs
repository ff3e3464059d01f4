//! Requests over HTTP, each of which ends with an answer or with what kept it from coming.
//!
//! What ureq 3.5 does with connections, as its source says: a pooled one is tried with a read that does not wait
//! before it is used again, so one that the server has closed while it was idle is dropped and a new one made. What
//! remains is the moment between that look and the arrival of the request. ureq does not repeat a request that was
//! sent into it, and neither may we. So a connection that was idle for [`MAX_IDLE`] is not used again, which is less
//! than the shortest time after which servers and proxies usually close them (5 s).

use std::cell::Cell;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, SendBody, Timeout};

use super::connections::{Connections, MOST_IDLE};
use super::url::RemoteUrl;
use crate::engine::error::{EngineError, ErrorKind};

const MAX_IDLE: Duration = Duration::from_secs(3);
/// The most that is read of an answer; servers allow 10 MB if not told otherwise.
const MAX_ANSWER: u64 = 512 * 1024 * 1024;
/// For so much of it, room is made at once.
const EXPECTED: u64 = 16 * 1024 * 1024;
/// How many times the timeout the body of an answer may take as long as it keeps coming.
const BODY_TIMEOUTS: u32 = 20;

/// An answer of whatever status.
pub(super) struct HttpAnswer {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    /// How long to wait before asking again, if it says so in seconds.
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

/// Why there is no complete answer.
pub(super) struct NoAnswer {
    /// Whether all of the request was handed over to the network. If not, the server cannot have executed it, because
    /// it did not have it.
    pub(super) sent: bool,
    /// Whether trying again makes sense.
    pub(super) again: bool,
    /// What happened, to be read behind the name of the server.
    pub(super) what: String,
}

/// The HTTP client, made when it is first needed.
pub(super) struct Http {
    agent: Mutex<Option<Agent>>,
    proxied: bool,
    encrypted: bool,
    timeout: Duration,
    /// The connections, if they are shared with other clients.
    shared: Option<Connections>,
}

impl Http {
    pub(super) fn new(url: &RemoteUrl, timeout: Duration, shared: Option<Connections>) -> Self {
        let (proxied, encrypted) = (!url.is_loopback(), url.is_encrypted());
        Self { agent: Mutex::new(None), proxied, encrypted, timeout, shared }
    }

    /// The client that keeps the connection.
    pub(super) fn agent(&self) -> Result<Agent, EngineError> {
        if let Some(shared) = &self.shared {
            return shared.agent((self.proxied, self.encrypted, self.timeout), || self.fresh_agent());
        }
        let mut agent = self.agent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(agent) = &*agent {
            return Ok(agent.clone());
        }
        Ok(agent.insert(self.fresh_agent()?).clone())
    }

    /// Closes all connections, also one on which a request waits. Those that others use as well stay open.
    pub(super) fn hang_up(&self) {
        let agent = self.agent.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(agent) = agent {
            agent.shutdown();
        }
    }

    /// A client with connections of its own.
    pub(super) fn fresh_agent(&self) -> Result<Agent, EngineError> {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            // the token is for nobody else
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("dbmigrate/", env!("CARGO_PKG_VERSION")))
            .max_idle_age(MAX_IDLE)
            .max_idle_connections(MOST_IDLE)
            .max_idle_connections_per_host(MOST_IDLE)
            // names of this machine are found at once; for others, a thread is started so that it can be given up
            .timeout_resolve(self.proxied.then_some(self.timeout))
            .timeout_connect(Some(self.timeout))
            .timeout_per_write(Some(self.timeout));
        if !self.proxied {
            config = config.proxy(None);
        }
        if self.encrypted {
            config = config.tls_config(TlsConfig::builder().root_certs(roots()?).build());
        }
        Ok(config.build().into())
    }
}

/// The authorities that servers are verified with: those in the file that `SSL_CERT_FILE` names, as with OpenSSL and
/// curl, else Mozilla's. Cargo sets that variable for its subcommands where the system has such a file.
fn roots() -> Result<RootCerts, EngineError> {
    let Some(path) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) else {
        return Ok(RootCerts::WebPki);
    };
    let failed = |message: String| EngineError { kind: ErrorKind::CannotOpen, message };
    let shown = std::path::Path::new(&path).display();
    let text = std::fs::read(&path)
        .map_err(|error| failed(format!("cannot read `{shown}`, set in `SSL_CERT_FILE`: {error}")))?;
    let certificates: Vec<Certificate<'static>> = parse_pem(&text)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(failed(format!("`{shown}`, set in `SSL_CERT_FILE`, contains no certificate")));
    }
    Ok(RootCerts::Specific(Arc::new(certificates)))
}

/// What is done with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Delete,
}

/// Is shown the beginning of a good answer, longer each time, until it says that it has seen enough: before the rest of it
/// has come.
pub(super) type Beginning = Arc<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// So much of an answer is shown at a time, and so much of it at most.
const BEGINNING: u64 = 8 * 1024;
const LONGEST_BEGINNING: usize = 64 * 1024;

/// A request, ready to be sent.
pub(super) struct HttpRequest {
    pub(super) method: Method,
    pub(super) address: String,
    pub(super) headers: Vec<(&'static str, String)>,
    /// What is posted.
    pub(super) body: Option<Arc<[u8]>>,
    pub(super) beginning: Option<Beginning>,
}

impl HttpRequest {
    /// Sends it. The answer has to begin within `timeout` after the last byte was sent, if there is one.
    pub(super) fn send(&self, agent: &Agent, timeout: Option<Duration>) -> Result<HttpAnswer, NoAnswer> {
        let sent = Cell::new(false);
        self.exchange(agent, timeout, &sent).map_err(|error| no_answer(&error, sent.get()))
    }

    fn exchange(&self, agent: &Agent, timeout: Option<Duration>, sent: &Cell<bool>) -> Result<HttpAnswer, ureq::Error> {
        let mut response = match self.method {
            Method::Get | Method::Delete => {
                let headers = self.headers.iter();
                let request = match self.method {
                    Method::Delete => agent.delete(&self.address),
                    _ => agent.get(&self.address),
                };
                let request = headers.fold(request, |request, (name, value)| request.header(*name, value));
                let request = request.config().timeout_recv_response(timeout).timeout_recv_body(timeout).build();
                sent.set(true);
                request.call()?
            }
            Method::Post => {
                let body = self.body.as_deref().unwrap_or_default();
                if body.is_empty() {
                    sent.set(true);
                }
                let headers = self.headers.iter();
                let request =
                    headers.fold(agent.post(&self.address), |request, (name, value)| request.header(*name, value));
                let request = request
                    .header("content-length", body.len().to_string())
                    .config()
                    .timeout_recv_response(timeout)
                    .timeout_per_read(timeout)
                    .timeout_recv_body(timeout.map(|timeout| timeout * BODY_TIMEOUTS))
                    .build();
                request.send(SendBody::from_reader(&mut Upload { rest: body, sent }))?
            }
        };
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (location, retry_after) = (header("location"), header("retry-after").as_deref().and_then(seconds));
        let status = response.status().as_u16();
        // what is known to come needs no second place while it comes
        let length = response.body().content_length().unwrap_or_default().min(EXPECTED);
        let mut body = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        let mut reader = response.body_mut().with_config().limit(MAX_ANSWER).reader();
        if let Some(has_enough) = self.beginning.as_ref().filter(|_| (200..300).contains(&status)) {
            while reader.by_ref().take(BEGINNING).read_to_end(&mut body)? > 0
                && !has_enough(&body)
                && body.len() < LONGEST_BEGINNING
            {}
        }
        reader.read_to_end(&mut body)?;
        Ok(HttpAnswer { status, location, retry_after, body })
    }
}

/// How long a `Retry-After` asks to wait (RFC 9110, 10.2.3), if it says so in seconds. With a date, the pauses are our own.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}

/// The body of a request, which notes when its last byte is taken to be sent.
struct Upload<'a> {
    rest: &'a [u8],
    sent: &'a Cell<bool>,
}

impl Read for Upload<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.rest.read(buffer)?;
        if self.rest.is_empty() {
            self.sent.set(true);
        }
        Ok(count)
    }
}

fn no_answer(error: &ureq::Error, sent: bool) -> NoAnswer {
    let (again, what) = match error {
        ureq::Error::Timeout(Timeout::Resolve) => (true, "resolving its name timed out".to_owned()),
        ureq::Error::Timeout(Timeout::Connect) => (true, "connecting timed out".to_owned()),
        ureq::Error::Timeout(_) if sent => (false, "no answer in time".to_owned()),
        ureq::Error::Timeout(_) => (true, "sending the request timed out".to_owned()),
        ureq::Error::HostNotFound => (true, "unknown host".to_owned()),
        // an error of rustls, which its kind tells
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => (false, tls_words(&error.to_string())),
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof && sent => {
            (true, "the connection was closed before the answer was complete".to_owned())
        }
        ureq::Error::Io(error) => (true, io_words(error)),
        ureq::Error::Rustls(error) => (false, tls_words(&error.to_string())),
        ureq::Error::Protocol(error) => (false, format!("its answer is not HTTP ({error})")),
        ureq::Error::BodyExceedsLimit(_) => (false, "its answer is too large".to_owned()),
        ureq::Error::ConnectionFailed => (true, "the connection failed".to_owned()),
        other => (false, other.to_string()),
    };
    NoAnswer { sent, again, what }
}

fn tls_words(error: &str) -> String {
    let further = match error.contains("UnknownIssuer") {
        true => " (trusting the authorities in `SSL_CERT_FILE`)",
        false => "",
    };
    format!("TLS: {error}{further}")
}

fn io_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "the connection was refused".to_owned(),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::UnexpectedEof => "the connection was closed".to_owned(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "it is unreachable".to_owned(),
        _ => match error.to_string().split_once("failed to lookup address information: ") {
            Some((_, why)) => format!("its name cannot be resolved: {why}"),
            None => error.to_string(),
        },
    }
}
