//! `dbmigrate.toml` as the subcommand reads it. What can be in it is in [`dbmigrate_core::config`], because the macros
//! read it too.

use std::path::Path;

pub use dbmigrate_core::config::{Config, FILE_NAME};
use dbmigrate_core::config::{FIELDS, TOKEN_VARIABLE, position};

use crate::error::{CommandError, Result, did_you_mean};
use crate::{package, url};

/// Reads the configuration of the package in `root`.
///
/// # Errors
/// Exit code 2 with file, line and column, if it cannot be understood.
pub fn read(root: &Path) -> Result<Config> {
    let path = root.join(FILE_NAME);
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&text, &package::for_display(&path)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Config::default()),
        Err(error) => Err(CommandError::io("read", &path, &error)),
    }
}

fn parse(text: &str, path: &Path) -> Result<Config> {
    let config: Config = toml::from_str(text).map_err(|error| toml_error(text, path, &error))?;
    let wrong = |message: String| CommandError::usage(message).at(path.display());
    if let Some(problem) = config.problem() {
        let error = wrong(problem.message);
        return Err(problem.help.into_iter().fold(error, CommandError::help));
    }
    if config.url.as_ref().is_some_and(|url| url::has_credentials(url)) {
        let help = format!("put the token into the environment variable `{TOKEN_VARIABLE}` or into `.env`");
        return Err(wrong("`url` has credentials in it, and this file is for everybody".to_owned()).help(help));
    }
    Ok(config)
}

/// An error in a TOML file, with its place.
pub(crate) fn toml_error(text: &str, path: &Path, error: &toml::de::Error) -> CommandError {
    let mut place = path.display().to_string();
    if let Some(span) = error.span() {
        let (line, column) = position(text, span.start);
        place = format!("{place}:{line}:{column}");
    }
    let message = error.message();
    // toml's messages may take several lines
    let message = message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", ");
    let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    let Some(field) = unknown else {
        return CommandError::usage(message).at(place);
    };
    let error = CommandError::usage(format!("unknown field `{field}`")).at(place);
    match did_you_mean(field, FIELDS) {
        Some(known) => error.help(format!("did you mean `{known}`?")),
        None => error.help(format!("there are `{}`", FIELDS.join("`, `"))),
    }
}

#[cfg(test)]
mod tests {
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
        assert!(
            error("[databases]")
                .contains("there are `migrations`, `root`, `url`, `token_env`, `timeout`, `retries`, `busy_timeout`")
        );
    }

    #[test]
    fn wrong_values_are_refused_at_their_place() {
        let message = error("\nbusy_timeout = \"soon\"");
        assert!(message.starts_with("dbmigrate.toml:2:16: invalid type: string \"soon\""), "{message}");
        assert!(error("busy_timeout = -1").contains("dbmigrate.toml:1:16: invalid value"));
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
        assert!(error("ignore = [\"a\", \"[ab]*\"]").starts_with("dbmigrate.toml:1:16: `[ab]*` has a `[` in it"));
        assert!(error("ignore = \"a\"").starts_with("dbmigrate.toml:1:10: invalid type: string \"a\""));
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
    fn credentials_do_not_belong_into_the_file() {
        let message = error("url = \"libsql://h?authToken=s3cret\"");
        assert!(message.contains("credentials") && !message.contains("s3cret"), "{message}");
    }
}
