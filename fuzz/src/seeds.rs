//! The seeds with simple mutations, which the ordinary tests run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// What is put in the place of a byte: what begins, ends or separates something in one of the languages.
const MARKS: [&str; 16] = ["'", "\"", "`", "[", "]", "(", ")", "{", "}", ";", ",", "--", "/*", "\n", "\0", "\u{feff}"];

/// Runs `check` on the seeds of `target` and on at most `most` mutations of each: cut off anywhere, a byte replaced,
/// left out or changed, a part twice, the whole within itself. Returns how many there were.
pub fn run(target: &str, most: usize, check: impl Fn(&str)) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = files.map(|file| file.expect("the folder can be read").path()).collect();
    files.sort();
    let mut count = 0;
    for file in files {
        let seed = std::fs::read(&file).expect("the seed can be read");
        let all = seed.len() * (MARKS.len() + 6);
        let step = all.div_ceil(most).max(1);
        for at in std::iter::once(all).chain((0..all).step_by(step)) {
            let text = String::from_utf8_lossy(&mutation(&seed, at)).into_owned();
            let held = catch_unwind(AssertUnwindSafe(|| check(&text))).is_ok();
            assert!(held, "{} (mutation {at}):\n{text:?}", file.display());
            count += 1;
        }
    }
    count
}

/// The mutation of that number; the seed itself behind the last one.
fn mutation(seed: &[u8], number: usize) -> Vec<u8> {
    let (kind, at) = (number / seed.len(), number % seed.len());
    let (before, after) = seed.split_at(at);
    let rest = &after[1..];
    match kind {
        0 => before.to_vec(),
        1 => [before, rest].concat(),
        2 => [before, &[after[0] ^ 1], rest].concat(),
        3 => [before, &[after[0] ^ 0x20], rest].concat(),
        4 => [before, seed, after].concat(),
        5 => [before, &after[..after.len().min(20)], after].concat(),
        mark => match MARKS.get(mark - 6) {
            Some(mark) => [before, mark.as_bytes(), rest].concat(),
            None => seed.to_vec(),
        },
    }
}
