//! The door: who may ask, and what. A connection is read on a thread of its own, since browsers open some that they do not
//! use; what it asks is answered on the one that has everything.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use super::answer::{Answer, What};
use super::token::is_same;

/// How long a connection may take to ask.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the head of a request may be.
const LONGEST: usize = 16 * 1024;

/// How many connections there may be at once.
const MOST: usize = 64;

/// What holds for everything that is answered. The page says itself what may run in it.
const HEADERS: &str = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\
                       Cross-Origin-Resource-Policy: same-origin\r\nCross-Origin-Opener-Policy: same-origin\r\n\
                       Content-Security-Policy: frame-ancestors 'none'\r\nX-Frame-Options: DENY\r\n\
                       Connection: close\r\n";

/// A question, and where its answer goes.
pub(super) struct Question {
    pub(super) what: What,
    pub(super) answer: Sender<Answer>,
}

/// What must be said to be let in.
#[derive(Debug, Clone)]
pub(super) struct Door {
    pub(super) port: u16,
    pub(super) token: String,
}

/// Why somebody is not let in, or what they ask.
#[derive(Debug, PartialEq, Eq)]
enum Entry {
    Asks(What, bool),
    Refused(&'static str),
}

impl Door {
    /// Lets in who may ask.
    pub(super) fn listen(&self, listener: &TcpListener, ask: &Sender<Question>) {
        let open = Arc::new(AtomicUsize::new(0));
        for stream in listener.incoming().flatten() {
            if open.fetch_add(1, Ordering::SeqCst) >= MOST {
                open.fetch_sub(1, Ordering::SeqCst);
                continue;
            }
            let (door, ask, counted) = (self.clone(), ask.clone(), Arc::clone(&open));
            let spawned = std::thread::Builder::new().spawn(move || {
                // whoever goes away has no answer
                let _ = door.serve(stream, &ask);
                counted.fetch_sub(1, Ordering::SeqCst);
            });
            if spawned.is_err() {
                open.fetch_sub(1, Ordering::SeqCst);
            }
        }
    }

    fn serve(&self, mut stream: TcpStream, ask: &Sender<Question>) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let head = head(&mut stream)?;
        if head.is_empty() {
            return Ok(());
        }
        match self.entry(&head) {
            Entry::Refused(status) => respond(&mut stream, status, "text/plain; charset=utf-8", status, true),
            Entry::Asks(what, with_body) => {
                let (send, receive) = mpsc::channel();
                if ask.send(Question { what, answer: send }).is_err() {
                    return Ok(());
                }
                let Ok(answer) = receive.recv() else { return Ok(()) };
                let status = if answer.is_found { "200 OK" } else { "503 Service Unavailable" };
                respond(&mut stream, status, answer.kind, &answer.body, with_body)
            }
        }
    }

    /// Whether a request may ask, and what it asks. Whoever leads a browser here under another name says that name as
    /// `Host`; and without the token there is nothing.
    fn entry(&self, head: &str) -> Entry {
        let mut lines = head.lines();
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(path), Some("HTTP/1.1" | "HTTP/1.0"), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Entry::Refused("400 Bad Request");
        };
        let hosts: Vec<&str> = lines
            .filter_map(|line| line.split_once(':'))
            .filter(|(name, _)| name.eq_ignore_ascii_case("host"))
            .map(|(_, value)| value.trim())
            .collect();
        let ours = |host: &str| ["127.0.0.1", "localhost"].iter().any(|name| *host == format!("{name}:{}", self.port));
        if !matches!(hosts[..], [host] if ours(host)) {
            return Entry::Refused("421 Misdirected Request");
        }
        let mut parts = path.strip_prefix('/').unwrap_or_default().splitn(2, '/');
        let (token, rest) = (parts.next().unwrap_or_default(), parts.next());
        let what = match rest.map(|rest| rest.split('?').next().unwrap_or_default()) {
            Some("") => What::Page,
            Some("data") => What::Data,
            Some("stamp") => What::Stamp,
            _ => return Entry::Refused("404 Not Found"),
        };
        match method {
            _ if !is_same(token, &self.token) => Entry::Refused("404 Not Found"),
            "GET" => Entry::Asks(what, true),
            "HEAD" => Entry::Asks(what, false),
            _ => Entry::Refused("405 Method Not Allowed"),
        }
    }
}

/// The head of a request; nothing if there is none.
fn head(stream: &mut TcpStream) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 2048];
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut buffer)?;
        if read == 0 || bytes.len() + read > LONGEST {
            return Ok(String::new());
        }
        bytes.extend_from_slice(&buffer[..read]);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn respond(stream: &mut TcpStream, status: &str, kind: &str, body: &str, with_body: bool) -> io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{HEADERS}\r\n");
    stream.write_all(head.as_bytes())?;
    if with_body {
        stream.write_all(body.as_bytes())?;
    }
    stream.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(head: &str) -> Entry {
        Door { port: 4000, token: "abcd".to_owned() }.entry(head)
    }

    #[test]
    fn only_this_machine_by_its_own_name_and_with_the_token_may_ask() {
        let asks = |path: &str, host: &str| entry(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(asks("/abcd/", "127.0.0.1:4000"), Entry::Asks(What::Page, true));
        assert_eq!(asks("/abcd/?a", "localhost:4000"), Entry::Asks(What::Page, true));
        assert_eq!(asks("/abcd/data", "127.0.0.1:4000"), Entry::Asks(What::Data, true));
        assert_eq!(asks("/abcd/stamp", "127.0.0.1:4000"), Entry::Asks(What::Stamp, true));
        for host in
            ["evil.example:4000", "127.0.0.1", "127.0.0.1:4001", "127.0.0.1:4000.evil.example", "", "[::1]:4000"]
        {
            assert_eq!(asks("/abcd/", host), Entry::Refused("421 Misdirected Request"), "{host}");
        }
        for path in ["/", "/abcd", "/abce/", "/abcd/other", "/abcd/../abcd/", "//abcd/", "/ABCD/", "abcd/"] {
            let expected = Entry::Refused("404 Not Found");
            assert_eq!(asks(path, "127.0.0.1:4000"), expected, "{path}");
        }
    }

    #[test]
    fn nothing_can_be_written_and_nothing_is_let_in_twice() {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT"] {
            let head = format!("{method} /abcd/ HTTP/1.1\r\nHost: 127.0.0.1:4000\r\n\r\n");
            assert_eq!(entry(&head), Entry::Refused("405 Method Not Allowed"));
        }
        assert_eq!(entry("HEAD /abcd/ HTTP/1.1\r\nhost: 127.0.0.1:4000\r\n\r\n"), Entry::Asks(What::Page, false));
        let two = "GET /abcd/ HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nHost: evil.example\r\n\r\n";
        assert_eq!(entry(two), Entry::Refused("421 Misdirected Request"));
        assert_eq!(entry("GET /abcd/ HTTP/1.1\r\n\r\n"), Entry::Refused("421 Misdirected Request"));
        for head in ["GET /abcd/\r\n\r\n", "nonsense", "GET /abcd/ HTTP/1.1 more\r\n\r\n", "GET /abcd/ HTTP/2\r\n\r\n"]
        {
            assert_eq!(entry(head), Entry::Refused("400 Bad Request"), "{head}");
        }
    }
}
