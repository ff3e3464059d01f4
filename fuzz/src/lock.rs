//! The lock reader.

use dbmigrate_core::folder::checksum::Checksum;
use dbmigrate_core::folder::lock::{Lock, LockProblem, Sums};
use dbmigrate_core::folder::name::MigrationName;

/// Reads `text` as a lock, and as the content of one whose hashes are right.
pub fn check(text: &str) {
    match Lock::parse(text) {
        Ok(lock) => assert_eq!(Lock::parse(&lock.to_text()).as_ref(), Ok(&lock)),
        Err(error) => assert!((1..=text.matches('\n').count() + 1).contains(&error.line), "{error:?}"),
    }
    // no mutation finds a hash, so the lines get theirs here
    let lock = text.lines().filter_map(line).fold(Lock::default(), |lock, (name, sums, is_squash)| {
        let count = lock.migrations().len();
        match count {
            100.. => lock,
            2.. if is_squash => lock.squashed(count / 2..count, name, sums),
            _ => lock.with(name, sums),
        }
    });
    let written = lock.to_text();
    match Lock::parse(&written) {
        Ok(again) => assert_eq!(again, lock),
        Err(error) => assert!(matches!(error.problem, LockProblem::Twice(_)), "{error:?}"),
    }
    damaged(text, &lock, &written);
}

/// A name, a hash of each of four words, and whether there is another word.
fn line(line: &str) -> Option<(MigrationName, Sums, bool)> {
    let mut words = line.split(' ');
    let name = MigrationName::parse(words.next()?)?;
    let mut hash = || {
        let word = words.next().unwrap_or_default();
        Checksum::from_hex(word).unwrap_or_else(|| Checksum::of_text(word.as_bytes()))
    };
    let sums = Sums { sql: hash(), statements: hash(), snapshot: hash(), schema: hash() };
    Some((name, sums, words.next().is_some()))
}

/// A lock with one byte changed is refused, or means the same (the first line has words that nobody reads).
fn damaged(text: &str, lock: &Lock, written: &str) {
    let (Some(first), Some(last)) = (text.bytes().next(), text.bytes().last()) else { return };
    let mut bytes = written.as_bytes().to_vec();
    let at = (text.len() * 257 + usize::from(first)) % bytes.len();
    bytes[at] = last & 0x7f;
    let damaged = String::from_utf8(bytes).expect("all of it is ASCII");
    if let Ok(found) = Lock::parse(&damaged) {
        assert_eq!(found, *lock, "{damaged}");
    }
}
