//! Whether a member of a fleet has a migration that would move: one is enough, and they are asked many at once.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use dbmigrate_core::config::{FleetSource, Target};

use super::applied::{has, refused};
use super::arguments::Rebase;
use crate::database::file;
use crate::error::Result;
use crate::fleet::Member;
use crate::project::Context;
use crate::project::url::Connect;
use crate::rebasing::Sides;
use crate::report::counted;

/// How many members are asked at once where the fleet does not say.
const AT_ONCE: usize = 16;

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
        let Asked { found, failed, reason } = ask(context, sides, &members, target.rollout.parallel);
        if let Some((member, migration)) = found {
            return Err(refused(sides, &migration, &format!("the member `{name}/{member}`")));
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

fn ask(context: &Context, sides: &Sides, members: &[Member], at_once: Option<usize>) -> Asked {
    let (next, is_found, asked) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(Asked::default()));
    let work = || {
        while let Some(member) = members.get(next.fetch_add(1, Ordering::Relaxed)) {
            if is_found.load(Ordering::Relaxed) {
                return;
            }
            let answer = has(context, sides, &member.url);
            let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
            match answer {
                Ok(None) => {}
                Ok(Some(migration)) => {
                    is_found.store(true, Ordering::Relaxed);
                    asked.found.get_or_insert((member.name.clone(), migration));
                }
                Err(error) => {
                    asked.failed += 1;
                    asked.reason.get_or_insert_with(|| error.message().to_owned());
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..at_once.unwrap_or(AT_ONCE).clamp(1, members.len().max(1)) {
            scope.spawn(work);
        }
    });
    asked.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Says that nobody knows of a fleet.
fn not_asked(context: &Context, sides: &Sides, target: &Target, why: &str) {
    let Some(first) = sides.moved().next() else { return };
    let message = format!("cannot ask all of `{}` for `{}`: {why}", target.name, first.name);
    let flag = format!("`cargo dbmigrate rebase --applied-on {}` says what to do", target.name);
    context.printer.warning(&message, &[format!("if a member has it, it must not move: {flag}")]);
}
