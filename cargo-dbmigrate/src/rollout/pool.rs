//! Work on many members at once: as much as goes well on each host, and on one host whatever goes on at another. What its
//! host had no time for is put off until all others are done, and then tried again.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use dbmigrate_core::config::Rollout;
use dbmigrate_core::engine::remote::OnPressure;

use super::host::{Host, Troubles, Went};
use super::queue::{Next, Queue, Turn};
use crate::database::pressure;
use crate::messages::SlowedHost;
use crate::report::Printer;

/// So much is done at once at most, if nobody says otherwise.
const PARALLEL: usize = 16;

/// How often it is looked at whether somebody wants it to end.
const LOOKS: Duration = Duration::from_millis(200);

/// So often a member is tried again that its host had no time for.
const AGAIN: u32 = 2;

/// How long that is put off at least; twice as long with each time.
const PUT_OFF: Duration = Duration::from_millis(250);

/// Who waits for so long is told.
const WORTH_SAYING: Duration = Duration::from_secs(2);

/// Work on members.
pub(super) trait Task: Sync {
    /// What comes of it.
    type Answer: Send;

    /// The host of a member.
    fn host(&self, member: usize) -> String;

    /// Works on a member; `earlier` is what came of it when it was tried before, and was put off.
    fn work(&self, member: usize, earlier: Option<Self::Answer>) -> (Self::Answer, Went);

    /// What is said of a member that was not tried, since its host does not answer.
    fn given_up(&self, member: usize, host: &str) -> Self::Answer;

    /// Whether nothing else is to be begun.
    fn is_stopped(&self) -> bool {
        false
    }
}

/// How much is done at once.
#[derive(Debug)]
pub(super) struct Pool {
    /// On all hosts.
    most: usize,
    /// On each.
    per_host: usize,
    shared: Arc<Shared>,
    /// Says what is waited for.
    printer: Option<Printer>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// What is known of hosts, in the order in which they were first named.
#[derive(Debug, Default)]
struct State {
    numbers: BTreeMap<String, usize>,
    hosts: Vec<Known>,
    running: usize,
}

#[derive(Debug)]
struct Known {
    name: String,
    host: Host,
    running: usize,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears what servers say of how busy they are, for one host. A request whose server says how long it wants to be left
    /// alone is not one to wait with: others have hosts that answer.
    fn hears(self: &Arc<Self>, host: usize, printer: Option<&Printer>) -> OnPressure {
        let (shared, printer) = (Arc::clone(self), printer.cloned());
        Arc::new(move |pressure| {
            let mut state = shared.lock();
            let known = &mut state.hosts[host];
            let longer = known.host.refuse(Instant::now(), pressure.after);
            let name = known.name.clone();
            drop(state);
            if let Some(printer) = printer.as_ref().filter(|_| longer >= WORTH_SAYING) {
                printer.status("Waiting", format!("{name}: it is busy, and is left alone for {} s", longer.as_secs()));
            }
            pressure.after.is_none_or(|after| after.is_zero())
        })
    }

    /// What is said beside a progress bar: a host that is left alone, or else one that gets less than is allowed.
    fn words(&self) -> String {
        let (state, now) = (self.lock(), Instant::now());
        let mut hosts = state.hosts.iter();
        let rest = |known: &Known| Some((known.name.clone(), known.host.rests_until()?.checked_duration_since(now)?));
        if let Some((name, rest)) = hosts.clone().find_map(rest) {
            return format!(" ({name} is left alone for {} s)", rest.as_secs() + 1);
        }
        let slowed = hosts.find(|known| known.host.is_slowed());
        slowed.map(|known| format!(" ({}: {} at once)", known.name, known.host.limit())).unwrap_or_default()
    }
}

/// A turn that is taken, and how.
struct Taken<A> {
    turn: Turn<A>,
    host: usize,
    /// Whether the host is given up, so that nothing is tried.
    is_given_up: bool,
}

impl Pool {
    /// One for a fleet.
    pub(super) fn of(rollout: &Rollout) -> Self {
        let most = rollout.parallel.unwrap_or(PARALLEL);
        Self::new(most, rollout.parallel_per_host.unwrap_or(most))
    }

    /// One that does so much at once at most, and so much on one host.
    pub(super) fn new(most: usize, per_host: usize) -> Self {
        Self { most: most.max(1), per_host: per_host.clamp(1, most.max(1)), shared: Arc::default(), printer: None }
    }

    /// The same, which says what is waited for.
    pub(super) fn telling(self, printer: &Printer) -> Self {
        Self { printer: Some(printer.clone()), ..self }
    }

    /// What is said of it beside a progress bar.
    pub(super) fn within(&self) -> impl Fn() -> String + Clone + Send + Sync + 'static {
        let shared = Arc::clone(&self.shared);
        move || shared.words()
    }

    /// How much is done at once now.
    pub(super) fn width(&self) -> usize {
        let state = self.shared.lock();
        state.hosts.iter().map(|known| known.host.limit()).sum::<usize>().clamp(1, self.most)
    }

    /// What hosts had against so much at once, those with the most first.
    pub(super) fn slowed(&self) -> Vec<SlowedHost> {
        let state = self.shared.lock();
        let of = |known: &Known| {
            let troubles = known.host.troubles;
            SlowedHost {
                host: known.name.clone(),
                least: troubles.least.unwrap_or_else(|| known.host.limit()),
                parallel: known.host.limit(),
                refused: troubles.refused,
                unanswered: troubles.silent,
                late: troubles.late,
                put_off: troubles.put_off,
                rested: u64::try_from(troubles.rested.as_millis()).unwrap_or(u64::MAX),
                given_up: troubles.given_up,
            }
        };
        let is_slowed = |known: &&Known| !known.name.is_empty() && known.host.troubles != Troubles::default();
        let mut slowed: Vec<SlowedHost> = state.hosts.iter().filter(is_slowed).map(of).collect();
        slowed.sort_by_key(|host| std::cmp::Reverse((host.given_up, host.rested, host.refused + host.unanswered)));
        slowed
    }

