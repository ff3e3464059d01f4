//! What clap has to say of a command line, for people and for programs.

use std::ffi::OsString;
use std::io::Write as _;

use clap::error::ErrorKind;

use crate::error::CommandError;
use crate::messages;
use crate::report::Printer;
use crate::url_text::redacted;

/// Shows clap's message, with the secrets of URLs among the arguments hidden.
pub(super) fn show(error: &clap::Error, arguments: &[OsString]) {
    if !has_secret(arguments) {
        // a closed pipe is no reason to fail
        let _ = error.print();
        return;
    }
    let _ = write!(std::io::stderr().lock(), "{}", plain(error, arguments));
}

/// Tells programs the help or the version that was asked for.
pub(super) fn tell(kind: ErrorKind, text: &str, printer: &Printer) {
    if kind == ErrorKind::DisplayVersion {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        printer.message(|| messages::Version { version, messages: messages::VERSION });
    } else {
        printer.message(|| messages::Help { text: text.to_owned() });
    }
}

/// Clap's message as an error of ours: its first lines are what is wrong, tips are help, and the usage is a note. `command` is
/// the one that was meant.
pub(super) fn as_ours(error: &clap::Error, arguments: &[OsString], command: Option<&str>) -> CommandError {
    let text = plain(error, arguments);
    let mut parts = text.split("\n\n").map(str::trim).filter(|part| !part.is_empty());
    let first = parts.next().unwrap_or("wrong usage");
    let first = first.strip_prefix("error:").unwrap_or(first);
    let message: Vec<&str> = first.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut ours = CommandError::usage(message.join(" "));
    for part in parts {
        for line in part.lines().map(str::trim) {
            ours = match (line.strip_prefix("tip:"), line.strip_prefix("Usage:")) {
                (Some(tip), _) => ours.help(tip.trim()),
                (_, Some(usage)) => ours.note(format!("usage: {}", usage.trim())),
                _ if line.starts_with("For more information") => ours,
                _ => ours.note(line),
            };
        }
    }
    let command = command.map(|command| format!(" {command}")).unwrap_or_default();
    ours.help(format!("show all arguments: `cargo dbmigrate{command} --help`"))
}

fn has_secret(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| argument.to_str().is_some_and(|text| redacted(text) != text))
}

/// The message without colours and secrets.
fn plain(error: &clap::Error, arguments: &[OsString]) -> String {
    let mut text = error.to_string();
    if !has_secret(arguments) {
        return text;
    }
    for argument in arguments.iter().filter_map(|argument| argument.to_str()) {
        text = text.replace(argument, &redacted(argument));
        // clap shows the value of `--name=value` alone
        if let Some((_, value)) = argument.split_once('=') {
            text = text.replace(value, &redacted(value));
        }
    }
    text
}
