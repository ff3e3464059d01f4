//! `dbmigrate.toml` as the subcommand reads it. What can be in it is in [`dbmigrate_core::config`], because the macros
//! read it too.

use std::fmt::Write as _;
use std::path::Path;

pub(crate) use dbmigrate_core::config::{Config, FILE_NAME};
use dbmigrate_core::config::{Rules, TOKEN_VARIABLE, position};
use dbmigrate_core::engine::brought::{self, Brought};
use dbmigrate_core::engine::catalogue::QueryError;
use dbmigrate_core::lint::Levels;
use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::glob::Glob;

use crate::error::{CommandError, Result, did_you_mean};
use crate::project::{libraries, path};
use crate::report::Printer;
use crate::url_text::has_credentials;

/// Reads the configuration of the package in `root`.
///
/// # Errors
/// Exit code 2 with file, line and column, if it cannot be understood.
pub(crate) fn read(root: &Path) -> Result<Config> {
    let path = root.join(FILE_NAME);
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&text, &path::for_display(&path)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Config::default()),
        Err(error) => Err(CommandError::io("read", &path, &error)),
    }
}

fn parse(text: &str, path: &Path) -> Result<Config> {
    let config = Config::parse(text).map_err(|problem| {
        let place = problem.place.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
        let error = CommandError::usage(problem.message).at(format!("{}{place}", path.display()));
        problem.help.into_iter().fold(error, CommandError::help)
    })?;
    if let Some(query) = config.rules.queries.iter().find(|query| is_taken(&query.name)) {
        let message = format!("the query `{}` has the name of a lint", query.name);
        let (line, column) = query.place;
        return Err(CommandError::usage(message).at(format!("{}:{line}:{column}", path.display())).help("rename it"));
    }
    let levels = Levels::of_project(&config.rules);
    if let Some(unknown) = config.lints.iter().find(|set| !levels.knows(&set.name)) {
        let (line, column) = unknown.at;
        return Err(unknown_lint(&unknown.name, &config.rules).at(format!("{}:{line}:{column}", path.display())));
    }
    let own = config.url.iter().map(|url| ("`url`".to_owned(), url));
    let urls = own.chain(config.targets.iter().filter_map(|target| {
        let url = target.url.as_ref()?;
        Some((format!("`url` of target `{}`", target.name), url))
    }));
    if let Some((what, url)) = urls.into_iter().find(|(_, url)| has_credentials(url)) {
        // as it stands there, unless it is written with escapes
        let place = text.find(url.as_str()).map(|at| position(text, at));
        let place = place.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
        let message = format!("{what} contains credentials, and this file is checked in");
        let help = format!("set the token in the environment or in `.env`: `{TOKEN_VARIABLE}=…`");
        return Err(CommandError::usage(message).at(format!("{}{place}", path.display())).help(help));
    }
    Ok(config)
}

/// Whether a lint or a group of them has a name.
fn is_taken(name: &str) -> bool {
    Levels::default().knows(name) || name == "unchecked"
}

/// That a query of the project's own is wrong.
pub(crate) fn query_error(root: &Path, error: &QueryError) -> CommandError {
    let (line, column) = error.place;
    let path = path::for_display(&root.join(FILE_NAME));
    let wrong = CommandError::usage(error.message.clone()).at(format!("{}:{line}:{column}", path.display()));
    error.help.iter().cloned().fold(wrong, CommandError::help)
}

/// That there is no lint, no group and no query of the project's own of that name.
pub(crate) fn unknown_lint(name: &str, rules: &Rules) -> CommandError {
    let error = CommandError::usage(format!("unknown lint `{name}`"));
    let mut names: Vec<&str> = Levels::names().collect();
    names.extend(rules.queries.iter().map(|query| query.name.as_str()));
    match did_you_mean(name, names) {
        Some(known) => error.help(format!("did you mean `{known}`?")),
        None => error.help("list them: `cargo dbmigrate lints`"),
    }
}

