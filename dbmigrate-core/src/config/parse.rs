//! Reads `dbmigrate.toml`, for the subcommand and the macros alike: two readers that disagree about a file would migrate
//! one folder and check another.

use std::path::PathBuf;
use std::time::Duration;

use super::fields::{self, Field, Value, Wrong};
use super::rollout::ROLLOUT_FIELDS;
use super::{
    ALL_TARGETS, Config, DEFAULT_DATABASE, FIELDS, FleetSource, LONGEST_TIMEOUT, MOST_RETRIES, Problem, SetLevel,
    TARGET_FIELDS, TOKEN_VARIABLE, Target, URL_VARIABLE, is_blank, position, url_variable,
};
use super::{parse_databases, parse_engine, parse_fleet, parse_queries, parse_rollout, parse_rules};
use crate::declare::errors::closest;
use crate::duration;
use crate::ignore::Ignore;

impl Config {
    /// Reads the text of the file.
    ///
    /// # Errors
    /// At the first thing that cannot be understood, and where values are none that anybody can mean.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let mut config = Self::default();
        config.read(text).map_err(|Misread { message, byte, help }| Problem {
            place: Some(position(text, byte)),
            message,
            help,
        })?;
        config.problem().map_or(Ok(config), Err)
    }

    fn read(&mut self, text: &str) -> Result<(), Misread> {
        let (mut mentioned, mut places) = (Vec::new(), Vec::new());
        for Field { name, at, value } in fields::read(text)? {
            match name.as_str() {
                "migrations" => self.migrations = PathBuf::from(value.string()?),
                "root" => self.root = Some(PathBuf::from(value.string()?)),
                "url" => self.url = Some(url(value, at)?),
                "token_env" => self.token_env = Some(value.string()?),
                "timeout" => self.timeout = value.integer()?,
                "retries" => self.retries = value.integer()?,
                "busy_timeout" => self.busy_timeout = value.integer()?,
                "ignore" => self.ignore = Ignore::new(value.list()?),
                "compile_check" => self.compile_check = value.parsed()?,
                "keep" => self.keep = value.boolean()?,
                "keep_days" => self.keep_days = Some(value.integer()?),
                "backup" => self.backup = value.parsed()?,
                "backups" => self.backups = Some(folder(&name, value, at)?),
                "keep_backups" => self.keep_backups = value.integer()?,
                "max_write_lock" => self.max_write_lock = Some(span(&name, value, at)?),
                "engine" => self.engine = parse_engine::engine(value, text)?,
                "lints" => self.lints = levels(value, text, "lints")?,
                "databases" => (self.databases, places) = parse_databases::databases(value, text)?,
                "queries" => self.queries = parse_queries::queries(value, &mut mentioned)?,
                "rules" => self.rules = parse_rules::rules(value, text)?,
                "targets" => {
                    let named = value.fields("tables, such as `[targets.demo]`")?;
                    let at: Vec<usize> = named.iter().map(|field| field.at).collect();
                    let read = named.into_iter().map(|field| target(field, &mut mentioned));
                    self.targets = read.collect::<Result<_, _>>()?;
                    self.refuse_queried(&at)?;
                }
                _ => return Err(unknown(&name, at, &FIELDS)),
            }
        }
        parse_databases::refuse_unknown(self, &mentioned)?;
        parse_databases::refuse_shared(self, &places)
    }

    /// Refuses fleets whose members another target would list that is not there, or is a fleet itself. `places` are
    /// those of the targets.
    fn refuse_queried(&self, places: &[usize]) -> Result<(), Misread> {
        for (target, at) in self.targets.iter().zip(places) {
            let Some(FleetSource::Query { target: queried, .. }) = target.fleet.as_ref().map(|fleet| &fleet.source)
            else {
                continue;
            };
            let other = self.targets.iter().find(|other| other.name == *queried);
            let is_implied = || Target::IMPLIED.iter().any(|(name, ..)| name == queried);
            let names = self.targets.iter().filter(|other| other.fleet.is_none()).map(|other| other.name.as_str());
            let names = names.chain(Target::IMPLIED.map(|(name, ..)| name));
            let fleet = &target.name;
            if other.is_none() && !is_implied() {
                let misread =
                    Misread::from((format!("the fleet `{fleet}` queries `{queried}`, which is no target"), *at));
                return Err(match closest(queried, names) {
                    Some(meant) => misread.help(format!("did you mean `target = \"{meant}\"`?")),
                    None => misread.help("name a target: `target = \"production\"`"),
                });
            }
            if other.is_some_and(|other| other.fleet.is_some()) {
                let message = format!("the fleet `{fleet}` queries `{queried}`, which is a fleet itself");
                return Err(Misread::from((message, *at)).help("name the target of one database"));
            }
        }
        Ok(())
    }

    /// What is wrong with a configuration that can be read.
    fn problem(&self) -> Option<Problem> {
        let problem = |message: String| Some(Problem { place: None, message, help: None });
        for (name, seconds) in [("timeout", self.timeout), ("busy_timeout", self.busy_timeout)] {
            if seconds > LONGEST_TIMEOUT {
                return problem(format!("`{name}` is more than a day ({LONGEST_TIMEOUT} seconds)"));
            }
        }
        if self.timeout == 0 {
            return problem("`timeout` is 0, but must be at least 1".to_owned());
        }
        if self.keep_backups == 0 {
            let message = "`keep_backups` is 0, but must be at least 1".to_owned();
            let help = Some("to make no backups: `backup = \"never\"`".to_owned());
            return Some(Problem { place: None, message, help });
        }
        if self.retries > MOST_RETRIES {
            return problem(format!("`retries` is more than {MOST_RETRIES}"));
        }
        if self.token_env.as_deref().is_some_and(|name| !is_variable(name)) {
            // what stands there instead may be a token
            let message = "`token_env` is not the name of an environment variable".to_owned();
            let help = format!("set the token in a variable and name it: `token_env = \"{TOKEN_VARIABLE}\"`");
            return Some(Problem { place: None, message, help: Some(help) });
        }
        if self.migrations.as_os_str().is_empty() {
            let help = Some("name a folder: `migrations = \"migrations\"`".to_owned());
            return Some(Problem { place: None, message: "`migrations` is empty".to_owned(), help });
        }
        None
    }
}

