//! Every command that is shown, in every run of every test: a shell reads it, the command line takes it, and it means
//! the same package and database as the run that showed it.
//!
//! What a reader has to put in is in capitals, as the help has it (`--url PATH`), or is `…`.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command as Definition};

/// What stands for what a reader knows.
const PLACEHOLDERS: [&str; 11] = ["BIN", "PATH", "URL", "NAME", "HOST", "PORT", "FOLDER", "DIR", "NEW", "OLD", "TABLE"];

/// The arguments that say which package is read, and what of it.
const SELECTION: [&str; 5] = ["package", "manifest_path", "features", "all_features", "no_default_features"];

/// The programs that are called in suggestions: those that look at files name ones that are there.
const LOOKING: [&str; 4] = ["rm", "ls", "df", "sqlite3"];
const OTHERS: [&str; 6] = ["git", "mkdir", "unset", "export", "npx", "turso"];

/// Commands as a shell reads them: no test waits for the same one twice.
static READ: LazyLock<Mutex<HashMap<String, Vec<String>>>> = LazyLock::new(Mutex::default);

/// What is in backticks of a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Whether something has to be put in before it can be typed.
pub(crate) fn is_template(command: &str) -> bool {
    let mut words = command.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    command.contains('…') || words.any(|word| PLACEHOLDERS.contains(&word))
}

/// The lines that tell the reader what to type, without colours: those of a help, those behind `Next`, and whatever has
/// one of our commands in it. In JSON they are strings of objects.
fn lines(out: &str, err: &str) -> Vec<String> {
    let mut lines: Vec<String> = anstream::adapter::strip_str(err).to_string().lines().map(str::to_owned).collect();
    for object in out.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()) {
        let help = object.get("help").or_else(|| object.get("children")).cloned().unwrap_or_default();
        let texts = help.as_array().into_iter().flatten().filter_map(|line| line.as_str().map(str::to_owned));
        lines.extend(texts.map(|text| format!("= help: {text}")));
    }
    lines
}

/// All suggested commands that begin with one of the programs.
fn commands(lines: &[String], programs: &[&str]) -> Vec<String> {
    let is_one = |part: &&str| part.split_once(' ').is_some_and(|(program, _)| programs.contains(&program));
    let parts = lines.iter().filter(|line| is_help(line)).flat_map(|line| quoted(line));
    parts.filter(is_one).map(str::to_owned).collect()
}

fn is_help(line: &str) -> bool {
    line.contains("= help: ")
}

/// All suggested commands of ours, wherever they are.
pub(crate) fn ours(out: &str, err: &str) -> Vec<String> {
    let lines = lines(out, err);
    let start = "`cargo dbmigrate";
    let parts = lines.iter().flat_map(|line| line.split(start).skip(1));
    parts.map(|part| format!("cargo dbmigrate{}", part.split('`').next().unwrap_or_default())).collect()
}

/// The words of a command, as a shell hands them on to the program.
fn words(command: &str) -> Vec<String> {
    let lock = || READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(words) = lock().get(command) {
        return words.clone();
    }
    // every program is a function that says what it is called with
    let programs = LOOKING.iter().chain(&OTHERS).chain(&["cargo"]).filter(|one| !["unset", "export"].contains(one));
    let mut functions = String::new();
    for program in programs {
        let _ = writeln!(functions, "{program}() {{ printf '%s\\0' {program} \"$@\"; }}");
    }
    let mut shell = Command::new("sh")
        .args(["-eu", "-s"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("there is a shell");
    let mut stdin = shell.stdin.take().expect("it is piped");
    writeln!(stdin, "{functions}{command}").expect("the shell reads");
    drop(stdin);
    let output = shell.wait_with_output().expect("the shell ends");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && complaint.is_empty(), "a shell does not take `{command}`: {complaint}");
    let words = String::from_utf8(output.stdout).expect("the command is UTF-8");
    let words: Vec<String> = words.split_terminator('\0').map(str::to_owned).collect();
    lock().insert(command.to_owned(), words.clone());
    words
}

/// What the command line makes of words.
fn parsed<'w>(words: impl IntoIterator<Item = &'w OsStr>) -> Result<ArgMatches, clap::Error> {
    static DEFINITION: LazyLock<Definition> = LazyLock::new(cargo_dbmigrate::definition);
    let words = words.into_iter().filter(|word| *word != "dbmigrate");
    DEFINITION.clone().try_get_matches_from(std::iter::once(OsStr::new("cargo-dbmigrate")).chain(words))
}

/// The command, with the one within it if there is one, as it is typed.
fn command(matches: &ArgMatches) -> Option<(String, &ArgMatches)> {
    let (name, matches) = matches.subcommand()?;
    match command(matches) {
        Some((inner, matches)) => Some((format!("{name} {inner}"), matches)),
        None => Some((name.to_owned(), matches)),
    }
}

