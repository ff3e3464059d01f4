//! The command line: what can be typed, and the help that is shown. The doc comments are the help.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;

use clap::builder::styling::Styles;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use clap_cargo::style;
use dbmigrate_core::config::{LONGEST_TIMEOUT, TOKEN_VARIABLE};

use crate::again::Again;
use crate::commands::{baseline, check, diff, generate, init, migrate, pull, push, status};
use crate::error::CommandError;
use crate::report::Printer;
use crate::{exit, url};

const STYLES: Styles = Styles::styled()
    .header(style::HEADER)
    .usage(style::USAGE)
    .literal(style::LITERAL)
    .placeholder(style::PLACEHOLDER)
    .error(style::ERROR)
    .valid(style::VALID)
    .invalid(style::INVALID);

const EXAMPLES: &str = "\
Examples:
  cargo dbmigrate init                             prepare a package
  cargo dbmigrate generate                         write a migration from what changed in the structs
  cargo dbmigrate generate --rename users.nick=handle
  cargo dbmigrate migrate                          apply it to the database
  cargo dbmigrate push                             or: make a development database what the structs declare
  cargo dbmigrate pull --baseline --out src/schema.rs
                                                   start from a database that is there already
  cargo dbmigrate check                            in CI: are structs and migrations in step?

Exit codes:
  0 done   1 failed   2 usage   3 a decision is needed   4 a difference was found   5 migrations inconsistent";

/// Safe schema migrations for libSQL from annotated Rust structs
#[derive(Debug, Parser)]
#[command(
    name = "cargo-dbmigrate",
    bin_name = "cargo dbmigrate",
    version,
    styles = STYLES,
    after_help = EXAMPLES,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    max_term_width = 120
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// Which package.
    #[command(flatten)]
    pub selection: Selection,

    /// How to speak.
    #[command(flatten)]
    pub output: Output,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prepare a package: a migrations folder and a first struct
    Init(init::Init),
    /// Compare the structs with the last migration and write the next one
    Generate(generate::Generate),
    /// Apply the migrations that a database does not have yet
    Migrate(migrate::Migrate),
    /// Make a database what the structs declare, without a migration: for development
    Push(push::Push),
    /// Write the structs that declare what a database has
    Pull(pull::Pull),
    /// Show how structs, snapshots and databases differ
    Diff(diff::Diff),
    /// Take a database that has the schema of a migration into the history
    Baseline(baseline::Baseline),
    /// Show which migrations a database has, lacks, or has in another version
    Status(status::Status),
    /// Check without a database that structs, snapshots and migrations are in step
    Check(check::Check),
}

/// The package and what of it is compiled.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Package")]
pub struct Selection {
    /// Package of the workspace
    #[arg(short, long, global = true, value_name = "NAME")]
    pub package: Option<String>,

    /// Path to Cargo.toml
    #[arg(long, global = true, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,

    /// Features to read the structs with, separated by commas or spaces
    #[arg(short = 'F', long, global = true, value_name = "FEATURES")]
    pub features: Vec<String>,

    /// Read the structs with all features
    #[arg(long, global = true)]
    pub all_features: bool,

    /// Read the structs without the feature `default`
    #[arg(long, global = true)]
    pub no_default_features: bool,
}

impl Selection {
    /// The chosen features one by one.
    pub fn feature_names(&self) -> impl Iterator<Item = &str> {
        self.features.iter().flat_map(|list| list.split([',', ' ', '\t', '\n'])).filter(|feature| !feature.is_empty())
    }
}

/// Which database, and how long to wait for it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Database")]
pub struct Connect {
    /// Path of a file, or URL: file:, libsql:, https:, http:
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// How long to wait for a server that does not answer (30), or a file that is locked (10)
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=LONGEST_TIMEOUT))]
    pub timeout: Option<u64>,
}

