//! The platform API of Turso Cloud (docs.turso.tech/api-reference): databases are listed, copied and dropped there, and
//! tokens for them are made.
//!
//! Everything here blocks. A [`Platform`] sends its token to one host and to no other; redirects are not followed.

mod error;
mod fields;
mod send;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::http::Http;
use super::token::Token;
use super::url::RemoteUrl;

pub use error::{PlatformError, PlatformErrorKind};
pub use fields::{CloudDatabase, Organization, Parent};

use fields::{Create, Created, Databases, Minted, Organizations, Seed};
use send::{Call, path};

/// Where the platform API is.
pub const PLATFORM_API: &str = "https://api.turso.tech";

/// The most letters that the name of a database may have.
pub const LONGEST_DATABASE_NAME: usize = 64;

/// How many databases are asked for at a time.
const PAGE: usize = 100;
/// More pages than this are no list, but a mistake of whoever answers.
const MOST_PAGES: usize = 1000;

/// What a token of a database may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read.
    ReadOnly,
    /// Read and write.
    Full,
}

/// Which databases are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// Those of this group.
    pub group: Option<&'a str>,
    /// The copies of the database with this id.
    pub parent: Option<&'a str>,
}

/// A copy to be made of a database.
#[derive(Debug, Clone, Copy)]
pub struct NewCopy<'a> {
    /// Its name.
    pub name: &'a str,
    /// The group of the original: a copy in another one fails.
    pub group: &'a str,
    /// The name of the original.
    pub of: &'a str,
    /// The point in time (RFC 3339), if it is not now.
    pub at: Option<&'a str>,
}

/// Called with how long is waited before a request is tried again, because the API wants fewer of them.
pub type OnWait = Arc<dyn Fn(Duration) + Send + Sync>;

/// The platform API with somebody's token.
pub struct Platform {
    api: RemoteUrl,
    token: Token,
    timeout: Duration,
    on_wait: Option<OnWait>,
    http: Http,
}

impl Platform {
    /// The API at that address, which is asked with this token. Nothing is sent yet.
    pub fn new(api: RemoteUrl, token: Token, timeout: Duration) -> Self {
        let http = Http::new(&api, timeout, None);
        Self { api, token, timeout, on_wait: None, http }
    }

    /// The same, which tells when it has to wait.
    #[must_use]
    pub fn telling_of_waits(self, on_wait: OnWait) -> Self {
        Self { on_wait: Some(on_wait), ..self }
    }

    /// Its address.
    pub fn address(&self) -> String {
        self.api.host().to_owned()
    }

    /// The organizations that the token is good for.
    ///
    /// # Errors
    /// If the API does not say.
    pub fn organizations(&self) -> Result<Vec<Organization>, PlatformError> {
        let call = Call::get("/v1/organizations".to_owned(), "list the organizations");
        let answer: Organizations = self.ask(&call)?;
        Ok(answer.into())
    }

    /// The databases of an organization.
    ///
    /// # Errors
    /// If the API does not say.
    pub fn databases(&self, organization: &str, filter: Filter<'_>) -> Result<Vec<CloudDatabase>, PlatformError> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let limit = PAGE.to_string();
            let query = [
                ("limit", Some(limit.as_str())),
                ("group", filter.group),
                ("parent", filter.parent),
                ("cursor", cursor.as_deref()),
            ];
            let address = path(&["v1", "organizations", organization, "databases"], &query);
            let doing = format!("list the databases of `{organization}`");
            let page: Databases = self.ask(&Call::get(address, &doing))?;
            all.extend(page.databases);
            let next = page.pagination.and_then(|pagination| pagination.next).filter(|next| !next.is_empty());
            match next {
                None => return Ok(all),
                Some(next) if cursor.as_ref() == Some(&next) => break,
                next => cursor = next,
            }
        }
        Err(PlatformError::protocol(format!(
            "`{}` lists the databases of `{organization}` without end",
            self.address()
        )))
    }

    /// Copies a database, as it is or was at a point in time, to a new one.
    ///
    /// # Errors
    /// If it is not copied. [`PlatformError::may_be_done`] tells whether it may have been all the same.
    pub fn copy(&self, organization: &str, copy: NewCopy<'_>) -> Result<CloudDatabase, PlatformError> {
        let body = Create {
            name: copy.name,
            group: copy.group,
            seed: Seed { kind: Seed::OF_DATABASE, name: copy.of, timestamp: copy.at },
        };
        let doing = format!("copy `{}` to `{}`", copy.of, copy.name);
        let address = path(&["v1", "organizations", organization, "databases"], &[]);
        let created: Created = self.ask(&Call::create(address, &body, &doing)?)?;
        Ok(created.database)
    }

    /// Makes a token for a database, which is good for some minutes.
    ///
    /// # Errors
    /// If there is none.
    pub fn token(
        &self,
        organization: &str,
        database: &str,
        access: Access,
        minutes: u32,
    ) -> Result<Token, PlatformError> {
        self.minted(&["v1", "organizations", organization, "databases", database], database, access, minutes)
    }

    /// Makes a token for all databases of a group, which is good for some minutes.
    ///
    /// # Errors
    /// If there is none.
    pub fn group_token(
        &self,
        organization: &str,
        group: &str,
        access: Access,
        minutes: u32,
    ) -> Result<Token, PlatformError> {
        self.minted(&["v1", "organizations", organization, "groups", group], group, access, minutes)
    }

    fn minted(&self, of: &[&str], name: &str, access: Access, minutes: u32) -> Result<Token, PlatformError> {
        let expiration = format!("{minutes}m");
        let authorization = match access {
            Access::ReadOnly => "read-only",
            Access::Full => "full-access",
        };
        let query = [("expiration", Some(expiration.as_str())), ("authorization", Some(authorization))];
        let address = path(&[of, &["auth", "tokens"]].concat(), &query);
        let doing = format!("make a token for `{name}`");
        let minted: Minted = self.ask(&Call::post(address, &doing))?;
        Token::parse(&minted.jwt)
            .map_err(|error| PlatformError::protocol(format!("the token for `{name}` is not usable: {error}")))
    }

    /// Drops a database with everything in it.
    ///
    /// # Errors
    /// If it is not dropped.
    pub fn drop_database(&self, organization: &str, database: &str) -> Result<(), PlatformError> {
        let address = path(&["v1", "organizations", organization, "databases", database], &[]);
        let doing = format!("drop `{database}`");
        match self.send(&Call::delete(address, &doing)) {
            // the try before this one has done it
            Err(error) if error.kind == PlatformErrorKind::NotFound && error.may_be_done => Ok(()),
            answer => answer.map(drop),
        }
    }
}

/// Shows the address.
impl fmt::Debug for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Platform").field(&self.api.to_string()).finish()
    }
}
