//! `__complete`: what a shell asks while somebody types. Hidden; the scripts of `completions` call it. It answers from
//! files alone, says nothing if something is wrong, and always succeeds.

mod known;
mod words;

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use clap::{Args, Command, FromArgMatches as _, ValueEnum};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _, complete};
use dbmigrate_core::shell::shell_quoted;

use crate::exit;
use crate::fleet;
use crate::project::{Context, Selection};
use crate::report::Printer;
use known::Known;
use words::{Typing, of_line, of_words};

/// The arguments.
#[derive(Debug, Clone, Args)]
pub(crate) struct Complete {
    /// How the answer is printed.
    #[arg(value_enum)]
    pub shell: Asking,
    /// What was typed: for bash its line, the place in it and what breaks words; for the others words up to the place.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<OsString>,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Asking {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
}

/// Prints what could be typed next, and returns the exit code.
pub(crate) fn run(printer: &Printer, arguments: &Complete, definition: Command) -> u8 {
    let typing = match arguments.shell {
        Asking::Bash => of_line(&arguments.words),
        _ => of_words(&arguments.words),
    };
    if let Some(typing) = typing {
        let lines: Vec<String> = candidates(printer, &typing, definition)
            .into_iter()
            .filter_map(|candidate| line(&candidate, arguments.shell, &typing))
            .collect();
        if !lines.is_empty() {
            printer.result(lines.join("\n"));
        }
    }
    exit::DONE
}

/// What could be typed next.
fn candidates(printer: &Printer, typing: &Typing, definition: Command) -> Vec<CompletionCandidate> {
    let words: Vec<OsString> = typing.words.iter().map(OsString::from).collect();
    let at = words.len() - 1;
    let known = Arc::new(Known::of(|| context(printer, &words, &definition)));
    let mut definition = with_values(definition, &known);
    let here = std::env::current_dir().ok();
    complete(&mut definition, words, at, here.as_deref()).unwrap_or_default()
}

/// The package that is meant, as far as that can be told from an unfinished line.
fn context(printer: &Printer, words: &[OsString], definition: &Command) -> Option<Context> {
    let before = words.split_last()?.1;
    let matches = definition.clone().ignore_errors(true).try_get_matches_from(before).ok();
    let selection = matches.and_then(|matches| Selection::from_arg_matches(&matches).ok()).unwrap_or_default();
    Context::new(selection, printer.clone(), fleet::member).ok().map(Context::of_selected)
}

/// The definition with what is in the package as values of its arguments.
fn with_values(definition: Command, known: &Arc<Known>) -> Command {
    definition.mut_subcommands(|command| {
        let name = command.get_name().to_owned();
        command.mut_args(|argument| {
            let known = Arc::clone(known);
            let id = argument.get_id().as_str().to_owned();
            if ["generate", "capture"].contains(&name.as_str()) && id == "name" {
                return argument;
            }
            if id == "url" {
                return argument.add(ArgValueCompleter::new(|typed: &OsStr| PathCompleter::file().complete(typed)));
            }
            if !argument.get_possible_values().is_empty() || !Known::has_values(&id) {
                return argument;
            }
            let name = name.clone();
            argument.add(ArgValueCompleter::new(move |typed: &OsStr| known.values(&name, &id, typed)))
        })
    })
}

/// A candidate as the shell reads it; nothing, if it cannot be said on a line.
fn line(candidate: &CompletionCandidate, shell: Asking, typing: &Typing) -> Option<String> {
    let value = candidate.get_value().to_str().filter(|value| !value.contains(['\n', '\t']))?;
    if shell == Asking::Bash {
        // what breaks words has been typed, and stays
        let rest = value.get(typing.kept..)?;
        return Some(if typing.is_quoted { rest.to_owned() } else { quoted(rest) });
    }
    let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
    let help = help.lines().next().unwrap_or_default().replace('\t', " ");
    Some(if help.is_empty() { value.to_owned() } else { format!("{value}\t{help}") })
}

/// A word for bash. What goes on behind `=`, `:` or `/` stays open.
fn quoted(word: &str) -> String {
    match shell_quoted(word) {
        quoted if quoted == word || word.is_empty() => word.to_owned(),
        quoted => match word.ends_with(['=', ':', '/']) {
            true => word.replace([' ', '\'', '"', '$', '\\', '`'], "\\$0"),
            false => quoted,
        },
    }
}
