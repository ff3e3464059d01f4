//! What it takes to be let in by the platform API of Turso Cloud: a token, an organization, and the address.

use dbmigrate_core::config::is_blank;
use dbmigrate_core::engine::remote::platform::PLATFORM_API;
use dbmigrate_core::engine::remote::{RemoteUrl, Token};

use super::surroundings::{PLATFORM_TOKEN, Surroundings, environment, new_platform_token};
use super::token::TokenSource;
use crate::error::{CommandError, Result};

/// The variables that have the platform token: the first one that is set counts.
const TOKENS: [&str; 2] = ["TURSO_API_TOKEN", "TURSO_PLATFORM_TOKEN"];
/// The variables that name the organization.
const ORGANIZATIONS: [&str; 2] = ["TURSO_ORG", "TURSO_ORGANIZATION"];
/// For tests: another address for the API, on this machine and nowhere else. Only the environment is asked, so that no
/// file of a checkout can name one.
const TEST_API: &str = "DBMIGRATE_TEST_TURSO_API";

/// How the platform API is asked.
#[derive(Debug, Clone)]
pub(crate) struct PlatformAccess {
    /// Where it is. The token goes nowhere else.
    pub api: RemoteUrl,
    /// The token.
    pub token: Token,
    /// Where the token was taken from.
    pub token_source: TokenSource,
    /// The organization, if a variable names it, and that variable.
    pub organization: Option<(String, &'static str)>,
}

impl PlatformAccess {
    /// What the environment and `.env` say of it.
    ///
    /// # Errors
    /// Exit code 2 if a variable is missing, blank, or not usable.
    pub(crate) fn of(around: &Surroundings<'_>) -> Result<Self> {
        let mut found = None;
        for name in TOKENS {
            if let (Some(token), source) = around.secret(name, PLATFORM_TOKEN)? {
                found = Some((token, source));
                break;
            }
        }
        let Some((token, token_source)) = found else {
            let message =
                format!("the platform API of Turso Cloud requires a platform token: `{}` is not set", TOKENS[0]);
            return Err(CommandError::usage(message)
                .note("it is another one than the token of a database")
                .help(new_platform_token()));
        };
        let mut organization = None;
        for name in ORGANIZATIONS {
            if let Some(text) = around.variable(name)? {
                organization = Some((slug(&text, name)?, name));
                break;
            }
        }
        Ok(Self { api: api()?, token, token_source, organization })
    }
}

/// The name of an organization, as it stands in addresses.
fn slug(text: &str, variable: &str) -> Result<String> {
    if is_blank(text) {
        let message = format!("`{variable}` is set, but blank: it names no organization");
        return Err(CommandError::usage(message).help(format!(
            "name it: `{variable}=…`, or `unset {variable}` to have it read from the host of the database"
        )));
    }
    let text = text.trim();
    if !text.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.')) {
        let message = format!("`{variable}` is not the name of an organization: it has letters, digits and `-` only");
        return Err(CommandError::usage(message).help("list yours: `turso org list`"));
    }
    Ok(text.to_owned())
}

/// The address of the API.
fn api() -> Result<RemoteUrl> {
    let wrong = |message: String| CommandError::usage(message).help(format!("`unset {TEST_API}`"));
    match environment(TEST_API)? {
        None => RemoteUrl::parse(PLATFORM_API).map(|(url, _)| url).map_err(|error| wrong(error.to_string())),
        Some(text) => match RemoteUrl::parse(&text) {
            Ok((url, None)) if url.is_loopback() => Ok(url),
            _ => Err(wrong(format!("`{TEST_API}` is for tests, and must name a server on this machine"))),
        },
    }
}
