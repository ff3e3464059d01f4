//! `migrate` on a fleet: its flags, what makes no sense there, and what is asked before the first member is written to.

use std::time::Duration;

use clap::Args;
use dbmigrate_core::config::{BackupFirst, Group, MOST_PARALLEL, Rollout, Share, Target};
use dbmigrate_core::duration;
use dbmigrate_core::engine::apply::Options;
use dbmigrate_core::folder::{Folder, Migration, Script, Verify};
use dbmigrate_core::shell::shell_flag;

use super::{Migrate, backup, check_name, command, consent};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::fleet::Fleet;
use crate::project::{Acceptable, Context};
use crate::rollout::{self, Shard, Wanted};

/// The flags of a roll-out.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Fleet")]
pub(crate) struct RolloutFlags {
    /// Members that are migrated first: a count, a share, or a label such as
    /// `plan=internal` [default: 1]
    #[arg(long, value_name = "MEMBERS")]
    pub canary: Option<Group>,

    /// Waves that follow, each a share or count of all that are behind, or a
    /// label [default: 1%,10%,100%]
    #[arg(long, value_name = "MEMBERS", value_delimiter = ',')]
    pub waves: Vec<Group>,

    /// How long to wait between waves, such as 30s [default: 0s]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub pause: Option<Duration>,

    /// How many members may fail, a count or a share; one more stops the run
    /// [default: 1%]
    #[arg(long, value_name = "MEMBERS")]
    pub max_failures: Option<Share>,

    /// How many members are worked on at once at most [default: 16]
    #[arg(long, value_name = "N", value_parser = parallel)]
    pub parallel: Option<usize>,

    /// Only this part of the members, such as 3/16 for the third of 16
    #[arg(long, value_name = "K/N")]
    pub shard: Option<Shard>,
}

fn time(text: &str) -> std::result::Result<Duration, String> {
    duration::parse(text).ok_or_else(|| format!("expected {}", duration::EXPECTED))
}

fn parallel(text: &str) -> std::result::Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=MOST_PARALLEL).contains(number));
    number.ok_or_else(|| format!("expected a number from 1 to {MOST_PARALLEL}"))
}

impl RolloutFlags {
    /// The flags as they were typed.
    fn typed(&self) -> String {
        let waves: Vec<String> = self.waves.iter().map(ToString::to_string).collect();
        let pause = self.pause.map(|pause| format!("{}ms", pause.as_millis()));
        let all = [
            ("--canary", self.canary.as_ref().map(ToString::to_string)),
            ("--waves", (!waves.is_empty()).then(|| waves.join(","))),
            ("--pause", pause),
            ("--max-failures", self.max_failures.map(|share| share.to_string())),
            ("--parallel", self.parallel.map(|count| count.to_string())),
            ("--shard", self.shard.map(|shard| shard.to_string())),
        ];
        all.iter().filter_map(|(flag, value)| Some(format!(" {}", shell_flag(flag, value.as_ref()?)))).collect()
    }

    /// Refuses them where one database is migrated.
    ///
    /// # Errors
    /// Exit code 2.
    pub(super) fn refuse(&self) -> Result<()> {
        let typed = self.typed();
        let Some(flag) = typed.split([' ', '=']).find(|word| word.starts_with("--")) else { return Ok(()) };
        Err(CommandError::usage(format!("`{flag}` is for fleets, and no fleet is named"))
            .help("name one: `-t NAME`; a fleet is a target with `fleet = …` in `dbmigrate.toml`"))
    }

    /// What is configured, with the flags in its place.
    fn over(&self, configured: &Rollout) -> Rollout {
        let waves = (!self.waves.is_empty()).then(|| self.waves.clone());
        Rollout {
            canary: self.canary.clone().or_else(|| configured.canary.clone()),
            waves: waves.or_else(|| configured.waves.clone()),
            pause: self.pause.or(configured.pause),
            max_failures: self.max_failures.or(configured.max_failures),
            parallel: self.parallel.or(configured.parallel),
            ..configured.clone()
        }
    }
}

