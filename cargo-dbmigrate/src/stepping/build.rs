//! The program of the package, built by cargo as its user builds it.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::environment;
use crate::error::{CommandError, Result};
use crate::project::Context;

/// What is read of the lines that cargo writes (doc.rust-lang.org/cargo/reference/external-tools.html#json-messages).
#[derive(Deserialize)]
struct Artifact {
    reason: String,
    #[serde(default)]
    target: Option<Target>,
    #[serde(default)]
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// Builds a program of the package, and returns where it is. What cargo and rustc say goes to the user.
///
/// # Errors
/// If it cannot be built.
pub(super) fn build(context: &Context, bin: &str) -> Result<PathBuf> {
    let failed = |message: String| CommandError::failed(message).note("nothing was changed");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    environment::clean(&mut command, context);
    command.args(arguments(context, bin)).stdin(Stdio::null()).stdout(Stdio::piped());
    let cannot_start = |error| failed(format!("cannot start `{}`: {error}", cargo.display()));
    let mut child = command.spawn().map_err(cannot_start)?;
    let mut executable = None;
    for line in child
        .stdout
        .take()
        .map(BufReader::new)
        .into_iter()
        .flat_map(BufReader::lines)
        .map_while(std::result::Result::ok)
    {
        let Ok(artifact) = serde_json::from_str::<Artifact>(&line) else { continue };
        let is_it = artifact.reason == "compiler-artifact" && artifact.target.is_some_and(|target| target.name == bin);
        if is_it {
            executable = artifact.executable.or(executable);
        }
    }
    let status = child.wait().map_err(|error| failed(format!("cannot wait for `{}`: {error}", cargo.display())))?;
    match executable {
        Some(executable) if status.success() => Ok(executable),
        _ => Err(failed(format!("cannot build the program `{bin}` of `{}`", context.package.name)).help(format!(
            "a program with the steps is `src/bin/{bin}.rs`: `fn main() {{ dbmigrate::migrate::serve_steps(MIGRATIONS) }}`"
        ))),
    }
}

fn arguments(context: &Context, bin: &str) -> Vec<OsString> {
    let selection = &context.selection;
    let mut arguments: Vec<OsString> = ["build", "--bin", bin, "--message-format", "json-render-diagnostics"]
        .into_iter()
        .map(OsString::from)
        .collect();
    arguments.extend(["--manifest-path".into(), context.package.manifest.clone().into_os_string()]);
    arguments.extend(context.printer.is_quiet().then(|| "--quiet".into()));
    arguments.extend(selection.all_features.then(|| "--all-features".into()));
    arguments.extend(selection.no_default_features.then(|| "--no-default-features".into()));
    let features: Vec<&str> = selection.feature_names().collect();
    if !features.is_empty() {
        arguments.extend(["--features".into(), features.join(",").into()]);
    }
    arguments
}