/// Has every database that is opened from now on know what the application adds to libSQL.
///
/// # Errors
/// Exit code 2 for a function that libSQL has of its own, and for a library that is not there, may not be loaded, or
/// cannot be.
pub(crate) fn bring(root: &Path, config: &Config, printer: &Printer) -> Result<()> {
    let libraries = libraries::find(root, &config.engine.extensions, printer)?;
    brought::bring(&config.engine, libraries).map_err(|error| match error {
        Brought::Library { file, error } => {
            let place = path::for_display(&root.join(FILE_NAME));
            CommandError::failed(format!("cannot load the library `{}`: {error}", path::for_display(&file).display()))
                .at(place.display())
                .help("load the one that was built for this machine, by a program that loads libraries")
        }
        Brought::Both(function) => {
            let ((line, column), path) = (function.at, path::for_display(&root.join(FILE_NAME)));
            CommandError::usage(format!("no library of `extensions` has the function `{}`", function.name))
                .at(format!("{}:{line}:{column}", path.display()))
                .note("beside libraries, no function has a stand-in")
                .help(format!("add a library with `{}` to `extensions`", function.name))
        }
        Brought::BuiltIn(function) => {
            let ((line, column), path) = (function.at, path::for_display(&root.join(FILE_NAME)));
            CommandError::usage(format!("libSQL has a function `{}` of its own", function.name))
                .at(format!("{}:{line}:{column}", path.display()))
                .help(format!("remove `{}` from `functions`: it needs no stand-in", function.name))
        }
        Brought::Engine(error) => CommandError::failed(error.to_string()),
    })
}

/// What to do about what is somebody else's: the line that hides it, beside what is hidden already.
pub(crate) fn hiding(config: &Config, name: &Name) -> String {
    format!("ignore it in `{FILE_NAME}`: {}", ignore_line(config, name))
}

/// The same as the setting alone, in backticks.
pub(crate) fn ignore_line(config: &Config, name: &Name) -> String {
    config.setting(&ignore_setting(config, name))
}

/// The line of the configuration that hides a name, beside what is hidden already.
pub(crate) fn ignore_setting(config: &Config, name: &Name) -> String {
    let patterns = config.ignore.patterns().map(|pattern| pattern.as_str().to_owned()).chain([Glob::of(name)]);
    let patterns: Vec<String> = patterns.map(|pattern| toml_string(&pattern)).collect();
    format!("ignore = [{}]", patterns.join(", "))
}

/// A text as it stands in the configuration, on one line and without a backtick inside.
pub(crate) fn toml_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            char if char.is_control() || char == '`' => {
                // writing to a string cannot fail
                let _ = write!(quoted, "\\u{:04X}", u32::from(char));
            }
            char => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

/// An error in `Cargo.toml`, with its place.
pub(crate) fn toml_error(text: &str, path: &Path, error: &toml::de::Error) -> CommandError {
    let mut place = path.display().to_string();
    if let Some(span) = error.span() {
        let (line, column) = position(text, span.start);
        place = format!("{place}:{line}:{column}");
    }
    // toml's messages may take several lines
    let message = error.message().lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", ");
    CommandError::usage(message).at(place)
}

#[cfg(test)]
mod tests {
    use dbmigrate_core::config::Returns;

    use super::*;

    fn parse(text: &str) -> Result<Config> {
        super::parse(text, Path::new(FILE_NAME))
    }

    fn error(text: &str) -> String {
        let error = parse(text).expect_err("the file is wrong");
        assert_eq!(error.exit_code(), crate::exit::USAGE);
        format!("{}: {} | {}", error.place().unwrap_or_default(), error.message(), error.help_lines().join(" "))
    }

    #[test]
    fn everything_has_a_default() {
        assert_eq!(parse(""), Ok(Config::default()));
        let config = parse("migrations = \"db\"\nroot = \"a.rs\"\nurl = \"a.db\"\nbusy_timeout = 0").expect("right");
        assert_eq!(config.migrations, Path::new("db"));
        assert_eq!((config.root.as_deref(), config.busy_timeout), (Some(Path::new("a.rs")), 0));
    }

