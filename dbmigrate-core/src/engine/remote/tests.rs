//! The client against servers that misbehave: a listener on loopback that follows a script of answers.

use std::io::{ErrorKind as IoKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

mod json_only;

use super::token::tests::token;
use super::*;
use crate::engine::error::{EngineError, ErrorKind};

/// What the server does with a request that it has read.
#[derive(Clone)]
enum Does {
    /// Answers with this status and body.
    Answers(u16, String),
    /// The same after a while.
    AnswersAfter(Duration, String),
    /// Sends this as it is, and closes.
    Sends(&'static str),
    /// Closes without an answer.
    Closes,
    /// Says nothing for as long as the client stays.
    Silence,
}

struct Fake {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicU32>,
}

impl Fake {
    /// Does the first with the first request to the pipeline and so on, and the last with all that follow; `GET`s
    /// are answered with `health`.
    fn new(health: u16, script: Vec<Does>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (script, requests) = (Arc::new(script), Arc::clone(&seen));
        let turn = Arc::new(AtomicU32::new(0));
        let connections = Arc::new(AtomicU32::new(0));
        let accepted = Arc::clone(&connections);
        thread::spawn(move || {
            for connection in listener.incoming() {
                accepted.fetch_add(1, Ordering::SeqCst);
                let (script, requests, turn) = (Arc::clone(&script), Arc::clone(&requests), Arc::clone(&turn));
                thread::spawn(move || serve(connection.unwrap(), health, &script, &requests, &turn));
            }
        });
        Self { port, seen, connections }
    }

    fn client(&self, token: Option<Token>) -> Client {
        self.client_with(token, |_| ())
    }

    fn client_with(&self, token: Option<Token>, change: impl FnOnce(&mut Options)) -> Client {
        let mut options = Options { timeout: Duration::from_millis(300), ..Options::default() };
        change(&mut options);
        Client::new(RemoteUrl::parse(&format!("http://foo.localhost:{}", self.port)).unwrap().0, token, options)
    }

    /// The requests so far, head and body.
    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, health: u16, script: &[Does], seen: &Mutex<Vec<String>>, turn: &AtomicU32) {
    while let Some(request) = read_request(&mut stream) {
        let get = request.starts_with("GET");
        seen.lock().unwrap().push(request);
        if get {
            answer(&mut stream, health, "");
            continue;
        }
        let turn = turn.fetch_add(1, Ordering::SeqCst) as usize;
        match &script[turn.min(script.len() - 1)] {
            Does::Answers(status, body) => answer(&mut stream, *status, body),
            Does::AnswersAfter(pause, body) => {
                thread::sleep(*pause);
                answer(&mut stream, 200, body);
            }
            Does::Sends(text) => {
                let _ = stream.write_all(text.as_bytes());
                return;
            }
            Does::Closes => return,
            Does::Silence => {
                let _ = stream.read(&mut [0; 1]);
                return;
            }
        }
    }
}

fn answer(stream: &mut TcpStream, status: u16, body: &str) {
    let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}

fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut wanted = None;
    let mut buffer = vec![0; 65536];
    loop {
        if wanted.is_none()
            && let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n")
        {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            wanted = Some(end + 4 + length.unwrap_or(0));
        }
        if wanted.is_some_and(|wanted| bytes.len() >= wanted) {
            return Some(String::from_utf8_lossy(&bytes).into_owned());
        }
        match stream.read(&mut buffer) {
            Ok(0) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == IoKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

const ONE: &str = r#"{"baton":null,"base_url":null,"results":[{"type":"ok","response":{"type":"batch","result":
    {"step_results":[{"cols":[{"name":"1","decltype":null}],"rows":[[{"type":"integer","value":"1"}]],
    "affected_row_count":0,"last_insert_rowid":null}],"step_errors":[null]}}},{"type":"ok","response":{"type":"close"}}]}"#;

fn good() -> Does {
    Does::Answers(200, ONE.to_owned())
}

fn reading() -> Batch {
    let mut batch = Batch::reading();
    batch.step(None, "SELECT 1", Vec::new(), true);
    batch
}

fn writing() -> Batch {
    let mut batch = Batch::writing();
    batch.step(None, "DELETE FROM t", Vec::new(), false);
    batch
}

fn run(client: &Client, batch: &Batch) -> Result<Outcome, EngineError> {
    client.stream().run(batch, Then::Close, Patience::Timeout)
}

