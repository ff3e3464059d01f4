//! Fleets: targets that are many databases with one schema. Where their members come from, what they are called, and that
//! each is another database.

mod chosen;
mod command;
mod conditions;
mod entry;
mod files;
mod folder;
mod group;
mod listed;
mod member;
mod query;
mod unique;

use dbmigrate_core::config::{Fleet as Configured, FleetSource, Target};

use crate::error::{CommandError, Result, did_you_mean};
use crate::project::Context;
use crate::project::config::FILE_NAME;
use crate::project::url::{Connect, DatabaseUrl};
use entry::Entries;
use group::Group;

pub(crate) use chosen::{databases, refuse_without_fleet, standing};
pub(crate) use conditions::Where;
pub(crate) use member::Member;

/// A target that is a fleet.
#[derive(Debug, Clone)]
pub(crate) struct Fleet {
    /// Its table.
    pub target: Target,
    configured: Configured,
    connect: Connect,
}

impl Context {
    /// The fleet that `--target` names; `None` if it names something else. It is named alone. Nothing is read.
    ///
    /// # Errors
    /// Exit code 2 if a URL is named as well.
    pub(crate) fn fleet(&self, connect: &Connect) -> Result<Option<Fleet>> {
        let [name] = &connect.target[..] else { return Ok(None) };
        let target = self.config.targets.iter().find(|target| target.name == name.trim());
        let Some((target, configured)) = target.and_then(|target| Some((target, target.fleet.as_ref()?))) else {
            return Ok(None);
        };
        if connect.url.is_some() {
            return Err(
                CommandError::usage(format!("`--url` and `-t {name}` both name databases")).help("use one of them")
            );
        }
        Ok(Some(Fleet { target: target.clone(), configured: configured.clone(), connect: connect.clone() }))
    }
}

impl Fleet {
    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.target.name
    }

    /// Its members by their names, each another database, once it was said who else can read their token. None is
    /// opened.
    ///
    /// # Errors
    /// Exit code 2 for a source that cannot be understood, for names and databases that are there twice, and for a fleet
    /// without members, unless it is optional.
    pub(crate) fn members(&self, context: &Context) -> Result<Vec<Member>> {
        let members = self.listed(context)?;
        context.warn_of_readers_of(self.name(), members.iter().map(|member| &member.url));
        Ok(members)
    }

    fn listed(&self, context: &Context) -> Result<Vec<Member>> {
        let (entries, group) = self.entries(context)?;
        if entries.all.is_empty() && !self.target.is_optional() {
            return Err(self.empty(&entries.nothing));
        }
        let mut members = member::members(context, (&self.target, &self.configured), &self.connect, entries)?;
        unique::sort(self.name(), &mut members)?;
        // one token for all of them, once it is known that there are some
        if let Some(group) = group.filter(|_| self.target.token_env.is_none() && !members.is_empty()) {
            let token = group.token()?;
            members = members.into_iter().map(|one| Member { url: one.url.with_minted(&token), ..one }).collect();
        }
        Ok(members)
    }

    /// Those of its members that are meant, as far as that is known without asking them: see [`Where::asks`].
    ///
    /// # Errors
    /// As for [`Fleet::members`], and exit code 2 for a label that none of them has.
    pub(crate) fn members_where(&self, context: &Context, which: &Where) -> Result<Vec<Member>> {
        let mut members = self.members(context)?;
        which.refuse_unknown(self.name(), &members)?;
        members.retain(|member| which.may_hold(member));
        Ok(members)
    }

    /// What its source says, and the group of Turso Cloud, if it is one.
    fn entries(&self, context: &Context) -> Result<(Entries, Option<Group<'_>>)> {
        let root = &context.package.root;
        let entries = match &self.configured.source {
            FleetSource::Files(pattern) => files::entries(root, pattern, self.name())?,
            FleetSource::List(path) => listed::file(root, path, self.target.is_optional())?,
            FleetSource::Command(words) => command::entries(context, words, self.name())?,
            FleetSource::Folder(path) => folder::entries(root, path)?,
            FleetSource::Query { sql, target } => query::entries(context, &self.connect, (sql, target), self.name())?,
            FleetSource::Turso { organization, group } => {
                let group = Group::of(context, &self.connect, (organization, group))?;
                return Ok((group.entries(context)?, Some(group)));
            }
        };
        Ok((entries, None))
    }

    fn empty(&self, nothing: &str) -> CommandError {
        let name = self.name();
        CommandError::usage(format!("the fleet `{name}` is empty: {nothing}"))
            .help(format!("correct `fleet` of `[targets.{name}]` in `{FILE_NAME}`"))
            .help("if it may be empty: `optional = true`")
    }
}

/// The database of the member of a fleet that has this name.
///
/// # Errors
/// As for [`Fleet::members`], and exit code 2 if there is none of that name.
pub(crate) fn member(context: &Context, connect: &Connect, target: &Target, name: &str) -> Result<DatabaseUrl> {
    let alone = Connect { target: vec![target.name.clone()], ..connect.clone() };
    let Some(fleet) = context.fleet(&alone)? else {
        return Err(CommandError::usage(format!("target `{}` is no fleet", target.name)));
    };
    let members = fleet.listed(context)?;
    if let Ok(at) = members.binary_search_by(|member| member.name.as_str().cmp(name)) {
        return Ok(members[at].url.clone());
    }
    let error = CommandError::usage(format!("the fleet `{}` has no member `{name}`", target.name));
    let meant = did_you_mean(name, members.iter().map(|member| member.name.as_str()));
    Err(match meant {
        Some(meant) => error.help(format!("did you mean `-t {}/{meant}`?", target.name)),
        None => error.help(format!("list them: `cargo dbmigrate status -t {}`", target.name)),
    })
}
