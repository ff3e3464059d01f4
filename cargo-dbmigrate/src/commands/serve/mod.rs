//! `serve`: the page on this machine, read again when structs or migrations change. It writes nothing.

mod answer;
mod http;
mod token;
mod watch;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use clap::Args;

use self::answer::Served;
use crate::database::signals;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages;
use crate::project::Context;
use crate::project::url::{Connect, databases_help};

/// How long it takes at most until a signal is heard.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// The arguments.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = concat!("\
Examples:
  cargo dbmigrate serve
  cargo dbmigrate serve -t production    With its rows, and when migrations came

The address is for this machine alone, and has a part that cannot be guessed.
Changes to structs and migrations show by themselves, those that no migration
has as such. No database is asked unless one is named.

", databases_help!()))]
pub(crate) struct Serve {
    /// Port on 127.0.0.1 [default: a free one]
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,

    /// Which databases.
    #[command(flatten)]
    pub connect: Connect,
}

/// Runs it until it is interrupted, and returns the exit code.
///
/// # Errors
/// If the page cannot be made at first, or the port is taken.
pub(crate) fn run(context: &Context, arguments: &Serve) -> Result<u8> {
    let mut served = Served::new(context, &arguments.connect)?;
    let wanted = arguments.port.unwrap_or(0);
    let cannot = |error: std::io::Error| {
        CommandError::failed(format!("cannot listen on 127.0.0.1:{wanted}: {error}"))
            .help("use any free port: `cargo dbmigrate serve`")
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).map_err(cannot)?;
    let port = listener.local_addr().map_err(cannot)?.port();
    let token = token::random()?;
    let url = format!("http://127.0.0.1:{port}/{token}/");
    let stopped = Arc::new(AtomicBool::new(false));
    signals::once(&stopped);
    context.printer.message(|| messages::Serving { url: url.clone() });
    context.printer.status("Serving", format!("{url} (Ctrl-C stops it)"));
    let (ask, questions) = mpsc::channel();
    let door = http::Door { port, token };
    std::thread::spawn(move || door.listen(&listener, &ask));
    loop {
        match questions.recv_timeout(BETWEEN_LOOKS) {
            Ok(question) => {
                let answer = served.answer(question.what);
                // whoever has asked may be gone
                let _ = question.answer.send(answer);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(CommandError::failed("the port was closed")),
        }
        if stopped.load(Ordering::SeqCst) {
            context.printer.status("Stopped", "serving");
            return Ok(exit::DONE);
        }
    }
}
