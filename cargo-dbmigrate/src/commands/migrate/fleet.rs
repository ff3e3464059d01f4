//! `migrate` on a fleet: what makes no sense there, and what is asked before the first member is written to.

use dbmigrate_core::config::{BackupFirst, Target};
use dbmigrate_core::engine::apply::Options;
use dbmigrate_core::folder::{Folder, Migration, Script, Verify};

use super::arguments::{Migrate, check_name, command};
use super::{backup, consent};
use crate::error::{CommandError, Result};
use crate::exit;
use crate::fleet::Fleet;
use crate::project::{Acceptable, Context};
use crate::rehearsing::refuse_missing;
use crate::rollout::{self, Wanted};

/// Migrates a fleet, and returns the exit code.
///
/// # Errors
/// Exit code 2 for flags that make no sense on a fleet, 3 without consent, 6 if members are left.
pub(super) fn run(context: &Context, arguments: &Migrate, fleet: &Fleet) -> Result<u8> {
    refuse_flags(arguments, fleet)?;
    // before thousands of members are asked
    arguments.rehearse.rehearse_in.as_deref().map_or(Ok(()), refuse_missing)?;
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
    let options = Options {
        to: arguments.to.as_deref(),
        phase: arguments.phase.map(Into::into),
        accept_drift,
        atomic: arguments.atomic,
        ..Options::default()
    };
    let consent = |waiting: &[Migration], count: usize| {
        refuse_steps(&folder, waiting)?;
        refuse_without_backup(context, (&fleet.target, &arguments.backup), &folder, waiting)?;
        let waiting = (waiting, options.phase);
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
        pace: arguments.pace.limits(),
        retries: arguments.retry,
        is_dry: arguments.dry_run,
        rehearses: arguments.rehearse.rehearse,
        rehearses_only: arguments.rehearse_only,
        place: arguments.rehearse.rehearse_in.as_deref(),
        summary: arguments.fleet.summary.as_deref(),
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
