//! Runs cases with a seed that repeats them, and counts how they ended.

#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::print_stdout, reason = "how often each ending was seen is worth knowing")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::panic::resume_unwind;
use std::thread;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

/// How often each ending was seen.
pub(crate) type Counts = RefCell<BTreeMap<&'static str, u32>>;

/// Runs so many cases. A failure names the seed that repeats it, and the smallest case that still fails.
pub(crate) fn run_cases<S: Strategy>(
    cases: u32,
    strategy: &S,
    test: impl Fn(&S::Value, &Counts) -> Result<(), String>,
) -> BTreeMap<&'static str, u32> {
    run_with_seed(cases, seed(), strategy, test)
}

/// The same in two threads, each with half of the cases and a seed of its own. A failure names the one that found it.
pub(crate) fn run_cases_twofold<S: Strategy>(
    cases: u32,
    strategy: impl Fn() -> S + Sync,
    test: impl Fn(&S::Value, &Counts) -> Result<(), String> + Sync,
) -> BTreeMap<&'static str, u32> {
    let first = seed();
    let half = |seed| run_with_seed(cases / 2, seed, &strategy(), &test);
    let (mut counts, others) = thread::scope(|scope| {
        let other = scope.spawn(|| half(first.wrapping_add(1)));
        let counts = half(first);
        (counts, other.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    for (ending, count) in others {
        *counts.entry(ending).or_default() += count;
    }
    counts
}

fn seed() -> u64 {
    match Config::default().rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => RandomState::new().hash_one(0),
    }
}

fn run_with_seed<S: Strategy>(
    cases: u32,
    seed: u64,
    strategy: &S,
    test: impl Fn(&S::Value, &Counts) -> Result<(), String>,
) -> BTreeMap<&'static str, u32> {
    let mut config = Config { failure_persistence: None, max_shrink_iters: 4_000, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    config.rng_seed = RngSeed::Fixed(seed);
    let counts = Counts::default();
    let failure = RefCell::new(String::new());
    let result = TestRunner::new(config).run(strategy, |genes| {
        test(&genes, &counts).map_err(|error| {
            // the last failure is that of the smallest case
            failure.replace(error.clone());
            TestCaseError::fail(error.lines().next().unwrap_or_default().to_owned())
        })
    });
    let failure = failure.into_inner();
    assert!(result.is_ok(), "{failure}\n\nrepeat with PROPTEST_RNG_SEED={seed}");
    println!("{:?} (seed {seed})", counts.borrow());
    counts.into_inner()
}

pub(crate) fn count(counts: &Counts, ending: &'static str) {
    *counts.borrow_mut().entry(ending).or_default() += 1;
}

/// How many of a hundred cases ended so.
pub(crate) fn share(counts: &BTreeMap<&'static str, u32>, ending: &str) -> u32 {
    let all: u32 = counts.values().sum();
    counts.get(ending).copied().unwrap_or_default() * 100 / all.max(1)
}