/// What cannot be read, at which byte of the file, and what to do about it.
pub(super) struct Misread {
    message: String,
    byte: usize,
    help: Option<String>,
}

impl From<Wrong> for Misread {
    fn from((message, byte): Wrong) -> Self {
        Self { message, byte, help: None }
    }
}

impl Misread {
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// That there is no such field.
pub(super) fn unknown(name: &str, byte: usize, fields: &[&'static str]) -> Misread {
    let misread = Misread::from((format!("unknown field `{name}`"), byte));
    misread.help(match closest(name, fields.iter().copied()) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("expected one of `{}`", fields.join("`, `")),
    })
}

/// A URL, which says something. `byte` is where its name is.
pub(super) fn url(value: Value, byte: usize) -> Result<String, Misread> {
    let url = value.string()?;
    if is_blank(&url) {
        let misread = Misread::from(("`url` is blank: it names no database".to_owned(), byte));
        return Err(misread.help("name a database: `url = \"dev.db\"`, or remove the line"));
    }
    Ok(url)
}

/// A duration. `byte` is where its name is.
pub(super) fn span(field: &str, value: Value, byte: usize) -> Result<Duration, Misread> {
    let text = value.string()?;
    duration::parse(&text).ok_or_else(|| {
        Misread::from((format!("`{field}` is not {}", duration::EXPECTED), byte))
            .help(format!("such as `{field} = \"5s\"`"))
    })
}

/// Levels of lints; `table` is the name of the table that has them.
pub(super) fn levels(value: Value, text: &str, table: &str) -> Result<Vec<SetLevel>, Wrong> {
    let named = value.fields(&format!("levels, such as `drop_column = \"deny\"` in `[{table}]`"))?;
    let level = |Field { name, at, value }: Field| {
        Ok::<_, Wrong>(SetLevel { name, level: value.parsed()?, at: position(text, at) })
    };
    named.into_iter().map(level).collect()
}

/// The path of a folder.
pub(super) fn folder(name: &str, value: Value, at: usize) -> Result<PathBuf, Misread> {
    let text = value.string()?;
    match is_blank(&text) {
        true => Err((format!("`{name}` is blank, but must be the path of a folder"), at).into()),
        false => Ok(PathBuf::from(text)),
    }
}

/// Whether a target or a database can have this name.
pub(super) fn is_name(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_') && name.bytes().all(is_word)
}

/// The table of a target. The database that it names, and where, is added to `mentioned`.
fn target(Field { name, at, value }: Field, mentioned: &mut Vec<(String, usize)>) -> Result<Target, Misread> {
    if !is_name(&name) {
        let misread = Misread::from(("the name of a target has letters, digits, `-` and `_` only".to_owned(), at));
        return Err(misread.help("such as `[targets.staging]`"));
    }
    if name == ALL_TARGETS {
        let misread = Misread::from((format!("`{ALL_TARGETS}` is no name for a target: it means all of them"), at));
        return Err(misread.help("choose another name, such as `[targets.staging]`"));
    }
    let mut target = Target::new(&name);
    let (mut url_at, mut fleet_at) = (None, at);
    let mut rollout: Option<(String, usize)> = None;
    for Field { name: field, at, value } in value.fields(&format!("a table, such as `[targets.{name}]`"))? {
        match field.as_str() {
            "database" => {
                let at = value.at();
                let database = value.string()?;
                mentioned.push((database.clone(), at));
                target.database = (database != DEFAULT_DATABASE).then_some(database);
            }
            "url" => {
                target.url = Some(url(value, at)?);
                url_at = Some(at);
            }
            "url_env" => {
                target.url_env = Some(variable(&field, value, at)?);
                url_at.get_or_insert(at);
            }
            "fleet" => {
                target.fleet = Some(parse_fleet::fleet(value, at)?);
                fleet_at = at;
            }
            "token_env" => target.token_env = Some(variable(&field, value, at)?),
            "encryption_key_env" => target.encryption_key_env = Some(variable(&field, value, at)?),
            "protected" => target.protected = Some(value.boolean()?),
            "optional" => target.optional = Some(value.boolean()?),
            "timeout" => match value.integer()? {
                seconds @ 1..=LONGEST_TIMEOUT => target.timeout = Some(seconds),
                _ => return Err((format!("`timeout` is not between 1 and {LONGEST_TIMEOUT} seconds"), at).into()),
            },
            "retries" => match value.integer()? {
                count @ 0..=MOST_RETRIES => target.retries = Some(count),
                _ => return Err((format!("`retries` is more than {MOST_RETRIES}"), at).into()),
            },
            "keep_days" => target.keep_days = Some(value.integer()?),
            "backups" => target.backups = Some(folder(&field, value, at)?),
            "max_write_lock" => target.max_write_lock = Some(span(&field, value, at)?),
            name if ROLLOUT_FIELDS.contains(&name) => {
                parse_rollout::read(&mut target.rollout, name, value)?;
                rollout.get_or_insert((field, at));
            }
            _ => return Err(unknown(&field, at, &TARGET_FIELDS)),
        }
    }
    if let (None, Some((field, at))) = (&target.fleet, rollout) {
        let misread = Misread::from((format!("`{field}` is for fleets, and target `{name}` is none"), at));
        return Err(misread.help("name its members: `fleet = \"tenants/*.db\"`, or remove the line"));
    }
    if let (Some(_), Some(_)) = (&target.fleet, url_at) {
        let field = if target.url.is_some() { "url" } else { "url_env" };
        let misread = Misread::from((format!("target `{name}` has both `{field}` and `fleet`"), fleet_at));
        return Err(misread.help("remove one of them: a fleet has many databases, another target has one"));
    }
    match (&target.url, &target.url_env, url_at) {
        (Some(_), Some(_), Some(url_at)) => {
            let misread = Misread::from((format!("target `{name}` has both `url` and `url_env`"), url_at));
            Err(misread.help("remove one of them"))
        }
        (None, None, _) if target.url_variable().is_none() && target.fleet.is_none() => {
            let misread = Misread::from((format!("target `{name}` names no database"), at));
            Err(misread.help(format!(
                "add its URL, `url = \"dev.db\"`, or the variable that has it, `url_env = \"{}\"`",
                url_variable(&name)
            )))
        }
        _ => Ok(target),
    }
}

/// The name of a variable. What stands there instead may be a secret, and is not shown.
pub(super) fn variable(field: &str, value: Value, byte: usize) -> Result<String, Misread> {
    let name = value.string()?;
    if is_variable(&name) {
        return Ok(name);
    }
    let (what, example) = match field {
        "url_env" => ("URL", URL_VARIABLE),
        "token_env" => ("token", TOKEN_VARIABLE),
        _ => ("key", "TURSO_ENCRYPTION_KEY"),
    };
    let misread = Misread::from((format!("`{field}` is not the name of an environment variable"), byte));
    Err(misread.help(format!("set the {what} in a variable and name it: `{field} = \"{example}\"`")))
}

/// Whether every shell takes a name for that of a variable. A long one is rather a token.
fn is_variable(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.starts_with(|first: char| first.is_ascii_digit())
        && (1..=64).contains(&name.len())
        && name.bytes().all(is_word)
}