    /// Works on all of `members`. What comes of it is `settled` on this thread, one after the other; once that returns
    /// false, nothing else is begun, and what is under way is still settled. Returns what was not begun.
    pub(super) fn each<T: Task>(
        &self,
        members: &[usize],
        task: &T,
        mut settled: impl FnMut(usize, T::Answer) -> bool,
    ) -> Vec<usize> {
        small_pages();
        let queue = Mutex::new(self.queue(members, task));
        let (sender, results) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..self.most.min(members.len()) {
                let (sender, queue) = (sender.clone(), &queue);
                scope.spawn(move || {
                    while let Some(taken) = self.take(queue, task) {
                        if let Some(result) = self.work(queue, taken, task)
                            && sender.send(result).is_err()
                        {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            for (member, result) in results {
                if !settled(member, result) {
                    lock(&queue).stop();
                    self.shared.changed.notify_all();
                }
            }
        });
        let mut left = Vec::new();
        for turn in lock(&queue).drain() {
            match turn.earlier {
                Some(answer) => {
                    settled(turn.member, answer);
                }
                None => left.push(turn.member),
            }
        }
        left
    }

    /// All members, each with its host.
    fn queue<T: Task>(&self, members: &[usize], task: &T) -> Queue<T::Answer> {
        let mut state = self.shared.lock();
        state.hosts.iter_mut().for_each(|known| known.host.begin());
        let hosts = members.iter().map(|member| state.number(task.host(*member), self.per_host));
        let hosts: Vec<usize> = hosts.collect();
        Queue::new(members.iter().copied().zip(hosts))
    }

    /// Works on a member, and returns what came of it unless it is put off.
    fn work<T: Task>(
        &self,
        queue: &Mutex<Queue<T::Answer>>,
        taken: Taken<T::Answer>,
        task: &T,
    ) -> Option<(usize, T::Answer)> {
        let Taken { turn: Turn { member, tries, earlier, .. }, host, is_given_up } = taken;
        if is_given_up {
            let answer = earlier.unwrap_or_else(|| task.given_up(member, &self.shared.lock().hosts[host].name));
            return Some((member, answer));
        }
        let begun = Instant::now();
        let hears = self.shared.hears(host, self.printer.as_ref());
        let (answer, went) = pressure::heard_by(&hears, || task.work(member, earlier));
        let now = Instant::now();
        let mut state = self.shared.lock();
        state.running = state.running.saturating_sub(1);
        let known = &mut state.hosts[host];
        let before = known.host.limit();
        known.host.learn(went, (begun, now), known.running);
        known.running = known.running.saturating_sub(1);
        let has_more_room = known.host.limit() > before;
        let mut queue = lock(queue);
        let is_put_off = went.may_pass() && tries < AGAIN;
        let result = if is_put_off {
            known.host.troubles.put_off += 1;
            let not_before = Some(now + PUT_OFF * 2_u32.pow(tries));
            queue.put_off(Turn { member, tries: tries + 1, not_before, earlier: Some(answer) }, host);
            None
        } else {
            queue.is_done();
            Some((member, answer))
        };
        // whoever gives back takes the next one itself
        if queue.is_over() {
            self.shared.changed.notify_all();
        } else if has_more_room || is_put_off {
            self.shared.changed.notify_one();
        }
        result
    }

    /// The next member whose host has room, once there is one; `None` if there are no more.
    fn take<T: Task>(&self, queue: &Mutex<Queue<T::Answer>>, task: &T) -> Option<Taken<T::Answer>> {
        let mut state = self.shared.lock();
        loop {
            let wait = {
                let State { hosts, running, .. } = &mut *state;
                let mut queue = lock(queue);
                if task.is_stopped() {
                    queue.stop();
                }
                let now = Instant::now();
                let is_full = *running >= self.most;
                let room = |host: usize| {
                    let Known { host, running, .. } = &hosts[host];
                    (host.is_down() || *running < host.limit(), if host.is_down() { None } else { host.rests_until() })
                };
                match queue.next(now, is_full, room) {
                    Next::Nothing => {
                        self.shared.changed.notify_all();
                        return None;
                    }
                    Next::Take(turn, host) => {
                        let is_given_up = hosts[host].host.is_down();
                        if is_given_up {
                            queue.is_done();
                        } else {
                            hosts[host].running += 1;
                            *running += 1;
                        }
                        return Some(Taken { turn, host, is_given_up });
                    }
                    Next::Wait(until) => until.map_or(LOOKS, |until| until.saturating_duration_since(now).min(LOOKS)),
                }
            };
            let waited = self.shared.changed.wait_timeout(state, wait.max(Duration::from_millis(1)));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl State {
    /// The number of a host.
    fn number(&mut self, name: String, per_host: usize) -> usize {
        if let Some(number) = self.numbers.get(&name) {
            return *number;
        }
        let number = self.hosts.len();
        self.hosts.push(Known { host: Host::new(&name, per_host), name: name.clone(), running: 0 });
        self.numbers.insert(name, number);
        number
    }
}

fn lock<A>(queue: &Mutex<Queue<A>>) -> MutexGuard<'_, Queue<A>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The allocator asks for huge pages, of which each thread would use a few for what fits into a hundredth of them.
fn small_pages() {
    // it costs memory, and nothing else, where that cannot be done
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

#[cfg(test)]
mod tests;