    #[test]
    fn unknown_fields_are_refused_at_their_place_with_a_suggestion() {
        let wanted = "dbmigrate.toml:2:1: unknown field `migratons` | did you mean `migrations`?";
        assert_eq!(error("url = \"a\"\nmigratons = \"x\""), wanted);
        assert!(error("[nothing]").contains(
            "expected one of `migrations`, `root`, `url`, `token_env`, `timeout`, `retries`, `busy_timeout`"
        ));
    }

    #[test]
    fn wrong_values_are_refused_at_their_place() {
        let message = error("\nbusy_timeout = \"soon\"");
        assert!(message.starts_with("dbmigrate.toml:2:16: invalid type: string, expected an integer"), "{message}");
        assert!(error("busy_timeout = -1").contains("dbmigrate.toml:1:16: the number is too large or negative"));
        assert!(error("busy_timeout = 100000").contains("more than a day"));
        assert!(error("migrations = \"\"").contains("is empty"));
        assert!(error("url = ").starts_with("dbmigrate.toml:1:7"), "{}", error("url = "));
    }

    #[test]
    fn patterns_are_read_and_wrong_ones_refused_at_their_place() {
        let config = parse("ignore = [\"legacy_*\", \"Spatial_Ref_Sys\"]").expect("right");
        assert!(config.ignore.hides(&"LEGACY_users".into()) && config.ignore.hides(&"spatial_ref_sys".into()));
        assert!(!config.ignore.hides(&"users".into()) && !Config::default().ignore.hides(&"users".into()));
        assert_eq!(error("ignore = [\"a\",\n  \"\"]"), "dbmigrate.toml:2:3: the pattern is empty | ");
        assert!(error("ignore = [\"a\", \"[ab]*\"]").starts_with("dbmigrate.toml:1:16: `[ab]*` contains `[`"));
        assert!(
            error("ignore = \"a\"")
                .starts_with("dbmigrate.toml:1:10: invalid type: string, expected a list of strings")
        );
    }

    #[test]
    fn rules_are_read_and_wrong_ones_refused_at_their_place() {
        let text = "[[rules.query]]\nname = \"a\"\nsql = \"SELECT path, 'x' FROM tables;\"\n[rules.names]\n\
                    columns = [\"snake_case\", \"{table}_*\"]\nexcept = [\"old_*\"]\n[[rules.query]]\nname = 'b'\n\
                    message = 'is odd'\nsql = '''\nSELECT path\nFROM tables'''\n[rules]\nstrict = true\n\
                    max_columns = { columns = 9 }";
        let rules = parse(text).expect("right").rules;
        let queries: Vec<_> =
            rules.queries.iter().map(|query| (query.name.as_str(), query.sql.as_str(), query.place)).collect();
        let wanted = [("a", "SELECT path, 'x' FROM tables", (3, 7)), ("b", "SELECT path\nFROM tables", (10, 7))];
        assert_eq!(queries, wanted);
        assert_eq!((rules.names.len(), rules.max_columns.map(|(most, _)| most)), (1, Some(9)));
        assert!(rules.strict.is_some() && rules.names_except.hides(&"old_users".into()));
        let inline = "rules.query = [{ name = 'a', sql = 'SELECT 1, 2' }]\nrules.required_columns = ['id']";
        let inline = parse(inline).expect("right").rules;
        assert_eq!((inline.queries.len(), inline.required_columns.len()), (1, 1));
        for (text, wanted) in [
            ("rules.names.table = 'a'", "1:13: unknown field `table` | did you mean `tables`?"),
            ("rules.names.tables = '{parent}'", "1:22: `{parent}` stands for nothing in a pattern for tables"),
            ("rules.names.tables = ['a', 'snakecase']", "1:28: `snakecase` is no way of writing"),
            ("rules.strikt = true", "1:7: unknown field `strikt` | did you mean `strict`?"),
            ("rules.strict = 'yes'", "1:16: invalid type: string, expected a boolean"),
            ("rules.strict = { but = [] }", "1:18: unknown field `but`"),
            ("rules = true", "1:9: invalid type: boolean, expected rules"),
            ("[[rules.query]]\nsql = 'SELECT 1'", "1:9: the query has no `name`"),
            ("[[rules.query]]\nname = 'a'", "1:9: the query has no `sql`"),
            ("[[rules.query]]\nname = 'a b'\nsql = 'SELECT 1'", "2:8: the name of a query has lowercase letters"),
            ("[[rules.query]]\nname = 'a'\nsql = 'DELETE FROM tables'", "3:7: `sql` is not one query"),
            ("[[rules.query]]\nname = 'strict'\nsql = 'SELECT 1, 2'", "3:7: the query `strict` has the name of a lint"),
            (
                "[[rules.query]]\nname = 'a'\nsql = 'SELECT 1'\n[[rules.query]]\nname = 'a'\nsql = 'SELECT 1'",
                "4:9: there are two queries `a`",
            ),
            ("[rules.query]\nname = 'a'", "invalid type: table, expected tables"),
        ] {
            let message = error(text);
            assert!(message.contains(wanted), "{text}: {message}");
        }
    }

