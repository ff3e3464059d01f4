//! The databases of a group of Turso Cloud, and the one token that is good for all of them.

use std::sync::Arc;
use std::time::Duration;

use dbmigrate_core::config::LONGEST_TIMEOUT;
use dbmigrate_core::engine::remote::platform::{Access, Filter, Platform};
use dbmigrate_core::engine::remote::{RemoteUrl, Token};

use super::entry::{Entries, Entry, EntryAt};
use crate::error::{CommandError, Result};
use crate::project::Context;
use crate::project::url::{Connect, PlatformAccess};
use crate::turso::platform_error;

/// For how many minutes the token of a group is good: a roll-out may take its time.
const MINUTES: u32 = 120;

/// A group, and the way to it.
pub(super) struct Group<'a> {
    platform: Platform,
    access: PlatformAccess,
    organization: &'a str,
    name: &'a str,
}

impl<'a> Group<'a> {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// Exit code 2 if a variable is missing or wrong.
    pub(super) fn of(context: &Context, connect: &Connect, (organization, group): (&'a str, &'a str)) -> Result<Self> {
        let access = context.platform()?;
        let seconds = connect.timeout.unwrap_or(context.config.timeout).min(LONGEST_TIMEOUT);
        let (printer, address) = (context.printer.clone(), access.api.host().to_owned());
        let platform = Platform::new(access.api.clone(), access.token.clone(), Duration::from_secs(seconds));
        let platform = platform.telling_of_waits(Arc::new(move |wait| {
            let wait = wait.as_secs_f32();
            printer.status("Waiting", format!("{address} is limiting requests: trying again in {wait:.1} s"));
        }));
        Ok(Self { platform, access, organization, name: group })
    }

    /// The databases, each by its name.
    ///
    /// # Errors
    /// If the API does not say.
    pub(super) fn entries(&self, context: &Context) -> Result<Entries> {
        let filter = Filter { group: Some(self.name), parent: None };
        let listed = self.platform.databases(self.organization, filter);
        let listed = listed.map_err(|error| platform_error(&error, &self.access).note("nothing was changed"))?;
        let (organization, group) = (self.organization, self.name);
        // a stand-in for the API has stand-ins for databases
        let scheme = if self.access.api.is_encrypted() { "libsql" } else { "http" };
        if let Some(other) = listed.iter().find(|one| !is_turso_cloud(&one.host)) {
            let error = CommandError::failed(format!("the database `{}` is not at Turso Cloud", other.name));
            return Err(error
                .note(format!("`{}` lists the group `{group}`", self.platform.address()))
                .note("nothing was sent there"));
        }
        // an older API may not know the filter
        let all = listed.into_iter().filter(|one| one.group.is_empty() || one.group == group).zip(1..);
        let all = all.map(|(one, number)| {
            let at = EntryAt::Url(format!("{scheme}://{}", one.host));
            // a copy has a label, so that it can be left out
            let parent = one.parent.map(|parent| ("parent".to_owned(), parent.name));
            Entry { number, name: Some(one.name), at, labels: parent.into_iter().collect() }
        });
        let place = (format!("database # of the group `{group}`"), false);
        let nothing = format!("the group `{group}` of `{organization}` has no database");
        Ok(Entries { all: all.collect(), base: context.package.root.clone(), place, named_in: None, nothing })
    }

    /// A token for all of them, which is good for a while.
    ///
    /// # Errors
    /// If the API makes none.
    pub(super) fn token(&self) -> Result<Token> {
        self.platform
            .group_token(self.organization, self.name, Access::Full, MINUTES)
            .map_err(|error| platform_error(&error, &self.access).note("nothing was changed"))
    }
}

/// Whether a host may get the token of the group.
fn is_turso_cloud(host: &str) -> bool {
    RemoteUrl::parse(&format!("libsql://{host}")).is_ok_and(|(url, _)| url.is_turso_cloud())
}
