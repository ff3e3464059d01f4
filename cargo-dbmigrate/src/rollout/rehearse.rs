//! A rehearsal on some members before any is written to: the largest, the one that lacks the most, and others by chance.

use std::fs;

use super::look::Look;
use super::wanted::Wanted;
use crate::database::Run;
use crate::error::Result;
use crate::fleet::Member;
use crate::rehearsing::rehearse;

/// On how many members, if nobody says.
const SAMPLE: usize = 3;

/// Rehearses what is pending on a sample of these members.
///
/// # Errors
/// If that does not go well on one of them.
pub(super) fn on_sample(wanted: &Wanted<'_>, members: &[usize], looks: &[Option<Look>]) -> Result<()> {
    let count = wanted.rollout.rehearse.unwrap_or(if wanted.rehearses { SAMPLE } else { 0 });
    if count == 0 {
        return Ok(());
    }
    let printer = &wanted.context.printer;
    for at in sample(wanted.members, members, looks, count) {
        let Member { name, url, .. } = &wanted.members[at];
        printer.detail("Rehearsal", format!("on the member `{name}`"));
        let run = Run { context: wanted.context, folder: wanted.folder, url, options: wanted.options, place: None };
        rehearse(&run, None, |_| {}).map_err(|error| {
            error.note(format!("this was a rehearsal on the member `{name}`; no member was changed"))
        })?;
    }
    Ok(())
}

/// The members to rehearse on, each once.
fn sample(all: &[Member], members: &[usize], looks: &[Option<Look>], count: usize) -> Vec<usize> {
    let size = |at: &usize| all[*at].url.file().and_then(|file| fs::metadata(file).ok()).map(|file| file.len());
    let lacks = |at: &usize| looks.get(*at).and_then(|look| look.as_ref()?.pending);
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