    #[test]
    fn functions_and_extensions_are_read_and_wrong_ones_refused_at_their_place() {
        let text =
            "[engine]\nextensions = [\"vec0\", \"ext/lib.so\"]\nfunctions = { is_uuid = 1, slug = [2, 1], f = -1 }";
        let engine = parse(text).expect("right").engine;
        assert_eq!(engine.extensions, ["vec0", "ext/lib.so"]);
        let functions: Vec<_> =
            engine.functions.iter().map(|one| (one.name.as_str(), one.arguments.as_slice(), one.at)).collect();
        let wanted: [(&str, &[i32], (usize, usize)); 3] =
            [("is_uuid", &[1], (3, 15)), ("slug", &[1, 2], (3, 28)), ("f", &[-1], (3, 43))];
        assert_eq!(functions, wanted);
        let table = "[engine.functions]\nslug = { arguments = [0, -1], returns = \"text\" }";
        let slug = parse(table).expect("right").engine.functions.remove(0);
        assert_eq!((slug.arguments.as_slice(), slug.returns), ([-1].as_slice(), Some(Returns::Text)));
        for (text, wanted) in [
            ("engine = true", "1:10: invalid type: boolean, expected a table, such as `[engine]`"),
            ("engine.function = {}", "1:8: unknown field `function` | did you mean `functions`?"),
            ("engine.extensions = 'vec0'", "1:21: invalid type: string, expected a list of names or paths"),
            ("engine.extensions = [' ']", "1:22: the name of the extension is blank"),
            ("engine.functions = ['a']", "1:20: invalid type: list, expected functions, such as"),
            ("engine.functions.f = 'a'", "1:22: invalid type: string, expected the number of its arguments"),
            ("engine.functions.f = []", "1:22: no number of arguments"),
            ("engine.functions.f = 128", "1:22: a function has no 128 arguments | 0 to 127, or -1 for any number"),
            ("engine.functions.f = -2", "1:22: a function has no -2 arguments"),
            ("engine.functions.f = { returns = 'text' }", "1:18: the function `f` has no `arguments`"),
            ("engine.functions.f = { arguments = 1, returns = 'date' }", "1:49: unknown variant `date`"),
            ("engine.functions.f = { arguments = 1, result = 'text' }", "1:39: unknown field `result`"),
            ("engine.functions = { f = 1, F = 2 }", "1:29: there are two functions `F`"),
        ] {
            let message = error(text);
            assert!(message.contains(wanted), "{text}: {message}");
        }
    }

