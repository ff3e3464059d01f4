//! Competitors that take turns, and what each of them cost: wall time, CPU time of the process and its children,
//! memory. The median of the rounds counts.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

/// What a process cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    /// User and system time, of children that it waited for as well.
    pub(crate) cpu: Duration,
    /// The largest resident set, in bytes.
    pub(crate) memory: u64,
}

type Prepare<'a> = Box<dyn Fn() -> Command + 'a>;

/// Competitors by name. The first one is what the others are compared with.
#[derive(Default)]
pub(crate) struct Contest<'a> {
    competitors: Vec<(String, Prepare<'a>)>,
}

impl<'a> Contest<'a> {
    /// Adds a competitor: what has to be done before each of its turns, not measured, and the process to run.
    pub(crate) fn add(&mut self, name: impl Into<String>, prepare: impl Fn() -> Command + 'a) {
        self.competitors.push((name.into(), Box::new(prepare)));
    }

    /// Runs the rounds, and returns the medians in the order of the competitors.
    pub(crate) fn run(&self, rounds: usize) -> Vec<Cost> {
        let mut all: Vec<Vec<Cost>> = vec![Vec::new(); self.competitors.len()];
        // the first round warms the caches of the file system up and does not count
        for round in 0..=rounds {
            for ((_, prepare), costs) in self.competitors.iter().zip(&mut all) {
                let cost = cost_of(&mut prepare());
                if round > 0 || rounds == 1 {
                    costs.push(cost);
                }
            }
        }
        all.iter().map(|costs| median(costs)).collect()
    }

    /// As [`Contest::run`], printed as a table.
    pub(crate) fn show(&self, rounds: usize) -> Vec<Cost> {
        let costs = self.run(rounds);
        println!("  {:<34} {:>9} {:>9} {:>8}  {:>6} {:>6}", "", "wall ms", "CPU ms", "MB", "wall", "CPU");
        for ((name, _), cost) in self.competitors.iter().zip(&costs) {
            let ratio = |part: fn(&Cost) -> Duration| milliseconds(part(cost)) / milliseconds(part(&costs[0]));
            println!(
                "  {name:<34} {:>9.1} {:>9.1} {:>8.1}  {:>5.2}x {:>5.2}x",
                milliseconds(cost.wall),
                milliseconds(cost.cpu),
                megabytes(cost.memory),
                ratio(|cost| cost.wall),
                ratio(|cost| cost.cpu)
            );
        }
        costs
    }
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

fn median(costs: &[Cost]) -> Cost {
    fn middle<T: Ord + Copy>(costs: &[Cost], part: impl Fn(&Cost) -> T) -> T {
        let mut values: Vec<T> = costs.iter().map(part).collect();
        values.sort_unstable();
        values[values.len() / 2]
    }
    Cost {
        wall: middle(costs, |cost| cost.wall),
        cpu: middle(costs, |cost| cost.cpu),
        memory: middle(costs, |cost| cost.memory),
    }
}

/// Runs a process to its successful end.
pub(crate) fn cost_of(command: &mut Command) -> Cost {
    if command.get_current_dir().is_none() {
        command.current_dir(std::env::temp_dir());
    }
    let start = Instant::now();
    let child = command.stdout(Stdio::null()).spawn().expect("the competitor is installed");
    let ended = child.wait4().expect("it ends");
    let wall = start.elapsed();
    assert!(ended.status.success(), "{command:?} failed");
    let usage = ended.rusage;
    Cost { wall, cpu: usage.utime + usage.stime, memory: usage.maxrss }
}
