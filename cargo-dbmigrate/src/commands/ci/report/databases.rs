//! Where the databases stand that are named: what is pending there.

use dbmigrate_core::engine::apply::{Loss, Options, Standing, inspect, losses};
use dbmigrate_core::folder::{Folder, Script};
use pollster::block_on;

use crate::commands::ci::arguments::Report;
use crate::database::state::failure;
use crate::database::{Run, file, open};
use crate::error::Result;
use crate::exit;
use crate::fleet::{Fleet, Member};
use crate::messages::{DatabaseState, LostThere, MemberState};
use crate::project::Context;
use crate::project::targets::worse;
use crate::project::url::DatabaseUrl;
use crate::rehearsing;
use crate::rollout::survey::{self, Look};
use crate::rollout::{reason, sample_of};

/// Asks those that are named. What one cannot be read for is in its state, and is what the second value says: the worst
/// exit code, or the error of the only one.
///
/// # Errors
/// If they are no databases.
pub(super) fn ask(context: &Context, arguments: &Report, folder: &Folder) -> Result<(Vec<DatabaseState>, Result<u8>)> {
    let mut states = Vec::new();
    if !arguments.connect.names_one() {
        return Ok((states, Ok(exit::DONE)));
    }
    if let Some(fleet) = context.fleet(&arguments.connect)? {
        let mut state = named(fleet.name().to_owned(), true);
        let members = members(context, &fleet, folder, &mut state);
        state.error = members.as_ref().err().map(|error| error.message().to_owned());
        states.push(state);
        let code = members.map(|Members { all, behind, looks, code }| {
            let sample =
                if arguments.rehearse.rehearse { sample_of(&fleet, &all, &behind, &looks) } else { Vec::new() };
            let mut worst = code;
            for at in sample {
                worst = worse(worst, on_member(context, arguments, folder, &all[at], &mut states));
            }
            worst
        });
        return Ok((states, code));
    }
    let databases = context.databases(&arguments.connect)?;
    let code = databases.each(context, |context, url| {
        let name = url.target().map_or_else(|| url.to_string(), |target| target.name.clone());
        let mut state = named(name, url.target().is_some());
        let looked = look(context, url, folder, &mut state).and_then(|()| {
            let place = arguments.rehearse.rehearse_in.as_deref();
            let plan = Run { context, folder, url, options: Options::default(), place };
            if !arguments.rehearse.rehearse || state.is_foreign || state.differences > 0 {
                return Ok(());
            }
            rehearsing::rehearse(&plan, None, |report| state.rehearsal = Some(report.clone())).map(drop)
        });
        // what a rehearsal found says more
        let error = looked.as_ref().err().filter(|_| state.rehearsal.is_none());
        state.error = error.map(|error| error.message().to_owned());
        states.push(state);
        looked.map(|()| exit::DONE)
    });
    Ok((states, code))
}

/// A database of which nothing is known yet.
fn named(name: String, is_target: bool) -> DatabaseState {
    DatabaseState {
        name,
        is_target,
        pending: Vec::new(),
        losses: Vec::new(),
        differences: 0,
        is_foreign: false,
        members: Vec::new(),
        rehearsal: None,
        error: None,
    }
}

/// The members of a fleet, and where they stand.
struct Members {
    all: Vec<Member>,
    /// Those that lack migrations, and could get them.
    behind: Vec<usize>,
    looks: Vec<Look>,
    /// The exit code: 6 if some cannot be told of.
    code: u8,
}

/// Asks the members of a fleet where they stand.
fn members(context: &Context, fleet: &Fleet, folder: &Folder, state: &mut DatabaseState) -> Result<Members> {
    let members = fleet.members(context)?;
    let looks = survey::survey(context, folder, &members, &fleet.target.rollout);
    state.members = survey::histogram(&looks);
    let behind = looks.iter().filter(|look| look.state == MemberState::Behind);
    let least = behind.filter_map(|look| look.applied).min().and_then(|applied| usize::try_from(applied).ok());
    let pending = least.and_then(|applied| folder.migrations().get(applied..)).unwrap_or_default();
    state.pending = pending.iter().map(|one| one.name.to_string()).collect();
    for failure in survey::reasons(members.iter().zip(&looks)) {
        context.printer.warning(&reason(&failure), &[]);
    }
    let is_unknown = |look: &Look| matches!(look.state, MemberState::UnknownHistory | MemberState::Unreachable);
    let code = if looks.iter().any(is_unknown) { exit::MEMBERS } else { exit::DONE };
    let behind = (0..looks.len()).filter(|at| looks[*at].state == MemberState::Behind).collect();
    Ok(Members { all: members, behind, looks, code })
}

/// Rehearses on a member of a fleet, and adds what came of it to the databases. Returns the exit code.
fn on_member(
    context: &Context,
    arguments: &Report,
    folder: &Folder,
    member: &Member,
    states: &mut Vec<DatabaseState>,
) -> u8 {
    let name = member.url.target().map_or_else(|| member.name.clone(), |target| target.name.clone());
    let context = &Context { printer: context.printer.on_target(&name), ..context.clone() };
    let mut state = named(name, true);
    let place = arguments.rehearse.rehearse_in.as_deref();
    let run = Run { context, folder, url: &member.url, options: Options::default(), place };
    let rehearsed = look(context, &member.url, folder, &mut state)
        .and_then(|()| rehearsing::rehearse(&run, None, |report| state.rehearsal = Some(report.clone())));
    let code = rehearsed.map_or_else(
        |error| {
            // what a rehearsal found says more
            state.error = Some(error.message().to_owned()).filter(|_| state.rehearsal.is_none());
            let code = error.exit_code();
            context.printer.error(&error);
            code
        },
        |_| exit::DONE,
    );
    states.push(state);
    code
}

/// Looks at one.
fn look(context: &Context, url: &DatabaseUrl, folder: &Folder, state: &mut DatabaseState) -> Result<()> {
    let mut pending = folder.migrations();
    let mut target = None;
    if file::exists(url)? {
        let mut database = open(context, url, false)?;
        let (status, standing) =
            block_on(inspect(&mut database, folder)).map_err(|error| failure(error, url.into()))?;
        pending = pending.get(status.applied..).unwrap_or_default();
        match standing {
            Standing::Drifted(drifted) => state.differences = drifted.details().len() + drifted.unreadable.len(),
            Standing::NotEmpty(_) => state.is_foreign = true,
            Standing::AsRecorded => target = Some(database),
        }
    }
    state.pending = pending.iter().map(|one| one.name.to_string()).collect();
    // an empty database has nothing to lose
    for migration in pending.iter().filter(|one| one.index > 0) {
        let Some(database) = &mut target else { break };
        let sql = folder.sql(migration)?;
        let script = Script::parse(&sql, &folder.sql_path(migration))?;
        let found = block_on(losses(database, (folder, migration), &script)).into_iter();
        let found = found.filter(|loss| loss.count > 0 && loss.kept.is_none() && loss.carried_to.is_empty());
        state.losses.extend(found.map(|Loss { lint, object, count, .. }| LostThere { lint, object, count }));
    }
    Ok(())
}
