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
                let result = result
                    .unwrap_or_else(|panic: Box<dyn Any + Send>| Err(format!("it panicked: {}", message_of(&*panic))));
                let said = result.map_or_else(|message| Heard::Failed { message }, |()| Heard::Done {});
                wire::write(&mut pipe.to, &said)?;
            }
            Some(_) => return Err(io::Error::other("an answer to no question")),
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

#[cfg(test)]
mod tests {
    use dbmigrate_core::engine::step::Step;

    use super::*;

    const MIGRATIONS: Migrations = dbmigrate_macros::embed_migrations!("../migrations", crate = crate);

    fn with(step: &'static [(&'static str, dbmigrate_core::engine::step::StepFn)]) -> Migrations {
        MIGRATIONS.__steps(step)
    }

    /// What the program says when it hears these lines.
    fn said(migrations: Migrations, lines: &[&str]) -> (Vec<String>, io::Result<()>) {
        let mut out = Vec::new();
        let heard = lines.join("\n") + "\n";
        let result = serve(migrations, heard.as_bytes(), &mut out);
        let out = String::from_utf8(out).expect("it is JSON");
        (out.lines().map(str::to_owned).collect(), result)
    }

    const RUN: &str = r#"{"run":{"migration":"0002_step"}}"#;

    fn step(step: &mut Step<'_>) -> dbmigrate_core::engine::step::StepResult {
        let rows = step.query("SELECT a FROM t WHERE b = ?1", &[Value::Blob(vec![0, 255])])?;
        let number: f64 = rows[0].get(0)?;
        let changed = step.execute("UPDATE t SET a = ?1", &[Value::Real(number * 2.0)])?;
        if changed == 1 { Ok(()) } else { Err(format!("{changed} rows").into()) }
    }

    #[test]
    fn a_program_says_what_it_is_and_serves_its_steps() {
        let half = 0.5_f64.to_bits();
        let rows = format!(r#"{{"rows":{{"rows":[[{{"real":{half}}}]]}}}}"#);
        let lines = [
            r#"{"hello":{"protocol":1}}"#,
            RUN,
            &rows,
            r#"{"changed":{"rows":1}}"#,
            RUN,
            &rows,
            r#"{"changed":{"rows":2}}"#,
        ];
        let (said, result) = said(with(&[("0002_step", step)]), &lines);
        result.expect("the pipe was closed between two steps");
        let lock = Checksum::of_sql(MIGRATIONS.lock).to_hex();
        let one = 1.0_f64.to_bits();
        let query = r#"{"query":{"sql":"SELECT a FROM t WHERE b = ?1","values":[{"blob":"00ff"}]}}"#;
        let update = format!(r#"{{"execute":{{"sql":"UPDATE t SET a = ?1","rows":[[{{"real":{one}}}]]}}}}"#);
        let ready = format!(r#"{{"ready":{{"protocol":1,"lock":"{lock}","steps":["0002_step"]}}}}"#);
        let failed = r#"{"failed":{"message":"2 rows"}}"#;
        assert_eq!(said, [&ready, query, &update, r#"{"done":{}}"#, query, &update, failed]);
    }

    #[test]
    fn a_panic_is_said_and_the_next_step_can_run() {
        let panics = with(&[("0002_step", |_| panic!("out of luck")), ("0003_step", |_| Ok(()))]);
        let (said, result) =
            said(panics, &[RUN, r#"{"run":{"migration":"0003_step"}}"#, r#"{"run":{"migration":"4"}}"#]);
        result.expect("the pipe was closed between two steps");
        let none = r#"{"failed":{"message":"the program has no such step"}}"#;
        assert_eq!(said, [r#"{"failed":{"message":"it panicked: out of luck"}}"#, r#"{"done":{}}"#, none]);
    }

    #[test]
    fn a_subcommand_that_ends_or_says_something_else_ends_the_program() {
        let steps = || with(&[("0002_step", step)]);
        let (said_then, result) = said(steps(), &[RUN]);
        assert_eq!(result.expect_err("nothing comes any more").to_string(), GONE);
        assert_eq!(said_then.len(), 1, "it says nothing to nobody");
        said(steps(), &["{}"]).1.expect_err("it is no message");
        said(steps(), &[RUN, r#"{"changed":{"rows":2}}"#]).1.expect_err("it is an answer to another question");
        said(steps(), &[r#"{"changed":{"rows":2}}"#]).1.expect_err("nobody has asked");
    }
}