/// How to speak.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// Colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t, hide_default_value = true)]
    pub color: Color,

    /// Say only results, warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more
    #[arg(short, long, global = true)]
    pub verbose: bool,

    /// Format of results, warnings and errors
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value_t, hide_default_value = true)]
    pub message_format: MessageFormat,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless the environment says otherwise (`NO_COLOR`, `CLICOLOR_FORCE`).
    #[default]
    #[value(help = None)]
    Auto,
    /// Always.
    #[value(help = None)]
    Always,
    /// Never.
    #[value(help = None)]
    Never,
}

/// The format of what is said on the standard output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    /// Text.
    #[default]
    #[value(help = None)]
    Human,
    /// One JSON object per line, with a `reason`.
    #[value(help = None)]
    Json,
}

/// Parses the arguments, the program's name included, both as `cargo dbmigrate …` and `cargo-dbmigrate …`.
/// Help, version and mistakes are shown here.
///
/// # Errors
/// The exit code, if there is nothing more to do.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, u8> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    // cargo passes the name of the subcommand on
    if arguments.get(1).is_some_and(|first| first == "dbmigrate") {
        arguments.remove(1);
    }
    let parsed = Cli::command()
        .color(color_choice(&arguments))
        .try_get_matches_from(&arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    parsed.map_err(|error| {
        if is_token(&error) {
            let color = match color_choice(&arguments) {
                ColorChoice::Auto => Color::Auto,
                ColorChoice::Always => Color::Always,
                ColorChoice::Never => Color::Never,
            };
            Printer::new(&Output { color, ..Output::default() }, Again::default()).error(&no_token());
            return exit::USAGE;
        }
        show(&error, &arguments);
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => exit::DONE,
            _ => exit::USAGE,
        }
    })
}

/// A token on the command line, where everybody on the machine can read it.
fn is_token(error: &clap::Error) -> bool {
    let unknown = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) => argument.split('=').next().unwrap_or_default().to_lowercase(),
        _ => return false,
    };
    matches!(unknown.as_str(), "--token" | "--auth-token" | "--authtoken" | "--jwt")
}

/// What is said of it.
fn no_token() -> CommandError {
    CommandError::usage("a token is no argument: everybody on this machine can read command lines")
        .help(format!("put it into the environment, or into `.env`: `{TOKEN_VARIABLE}=…`"))
        .help("or name another variable in `dbmigrate.toml`: `token_env = \"NAME\"`")
}

/// `--color` for what is shown before the arguments are parsed.
fn color_choice(arguments: &[OsString]) -> ColorChoice {
    let mut words = arguments.iter().filter_map(|argument| argument.to_str());
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--color") {
            Some("") => words.next(),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        match value {
            Some("always") => return ColorChoice::Always,
            Some("never") => return ColorChoice::Never,
            _ => {}
        }
    }
    ColorChoice::Auto
}

/// Shows clap's message, with the secrets of URLs among the arguments hidden.
fn show(error: &clap::Error, arguments: &[OsString]) {
    let secret = |argument: &OsString| argument.to_str().is_some_and(|text| url::redacted(text) != text);
    if !arguments.iter().any(secret) {
        // a closed pipe is no reason to fail
        let _ = error.print();
        return;
    }
    let mut text = error.to_string();
    for argument in arguments.iter().filter_map(|argument| argument.to_str()) {
        text = text.replace(argument, &url::redacted(argument));
        // clap shows the value of `--name=value` alone
        if let Some((_, value)) = argument.split_once('=') {
            text = text.replace(value, &url::redacted(value));
        }
    }
    let _ = write!(std::io::stderr().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn features_are_separated_by_commas_or_spaces() {
        let selection = Selection { features: vec!["a,b c".to_owned(), "d".to_owned()], ..Selection::default() };
        assert_eq!(selection.feature_names().collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    }

    #[test]
    fn the_name_that_cargo_passes_on_is_left_out() {
        for line in [&["cargo-dbmigrate", "dbmigrate", "status"][..], &["cargo-dbmigrate", "status"]] {
            let cli = parse(line.iter().map(OsString::from)).expect("it is a command");
            assert!(matches!(cli.command, Command::Status(_)));
        }
    }
}
