//! Work on many members at once: as much as goes well. A host is asked for more as long as it answers as fast as before,
//! and for half as much when it does not answer, or answers much later.

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// So many at once a host begins with.
const FIRST: usize = 4;

/// An answer that takes so many times as long as the fastest, and [`SLOWER_BY`] more, is a late one.
const SLOWER: u32 = 4;
const SLOWER_BY: Duration = Duration::from_millis(100);

/// The same for work that waits for no network: a few times as long as the fastest says that there is no processor left.
const SLOWER_AT_HAND: u32 = 3;
const SLOWER_AT_HAND_BY: Duration = Duration::from_millis(2);

/// How many of those that wait are looked at for one whose host has room.
const LOOK_AHEAD: usize = 512;

/// How work on a member went, as far as its host is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Went {
    /// It answered.
    Well,
    /// It did not, or had no time.
    Badly,
}

/// How much is done at once.
#[derive(Debug)]
pub(super) struct Pool {
    /// On all hosts.
    most: usize,
    /// On each.
    per_host: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    hosts: BTreeMap<String, Host>,
    running: usize,
}

/// What is known of a host.
#[derive(Debug)]
struct Host {
    running: usize,
    limit: usize,
    /// Answers since the limit was changed.
    answers: usize,
    /// Whether it was ever too much.
    is_known: bool,
    fastest: Option<Duration>,
    /// So much is done at once in any case.
    least: usize,
    /// When an answer is late.
    late: (u32, Duration),
}

impl Host {
    /// That with a name, or the disk, which has none.
    fn new(name: &str, most: usize) -> Self {
        let at_hand = thread::available_parallelism().map_or(2, usize::from).min(most);
        let (limit, least, late) = match name {
            "" => (at_hand, at_hand, (SLOWER_AT_HAND, SLOWER_AT_HAND_BY)),
            _ => (FIRST.min(most), 1, (SLOWER, SLOWER_BY)),
        };
        Self { running: 0, limit, answers: 0, is_known: false, fastest: None, least, late }
    }

    /// Takes in how long an answer took.
    fn learn(&mut self, went: Went, took: Duration, most: usize) {
        let fastest = self.fastest.map_or(took, |fastest| fastest.min(took));
        let is_late = took > fastest * self.late.0 + self.late.1;
        self.answers += 1;
        if went == Went::Badly || is_late {
            // those that were under way with it say nothing new
            if self.answers >= self.limit || !self.is_known {
                self.limit = (self.limit / 2).max(self.least);
                (self.answers, self.is_known) = (0, true);
            }
            return;
        }
        self.fastest = Some(fastest);
        // twice as many with each round, until it was too much; then one more
        if !self.is_known || self.answers >= self.limit {
            self.limit = (self.limit + 1).min(most);
            if self.is_known {
                self.answers = 0;
            }
        }
    }
}

/// What a worker does next.
enum Next {
    Work(usize),
    Wait,
    Nothing,
}

impl Pool {
    /// One that does so much at once at most, and so much on one host.
    pub(super) fn new(most: usize, per_host: usize) -> Self {
        let (state, changed) = (Mutex::default(), Condvar::new());
        Self { most: most.max(1), per_host: per_host.clamp(1, most.max(1)), state, changed }
    }

    /// How much is done at once now.
    pub(super) fn width(&self) -> usize {
        let state = self.lock();
        state.hosts.values().map(|host| host.limit).sum::<usize>().clamp(1, self.most)
    }

