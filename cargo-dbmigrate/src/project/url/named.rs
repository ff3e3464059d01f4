//! A database by its name: where the URL of a target is, and which targets are one and the same database.

use std::path::{Path, PathBuf};

use dbmigrate_core::config::{Target, is_blank, trimmed};
use dbmigrate_core::engine::remote::RemoteUrl;

use super::connect::Connect;
use super::database::{DatabaseUrl, Place};
use super::file;
use super::source::UrlSource;
use super::surroundings::{Given, Surroundings};
use crate::error::{CommandError, Result};
use crate::project::config::FILE_NAME;

/// A target, looked for.
#[derive(Debug, Clone)]
pub(crate) enum Found {
    /// It is there.
    Database(DatabaseUrl),
    /// The variable that could name it is not set, or blank where that is as good.
    Unset(String),
}

/// Where the database of a target is, whatever it takes to be let in.
#[derive(Debug, Clone)]
enum Address {
    File(PathBuf),
    Server(RemoteUrl),
}

impl Address {
    fn of(text: &str, base: &Path) -> Option<Self> {
        let text = trimmed(text);
        if RemoteUrl::is_remote(text) {
            return RemoteUrl::parse(text).ok().map(|(url, _)| Self::Server(url));
        }
        file::path_of(text, base).ok().map(Self::File)
    }

    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one), Self::File(two)) => whole(one) == whole(two),
            (Self::Server(one), Self::Server(two)) => one.is_same_database(two),
            _ => false,
        }
    }
}

/// The path of a file from the root and without links, as far as it is there.
fn whole(file: &Path) -> PathBuf {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let there = absolute.canonicalize();
    there.unwrap_or_else(|_| match (absolute.parent().map(Path::canonicalize), absolute.file_name()) {
        (Some(Ok(folder)), Some(name)) => folder.join(name),
        _ => absolute,
    })
}

impl DatabaseUrl {
    /// The database of a target.
    ///
    /// # Errors
    /// As for [`DatabaseUrl::find`], for a variable that is set and blank if the target is not optional, and for a
    /// token that is set without a URL.
    pub(crate) fn of_target(target: &Target, connect: &Connect, around: &Surroundings<'_>) -> Result<Found> {
        let Given { text, base, source } = match given(target, around)? {
            Ok(given) => given,
            Err(variable) => {
                refuse_half(target, &variable, around)?;
                return Ok(Found::Unset(variable));
            }
        };
        Self::read(&text, &base, source, (connect, Some(target)), around).map(Found::Database)
    }

    /// Whether a target is this database.
    pub(crate) fn is_target(&self, target: &Target, around: &Surroundings<'_>) -> bool {
        let own = match self.place() {
            Place::File(path) => Address::File(path.clone()),
            Place::Server(server) => Address::Server(server.url.clone()),
        };
        // what is wrong with a target is said where it is used
        let other = given(target, around).ok().and_then(std::result::Result::ok);
        other.and_then(|given| Address::of(&given.text, &given.base)).is_some_and(|other| own.is_same(&other))
    }
}

/// The URL of a target, or the variable that could have it.
fn given(target: &Target, around: &Surroundings<'_>) -> Result<std::result::Result<Given, String>> {
    if let Some(url) = &target.url {
        let source = UrlSource::Target(target.name.clone());
        return Ok(Ok(Given { text: url.clone(), base: around.package_root.to_owned(), source }));
    }
    let variable = target.url_variable().unwrap_or_default();
    let given = around.url(variable)?;
    // in a pipeline, a secret that there is not is a blank variable
    let given = given.filter(|given| !(target.is_optional() && is_blank(&given.text)));
    Ok(given.ok_or_else(|| variable.to_owned()))
}

/// A token without a URL: one of two secrets was forgotten, which is no reason to skip a target.
fn refuse_half(target: &Target, variable: &str, around: &Surroundings<'_>) -> Result<()> {
    let others = [target.token_variable(), target.encryption_key_env.as_deref()];
    for other in others.into_iter().flatten() {
        // one that other targets use says nothing
        let is_shared = around.config.targets.iter().any(|one| {
            one.name != target.name && [one.token_variable(), one.encryption_key_env.as_deref()].contains(&Some(other))
        });
        if target.is_optional() && !is_shared && around.has(other)? {
            let message = format!("`{other}` is set for target `{}`, but `{variable}` is not", target.name);
            return Err(CommandError::usage(message)
                .help(format!("set its URL in the environment or in `.env`: `{variable}=…`"))
                .help(format!("to skip the target: `unset {other}`")));
        }
    }
    Ok(())
}

/// That a target has no URL, and has to have one.
pub(crate) fn unset(target: &str, variable: &str) -> CommandError {
    CommandError::usage(format!("target `{target}` has no database: `{variable}` is not set"))
        .help(format!("set its URL in the environment or in `.env`: `{variable}=libsql://HOST`"))
        .help(format!("or name another variable in `{FILE_NAME}`: `[targets.{target}]`, `url_env = \"NAME\"`"))
}
