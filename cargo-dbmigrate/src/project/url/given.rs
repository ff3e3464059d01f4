//! A URL as it was given, before it is read: nothing at all, or text that would silently be the name of a new file.

use std::path::Path;

use dbmigrate_core::config::{is_blank, trimmed};

use super::meant::{self, Meant};
use super::source::{DEFAULT, UrlSource, default_file};
use crate::error::{CommandError, Result};
use crate::project::config::{Config, FILE_NAME};
use crate::project::path;
use crate::url_text::redacted;

/// The URL without the white space around it, which came with copying or with the line break of a secret.
///
/// # Errors
/// Exit code 2 if nothing is left: whoever set it meant a database, and not the default.
pub(super) fn given<'t>(text: &'t str, source: &UrlSource) -> Result<&'t str> {
    if !is_blank(text) {
        return Ok(trimmed(text));
    }
    let error = CommandError::usage(format!("{source} is set, but blank: it names no database"));
    let error = match source {
        UrlSource::Environment(_) => error.note("in CI, a secret that is not set becomes an empty variable"),
        _ => error,
    };
    let error = error.help(format!("name the database: `{}`", source.with("libsql://HOST")));
    let local = format!("for the local file: `{}`", source.with(DEFAULT));
    Err(match source {
        UrlSource::Environment(name) => error.help(format!("{local}, or `unset {name}`")),
        UrlSource::DotEnv(..) => error.help(format!("{local}, or remove the line")),
        _ => error.help(local),
    })
}

/// Refuses text that would be the path of a file, but was meant as something else; not if that file is there.
///
/// # Errors
/// Exit code 2 with what was probably meant. It shows no password and no token.
pub(super) fn refuse_what_was_not_meant(text: &str, base: &Path, source: &UrlSource) -> Result<()> {
    let Some(meant) = meant::of(text) else { return Ok(()) };
    let is_there = |path: &str| !path.is_empty() && base.join(path).symlink_metadata().is_ok();
    if is_there(text) || (text.contains('/') && is_there(meant::first_part(text))) {
        return Ok(());
    }
    // with a secret in it, it is not repeated
    let is_secret = text.contains(['@', '?']) || redacted(text) != text;
    let as_file = (!is_secret).then(|| format!("if it is a file: `{}`", source.with(&format!("./{text}"))));
    let wrong = |message: String| CommandError::usage(format!("{message} (from {source})"));
    Err(match meant {
        Meant::Server { host, urls, has_scheme } => {
            let urls = urls.iter().map(|url| format!("`{}`", source.with(url))).collect::<Vec<_>>().join(", or ");
            if has_scheme {
                wrong(format!("the URL of the server `{host}` is malformed")).help(format!("did you mean {urls}?"))
            } else {
                let message =
                    format!("`{host}` looks like a server, but the URL does not begin with `libsql://` or `http://`");
                wrong(message).help(format!("if it is a server: {urls}")).helps(as_file)
            }
        }
        Meant::Quoted(inner) => {
            let error = wrong("the URL has quotes around it".to_owned());
            match is_secret || inner.is_empty() {
                true => error.help("remove the quotes"),
                false => error.help(format!("without them: `{}`", source.with(&inner))),
            }
        }
        Meant::Unexpanded => wrong("the URL is a placeholder that was not replaced".to_owned())
            .help(format!("write the URL itself: `{}`", source.with("libsql://HOST"))),
        Meant::Nothing => wrong(format!("`{text}` means no value: it names no database"))
            .help(format!("name the database: `{}`", source.with("libsql://HOST")))
            .helps(as_file),
        Meant::Assigned(value) => {
            let error = wrong("the URL begins with the name of a variable".to_owned());
            match is_secret || value.is_empty() {
                true => error.help("remove the name"),
                false => error.help(format!("without it: `{}`", source.with(&value))),
            }
        }
        Meant::Home(below) => {
            let error = wrong("`~` is the home folder in a shell only".to_owned());
            let home = std::env::home_dir().map(|home| format!("{}{below}", home.display()));
            error.helps(home.map(|path| format!("the path in full: `{}`", source.with(&path)))).helps(as_file)
        }
        Meant::Url => wrong("the URL is malformed".to_owned())
            .help(format!("a file: `{}`, or a server: `{}`", source.with(DEFAULT), source.with("libsql://HOST")))
            .helps(as_file.filter(|_| !text.contains("://"))),
    })
}

/// That a pipeline names no database: the default would be a new file, and the run green.
pub(super) fn ci_without_url(package_root: &Path, config: &Config) -> CommandError {
    let file = default_file(config);
    let default = path::for_display(&package_root.join(&file)).display().to_string();
    CommandError::usage("no database given, and CI has no default")
        .note(format!("`CI` is set; otherwise the default is `{default}`"))
        .help(format!(
            "name the database: `{}`, or `--url libsql://HOST`, or `-t NAME` for a target",
            UrlSource::Environment(config.url_variable().to_owned()).with("libsql://HOST")
        ))
        .help(format!(
            "to use that local file: `{}`, or in `{FILE_NAME}`: {}",
            UrlSource::Argument.with(&default),
            config.setting(&UrlSource::Config(None).with(&file)),
        ))
}
