//! The members that wait for their turn, those of each host in a line of their own, so that none waits behind a host that
//! has no room.

use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

/// A member that waits.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Turn<A> {
    pub(super) member: usize,
    /// How often it was tried.
    pub(super) tries: u32,
    /// When it may be tried again.
    pub(super) not_before: Option<Instant>,
    /// What came of it then.
    pub(super) earlier: Option<A>,
}

/// What can be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<A> {
    /// Work on a member of that host.
    Take(Turn<A>, usize),
    /// Wait, at most until then.
    Wait(Option<Instant>),
    /// There is no more.
    Nothing,
}

/// The members that wait.
#[derive(Debug)]
pub(super) struct Queue<A> {
    /// Those of each host with their places among all.
    lines: Vec<VecDeque<(usize, Turn<A>)>>,
    /// The hosts for which somebody waits, by the place of the first of them.
    first: BTreeSet<(usize, usize)>,
    /// How many wait, and how many are worked on.
    waiting: usize,
    under_way: usize,
    /// The place of the next that is put off.
    place: usize,
    is_stopped: bool,
}

impl<A> Queue<A> {
    /// These members, each with the number of its host.
    pub(super) fn new(members: impl Iterator<Item = (usize, usize)>) -> Self {
        let mut queue =
            Self { lines: Vec::new(), first: BTreeSet::new(), waiting: 0, under_way: 0, place: 0, is_stopped: false };
        for (member, host) in members {
            queue.push(Turn { member, tries: 0, not_before: None, earlier: None }, host);
        }
        queue
    }

    /// The first one that may be worked on. `room` says of a host whether it has any, and until when it rests.
    pub(super) fn next(
        &mut self,
        now: Instant,
        is_full: bool,
        room: impl Fn(usize) -> (bool, Option<Instant>),
    ) -> Next<A> {
        if self.is_over() {
            return Next::Nothing;
        }
        if self.is_stopped || is_full {
            return Next::Wait(None);
        }
        let mut until: Option<Instant> = None;
        let mut found = None;
        for (_, host) in &self.first {
            let (has_room, rests_until) = room(*host);
            let not_before = self.lines[*host].front().and_then(|(_, turn)| turn.not_before);
            let from = rests_until.max(not_before).filter(|from| *from > now);
            match from {
                None if has_room => {
                    found = Some(*host);
                    break;
                }
                Some(from) if has_room => until = Some(until.map_or(from, |until| until.min(from))),
                _ => {}
            }
        }
        let Some(host) = found else { return Next::Wait(until) };
        match self.pop(host) {
            Some(turn) => {
                self.under_way += 1;
                Next::Take(turn, host)
            }
            None => Next::Wait(until),
        }
    }

    /// One that was worked on is tried again behind all others.
    pub(super) fn put_off(&mut self, turn: Turn<A>, host: usize) {
        self.is_done();
        self.push(turn, host);
    }

    /// One that was worked on is done.
    pub(super) fn is_done(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// Nothing else is begun.
    pub(super) fn stop(&mut self) {
        self.is_stopped = true;
    }

    /// Whether nobody waits, or will.
    pub(super) fn is_over(&self) -> bool {
        self.is_stopped || (self.waiting == 0 && self.under_way == 0)
    }

    /// Those that still wait, in their order.
    pub(super) fn drain(&mut self) -> Vec<Turn<A>> {
        let mut all: Vec<(usize, Turn<A>)> = self.lines.iter_mut().flat_map(std::mem::take).collect();
        self.first.clear();
        self.waiting = 0;
        all.sort_by_key(|(place, _)| *place);
        all.into_iter().map(|(_, turn)| turn).collect()
    }

    fn push(&mut self, turn: Turn<A>, host: usize) {
        if self.lines.len() <= host {
            self.lines.resize_with(host + 1, VecDeque::new);
        }
        let line = &mut self.lines[host];
        if line.is_empty() {
            self.first.insert((self.place, host));
        }
        line.push_back((self.place, turn));
        self.place += 1;
        self.waiting += 1;
    }

    fn pop(&mut self, host: usize) -> Option<Turn<A>> {
        let (place, turn) = self.lines[host].pop_front()?;
        self.first.remove(&(place, host));
        if let Some((place, _)) = self.lines[host].front() {
            self.first.insert((*place, host));
        }
        self.waiting -= 1;
        Some(turn)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn taken(next: Next<()>) -> Option<(usize, usize)> {
        match next {
            Next::Take(turn, host) => Some((turn.member, host)),
            _ => None,
        }
    }

    #[test]
    fn members_are_taken_in_their_order_and_none_waits_behind_a_host_without_room() {
        let now = Instant::now();
        let mut queue: Queue<()> = Queue::new([(10, 0), (11, 0), (12, 1), (13, 0), (14, 1)].into_iter());
        let free = |_: usize| (true, None);
        assert_eq!(taken(queue.next(now, false, free)), Some((10, 0)));
        assert_eq!(taken(queue.next(now, false, |host| (host == 1, None))), Some((12, 1)));
        let later = now + Duration::from_secs(1);
        let resting = |host: usize| (true, (host == 0).then_some(later));
        assert_eq!(taken(queue.next(now, false, resting)), Some((14, 1)));
        assert_eq!(queue.next(now, false, resting), Next::Wait(Some(later)));
        assert_eq!(queue.next(now, true, free), Next::Wait(None));
        assert_eq!(taken(queue.next(later, false, resting)), Some((11, 0)));
        queue.put_off(Turn { member: 10, tries: 1, not_before: Some(later), earlier: Some(()) }, 0);
        assert_eq!(taken(queue.next(now, false, free)), Some((13, 0)), "who is put off is behind the others");
        assert_eq!(queue.next(now, false, free), Next::Wait(Some(later)));
        assert_eq!(taken(queue.next(later, false, free)), Some((10, 0)));
        (0..5).for_each(|_| queue.is_done());
        assert_eq!(queue.next(later, false, free), Next::Nothing);
    }

    #[test]
    fn who_is_left_when_it_stops_is_told_with_what_came_of_it_before() {
        let now = Instant::now();
        let mut queue: Queue<u8> = Queue::new((0..3).map(|member| (member, 0)));
        assert!(matches!(queue.next(now, false, |_| (true, None)), Next::Take(..)));
        queue.put_off(Turn { member: 0, tries: 1, not_before: None, earlier: Some(7) }, 0);
        queue.stop();
        assert_eq!(queue.next(now, false, |_| (true, None)), Next::Nothing);
        let left: Vec<(usize, Option<u8>)> =
            queue.drain().into_iter().map(|turn| (turn.member, turn.earlier)).collect();
        assert_eq!(left, [(1, None), (2, None), (0, Some(7))]);
    }
}