    #[test]
    fn a_token_is_named_by_its_variable() {
        let config = parse("token_env = \"PROD_TOKEN\"\ntimeout = 5\nretries = 0").expect("right");
        assert_eq!((config.token_variable(), config.timeout, config.retries), ("PROD_TOKEN", 5, 0));
        assert_eq!(Config::default().token_variable(), "TURSO_AUTH_TOKEN");
        for wrong in ["eyJhbGciOi.eyJhIjoicnci.s3cret", "", "A B", "1A"] {
            let message = error(&format!("token_env = \"{wrong}\""));
            assert!(message.contains("is not the name of an environment variable"), "{message}");
            assert!(!message.contains("s3cret"), "{message}");
        }
        assert!(error("timeout = 0").contains("`timeout` is 0"));
        assert!(error("retries = 101").contains("`retries` is more than 100"));
    }

    #[test]
    fn an_unknown_lint_is_refused_at_its_place_with_a_suggestion() {
        let config = parse("[lints]\ndrop_column = \"deny\"\ndata_loss = \"allow\"").expect("right");
        assert_eq!(config.lints[1].at, (3, 1));
        let message = error("timeout = 5\n[lints]\n  drop_colum = \"deny\"");
        assert_eq!(message, "dbmigrate.toml:3:3: unknown lint `drop_colum` | did you mean `drop_column`?");
        let message = error("lints = { everything = \"deny\" }");
        assert_eq!(message, "dbmigrate.toml:1:11: unknown lint `everything` | list them: `cargo dbmigrate lints`");
        let own = "[[rules.query]]\nname = \"money_in_cents\"\nsql = \"SELECT 1\"\nmessage = \"is wrong\"\n";
        let message = error(&format!("{own}[lints]\nmoney_in_cent = \"deny\""));
        assert_eq!(message, "dbmigrate.toml:6:1: unknown lint `money_in_cent` | did you mean `money_in_cents`?");
        assert!(error("[lints]\nstyle = \"forbid\"").contains("unknown level `forbid`"));
    }

    #[test]
    fn credentials_do_not_belong_into_the_file() {
        let message = error("url = \"libsql://h?authToken=s3cret\"");
        assert!(message.contains("credentials") && !message.contains("s3cret"), "{message}");
    }

    /// The words in which a file is refused that is TOML, but not ours.
    fn is_about_meaning(message: &str) -> bool {
        ["unknown field", "unknown variant", "invalid type", "the number is too large", "target `"]
            .iter()
            .any(|start| message.starts_with(start))
    }

