//! What `--target` names: targets, all of them, or members of fleets.

use dbmigrate_core::config::{ALL_TARGETS, Target};
use dbmigrate_core::shell::shell_flag;

use crate::error::{CommandError, Result, did_you_mean};
use crate::project::config::{Config, FILE_NAME};
use crate::project::url::{Connect, Surroundings};

/// What is named.
pub(super) enum Picked {
    Target(Target),
    /// A fleet among all targets.
    Fleet(String),
    /// A member of a fleet, by its name.
    Member(Target, String),
}

impl Picked {
    /// As it is typed.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Target(target) => target.name.clone(),
            Self::Fleet(name) => name.clone(),
            Self::Member(fleet, member) => format!("{}/{member}", fleet.name),
        }
    }
}

/// All targets: those that are configured, and those that there are without.
pub(crate) fn known(config: &Config) -> Vec<Target> {
    let mut known = config.targets.clone();
    if config.database.is_none() {
        // those of another database have a table that says so
        let is_of_another = |target: &Target| config.other_targets.iter().any(|other| other.name == target.name);
        let implied = Target::IMPLIED.into_iter().map(|(name, ..)| Target::new(name));
        known.extend(implied.filter(|implied| !is_configured(implied, config) && !is_of_another(implied)));
    }
    known
}

/// Whether a target has a table.
pub(super) fn is_configured(target: &Target, config: &Config) -> bool {
    config.targets.iter().any(|one| one.name == target.name)
}

/// Whether a target, or the fleet that it is a member of, is one of another database of the package.
fn is_of_another_database(name: &str, config: &Config) -> bool {
    let table = name.split('/').next().unwrap_or(name);
    // those that there are without a table are of the default one
    let is_implied = config.database.is_some() && Target::IMPLIED.iter().any(|(implied, ..)| *implied == table);
    is_implied || config.other_targets.iter().any(|other| other.name == table)
}

/// That a fleet was named where one database is meant.
pub(crate) fn of_one(name: &str) -> CommandError {
    CommandError::usage(format!("target `{name}` is a fleet, and this command is for one database"))
        .help(format!("name a member: `-t {name}/NAME`"))
        .help(format!("list them: `cargo dbmigrate status -t {name}`"))
}

/// The targets with these names, each once.
pub(super) fn chosen(connect: &Connect, around: &Surroundings<'_>) -> Result<Vec<Picked>> {
    let known = known(around.config);
    let mut chosen: Vec<Picked> = Vec::new();
    let mut add = |one: Picked| {
        if chosen.iter().all(|other| other.name() != one.name()) {
            chosen.push(one);
        }
    };
    for name in &connect.target {
        let name = name.trim();
        if name == ALL_TARGETS {
            for target in &known {
                let is_there = || target.url_variable().map_or(Ok(true), |variable| around.is_set(variable));
                if target.fleet.is_some() {
                    add(Picked::Fleet(target.name.clone()));
                } else if is_configured(target, around.config) || is_there()? {
                    add(Picked::Target(target.clone()));
                }
            }
            continue;
        }
        let member = name.split_once('/').filter(|(_, member)| !member.is_empty());
        let fleet = |name: &str| known.iter().find(|target| target.name == name && target.fleet.is_some());
        match (known.iter().find(|target| target.name == name), member) {
            (Some(target), _) if target.fleet.is_some() && connect.target.len() > 1 => {
                return Err(CommandError::usage(format!("target `{name}` is a fleet, which is run on its own"))
                    .help(format!("name it alone: `-t {name}`")));
            }
            (Some(target), _) if target.fleet.is_some() => return Err(of_one(&target.name)),
            (Some(target), _) => add(Picked::Target(target.clone())),
            (None, Some((of, member))) if fleet(of).is_some() => {
                add(Picked::Member(fleet(of).cloned().unwrap_or_default(), member.to_owned()));
            }
            (None, Some((of, _))) if known.iter().any(|target| target.name == of) => {
                return Err(CommandError::usage(format!("target `{of}` is one database, and no fleet with members"))
                    .help(format!("for that database: `-t {of}`")));
            }
            // the run is for its database as well
            _ if is_of_another_database(name, around.config) => {}
            _ => return Err(unknown(name, known.iter().chain(&around.config.other_targets))),
        }
    }
    if chosen.is_empty()
        && let Some(name) = around.config.database_name()
    {
        return Err(CommandError::usage(format!("no target of the database `{name}` is configured")).help(format!(
            "name one in `{FILE_NAME}`: `[targets.staging]`, `database = \"{name}\"`, `url_env = \"STAGING_DATABASE_URL\"`"
        )));
    }
    if chosen.is_empty() {
        let variables = Target::IMPLIED.map(|(name, url, _)| format!("`{url}` (`{name}`)")).join(" nor ");
        return Err(CommandError::usage(format!("no target is configured, and neither {variables} is set"))
            .help(format!("name one in `{FILE_NAME}`: `[targets.staging]`, `url_env = \"STAGING_DATABASE_URL\"`")));
    }
    Ok(chosen)
}

/// That there is no target of that name, in this or another database of the package.
fn unknown<'t>(name: &str, known: impl Iterator<Item = &'t Target>) -> CommandError {
    let names: Vec<&str> = known.map(|target| target.name.as_str()).collect();
    if name.is_empty() {
        return CommandError::usage("`--target` is set, but blank: it names no target")
            .help(format!("expected one of `{}`, or `{ALL_TARGETS}`", names.join("`, `")));
    }
    let error = CommandError::usage(format!("no target named `{name}`"));
    // `prod`
    let shortened = || names.iter().copied().find(|one| name.len() > 1 && one.starts_with(name));
    let meant = shortened().or_else(|| did_you_mean(name, names.iter().copied().chain([ALL_TARGETS])));
    error
        .helps(meant.map(|name| format!("did you mean `-t {name}`?")))
        .help(format!("expected one of `{}`, or `{ALL_TARGETS}`", names.join("`, `")))
        .help(format!(
            "a new one is a table in `{FILE_NAME}`: `[targets.NAME]`; a database without a name: `--url URL`"
        ))
}

/// Refuses two ways to name a database in one line.
pub(super) fn refuse_both(connect: &Connect) -> Result<()> {
    let Some(_) = &connect.url else { return Ok(()) };
    let flags: Vec<String> = connect.target.iter().map(|name| shell_flag("-t", name)).collect();
    let message = format!("`--url` and `{}` both name a database", flags.join(" "));
    Err(CommandError::usage(message).help("use one of them"))
}
