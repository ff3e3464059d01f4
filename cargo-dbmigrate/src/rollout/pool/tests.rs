//! Work on members that is a function, on hosts that are names.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Work that is a function.
struct Work<H, W>(H, W);

impl<H: Fn(usize) -> String + Sync, W: Fn(usize, Option<usize>) -> (usize, Went) + Sync> Task for Work<H, W> {
    type Answer = usize;

    fn host(&self, member: usize) -> String {
        self.0(member)
    }

    fn work(&self, member: usize, earlier: Option<usize>) -> (usize, Went) {
        self.1(member, earlier)
    }

    fn given_up(&self, _: usize, _: &str) -> usize {
        usize::MAX
    }
}

#[test]
fn every_member_is_worked_on_once_and_never_more_at_once_than_allowed() {
    let pool = Pool::new(6, 4);
    let members: Vec<usize> = (0..300).collect();
    let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let on_host = [(); 3].map(|()| AtomicUsize::new(0));
    let work = |member: usize, _: Option<usize>| {
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
    let left = pool.each(&members, &Work(|member| format!("host {}", member % 3), work), |member, result| {
        assert_eq!(result, member * 2);
        seen.push(member);
        true
    });
    seen.sort_unstable();
    assert_eq!((seen, left), (members, Vec::new()));
    assert!(most.load(Ordering::SeqCst) <= 6);
}

#[test]
fn what_is_stopped_settles_what_is_under_way_and_begins_nothing_else() {
    let pool = Pool::new(4, 4);
    let members: Vec<usize> = (0..100).collect();
    let begun = AtomicUsize::new(0);
    let work = |member: usize, _: Option<usize>| {
        begun.fetch_add(1, Ordering::SeqCst);
        (member, Went::Well)
    };
    let mut settled = 0;
    let left = pool.each(&members, &Work(|_| String::new(), work), |_, _| {
        settled += 1;
        settled < 10
    });
    assert_eq!(settled, begun.load(Ordering::SeqCst));
    assert_eq!(settled + left.len(), 100);
}

#[test]
fn what_a_host_had_no_time_for_is_tried_again_behind_all_others_and_told_once() {
    let pool = Pool::new(2, 2);
    let members: Vec<usize> = (0..20).collect();
    let order = Mutex::new(Vec::new());
    // the first two succeed when they are tried again, the third never
    let work = |member: usize, earlier: Option<usize>| {
        order.lock().expect("nobody panics").push(member);
        let tries = earlier.unwrap_or(0) + 1;
        (tries, if member == 2 || (member < 2 && tries == 1) { Went::Busy } else { Went::Well })
    };
    let mut seen = BTreeMap::new();
    let left = pool.each(&members, &Work(|_| "a host".to_owned(), work), |member, tries| {
        assert!(seen.insert(member, tries).is_none(), "{member} is told twice");
        true
    });
    assert_eq!((left, seen.len()), (Vec::new(), 20));
    assert_eq!((seen[&0], seen[&1], seen[&2], seen[&3]), (2, 2, 3, 1));
    let order = order.into_inner().expect("nobody panics");
    let mut first = order[..20].to_vec();
    first.sort_unstable();
    assert_eq!(first, members, "all others before one is tried again");
    assert_eq!(pool.slowed()[0].put_off, 4);
}

#[test]
fn a_host_that_rests_keeps_nothing_from_another() {
    let pool = Pool::new(2, 2);
    let begun = Instant::now();
    let name = |member: usize| if member < 50 { "ill".to_owned() } else { "well".to_owned() };
    // its number is known from an earlier run
    pool.queue(&[0], &Work(name, |member, _| (member, Went::Well)));
    let (mut well, mut ill) = (Duration::ZERO, Duration::ZERO);
    let hears = pool.shared.hears(0, None);
    let members: Vec<usize> = (0..100).collect();
    let task = Work(name, |member, earlier: Option<usize>| {
        if member == 0 && earlier.is_none() {
            let pressure = dbmigrate_core::engine::remote::Pressure {
                status: 429,
                after: Some(Duration::from_millis(400)),
                again: true,
            };
            assert!(!hears(&pressure), "it is not waited for here");
            return (member, Went::Silent);
        }
        (member, Went::Well)
    });
    pool.each(&members, &task, |member, _| {
        *(if member < 50 { &mut ill } else { &mut well }) = begun.elapsed();
        true
    });
    assert!(well < Duration::from_millis(350), "{well:?}");
    assert!(ill >= Duration::from_millis(400), "{ill:?}");
}
