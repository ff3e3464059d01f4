//! The survey: every member is asked where it stands, many at once, before any is written to.

use std::collections::BTreeMap;

use dbmigrate_core::config::Rollout;
use dbmigrate_core::engine::apply::{Options, States};
use dbmigrate_core::folder::Folder;

use super::host::Went;
use super::look::Question;
use super::pool::{Pool, Task};
use super::trouble::{Reasons, Trouble};
use crate::error::{CommandError, Result};
use crate::fleet::Member;
use crate::messages::{FailureOfMembers, MemberState, MembersIn};
use crate::project::Context;
use crate::project::url::Place;
use crate::report::counted;

pub(crate) use super::look::Look;

/// Where all members stand, in their order; nothing is asked of their rows. As many are asked at once as a roll-out may.
pub(crate) fn survey(context: &Context, folder: &Folder, members: &[Member], rollout: &Rollout) -> Vec<Look> {
    let states = States::of(folder);
    let question = Question { context, folder, options: Options::default(), states: &states, probes: None };
    all(&question, members, &Pool::of(rollout).telling(&context.printer), || false).into_iter().flatten().collect()
}

/// Something else that is asked of some of the members, as many at once. In their order.
pub(crate) fn ask<T: Send>(
    members: &[Member],
    some: &[usize],
    rollout: &Rollout,
    question: impl Fn(&Member) -> Result<T> + Sync,
) -> Vec<(usize, Result<T>)> {
    let mut answers = Vec::with_capacity(some.len());
    each(members, some, rollout, question, |at, answer| {
        answers.push((at, answer));
        true
    });
    answers.sort_by_key(|(at, _)| *at);
    answers
}

/// The same of all of them, as long as `wants_more` of each answer.
pub(crate) fn ask_until<T: Send>(
    members: &[Member],
    rollout: &Rollout,
    question: impl Fn(&Member) -> Result<T> + Sync,
    wants_more: impl FnMut(usize, Result<T>) -> bool,
) {
    let every: Vec<usize> = (0..members.len()).collect();
    each(members, &every, rollout, question, wants_more);
}

fn each<T: Send>(
    members: &[Member],
    some: &[usize],
    rollout: &Rollout,
    question: impl Fn(&Member) -> Result<T> + Sync,
    settled: impl FnMut(usize, Result<T>) -> bool,
) {
    Pool::of(rollout).each(some, &Asking { members, question }, settled);
}

/// Any question.
struct Asking<'a, Q> {
    members: &'a [Member],
    question: Q,
}

impl<T: Send, Q: Fn(&Member) -> Result<T> + Sync> Task for Asking<'_, Q> {
    type Answer = Result<T>;

    fn host(&self, member: usize) -> String {
        host(&self.members[member])
    }

    fn work(&self, member: usize, _: Option<Self::Answer>) -> (Self::Answer, Went) {
        let answer = (self.question)(&self.members[member]);
        let went = if answer.is_ok() { Went::Well } else { Went::Badly };
        (answer, went)
    }

    fn given_up(&self, _: usize, host: &str) -> Self::Answer {
        Err(CommandError::failed(Trouble::not_asked(host).message))
    }
}

/// The same for any question. Those that were not asked because somebody has stopped it have no answer.
pub(super) fn all(
    question: &Question<'_>,
    members: &[Member],
    pool: &Pool,
    is_stopped: impl Fn() -> bool + Sync,
) -> Vec<Option<Look>> {
    let printer = &question.context.printer;
    let progress = printer.progress_within("Surveying", members.len() as u64, pool.within());
    let every: Vec<usize> = (0..members.len()).collect();
    let mut looks = vec![None; members.len()];
    let mut done = 0;
    let looking = Looking { question, members, is_stopped: &is_stopped };
    pool.each(&every, &looking, |at, look| {
        done += 1;
        progress.step(done, &members[at].name);
        looks[at] = Some(look);
        !is_stopped()
    });
    looks
}

/// The survey.
struct Looking<'a, S> {
    question: &'a Question<'a>,
    members: &'a [Member],
    is_stopped: S,
}

impl<S: Fn() -> bool + Sync> Task for Looking<'_, S> {
    type Answer = Look;

    fn host(&self, member: usize) -> String {
        host(&self.members[member])
    }

    fn work(&self, member: usize, _: Option<Look>) -> (Look, Went) {
        let look = self.question.ask(&self.members[member]);
        let went = look.trouble.as_deref().map_or(Went::Well, |trouble| trouble.went);
        (look, went)
    }

    fn given_up(&self, _: usize, host: &str) -> Look {
        Look::unreachable(Trouble::not_asked(host))
    }

    fn is_stopped(&self) -> bool {
        (self.is_stopped)()
    }
}

/// What a member shares with others: its server, or the disk.
pub(super) fn host(member: &Member) -> String {
    match member.url.place() {
        Place::File(_) => String::new(),
        Place::Server(server) => shared(&server.url.server()),
    }
}

/// What the address of a server shares with those of others of the same service, which have the name of the database in
/// front: all but the first part of the name, if it has more than that and a domain.
fn shared(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let host = rest.split(['/', ':']).next().unwrap_or(rest);
    let Some((_, domain)) = host.split_once('.') else { return address.to_owned() };
    let is_number = host.split('.').all(|part| part.parse::<u8>().is_ok()) || rest.starts_with('[');
    let is_service = domain.contains('.') || domain.eq_ignore_ascii_case("localhost");
    match is_service && !is_number {
        true => format!("{scheme}://{}", &rest[host.len() - domain.len()..]),
        false => address.to_owned(),
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

/// Where a member stands, in words.
pub(crate) fn standing(state: MemberState, pending: Option<usize>) -> String {
    match (state, pending) {
        (MemberState::AtHead, _) => "at head".to_owned(),
        (MemberState::Behind, Some(pending)) => format!("behind by {}", counted(pending, "migration")),
        (MemberState::Behind, None) => "behind".to_owned(),
        (MemberState::Drifted, _) => "drifted".to_owned(),
        (MemberState::UnknownHistory, _) => "with another history".to_owned(),
        (MemberState::Unreachable, _) => "unreachable".to_owned(),
    }
}

/// What is wrong with members, those that differ in nothing but the member together.
pub(crate) fn reasons<'l>(looks: impl IntoIterator<Item = (&'l Member, &'l Look)>) -> Vec<FailureOfMembers> {
    let mut reasons = Reasons::default();
    for (member, look) in looks {
        if let Some(trouble) = &look.trouble {
            reasons.add(member, trouble);
        }
    }
    reasons.sorted()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_of_one_service_are_on_one_host() {
        for (address, wanted) in [
            ("http://t1.localhost:8080", "http://localhost:8080"),
            ("https://a-org.aws-eu-west-1.turso.io", "https://aws-eu-west-1.turso.io"),
            ("https://a-org.turso.io", "https://turso.io"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("https://example.com", "https://example.com"),
            ("http://10.0.0.7:8080", "http://10.0.0.7:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://db", "http://db"),
        ] {
            assert_eq!(shared(address), wanted);
        }
    }
}
