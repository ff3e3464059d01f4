//! The flags that name the program with the steps in Rust, for every command that applies migrations.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use dbmigrate_core::folder::Folder;
use dbmigrate_core::shell::shell_flag;

use super::program::Program;
use super::{build, with_step};
use crate::error::Result;
use crate::project::{Context, WithSteps};

/// How long a step may say nothing, in seconds, if nobody says otherwise.
const SILENCE: u64 = 600;

/// The program with the steps.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct With {
    /// Program of the package to build, which runs the steps in Rust
    #[arg(long, value_name = "BIN")]
    pub with: Option<String>,

    /// Seconds in which a step must do something [default: 600]
    #[arg(long, value_name = "SECONDS", requires = "with", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub step_timeout: Option<u64>,
}

impl With {
    /// The flags as they were typed, each behind a space.
    pub(crate) fn typed(&self) -> String {
        let with = self.with.iter().map(|bin| format!(" {}", shell_flag("--with", bin)));
        let timeout = self.step_timeout.iter().map(|seconds| format!(" --step-timeout {seconds}"));
        with.chain(timeout).collect()
    }

    /// The context in which migrations have their steps: the program is built and started, if a migration has one.
    ///
    /// # Errors
    /// If it cannot be built or started, or is not a program with the steps of these migrations.
    pub(crate) fn started(&self, context: &Context, folder: &Folder) -> Result<Context> {
        let mut context = context.clone();
        let Some(bin) = &self.with else { return Ok(context) };
        if with_step(folder)?.is_empty() {
            context.printer.detail("Skipped", format!("`{bin}`: no migration has a step in Rust"));
            return Ok(context);
        }
        let executable = build::build(&context, bin)?;
        let silence = Duration::from_secs(self.step_timeout.unwrap_or(SILENCE));
        let program = Program::start(&context, folder, (bin, &executable), silence)?;
        context.steps = WithSteps::of(Arc::new(program));
        Ok(context)
    }
}
