//! A rehearsal on some members before any is written to: the largest, the one that lacks the most, and others by chance.

use std::fs;

use super::look::Look;
use super::wanted::Wanted;
use crate::database::Run;
use crate::error::Result;
use crate::fleet::{Fleet, Member};
use crate::rehearsing::rehearse;

/// On how many members, if nobody says.
const SAMPLE: usize = 3;

/// Rehearses what is pending on a sample of these members, and returns on how many.
///
/// # Errors
/// If that does not go well on one of them.
pub(super) fn on_sample(wanted: &Wanted<'_>, members: &[usize], looks: &[Option<Look>]) -> Result<usize> {
    let is_wanted = wanted.rehearses || wanted.rehearses_only;
    let count = wanted.rollout.rehearse.unwrap_or(if is_wanted { SAMPLE } else { 0 });
    if count == 0 {
        return Ok(0);
    }
    let printer = &wanted.context.printer;
    let sample = sample(wanted.members, members, |at| looks.get(at)?.as_ref(), count);
    for at in &sample {
        let Member { name, url, .. } = &wanted.members[*at];
        printer.detail("Rehearsal", format!("on the member `{name}`"));
        let Wanted { context, folder, options, place, .. } = *wanted;
        rehearse(&Run { context, folder, url, options, place }, None, |_| {}).map_err(|error| {
            error.note(format!("this was a rehearsal on the member `{name}`; no member was changed"))
        })?;
    }
    Ok(sample.len())
}

/// The members of a fleet to rehearse on, of those that are named: as many as it is configured to, or as there usually are.
pub(crate) fn sample_of(fleet: &Fleet, all: &[Member], members: &[usize], looks: &[Look]) -> Vec<usize> {
    sample(all, members, |at| looks.get(at), fleet.target.rollout.rehearse.filter(|count| *count > 0).unwrap_or(SAMPLE))
}

/// The members to rehearse on, each once.
fn sample<'l>(all: &[Member], members: &[usize], look: impl Fn(usize) -> Option<&'l Look>, count: usize) -> Vec<usize> {
    let size = |at: &usize| all[*at].url.file().and_then(|file| fs::metadata(file).ok()).map(|file| file.len());
    let lacks = |at: &usize| look(*at).and_then(|look| look.pending);
    let largest = members.iter().copied().max_by_key(size).filter(|at| size(at).is_some());
    let oldest = members.iter().copied().max_by_key(lacks);
    let mut sample = Vec::new();
    // their order follows from hashes of their names, which is chance enough
    for at in largest.into_iter().chain(oldest).chain(members.iter().copied()) {
        if sample.len() < count && !sample.contains(&at) {
            sample.push(at);
        }
    }
    sample
}
