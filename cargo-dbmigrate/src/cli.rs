//! The command line: what can be typed, and the help that is shown. The doc comments are the help.

mod repeated;
mod said;
mod unknown;

use std::ffi::OsString;

use clap::builder::styling::Styles;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use clap_cargo::style;
use dbmigrate_core::config::TOKEN_VARIABLE;

use crate::commands::{
    backup, baseline, branch, capture, check, ci, complete, completions, diagram, diff, generate, init, kept, lints,
    log, man, merge_driver, migrate, plan, pull, push, rebase, repair, reset, restore, revert, seed, serve, squash,
    status, summary, template,
};
use crate::error::CommandError;
use crate::exit;
use crate::project::url::Connect;
use crate::project::{Reach, Retry, Selection, When};
use crate::report::Printer;
use crate::report::again::Again;
use crate::report::output::{Color, MessageFormat, Output};
use crate::report::suggested::Typed;

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
  cargo dbmigrate init        Set up a package
  cargo dbmigrate generate    Write a migration from the changes to the structs
  cargo dbmigrate generate --rename users.nick=handle
  cargo dbmigrate migrate     Apply it to the database
  cargo dbmigrate migrate -t production -t demo
  cargo dbmigrate migrate --rehearse
                              Try it on a copy with the real rows first
  cargo dbmigrate push        Or change a development database directly
  cargo dbmigrate pull --baseline --out src/schema.rs
                              Start from an existing database
  cargo dbmigrate check       In CI: do structs and migrations agree?
  cargo dbmigrate ci github   Write the workflows that do all of that

Exit codes:
  0  Done
  1  Failed
  2  Wrong usage
  3  A decision is needed
  4  A difference was found
  5  Migrations or histories are inconsistent
  6  Members of a fleet are not where they should be";

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
    max_term_width = 120
)]
pub(crate) struct Cli {
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

impl Cli {
    /// The flags that commands which are shown need as well, to mean the same.
    pub(crate) fn again(&self) -> Again {
        let (connect, retry) = self.command.databases();
        let phase = match &self.command {
            Command::Migrate(arguments) => arguments.phase,
            Command::Plan(arguments) => arguments.phase,
            _ => None,
        };
        let phase = phase.map(When::typed).unwrap_or_default();
        Again { phase, ..repeated::flags(&self.selection, connect, retry) }
    }
}

impl Command {
    /// The flags for databases that were given.
    pub(crate) fn databases(&self) -> (Option<&Connect>, Option<Retry>) {
        match self {
            Self::Migrate(arguments) => (Some(&arguments.connect), Some(arguments.retry)),
            Self::Status(arguments) => (Some(&arguments.connect), None),
            Self::Plan(arguments) => (Some(&arguments.connect), None),
            Self::Push(arguments) => (Some(&arguments.connect), Some(arguments.retry)),
            Self::Pull(arguments) => (Some(&arguments.connect), None),
            Self::Diff(arguments) => (Some(&arguments.connect), None),
            Self::Baseline(arguments) => (Some(&arguments.connect), None),
            Self::Generate(arguments) => (Some(&arguments.connect), None),
            Self::Rebase(arguments) => (Some(&arguments.connect), None),
            Self::Reset(arguments) => (Some(&arguments.connect), None),
            Self::Ci(ci::Ci { kind: ci::Kind::Report(arguments) }) => (Some(&arguments.connect), None),
            Self::Branch(branch::Branch { kind: branch::Kind::List(arguments) }) => (Some(&arguments.connect), None),
            Self::Branch(branch::Branch { kind: branch::Kind::Drop(arguments) }) => (Some(&arguments.connect), None),
            Self::Backup(arguments) => (Some(&arguments.connect), None),
            Self::Restore(arguments) => (Some(&arguments.connect), None),
            Self::Seed(arguments) => (Some(&arguments.connect), Some(arguments.retry)),
            Self::Kept(arguments) => (Some(arguments.connect()), None),
            Self::Squash(arguments) => (Some(&arguments.connect), None),
            Self::Log(arguments) => (Some(&arguments.connect), None),
            Self::Serve(arguments) => (Some(&arguments.connect), None),
            Self::Diagram(arguments) => (Some(&arguments.connect), None),
            Self::Capture(arguments) => (Some(&arguments.connect), None),
            Self::Check(arguments) => (Some(&arguments.connect), None),
            Self::Repair(arguments) => (Some(&arguments.connect), None),
            _ => (None, None),
        }
    }

