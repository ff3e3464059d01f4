//! Whether a member of a fleet has a migration that would move: one is enough, and they are asked many at once.

use dbmigrate_core::config::{FleetSource, Rollout, Target};

use super::applied::{has, moves_on, refused};
use super::arguments::Rebase;
use crate::database::file;
use crate::error::Result;
use crate::fleet::Member;
use crate::project::Context;
use crate::project::url::Connect;
use crate::rebasing::Sides;
use crate::report::counted;
use crate::rollout::survey;

/// Looks at the members of every fleet of the database.
///
/// # Errors
/// Exit code 5 if one of them has a migration that would move.
pub(super) fn refuse(context: &Context, arguments: &Rebase, sides: &Sides) -> Result<()> {
    if sides.moved().next().is_none() {
        return Ok(());
    }
    for target in context.config.targets.iter().filter(|target| target.fleet.is_some()) {
        let name = &target.name;
        if arguments.offline && !is_local(target) {
            context.printer.detail("Skipped", format!("{name}: not checked (`--offline`)"));
            continue;
        }
        let members = match members(context, arguments, target) {
            Ok(members) => members,
            Err(error) => {
                not_asked(context, sides, target, &error.to_string());
                continue;
            }
        };
        context.printer.detail("Fleet", format!("{name} ({})", counted(members.len(), "member")));
        let Asked { found, failed, reason } = ask(context, sides, &members, &target.rollout);
        if let Some((member, migration)) = found {
            let member = format!("{name}/{member}");
            if moves_on(context, arguments, name, &migration) {
                continue;
            }
            let there = (&*format!("the member `{member}`"), Some(name.as_str()));
            return Err(refused((sides, arguments), &migration, there));
        }
        if let Some(reason) = reason {
            not_asked(context, sides, target, &format!("{}: {reason}", counted(failed, "member")));
        }
    }
    Ok(())
}

/// Whether files alone say which members there are, and are these.
fn is_local(target: &Target) -> bool {
    target.fleet.as_ref().is_some_and(|fleet| matches!(fleet.source, FleetSource::Files(_)))
}

/// Its members that are there.
fn members(context: &Context, arguments: &Rebase, target: &Target) -> Result<Vec<Member>> {
    let name = target.name.clone();
    let connect = Connect { target: vec![name], timeout: arguments.connect.timeout, ..Connect::default() };
    let Some(fleet) = context.fleet(&connect)? else { return Ok(Vec::new()) };
    let mut there = Vec::new();
    for member in fleet.members(context)? {
        if file::exists(&member.url)? {
            there.push(member);
        }
    }
    Ok(there)
}

/// What the members said.
#[derive(Default)]
struct Asked {
    /// One that has a migration which would move, and which.
    found: Option<(String, String)>,
    /// How many could not be asked.
    failed: usize,
    /// Why the first of those could not.
    reason: Option<String>,
}

fn ask(context: &Context, sides: &Sides, members: &[Member], rollout: &Rollout) -> Asked {
    let mut asked = Asked::default();
    let question = |member: &Member| has(context, sides, &member.url);
    survey::ask_until(members, rollout, question, |at, answer| match answer {
        Ok(None) => true,
        Ok(Some(migration)) => {
            asked.found.get_or_insert((members[at].name.clone(), migration));
            false
        }
        Err(error) => {
            asked.failed += 1;
            asked.reason.get_or_insert_with(|| error.message().to_owned());
            true
        }
    });
    asked
}

/// Says that nobody knows of a fleet.
fn not_asked(context: &Context, sides: &Sides, target: &Target, why: &str) {
    let Some(first) = sides.moved().next() else { return };
    let message = format!("cannot ask all of `{}` for `{}`: {why}", target.name, first.name);
    let flag = format!("`cargo dbmigrate rebase --applied-on {}` says what to do", target.name);
    context.printer.warning(&message, &[format!("if a member has it, it must not move: {flag}")]);
}
