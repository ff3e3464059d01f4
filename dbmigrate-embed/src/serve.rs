//! A program that runs steps in Rust for the subcommand, which has the database: `cargo dbmigrate migrate --with BIN`.

use std::any::Any;
use std::io::{self, BufRead, IsTerminal, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use dbmigrate_core::engine::connection::Value;
use dbmigrate_core::engine::step::wire::{self, Heard, Line, PROTOCOL, Said};
use dbmigrate_core::engine::step::{Access, StepError, Steps as _};
use dbmigrate_core::folder::Checksum;

use crate::Migrations;
use crate::steps::Registered;
use crate::thread::message_of;

/// Runs the steps of migrations for `cargo dbmigrate`, which starts this program with `--with`, has the connection, and
/// ends it. All of `src/bin/steps.rs`:
///
/// ```ignore
/// fn main() {
///     dbmigrate::migrate::serve_steps(my_application::MIGRATIONS)
/// }
/// ```
///
/// What a step prints must go to standard error: standard output is the way to the subcommand. The program has no way
/// to the database of its own, and gets no token.
///
/// Ends the process with exit code 2 if it was not started by the subcommand.
pub fn serve_steps(migrations: Migrations) {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        fail("this program runs steps for `cargo dbmigrate migrate --with BIN`, and does nothing by itself");
    }
    if let Err(error) = serve(migrations, stdin.lock(), io::stdout()) {
        fail(&format!("cannot run steps for `cargo dbmigrate`: {error}"));
    }
}

fn fail(message: &str) -> ! {
    // nobody can be told if that fails
    let _ = writeln!(io::stderr(), "error: {message}");
    std::process::exit(2)
}

/// Answers until nothing comes any more.
fn serve(migrations: Migrations, from: impl BufRead, to: impl Write) -> io::Result<()> {
    let mut pipe = Pipe { from, to, broken: None };
    let steps = Registered(migrations.steps);
    loop {
        match pipe.next()? {
            None => return Ok(()),
            Some(Said::Hello { .. }) => {
                let names = migrations.steps.iter().map(|(name, _)| (*name).to_owned()).collect();
                let lock = Checksum::of_sql(migrations.lock).to_hex();
                wire::write(&mut pipe.to, &Heard::Ready { protocol: PROTOCOL, lock, steps: names })?;
            }
            Some(Said::Run { migration }) => {
                let result = catch_unwind(AssertUnwindSafe(|| steps.run(&migration, &mut pipe)));
                if let Some(error) = pipe.broken.take() {
                    return Err(error);
                }
                let result =
                    result.unwrap_or_else(|panic: Box<dyn Any + Send>| Err(format!("it panicked: {}", message_of(&*panic))));
                let said = result.map_or_else(|message| Heard::Failed { message }, |()| Heard::Done {});
                wire::write(&mut pipe.to, &said)?;
            }
            Some(_) => return Err(io::Error::other("an answer that nobody asked for")),
        }
    }
}

/// The way to the subcommand.
struct Pipe<R, W> {
    from: R,
    to: W,
    /// Why it is of no more use.
    broken: Option<io::Error>,
}

impl<R: BufRead, W: Write> Pipe<R, W> {
    fn next(&mut self) -> io::Result<Option<Said>> {
        match wire::read(&mut self.from)? {
            Line::Message(said) => Ok(Some(said)),
            Line::End => Ok(None),
            Line::Other(text) => Err(io::Error::other(format!("not a message: `{text}`"))),
        }
    }

    /// The answer to what a step asks.
    fn ask(&mut self, question: &Heard) -> Result<Said, StepError> {
        if self.broken.is_some() {
            return Err(StepError::new(GONE));
        }
        let mut line = Vec::new();
        // one that is too long was not sent
        wire::write(&mut line, question).map_err(|error| StepError::new(error.to_string()))?;
        let answer = self.to.write_all(&line).and_then(|()| self.to.flush()).and_then(|()| self.next());
        match answer {
            Ok(Some(Said::Refused { message })) => Err(StepError::new(message)),
            Ok(Some(said)) => Ok(said),
            Ok(None) => Err(self.is_broken(io::Error::other(GONE))),
            Err(error) => Err(self.is_broken(error)),
        }
    }

    fn is_broken(&mut self, error: io::Error) -> StepError {
        let said = StepError::new(error.to_string());
        self.broken = Some(error);
        said
    }

    fn unexpected(&mut self) -> StepError {
        self.is_broken(io::Error::other("an answer to another question"))
    }
}

const GONE: &str = "`cargo dbmigrate` has ended";

impl<R: BufRead, W: Write> Access for Pipe<R, W> {
    fn execute(&mut self, sql: &str, rows: Vec<Vec<Value>>) -> Result<u64, StepError> {
        let question = Heard::Execute { sql: sql.to_owned(), rows: wire::to_wire(rows) };
        match self.ask(&question)? {
            Said::Changed { rows } => Ok(rows),
            _ => Err(self.unexpected()),
        }
    }

    fn query(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Vec<Value>>, StepError> {
        let values = values.into_iter().map(wire::Value::from).collect();
        match self.ask(&Heard::Query { sql: sql.to_owned(), values })? {
            Said::Rows { rows } => wire::from_wire(rows).ok_or_else(|| self.unexpected()),
            _ => Err(self.unexpected()),
        }
    }
}