/// Migrates a fleet, and returns the exit code.
///
/// # Errors
/// Exit code 2 for flags that make no sense on a fleet, 3 without consent, 6 if members are left.
pub(super) fn run(context: &Context, arguments: &Migrate, fleet: &Fleet) -> Result<u8> {
    refuse_flags(arguments, fleet)?;
    let folder = context.existing_folder()?;
    folder.verify(Verify::Sql)?;
    check_name(&folder, arguments.to.as_deref())?;
    if folder.migrations().is_empty() {
        return Err(CommandError::usage(format!("no migrations in `{}`", folder.path().display()))
            .help("write one from your structs: `cargo dbmigrate generate`"));
    }
    let mut members = fleet.members(context)?;
    if let Some(shard) = arguments.fleet.shard {
        members.retain(|member| shard.has(&member.name));
        members.shrink_to_fit();
    }
    let rollout = arguments.fleet.over(&fleet.target.rollout);
    let command = format!("{}{}", command(arguments), arguments.fleet.typed());
    let accept_drift = arguments.accept.contains(&Acceptable::Drift);
    let options = Options { to: arguments.to.as_deref(), accept_drift, atomic: arguments.atomic, ..Options::default() };
    let consent = |waiting: &[Migration], count: usize| {
        refuse_steps(&folder, waiting)?;
        refuse_without_backup(context, (&fleet.target, &arguments.backup), &folder, waiting)?;
        consent::of_fleet(context, &folder, (&fleet.target, count), waiting, (arguments.consent, &command))
    };
    rollout::run(&Wanted {
        context,
        folder: &folder,
        fleet: fleet.name(),
        members: &members,
        shard: arguments.fleet.shard,
        options,
        rollout: &rollout,
        retries: arguments.retry,
        is_dry: arguments.dry_run,
        rehearses: arguments.rehearse.rehearse,
        again: &with_consent(&command, arguments),
        consent: &consent,
    })
}

/// The command that goes on: whoever has consented once does so again.
fn with_consent(command: &str, arguments: &Migrate) -> String {
    if arguments.consent.yes { format!("{command} --yes") } else { command.to_owned() }
}

/// Refuses what is for one database.
fn refuse_flags(arguments: &Migrate, fleet: &Fleet) -> Result<()> {
    let name = fleet.name();
    let on_member = format!("on one member: `-t {name}/NAME`");
    let backup = format!("back its members up before: `cargo dbmigrate backup -t {name}`");
    let all = [
        ("--plan", arguments.plan.is_some(), &on_member),
        ("--branch", arguments.branch.is_some(), &on_member),
        ("--rehearse-only", arguments.rehearse_only, &on_member),
        ("--rehearse-in", arguments.rehearse.rehearse_in.is_some(), &on_member),
        ("--with", arguments.with.with.is_some(), &on_member),
        ("--backup", arguments.backup.backup.is_some(), &backup),
    ];
    let level = arguments.levels.first();
    let found = all.into_iter().find(|(_, is_given, _)| *is_given).map(|(flag, _, help)| (flag.to_owned(), help));
    let found = found.or_else(|| level.map(|flag| (flag, &on_member)));
    let Some((flag, help)) = found else { return Ok(()) };
    Err(CommandError::usage(format!("`{flag}` is for one database, and `{name}` is a fleet")).help(help.clone()))
}

/// Refuses migrations with a step that only the application can run.
fn refuse_steps(folder: &Folder, waiting: &[Migration]) -> Result<()> {
    for migration in waiting {
        let text = folder.sql(migration)?;
        if Script::parse(&text, &folder.sql_path(migration))?.rust.is_some() {
            return Err(CommandError::failed(format!(
                "`{}` has a step in Rust, which a fleet cannot run",
                migration.name
            ))
            .note("no member was changed")
            .help("let the application migrate its databases when it opens them"));
        }
    }
    Ok(())
}

/// Refuses a run without the backups that the configuration asks for.
fn refuse_without_backup(
    context: &Context,
    (target, flags): (&Target, &backup::Flags),
    folder: &Folder,
    waiting: &[Migration],
) -> Result<()> {
    let why = match context.config.backup {
        BackupFirst::Always if !flags.no_backup => Some("`backup = \"always\"`".to_owned()),
        BackupFirst::Auto if !flags.no_backup && target.is_protected() => {
            waiting.iter().find_map(|one| backup::risk(folder, one))
        }
        _ => None,
    };
    let Some(why) = why else { return Ok(()) };
    let name = &target.name;
    Err(CommandError::new(exit::DECISION, format!("the members of `{name}` must be backed up first: {why}"))
        .note("no member was changed")
        .help(format!("back them up: `cargo dbmigrate backup -t {name}`"))
        .help("then, or to do without: `cargo dbmigrate migrate --no-backup`"))
}
