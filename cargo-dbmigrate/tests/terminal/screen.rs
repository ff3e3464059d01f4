//! A command on a pseudo-terminal.

use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};

use crate::project::{AROUND, BINARY, Project};

/// How long something may take to be seen.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const DOWN: &str = "\x1b[B";
pub(crate) const UP: &str = "\x1b[A";
pub(crate) const ENTER: &str = "\r";
pub(crate) const ESCAPE: &str = "\x1b";
pub(crate) const CTRL_C: &str = "\x03";

/// A command that is running, or was.
pub(crate) struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    shown: Arc<Mutex<Shown>>,
    reader: Option<JoinHandle<()>>,
}

struct Shown {
    parser: vt100::Parser,
    bytes: Vec<u8>,
}

impl Terminal {
    /// Starts a command on a terminal of so many columns.
    pub(crate) fn start(project: &Project, columns: u16, line: &str) -> Self {
        let (pty, pts) = open().expect("there are pseudo-terminals");
        pty.resize(Size::new(40, columns)).expect("it has a size");
        let mut command = Command::new(BINARY).args(line.split_whitespace()).current_dir(project.root());
        for variable in AROUND {
            command = command.env_remove(variable);
        }
        let child = command.env("TERM", "xterm-256color").spawn(pts).expect("the binary runs");
        let pty = Arc::new(pty);
        let size = |number| NonZero::new(number).expect("it has a size");
        let parser = vt100::Parser::new(size(40), size(columns), 0);
        let shown = Arc::new(Mutex::new(Shown { parser, bytes: Vec::new() }));
        let (from, to) = (Arc::clone(&pty), Arc::clone(&shown));
        let reader = thread::spawn(move || {
            let mut buffer = [0; 4096];
            // the end is an error: the other side is closed
            while let Ok(count @ 1..) = (&*from).read(&mut buffer) {
                let mut shown = to.lock().expect("no thread has panicked");
                shown.parser.process(&buffer[..count]);
                shown.bytes.extend_from_slice(&buffer[..count]);
            }
        });
        Self { pty, child, shown, reader: Some(reader) }
    }

    /// The screen, without spaces at the ends of lines.
    pub(crate) fn screen(&self) -> String {
        let shown = self.shown.lock().expect("no thread has panicked");
        let lines: Vec<String> =
            shown.parser.screen().contents().lines().map(|line| line.trim_end().to_owned()).collect();
        lines.join("\n").trim_end().to_owned() + "\n"
    }

    /// Everything that was written to it.
    pub(crate) fn bytes(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().expect("no thread has panicked").bytes).into_owned()
    }

    pub(crate) fn is_cursor_hidden(&self) -> bool {
        self.shown.lock().expect("no thread has panicked").parser.screen().hide_cursor()
    }

    /// Waits until a text is on the screen.
    #[track_caller]
    pub(crate) fn sees(&self, text: &str) -> &Self {
        self.sees_times(text, 1)
    }

    /// Waits until a text is on the screen so many times: a question that is asked again is there already.
    #[track_caller]
    pub(crate) fn sees_times(&self, text: &str, times: usize) -> &Self {
        let since = Instant::now();
        // wherever a line was broken
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        while bare(&self.screen()).matches(&bare(text)).count() < times {
            assert!(since.elapsed() < PATIENCE, "`{text}` is not on the screen:\n{}", self.screen());
            thread::sleep(Duration::from_millis(5));
        }
        self
    }

    /// Presses keys.
    pub(crate) fn types(&self, keys: &str) -> &Self {
        (&*self.pty).write_all(keys.as_bytes()).expect("somebody reads");
        self
    }

    /// Waits for the end, and returns the exit code.
    pub(crate) fn ends(&mut self) -> i32 {
        let since = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                break status;
            }
            if since.elapsed() > PATIENCE {
                let _ = self.child.kill();
                panic!("it does not end:\n{}", self.screen());
            }
            thread::sleep(Duration::from_millis(5));
        };
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader does not panic");
        }
        status.code().unwrap_or(-1)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