    #[test]
    fn what_is_toml_and_where_it_is_not_is_what_the_crate_toml_says() {
        for text in [
            "",
            "# a comment\n\n",
            "\u{feff}url = 'a'",
            "url = 'a' # why\r\ntimeout = 1_0\r\n",
            "url = \"\"\"\na\"\"\"\nroot = '''b'''",
            "\"url\" = \"\\u0061\"\n'root' = 'b'",
            "timeout = 0x1F\nretries = 0o7\nbusy_timeout = 0b11",
            "timeout = +5",
            "timeout = 99999999999999999999",
            "timeout = 5.0",
            "timeout = 2020-01-01",
            "timeout = inf",
            "timeout = true",
            "ignore = [ # these\n  'a',\n  'b', # and that\n]\n",
            "ignore = ['a' 'b']",
            "ignore = ['a', 1]",
            "ignore = [['a'], []]",
            "ignore = []",
            "ignore = [,]",
            "ignore = ['a'",
            "url.path = 'a'",
            "url.path = 'a'\nurl.host = 'b'",
            "url = { path = ['a', { b = 1 }], host = 'b' }\nroot = 'c'",
            "url = { path = 'a'",
            "[databases]\nmain = 'a'\n[databases.more]\nurl = 'b'",
            "[[url]]\na = 1\n[[url]]\na = 2",
            "[databases\nmain = 'a'",
            "url = 'a'\nurl = 'b'",
            "url = 'a'\n\"url\" = 'b'",
            "url = 'a' root = 'b'",
            "url = a",
            "url = 'a",
            "url = \"a\\q\"",
            "url = \"a\u{7}\"",
            "url",
            "url =",
            "= 'a'",
            "url == 'a'",
            "timeout = 1__0",
            "timeout = 01",
            "timeout = 1_",
            "compile_check = 'warn'\ntoken_env = 'A'\nmigrations = 'b'",
            "[targets.a]\nurl = 'a'\n[targets.b]\nurl = 'b'\n[targets]",
            "[targets]\n[targets.a]\nurl = 'a'\n[targets]",
            "[targets.a]\nurl = 'a'\n[targets.a]\nretries = 1",
            "[targets.a]\nurl = 'a'\nurl = 'b'",
            "[targets]\na.url = 'a'\na.retries = 1",
            "[targets]\na.url = 'a'\n[targets.a]\nretries = 1",
            "[targets]\na.url = 'a'\na.url = 'b'",
            "targets.a.url = 'a'\ntargets.b.url = 'b'",
            "targets.a.url = 'a'\n[targets.b]\nurl = 'b'",
            "targets.a.url = 'a'\n[targets]\nb.url = 'b'",
            "targets = { a = { url = 'a' }, b.url = 'b' }",
            "targets = { a = { url = 'a' } }\n[targets.b]\nurl = 'b'",
            "targets = { a = { url = 'a' } }\ntargets.b.url = 'b'",
            "targets = { a.url = 'a', a.url = 'b' }",
            "targets = { a = { url = 'a' }, a.retries = 1 }",
            "[targets.a]\nurl = 'a'\n[targets.a.b]\nc = 1",
            "[targets.a]\nurl = 'a'\nurl.b = 1",
            "[[targets.a]]\nurl = 'a'\n[[targets.a]]\nurl = 'b'\n[targets.a.b]\nc = 1",
            "[[targets.a]]\n[targets.a]",
            "[targets.a]\nurl = 'a'\n[[targets.a]]",
            "[targets.'a']\n\"url\" = 'a' # why\n\n[ targets . b ]\nurl = 'b'",
            "[targets.a]\nurl = 'a' protected = true",
            "[targets.a.b]\nc = 1\n[targets]\na.url = 'a'",
            "[targets.a.b]\nc = 1\n[targets.a]\nurl = 'a'",
            "[targets]\na.b.c = 1\n[targets.a]\nurl = 'a'",
            "[targets]\na.b.c = 1\n[targets.a.d]\nurl = 'a'",
            "[targets.a]\nurl = 'a'\n[targets.a.url]\nb = 1",
            "[targets.]\nurl = 'a'",
            "[]\nurl = 'a'",
        ] {
            match (toml::from_str::<toml::Table>(text), Config::parse(text)) {
                (Ok(_), Ok(_)) => {}
                // both refuse it, in other words
                (Err(_), Err(ours)) if is_about_meaning(&ours.message) => {}
                (Ok(_), Err(ours)) => assert!(is_about_meaning(&ours.message), "{text}: {ours:?}"),
                (Err(theirs), Ok(ours)) => panic!("{text}: {theirs}, but {ours:?}"),
                (Err(theirs), Err(ours)) => {
                    let place = theirs.span().map(|span| position(text, span.start));
                    let message = theirs.message().replace('\n', ", ");
                    assert_eq!((ours.place, ours.message), (place, message), "{text}");
                }
            }
        }
    }

    #[test]
    fn every_spelling_of_a_value_is_read() {
        let text = "timeout = 0x1F\nretries = 0o7\n\"busy_timeout\" = 1_0\nroot = '''\na'b'''\nurl = \"\\u0061\"\n\
                    ignore = [ # these\n  'a', \"\"\"b\"\"\",\n]\ncompile_check = 'off'";
        let config = Config::parse(text).expect("right");
        assert_eq!((config.timeout, config.retries, config.busy_timeout), (31, 7, 10));
        assert_eq!((config.root.as_deref(), config.url.as_deref()), (Some(Path::new("a'b")), Some("a")));
        assert_eq!(config.ignore.patterns().map(ToString::to_string).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(config.compile_check, dbmigrate_core::config::CompileCheck::Off);
    }
}