fn secret() -> Token {
    token(r#"{"id":"foo","exp":4102444800}"#)
}

#[test]
fn a_request_says_what_the_server_has_to_know_and_one_connection_is_kept() {
    let fake = Fake::new(200, vec![good()]);
    let client = fake.client_with(Some(secret()), |options| options.namespace = Some("bar".into()));
    for _ in 0..3 {
        let outcome = run(&client, &reading()).unwrap();
        assert_eq!(outcome.rows(0).unwrap(), [[crate::engine::value::Value::Integer(1)]]);
    }
    let seen = fake.seen();
    assert_eq!((seen.len(), client.requests(), fake.connections.load(Ordering::SeqCst)), (3, 3, 1));
    let head = seen[0].to_ascii_lowercase();
    for wanted in ["post /v3/pipeline http/1.1", &format!("host: foo.localhost:{}", fake.port), "x-namespace-bin: ymfy"]
    {
        assert!(head.contains(wanted), "{wanted} not in {head}");
    }
    assert!(seen[0].contains(&format!("Bearer {}", secret().secret())) && seen[0].contains(r#""sql":"SELECT 1""#));
}

/// Whatever a server does with a request that writes, and that it has received, the outcome is unknown, and it is not
/// sent twice.
#[test]
fn a_writing_request_without_a_good_answer_is_lost_and_sent_once() {
    for does in [
        Does::Closes,
        Does::Silence,
        Does::Sends("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"baton\":"),
        Does::Sends("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nrubbish"),
        Does::Sends("rubbish\r\n\r\n"),
        Does::Sends("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"bat\r\nzz"),
        Does::Answers(500, "{\"error\":\"oh\"}".into()),
        Does::Answers(502, "<html>bad gateway</html>".into()),
        Does::Answers(503, String::new()),
        Does::Answers(504, "upstream".into()),
        Does::Answers(200, "<!DOCTYPE html><p>hello".into()),
        Does::Answers(200, "{\"results\":[]}".into()),
        Does::Answers(200, ONE.replace("\"step_errors\":[null]", "\"step_errors\":[]")),
        Does::Answers(200, String::new()),
    ] {
        let fake = Fake::new(200, vec![does, good()]);
        let client = fake.client(Some(secret()));
        let error = run(&client, &writing()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Lost, "{error}");
        assert_eq!(fake.seen().len(), 1, "{error}");
        assert!(!error.message.contains(secret().secret()) && !error.message.contains('<'), "{error}");
    }
}

#[test]
fn a_reading_request_is_sent_again_and_then_said_to_have_changed_nothing() {
    for does in [Does::Closes, Does::Answers(502, String::new()), Does::Answers(503, String::new())] {
        let fake = Fake::new(200, vec![does.clone(), good()]);
        assert!(run(&fake.client(None), &reading()).is_ok());
        assert_eq!(fake.seen().len(), 2);
        let fake = Fake::new(200, vec![does]);
        let error = run(&fake.client(None), &reading()).unwrap_err();
        assert_eq!((error.kind, fake.seen().len()), (ErrorKind::Unreachable, 3), "{error}");
    }
}

#[test]
fn what_cannot_be_reached_is_said_so_whatever_was_to_be_sent() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for url in [format!("http://127.0.0.1:{port}"), format!("libsql://foo.localhost:{port}")] {
        let options = Options { timeout: Duration::from_secs(2), ..Options::default() };
        let client = Client::new(RemoteUrl::parse(&url).unwrap().0, Some(secret()), options);
        let error = run(&client, &writing()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unreachable);
        assert_eq!(error.message, format!("`{url}` cannot be reached: the connection was refused"));
        assert_eq!(client.requests(), 3);
    }
}

#[test]
fn a_server_without_tls_is_not_asked_twice_for_it() {
    let fake = Fake::new(200, vec![Does::Sends("HTTP/1.1 400 Bad Request\r\n\r\n")]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let _ = connection.unwrap().write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let url = RemoteUrl::parse(&format!("https://localhost:{port}")).unwrap().0;
    let client = Client::new(url, None, Options::default());
    let error = run(&client, &writing()).unwrap_err();
    assert!(error.kind == ErrorKind::Unreachable && error.message.contains(": TLS: "), "{error}");
    assert_eq!((client.requests(), fake.seen().len()), (1, 0));
}

#[test]
fn refusals_are_told_apart_by_what_the_server_says_and_the_token_claims() {
    let expired = r#"{"exp":1000}"#;
    let read_only = r#"{"a":"ro"}"#;
    let no = |message: &str| format!("{{\"error\":\"{message}\"}}");
    for (status, body, claims, kind, wanted) in [
        (
            401,
            no("Expected authorization header but none given"),
            None,
            ErrorKind::Unauthorized,
            "requires a token, and none is set",
        ),
        (401, no("The JWT has expired"), Some(expired), ErrorKind::Unauthorized, "days ago"),
        (
            401,
            no("The JWT is invalid"),
            Some("{}"),
            ErrorKind::Unauthorized,
            "does not accept the token: it is for another server",
        ),
        (403, no("Write permission"), Some(read_only), ErrorKind::Forbidden, "is read-only"),
        (403, no("blocked"), Some("{}"), ErrorKind::Forbidden, "forbids this: blocked"),
        (
            404,
            no("Namespace `foo` doesn't exist"),
            Some(r#"{"id":"bar"}"#),
            ErrorKind::NoSuchDatabase,
            "is for the database `bar`, not for this one",
        ),
        (404, no("Namespace `foo` doesn't exist"), None, ErrorKind::NoSuchDatabase, "has no such database: Namespace"),
        (404, "<html>".to_owned(), None, ErrorKind::Protocol, "is not a libSQL server"),
        (404, String::new(), None, ErrorKind::Protocol, "is not a libSQL server"),
        (405, "no".to_owned(), None, ErrorKind::Protocol, "refused the request with status 405: no"),
        (413, String::new(), None, ErrorKind::TooLarge, "the request is larger"),
        (400, "Received an invalid baton".to_owned(), None, ErrorKind::StreamExpired, "no longer knows the stream"),
        (
            400,
            r#"{"message":"The stream has expired due to inactivity","code":"STREAM_EXPIRED"}"#.to_owned(),
            None,
            ErrorKind::StreamExpired,
            "has expired due",
        ),
        (301, String::new(), None, ErrorKind::Protocol, "redirects"),
    ] {
        let fake = Fake::new(200, vec![Does::Answers(status, body)]);
        let error = run(&fake.client(claims.map(token)), &writing()).unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(wanted), "`{error}` does not say `{wanted}`");
        // nothing was done, and it may only have been asleep
        let tries = if kind == ErrorKind::NoSuchDatabase { 3 } else { 1 };
        assert_eq!(fake.seen().len(), tries, "{error}");
    }
}

#[test]
fn no_message_shows_the_token_even_if_the_server_does() {
    for status in [200, 400, 401, 403, 404, 405, 500] {
        for body in [format!("bad {}", secret().secret()), format!("{{\"error\":\"namespace {}\"}}", secret().secret())]
        {
            let fake = Fake::new(200, vec![Does::Answers(status, body)]);
            for batch in [reading(), writing()] {
                let client = fake.client_with(Some(secret()), |options| options.retries = 0);
                let error = run(&client, &batch).unwrap_err();
                assert!(!format!("{error:?} {client:?}").contains(secret().secret()), "{error}");
            }
        }
    }
}

#[test]
fn a_long_statement_is_waited_for_while_the_server_shows_signs_of_life() {
    // with and without `/health`
    for (health, further) in [(200, vec![]), (404, vec![good()])] {
        let slow = Does::AnswersAfter(Duration::from_secs(1), ONE.to_owned());
        let fake = Fake::new(health, [vec![slow], further].concat());
        let told = Arc::new(AtomicU32::new(0));
        let observed = Arc::clone(&told);
        let client = fake.client_with(None, |options| {
            options.observer = Some(Arc::new(move |_| {
                observed.fetch_add(1, Ordering::SeqCst);
            }));
        });
        let mut stream = client.stream();
        assert!(stream.run(&writing(), Then::Close, Patience::WhileAlive).unwrap().is_ok(0));
        assert!(told.load(Ordering::SeqCst) >= 2, "{health}");
    }
}

#[test]
fn what_has_to_be_answered_in_time_is_given_up_although_the_server_is_up() {
    let fake = Fake::new(200, vec![Does::Silence, good()]);
    let client = fake.client(None);
    let since = Instant::now();
    let patience = Patience::UpTo(Duration::from_secs(2));
    let error = client.stream().run(&writing(), Then::Close, patience).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Lost, "{error}");
    assert!(error.message.ends_with("it is up, and did not answer for 2 s"), "{error}");
    assert!(since.elapsed() >= Duration::from_secs(2) && since.elapsed() < Duration::from_secs(30));
    assert!(run(&client, &reading()).is_ok());
}

#[test]
fn a_server_without_signs_of_life_is_given_up_and_can_be_asked_again() {
    let fake = Fake::new(500, vec![Does::Silence, good()]);
    let client = fake.client(None);
    let since = Instant::now();
    let error = client.stream().run(&writing(), Then::Close, Patience::WhileAlive).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Lost, "{error}");
    assert!(error.message.ends_with("it stopped answering") && since.elapsed() < Duration::from_secs(20));
    assert!(run(&client, &reading()).is_ok());
}

#[test]
fn a_connection_that_the_server_closed_while_it_was_idle_is_not_used_again() {
    let fake = Fake::new(200, vec![Does::Sends(good_and_close()), good()]);
    let client = fake.client(None);
    assert!(run(&client, &writing()).is_ok());
    thread::sleep(Duration::from_millis(100));
    assert!(run(&client, &writing()).is_ok());
    assert_eq!(fake.seen().len(), 2);
}

fn good_and_close() -> &'static str {
    // leaked once, in a test
    Box::leak(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{ONE}", ONE.len()).into_boxed_str())
}

#[test]
fn a_stream_goes_on_where_the_server_says_and_is_gone_after_a_lost_answer() {
    let open = |base: &str| {
        let base = if base.is_empty() { "null".to_owned() } else { format!("\"{base}\"") };
        ONE.replace("\"baton\":null", "\"baton\":\"b1\"").replace("\"base_url\":null", &format!("\"base_url\":{base}"))
    };
    let fake = Fake::new(200, vec![Does::Answers(200, open("")), Does::Closes, good()]);
    let client = fake.client(None);
    let mut stream = client.stream();
    stream.run(&writing(), Then::Keep, Patience::Timeout).unwrap();
    assert!(stream.is_open());
    assert_eq!(stream.run(&reading(), Then::Keep, Patience::Timeout).unwrap_err().kind, ErrorKind::Unreachable);
    assert!(fake.seen()[1].contains("\"baton\":\"b1\""));
    assert_eq!(stream.run(&reading(), Then::Keep, Patience::Timeout).unwrap_err().kind, ErrorKind::StreamExpired);
    assert_eq!(fake.seen().len(), 2);

    // another host gets the requests, but never the token
    let other = Fake::new(200, vec![good()]);
    let fake = Fake::new(200, vec![Does::Answers(200, open(&format!("http://127.0.0.1:{}", other.port)))]);
    let mut stream = fake.client(Some(secret())).stream();
    assert!(stream.run(&writing(), Then::Keep, Patience::Timeout).unwrap().is_ok(0));
    assert_eq!(stream.run(&reading(), Then::Close, Patience::Timeout).unwrap_err().kind, ErrorKind::Protocol);
    assert_eq!(other.seen().len(), 0);
    // nor a key
    let mut stream = fake.client_with(None, |options| options.encryption_key = Some(secret())).stream();
    assert!(stream.run(&writing(), Then::Keep, Patience::Timeout).unwrap().is_ok(0));
    assert_eq!(stream.run(&reading(), Then::Close, Patience::Timeout).unwrap_err().kind, ErrorKind::Protocol);
    assert_eq!(other.seen().len(), 0);
    let mut stream = fake.client(None).stream();
    stream.run(&writing(), Then::Keep, Patience::Timeout).unwrap();
    stream.run(&reading(), Then::Close, Patience::Timeout).unwrap();
    assert_eq!(other.seen().len(), 1);
}

#[test]
fn a_dropped_stream_is_closed() {
    let open = ONE.replace("\"baton\":null", "\"baton\":\"b1\"");
    let fake = Fake::new(200, vec![Does::Answers(200, open), good()]);
    let client = fake.client(None);
    client.stream().run(&writing(), Then::Keep, Patience::Timeout).unwrap();
    let closing = fake.seen().pop().unwrap();
    assert!(closing.contains(r#""requests":[{"type":"close"}]"#) && closing.contains("b1"), "{closing}");
}

#[test]
fn a_request_that_did_not_arrive_as_a_whole_is_sent_again_even_if_it_writes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut first, _) = listener.accept().unwrap();
        first.read_exact(&mut [0; 1000]).unwrap();
        drop(first);
        let (mut second, _) = listener.accept().unwrap();
        let request = read_request(&mut second).unwrap();
        answer(&mut second, 200, ONE);
        request.len()
    });
    let url = RemoteUrl::parse(&format!("http://127.0.0.1:{port}")).unwrap().0;
    let client = Client::new(url, None, Options::default());
    // more than the buffers on the way take, so that the client cannot have sent its end
    let mut large = Batch::writing();
    large.step(None, "INSERT INTO t VALUES(?)", vec![crate::engine::value::Value::Text("x".repeat(20_000_000))], false);
    assert!(client.stream().run(&large, Then::Close, Patience::WhileAlive).unwrap().is_ok(0));
    assert!(server.join().unwrap() > 20_000_000);
    assert_eq!(client.requests(), 2);
}