/// A value that was typed.
fn typed(matches: &ArgMatches, id: &str) -> Option<Vec<String>> {
    let is_typed = matches.try_contains_id(id).unwrap_or_default();
    let raw = matches.try_get_raw(id).ok().flatten()?;
    if !is_typed || matches.value_source(id) != Some(ValueSource::CommandLine) {
        return None;
    }
    Some(raw.map(|value| value.to_string_lossy().into_owned()).collect())
}

/// Checks everything that a run has suggested. `command` is what was run.
pub(crate) fn check(command: &Command, out: &str, err: &str) {
    let given = parsed(command.get_args()).ok();
    let said = || format!("{:?} said\n{out}{err}", command.get_args().collect::<Vec<_>>());
    for line in ours(out, err) {
        let words = words(&line);
        let suggested = parsed(words.iter().skip(1).map(OsStr::new)).map_err(|error| (error.kind(), error));
        let suggested = match suggested {
            Ok(suggested) => suggested,
            Err((ErrorKind::DisplayHelp | ErrorKind::DisplayVersion, _)) => continue,
            Err((_, error)) => panic!("`{line}` cannot be typed: {error}\n{}", said()),
        };
        if let Some(given) = &given {
            means_the_same(given, &suggested, &line, &said);
        }
    }
    let lines = lines(out, err);
    for line in commands(&lines, &OTHERS) {
        words(&line);
    }
    for line in commands(&lines, &LOOKING).iter().filter(|line| !is_template(line)) {
        let words = words(line);
        let here = command.get_current_dir().expect("the tests say where a command runs");
        let file = words.iter().skip(1).find(|word| !word.starts_with('-')).expect("a file is named");
        // what a command that there is not points to need not be there
        assert!(given.is_none() || here.join(file).symlink_metadata().is_ok(), "`{line}`: no `{file}`\n{}", said());
    }
    for line in lines.iter().filter(|line| is_help(line)) {
        for flags in quoted(line).filter(|part| part.starts_with('-') && !part.starts_with("-- ") && part.len() > 2) {
            can_be_added(flags, given.as_ref(), &said);
        }
    }
}

/// A suggested command is about the package and the database that the run was about.
fn means_the_same(given: &ArgMatches, suggested: &ArgMatches, line: &str, said: &dyn Fn() -> String) {
    let (Some((_, given)), Some((name, suggested))) = (command(given), command(suggested)) else { return };
    // what is suggested for one of all packages names it
    let is_for_all = given.try_get_one::<bool>("workspace").ok().flatten().is_some_and(|all| *all);
    for id in SELECTION.into_iter().filter(|id| *id != "package" || !is_for_all) {
        let split = |values: Option<Vec<String>>| -> HashSet<String> {
            let values = values.unwrap_or_default().into_iter();
            values.flat_map(|value| value.split([',', ' ']).map(str::to_owned).collect::<Vec<_>>()).collect()
        };
        let is_same = split(typed(given, id)) == split(typed(suggested, id));
        assert!(is_same, "`{line}` is about another package than the run: `{id}`\n{}", said());
    }
    let asks_none = match name.as_str() {
        "generate" => !suggested.get_flag("undo") && !suggested.get_flag("amend"),
        // it asks a database only where one is named
        "check" => true,
        _ => false,
    };
    let asks = suggested.try_contains_id("url").is_ok() && !asks_none;
    if asks && typed(given, "url").is_some() {
        assert!(typed(suggested, "url").is_some(), "`{line}` is about another database than the run\n{}", said());
    }
}

/// Flags that are suggested alone are for the command that was run; for any, if there is none such.
fn can_be_added(flags: &str, given: Option<&ArgMatches>, said: &dyn Fn() -> String) {
    if is_template(flags) && flags.contains('…') {
        return;
    }
    let words = words(&format!("cargo {flags}"));
    let given = given.and_then(command);
    let all: Vec<String> =
        cargo_dbmigrate::definition().get_subcommands().map(|one| one.get_name().to_owned()).collect();
    let names = given.map_or(all, |(name, _)| vec![name]);
    let fits = |name: &String| {
        let line = name.split(' ').map(OsStr::new).chain(words.iter().skip(1).map(OsStr::new));
        match parsed(line) {
            Ok(_) => true,
            Err(error) => {
                matches!(error.kind(), ErrorKind::MissingRequiredArgument)
                    // a flag that is only named
                    || (words.len() == 2 && error.kind() == ErrorKind::InvalidValue)
            }
        }
    };
    assert!(names.iter().any(fits), "`{flags}` is no flag of {names:?}\n{}", said());
}
