//! The way to a program that was started: lines there and back, each waited for no longer than it may take.

use std::io::{self, BufReader, Write as _};
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use dbmigrate_core::engine::step::wire::{self, Heard, Line, Said};

/// How long a program may take to end once it says nothing any more.
const ENDING: Duration = Duration::from_secs(2);

/// A program, and the way to it. It ends with this.
pub(super) struct Channel {
    name: String,
    child: Child,
    to: Sender<Vec<u8>>,
    from: Receiver<io::Result<Line<Heard>>>,
    /// Why it is of no more use.
    ended: Option<String>,
}

impl Channel {
    /// The way to a program whose standard input and output are pipes.
    pub(super) fn new(name: &str, mut child: Child) -> Self {
        let (to, lines) = mpsc::channel::<Vec<u8>>();
        let (heard, from) = mpsc::channel();
        // on threads of their own: one that does not read must not keep this one from noticing
        if let Some(mut stdin) = child.stdin.take() {
            thread::spawn(move || {
                for line in lines {
                    if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
                        break;
                    }
                }
            });
        }
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || {
                let mut stdout = BufReader::new(stdout);
                loop {
                    let line = wire::read(&mut stdout);
                    let is_last = !matches!(line, Ok(Line::Message(_)));
                    if heard.send(line).is_err() || is_last {
                        break;
                    }
                }
            });
        }
        Self { name: name.to_owned(), child, to, from, ended: None }
    }

    /// Says something; that nobody hears it shows with the next answer.
    ///
    /// # Errors
    /// If it is too long to be said.
    pub(super) fn say(&self, said: &Said) -> io::Result<()> {
        let mut line = Vec::new();
        wire::write(&mut line, said)?;
        let _ = self.to.send(line);
        Ok(())
    }

    /// The next thing that it says.
    ///
    /// # Errors
    /// Why there is none. Then it has ended.
    pub(super) fn hear(&mut self, silence: Duration) -> Result<Heard, String> {
        if let Some(why) = &self.ended {
            return Err(why.clone());
        }
        let name = &self.name;
        let why = match self.from.recv_timeout(silence) {
            Ok(Ok(Line::Message(heard))) => return Ok(heard),
            Ok(Ok(Line::Other(text))) => format!(
                "`{name}` wrote `{text}` to standard output, which is its way to cargo-dbmigrate; print to standard error"
            ),
            Ok(Ok(Line::End)) | Err(RecvTimeoutError::Disconnected) => self.how_it_ended(),
            Ok(Err(error)) => format!("cannot read what `{name}` says: {error}"),
            Err(RecvTimeoutError::Timeout) => {
                format!("`{name}` did nothing for {} s, and was ended (`--step-timeout`)", silence.as_secs())
            }
        };
        self.end(why.clone());
        Err(why)
    }

    /// Ends it.
    pub(super) fn end(&mut self, why: String) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.ended = Some(why);
    }

    fn how_it_ended(&mut self) -> String {
        let since = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return format!("`{}` {}", self.name, ended(status)),
                Ok(None) if since.elapsed() < ENDING => thread::sleep(Duration::from_millis(5)),
                _ => return format!("`{}` closed its standard output", self.name),
            }
        }
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a program ended.
fn ended(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("ended with exit code {code}"),
        // `signal: 9 (SIGKILL)`
        None => format!("was ended by a {status}"),
    }
}
