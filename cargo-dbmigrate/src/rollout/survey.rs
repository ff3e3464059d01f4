//! The survey: every member is asked where it stands, many at once, before any is written to.

use std::collections::BTreeMap;

use dbmigrate_core::engine::apply::Options;
use dbmigrate_core::folder::Folder;

use super::look::Question;
use super::pool::{Pool, Went};
use super::trouble::Trouble;
use crate::fleet::Member;
use crate::messages::{MemberState, MembersIn};
use crate::project::Context;
use crate::project::url::Place;

pub(crate) use super::look::Look;

/// Where all members stand, in their order; nothing is asked of their rows. At most `parallel` are asked at once.
pub(crate) fn survey(context: &Context, folder: &Folder, members: &[Member], parallel: Option<usize>) -> Vec<Look> {
    let question = Question { context, folder, options: Options::default(), probes: None };
    let most = parallel.unwrap_or(super::PARALLEL);
    all(&question, members, &Pool::new(most, most), || false).into_iter().flatten().collect()
}

/// The same for any question. Those that were not asked because somebody has stopped it have no answer.
pub(super) fn all(
    question: &Question<'_>,
    members: &[Member],
    pool: &Pool,
    is_stopped: impl Fn() -> bool,
) -> Vec<Option<Look>> {
    let progress = question.context.printer.progress("Surveying", members.len() as u64);
    let every: Vec<usize> = (0..members.len()).collect();
    let mut looks = vec![None; members.len()];
    let mut done = 0;
    let work = |at: usize| {
        let look = question.ask(&members[at]);
        let went = went(look.trouble.as_deref());
        (look, went)
    };
    pool.each(
        &every,
        |at| host(&members[at]),
        work,
        |at, look| {
            done += 1;
            progress.step(done, &members[at].name);
            looks[at] = Some(look);
            !is_stopped()
        },
    );
    looks
}

/// What work on a member says of its host.
pub(super) fn went(trouble: Option<&Trouble>) -> Went {
    if trouble.is_some_and(Trouble::is_of_host) { Went::Badly } else { Went::Well }
}

/// What a member shares with others: its server, or the disk.
pub(super) fn host(member: &Member) -> String {
    match member.url.place() {
        Place::File(_) => String::new(),
        Place::Server(server) => server.url.server(),
    }
}

/// How many members are in each state.
pub(crate) fn histogram<'l>(looks: impl IntoIterator<Item = &'l Look>) -> Vec<MembersIn> {
    let mut states: BTreeMap<(MemberState, Option<u32>), usize> = BTreeMap::new();
    for look in looks {
        let pending = match look.state {
            MemberState::AtHead => Some(0),
            MemberState::Behind => look.pending,
            _ => None,
        };
        *states.entry((look.state, pending)).or_default() += 1;
    }
    let row = |((state, pending), members): ((MemberState, Option<u32>), usize)| MembersIn {
        state,
        pending: pending.map(|pending| pending as usize),
        members,
    };
    states.into_iter().map(row).collect()
}
