//! How a host is learned about: with a clock that is computed, so that each run is the same.

use super::*;

/// A host that does so much at once, each in the same time, and lets the rest wait in a queue; members are as many as
/// wanted. Its clock is computed, so that each run is the same.
struct Simulated {
    host: Host,
    now: Instant,
    /// When each slot of the host is free again.
    free: Vec<Instant>,
    /// What is under way: when it ends, and when it began.
    under_way: Vec<(Instant, Instant)>,
    done: usize,
}

impl Simulated {
    fn new(at_once: usize, most: usize) -> Self {
        let now = Instant::now();
        let host = Host::new("a host", most);
        Self { host, now, free: vec![now; at_once], under_way: Vec::new(), done: 0 }
    }

    /// Works on so many members, each of which takes as long as `takes` says, and returns how many a second.
    fn works(&mut self, count: u32, takes: impl Fn(usize) -> Duration) -> f64 {
        let (begun, end) = (self.now, self.done + count as usize);
        while self.done < end {
            while self.under_way.len() < self.host.limit() {
                let (began, slot) = (self.now, self.free.iter_mut().min().expect("a slot"));
                *slot = (*slot).max(began) + takes(self.done + self.under_way.len());
                self.under_way.push((*slot, began));
            }
            let (at, _) = self.under_way.iter().enumerate().min_by_key(|(_, (ends, _))| *ends).expect("one");
            let at_once = self.under_way.len();
            let (ends, began) = self.under_way.swap_remove(at);
            self.now = ends;
            self.host.learn(Went::Well, (began, ends), at_once);
            self.done += 1;
        }
        f64::from(count) / (self.now - begun).as_secs_f64()
    }
}

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
fn a_host_that_answers_as_fast_as_before_gets_as_much_as_is_allowed_within_a_few_rounds() {
    let mut simulated = Simulated::new(64, 32);
    simulated.works(4 + 8 + 16, |_| ms(40));
    assert_eq!(simulated.host.limit(), 32);
    simulated.works(1000, |nth| ms(40 + (nth as u64 * 7) % 30));
    assert_eq!((simulated.host.limit(), simulated.host.troubles), (32, Troubles::default()));
}

#[test]
fn a_host_that_does_four_at_once_gets_few_more_and_does_no_less_for_it() {
    let mut simulated = Simulated::new(4, 64);
    simulated.works(200, |_| ms(20));
    let mut most = 0;
    for _ in 0..50 {
        let rate = simulated.works(40, |_| ms(20));
        assert!(rate > 190.0, "{rate} of 200 a second");
        most = most.max(simulated.host.limit());
    }
    assert!((4..=18).contains(&most), "{most}");
    assert!(simulated.host.troubles.late > 0 && simulated.host.troubles.least >= Some(4));
}

#[test]
fn a_host_that_slows_down_gets_less_and_when_it_recovers_as_much_as_before() {
    let mut simulated = Simulated::new(32, 16);
    simulated.works(300, |_| ms(20));
    assert_eq!(simulated.host.limit(), 16);
    simulated.free.truncate(2);
    simulated.works(300, |_| ms(40));
    assert!(simulated.host.limit() <= 8, "{}", simulated.host.limit());
    simulated.free = vec![simulated.now; 32];
    simulated.works(400, |_| ms(20));
    assert_eq!(simulated.host.limit(), 16);
}

#[test]
fn members_with_more_to_do_are_not_taken_for_a_host_that_is_slow() {
    let mut simulated = Simulated::new(64, 16);
    let rate = simulated.works(1000, |nth| if nth % 3 == 0 { ms(40) } else { ms(400) });
    // sixteen at once, 280 ms on average
    assert!(rate > 0.85 * 16.0 / 0.28, "{rate}");
    assert_eq!((simulated.host.limit(), simulated.host.troubles.late), (16, 0));
}

#[test]
fn a_way_that_got_longer_is_no_queue() {
    let mut simulated = Simulated::new(64, 16);
    simulated.works(300, |_| ms(20));
    simulated.works(1000, |_| ms(200));
    assert_eq!((simulated.host.limit(), simulated.host.troubles.late), (16, 0));
}

#[test]
fn what_fails_halves_it_once_for_all_that_was_under_way() {
    let mut host = Host::new("a host", 16);
    let begun = Instant::now();
    (0..100).for_each(|_| host.learn(Went::Well, (begun, begun + ms(10)), 16));
    assert_eq!(host.limit(), 16);
    let failed = begun + ms(20);
    (0..8).for_each(|_| host.learn(Went::Busy, (begun + ms(10), failed), 16));
    assert_eq!(host.limit(), 8, "of the same moment");
    let mut now = failed;
    for _ in 0..200 {
        host.learn(Went::Well, (now, now + ms(10)), 16);
        now += ms(10);
    }
    assert_eq!(host.limit(), 16, "one more with each round");
    for _ in 0..10 {
        host.learn(Went::Silent, (now, now + ms(10)), 16);
        now += ms(10);
    }
    assert_eq!((host.limit(), host.troubles.least), (1, Some(1)));
}

#[test]
fn what_is_refused_halves_it_once_a_moment_and_is_left_alone_as_long_as_it_wants() {
    let mut host = Host::new("a host", 16);
    let begun = Instant::now();
    (0..100).for_each(|_| host.learn(Went::Well, (begun, begun + ms(10)), 16));
    let now = begun + ms(20);
    let longer: Vec<Duration> = (0..3).map(|_| host.refuse(now, Some(ms(2000)))).collect();
    assert_eq!(longer, [ms(2000), ms(0), ms(0)]);
    assert_eq!((host.limit(), host.rests_until()), (8, Some(now + ms(2000))));
    assert_eq!((host.troubles.refused, host.troubles.rested), (3, ms(2000)));
    host.refuse(now + ms(2000), None);
    assert_eq!(host.limit(), 4);
}

#[test]
fn files_are_worked_on_by_every_processor_and_by_more_threads_only_where_that_is_no_slower() {
    let cores = thread::available_parallelism().map_or(2, usize::from).min(16);
    let mut disk = Host::new("", 16);
    assert_eq!(disk.limit(), cores);
    let mut now = Instant::now();
    let mut works = |disk: &mut Host, took: Duration, count: usize| {
        for _ in 0..count {
            disk.learn(Went::Well, (now, now + took), 16);
            now += took;
        }
    };
    works(&mut disk, ms(2), 100);
    assert_eq!(disk.limit(), 16, "they wait for the disk");
    works(&mut disk, ms(12), 500);
    assert_eq!(disk.limit(), cores, "they wait for each other");
}