    /// What it does where the package has several databases and none is named.
    pub(crate) fn reach(&self) -> Reach {
        match self {
            Self::Check(_) => Reach::All,
            Self::Generate(arguments) if !arguments.is_for_one() => Reach::All,
            Self::Rebase(arguments) if !arguments.is_for_one() => Reach::Migrated,
            Self::Migrate(_) | Self::Status(_) => Reach::Opened,
            _ => Reach::One,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set up a package with a migrations folder and a first struct
    Init(init::Init),
    /// Write the next migration from the changes to the structs
    Generate(generate::Generate),
    /// Apply the pending migrations to a database
    Migrate(migrate::Migrate),
    /// Write a migration that takes others back
    Revert(revert::Revert),
    /// Put this branch's migrations behind those of another
    Rebase(rebase::Rebase),
    /// Make one migration of several
    Squash(squash::Squash),
    /// Make a migration of what was changed by hand in a database
    Capture(capture::Capture),
    /// Fix files, lock and history that do not fit together
    Repair(repair::Repair),
    /// Merge two versions of migrations.lock, as git calls it
    MergeDriver(merge_driver::MergeDriver),
    /// Write down what `migrate` would do, to be approved first
    Plan(plan::Plan),
    /// Make a development database match the structs, without a migration
    Push(push::Push),
    /// Write structs from an existing database
    Pull(pull::Pull),
    /// Compare structs, snapshots and databases
    Diff(diff::Diff),
    /// Record existing migrations as applied, without running them
    Baseline(baseline::Baseline),
    /// Recreate a local database from the migrations
    Reset(reset::Reset),
    /// Write the rows of a set into a database
    Seed(seed::Seed),
    /// Put the summaries of several runs on a fleet together
    Summary(summary::Summary),
    /// Make the database that those of new tenants are copied from
    Template(template::Template),
    /// Show which migrations are applied and pending, and drift
    Status(status::Status),
    /// Show the migrations as a picture: what each did, and where databases stand
    Log(log::Log),
    /// Serve the schema and its history as a page on this machine
    Serve(serve::Serve),
    /// Draw the schema, or how it differs from another
    Diagram(diagram::Diagram),
    /// Show what databases keep of what was dropped, or drop it for good
    Kept(kept::Kept),
    /// Copy a database to a file, and verify the copy
    Backup(backup::Backup),
    /// Restore a database as it was
    Restore(restore::Restore),
    /// Say what to do when a migration went wrong
    GoingBack,
    /// List and drop the branches of a Turso Cloud database
    Branch(branch::Branch),
    /// Check that structs and migrations agree, and lint what is new
    Check(check::Check),
    /// List the lints with their levels, or explain one
    Lints(lints::Lints),
    /// Print a script that completes the arguments in a shell
    Completions(completions::Completions),
    /// Say what could be typed next
    #[command(name = "__complete", hide = true)]
    Complete(complete::Complete),
    /// Write manual pages
    #[command(hide = true)]
    Man(man::Man),
    /// Write the workflows that check, report, migrate and seed in a pipeline
    Ci(ci::Ci),
}

/// The commands and their arguments.
pub(crate) fn definition() -> clap::Command {
    Cli::command()
}

/// A command line that was understood.
pub(crate) struct Parsed {
    /// What was typed.
    pub cli: Cli,
    /// The name of the command.
    pub command: String,
    /// Speaks as was asked for.
    pub printer: Printer,
}

/// Parses the arguments, the program's name included, both as `cargo dbmigrate …` and `cargo-dbmigrate …`.
/// Help, version and mistakes are shown here.
///
/// # Errors
/// The exit code, if there is nothing more to do.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Parsed, u8> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    // cargo passes the name of the subcommand on
    if arguments.get(1).is_some_and(|first| first == "dbmigrate") {
        arguments.remove(1);
    }
    let parsed = definition().color(color_choice(&arguments)).try_get_matches_from(&arguments).and_then(|matches| {
        let cli = Cli::from_arg_matches(&matches)?;
        let printer = Printer::new(&cli.output, cli.again(), typed(&arguments));
        let command = matches.subcommand_name().unwrap_or_default().to_owned();
        Ok(Parsed { cli, command, printer })
    });
    parsed.map_err(|error| {
        let printer = Printer::new(&early_output(&arguments), repeated::of_words(&arguments), typed(&arguments));
        let command = meant(&arguments);
        printer.conclude(command.as_deref(), |printer| refuse(&error, &arguments, printer))
    })
}

/// Says why there is nothing to run, and returns the exit code.
fn refuse(error: &clap::Error, arguments: &[OsString], printer: &Printer) -> u8 {
    let ours = if is_token(error) { Some(no_token()) } else { unknown_command(error, arguments) };
    match (ours, error.kind()) {
        (Some(ours), _) => {
            printer.error(&ours);
            ours.exit_code()
        }
        (None, kind @ (ErrorKind::DisplayHelp | ErrorKind::DisplayVersion)) => {
            if printer.is_json() {
                said::tell(kind, &error.to_string(), printer);
            } else {
                // a closed pipe is no reason to fail
                let _ = error.print();
            }
            exit::DONE
        }
        (None, _) => {
            if !printer.is_json() {
                said::show(error, arguments);
            }
            if !printer.is_human() {
                printer.error_for_programs(&said::as_ours(error, arguments, meant(arguments).as_deref()));
            }
            exit::USAGE
        }
    }
}

/// What was typed, as it can be compared with other commands.
fn typed(arguments: &[OsString]) -> Typed {
    Typed::new(arguments.iter().skip(1).filter_map(|argument| argument.to_str()))
}

/// The command that was meant by arguments that could not be parsed.
fn meant(arguments: &[OsString]) -> Option<String> {
    let matches = definition().ignore_errors(true).try_get_matches_from(arguments).ok()?;
    matches.subcommand_name().map(str::to_owned)
}

/// How to speak of arguments that could not be parsed.
fn early_output(arguments: &[OsString]) -> Output {
    let color = match color_choice(arguments) {
        ColorChoice::Auto => Color::Auto,
        ColorChoice::Always => Color::Always,
        ColorChoice::Never => Color::Never,
    };
    let message_format = match value_of("--message-format", arguments) {
        Some("json") => MessageFormat::Json,
        Some("github") => MessageFormat::Github,
        _ => MessageFormat::Human,
    };
    Output { color, message_format, ..Output::default() }
}

/// What there is instead of a command that there is not.
fn unknown_command(error: &clap::Error, arguments: &[OsString]) -> Option<CommandError> {
    let what = match error.kind() {
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        _ => ContextKind::InvalidSubcommand,
    };
    match (error.kind(), error.get(what)) {
        (ErrorKind::InvalidSubcommand, Some(ContextValue::String(word))) => unknown::pointer(word),
        (ErrorKind::UnknownArgument, Some(ContextValue::String(word))) => {
            unknown::behind(arguments.get(1)?.to_str()?, word)
        }
        _ => None,
    }
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
    CommandError::usage("a token cannot be passed as an argument: anyone on this machine can read command lines")
        .help(format!("set it in the environment or in `.env`: `{TOKEN_VARIABLE}=…`"))
        .help("or name another variable in `dbmigrate.toml`: `token_env = \"NAME\"`")
}

/// `--color` for what is shown before the arguments are parsed.
fn color_choice(arguments: &[OsString]) -> ColorChoice {
    match value_of("--color", arguments) {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ => ColorChoice::Auto,
    }
}

/// The value of a flag that is given as `--flag VALUE` or `--flag=VALUE`.
fn value_of<'a>(flag: &str, arguments: &'a [OsString]) -> Option<&'a str> {
    let mut words = arguments.iter().filter_map(|argument| argument.to_str());
    while let Some(word) = words.next() {
        match word.strip_prefix(flag) {
            Some("") => return words.next(),
            Some(rest) if rest.starts_with('=') => return rest.strip_prefix('='),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    fn completed(arguments: &str, line: &str) -> String {
        let parsed =
            parse(arguments.split(' ').map(Into::into)).unwrap_or_else(|code| panic!("it is no command: {code}"));
        parsed.cli.again().completed(line)
    }

    #[test]
    fn commands_mean_the_same_package_and_database_again() {
        let line = "apply: `cargo dbmigrate migrate`, or rename: `cargo dbmigrate generate --rename 'a b=c'`";
        assert_eq!(completed("x migrate", line), line);
        assert_eq!(
            completed("x migrate --url a.db -p one -F b,c --all-features", line),
            "apply: `cargo dbmigrate migrate -p one --features b,c --all-features --url a.db`, or rename: \
             `cargo dbmigrate generate -p one --features b,c --all-features --rename 'a b=c'`"
        );
        assert_eq!(completed("x status --url a.db", "no command: migrate"), "no command: migrate");
        assert_eq!(
            completed("x status --url a.db", "`cargo dbmigrate migrate --url NEW.db`"),
            "`cargo dbmigrate migrate --url NEW.db`"
        );
        assert_eq!(completed("x status --url libsql://u:p@h", "`cargo dbmigrate status`"), "`cargo dbmigrate status`");
    }

    #[test]
    fn features_are_separated_by_commas_or_spaces() {
        let selection = Selection { features: vec!["a,b c".to_owned(), "d".to_owned()], ..Selection::default() };
        assert_eq!(selection.feature_names().collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    }

    #[test]
    fn the_name_that_cargo_passes_on_is_left_out() {
        for line in [&["cargo-dbmigrate", "dbmigrate", "status"][..], &["cargo-dbmigrate", "status"]] {
            let parsed =
                parse(line.iter().map(OsString::from)).unwrap_or_else(|code| panic!("it is no command: {code}"));
            assert!(matches!(parsed.cli.command, Command::Status(_)));
        }
    }
}