    /// Works on all of `members`, each of which is on a host. What comes of it is `settled` on this thread, one after the
    /// other; once that returns false, nothing else is begun, and what is under way is still settled. Returns what was
    /// not begun.
    pub(super) fn each<T: Send>(
        &self,
        members: &[usize],
        host: impl Fn(usize) -> String + Sync,
        work: impl Fn(usize) -> (T, Went) + Sync,
        mut settled: impl FnMut(usize, T) -> bool,
    ) -> Vec<usize> {
        small_pages();
        // other work takes another time
        self.lock().hosts.values_mut().for_each(|host| host.fastest = None);
        let queue = Mutex::new(members.iter().copied().collect::<VecDeque<usize>>());
        let (sender, results) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..self.most.min(members.len()) {
                let (sender, queue, host, work) = (sender.clone(), &queue, &host, &work);
                scope.spawn(move || {
                    while let Some(member) = self.take(queue, host) {
                        let begun = Instant::now();
                        let (result, went) = work(member);
                        self.give_back(&host(member), went, begun.elapsed());
                        if sender.send((member, result)).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            let mut left = Vec::new();
            for (member, result) in results {
                if !settled(member, result) {
                    left.extend(queue.lock().unwrap_or_else(PoisonError::into_inner).drain(..));
                    self.changed.notify_all();
                }
            }
            left
        })
    }

    /// The next member whose host has room, once there is one; `None` if there are no more.
    fn take(&self, queue: &Mutex<VecDeque<usize>>, host: &impl Fn(usize) -> String) -> Option<usize> {
        let mut state = self.lock();
        loop {
            match self.next(&mut state, queue, host) {
                Next::Work(member) => return Some(member),
                Next::Nothing => {
                    self.changed.notify_all();
                    return None;
                }
                // what was drained is told, and all else is a change of the state
                Next::Wait => {
                    let waited = self.changed.wait_timeout(state, Duration::from_millis(200));
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }

    fn next(&self, state: &mut State, queue: &Mutex<VecDeque<usize>>, host: &impl Fn(usize) -> String) -> Next {
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.is_empty() {
            return Next::Nothing;
        }
        if state.running >= self.most {
            return Next::Wait;
        }
        for at in 0..queue.len().min(LOOK_AHEAD) {
            let name = host(queue[at]);
            let one = state.hosts.entry(name).or_insert_with_key(|name| Host::new(name, self.per_host));
            if one.running < one.limit {
                one.running += 1;
                state.running += 1;
                return queue.remove(at).map_or(Next::Nothing, Next::Work);
            }
        }
        Next::Wait
    }

    fn give_back(&self, host: &str, went: Went, took: Duration) {
        let mut state = self.lock();
        state.running = state.running.saturating_sub(1);
        let mut has_more_room = false;
        if let Some(host) = state.hosts.get_mut(host) {
            host.running = host.running.saturating_sub(1);
            let before = host.limit;
            host.learn(went, took, self.per_host);
            has_more_room = host.limit > before;
        }
        // whoever gives back takes the next one itself
        if has_more_room {
            self.changed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The allocator asks for huge pages, of which each thread would use a few for what fits into a hundredth of them.
fn small_pages() {
    // it costs memory, and nothing else, where that cannot be done
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn every_member_is_worked_on_once_and_never_more_at_once_than_allowed() {
        let pool = Pool::new(6, 4);
        let members: Vec<usize> = (0..300).collect();
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let on_host = [(); 3].map(|()| AtomicUsize::new(0));
        let work = |member: usize| {
            let now = running.fetch_add(1, Ordering::SeqCst) + 1;
            let here = on_host[member % 3].fetch_add(1, Ordering::SeqCst) + 1;
            assert!(here <= 4, "{here} on one host");
            most.fetch_max(now, Ordering::SeqCst);
            thread::yield_now();
            on_host[member % 3].fetch_sub(1, Ordering::SeqCst);
            running.fetch_sub(1, Ordering::SeqCst);
            (member * 2, Went::Well)
        };
        let mut seen = Vec::new();
        let left = pool.each(
            &members,
            |member| format!("host {}", member % 3),
            work,
            |member, result| {
                assert_eq!(result, member * 2);
                seen.push(member);
                true
            },
        );
        seen.sort_unstable();
        assert_eq!((seen, left), (members, Vec::new()));
        assert!(most.load(Ordering::SeqCst) <= 6);
    }

    #[test]
    fn what_is_stopped_settles_what_is_under_way_and_begins_nothing_else() {
        let pool = Pool::new(4, 4);
        let members: Vec<usize> = (0..100).collect();
        let begun = AtomicUsize::new(0);
        let work = |member: usize| {
            begun.fetch_add(1, Ordering::SeqCst);
            (member, Went::Well)
        };
        let mut settled = 0;
        let left = pool.each(
            &members,
            |_| String::new(),
            work,
            |_, _| {
                settled += 1;
                settled < 10
            },
        );
        assert_eq!(settled, begun.load(Ordering::SeqCst));
        assert_eq!(settled + left.len(), 100);
    }

    #[test]
    fn a_host_is_asked_for_more_while_it_answers_and_for_half_when_it_does_not() {
        let mut host = Host::new("a host", 16);
        let quick = Duration::from_millis(10);
        (0..100).for_each(|_| host.learn(Went::Well, quick, 16));
        assert_eq!(host.limit, 16);
        host.learn(Went::Badly, quick, 16);
        assert_eq!(host.limit, 8);
        // of the same moment
        (0..7).for_each(|_| host.learn(Went::Badly, quick, 16));
        assert_eq!(host.limit, 8);
        (0..200).for_each(|_| host.learn(Went::Well, quick, 16));
        assert_eq!(host.limit, 16);
        host.answers = 16;
        host.learn(Went::Well, Duration::from_secs(1), 16);
        assert_eq!(host.limit, 8, "much later than the fastest");
        (0..500).for_each(|_| host.learn(Went::Badly, quick, 16));
        assert_eq!(host.limit, 1);
    }

    #[test]
    fn files_are_worked_on_by_every_processor_and_by_more_threads_only_where_that_is_no_slower() {
        let cores = thread::available_parallelism().map_or(2, usize::from).min(16);
        let mut disk = Host::new("", 16);
        assert_eq!(disk.limit, cores);
        let work = Duration::from_millis(2);
        (0..100).for_each(|_| disk.learn(Went::Well, work, 16));
        assert_eq!(disk.limit, 16, "they wait for the disk");
        (0..500).for_each(|_| disk.learn(Went::Well, work * 6, 16));
        assert_eq!(disk.limit, cores, "they wait for each other");
    }
}
