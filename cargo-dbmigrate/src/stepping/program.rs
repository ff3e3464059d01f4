//! A program with the steps in Rust of the migrations: started, asked whose it is, and then for one step after the other.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use dbmigrate_core::engine::step::wire::{self, Heard, PROTOCOL, Said};
use dbmigrate_core::engine::step::{Access, Steps};
use dbmigrate_core::folder::{Checksum, Folder};

use super::channel::Channel;
use super::{environment, with_step};
use crate::error::{CommandError, Result};
use crate::project::Context;

/// How long it may take to say what it is.
const STARTING: Duration = Duration::from_secs(30);

/// A program that runs steps.
pub(super) struct Program {
    name: String,
    channel: Mutex<Channel>,
    steps: Vec<String>,
    silence: Duration,
}

impl Program {
    /// Starts it.
    ///
    /// # Errors
    /// If it cannot be started, or does not have the steps of these migrations.
    pub(super) fn start(
        context: &Context,
        folder: &Folder,
        (name, executable): (&str, &Path),
        silence: Duration,
    ) -> Result<Self> {
        let failed = |message: String| CommandError::failed(message).note("nothing was changed");
        let mut command = Command::new(executable);
        environment::clean(&mut command, context);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let child = child.map_err(|error| failed(format!("cannot start `{}`: {error}", executable.display())))?;
        let mut channel = Channel::new(name, child);
        let hello = Said::Hello { protocol: PROTOCOL };
        channel.say(&hello).map_err(|error| failed(format!("cannot write to `{name}`: {error}")))?;
        let no_program = |message: String| {
            failed(message).help(format!(
                "all that it does must be `fn main() {{ dbmigrate::migrate::serve_steps(MIGRATIONS) }}`: `src/bin/{name}.rs`"
            ))
        };
        let (protocol, lock, steps) = match channel.hear(silence.min(STARTING)) {
            Ok(Heard::Ready { protocol, lock, steps }) => (protocol, lock, steps),
            Ok(_) => return Err(no_program(format!("`{name}` does not say what it is"))),
            Err(why) => return Err(no_program(format!("`{name}` is not a program with steps: {why}"))),
        };
        if protocol != PROTOCOL {
            let message = format!("`{name}` speaks version {protocol}, and this cargo-dbmigrate version {PROTOCOL}");
            return Err(failed(message).help("use the same version of both: `cargo update -p dbmigrate-rs`"));
        }
        let path = folder.lock_path();
        let text = std::fs::read_to_string(&path).map_err(|error| CommandError::io("read", &path, &error))?;
        let wanted = with_step(folder)?;
        if Checksum::of_sql(&text).to_hex() != lock || wanted.iter().any(|name| !steps.contains(name)) {
            let message = format!("`{name}` has embedded other migrations than those of `{}`", folder.path().display());
            return Err(failed(message).help(
                "let it embed this folder: `embed_migrations!(\"FOLDER\", steps { … })`, relative to its package",
            ));
        }
        Ok(Self { name: name.to_owned(), channel: Mutex::new(channel), steps, silence })
    }

    /// Serves a step until it is done.
    fn serve(
        &self,
        channel: &mut Channel,
        migration: &str,
        access: &mut dyn Access,
    ) -> std::result::Result<(), String> {
        let run = Said::Run { migration: migration.to_owned() };
        channel.say(&run).map_err(|error| error.to_string())?;
        loop {
            let answer = match channel.hear(self.silence)? {
                Heard::Done {} => return Ok(()),
                Heard::Failed { message } => return Err(message),
                Heard::Execute { sql, rows } => {
                    wire::from_wire(rows).map(|rows| access.execute(&sql, rows).map(|rows| Said::Changed { rows }))
                }
                Heard::Query { sql, values } => wire::from_wire(vec![values]).map(|mut values| {
                    let rows = access.query(&sql, values.pop().unwrap_or_default());
                    rows.map(|rows| Said::Rows { rows: wire::to_wire(rows) })
                }),
                Heard::Ready { .. } => None,
            };
            let Some(answer) = answer else {
                let why = format!("`{}` says what it may not say", self.name);
                channel.end(why.clone());
                return Err(why);
            };
            let answer = answer.unwrap_or_else(|error| Said::Refused { message: error.to_string() });
            if let Err(error) = channel.say(&answer) {
                // it is too long, and was not said
                channel.say(&Said::Refused { message: error.to_string() }).map_err(|error| error.to_string())?;
            }
        }
    }
}

impl Steps for Program {
    fn has(&self, migration: &str) -> bool {
        self.steps.iter().any(|name| name == migration)
    }

    fn run(&self, migration: &str, access: &mut dyn Access) -> std::result::Result<(), String> {
        let mut channel = self.channel.lock().unwrap_or_else(PoisonError::into_inner);
        self.serve(&mut channel, migration, access)
    }
}
