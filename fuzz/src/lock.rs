//! The lock reader.

use dbmigrate_core::folder::checksum::Checksum;
use dbmigrate_core::folder::lock::{Lock, LockProblem};
use dbmigrate_core::folder::name::MigrationName;

/// Reads `text` as a lock, and as the content of one whose hashes are right.
pub fn check(text: &str) {
    match Lock::parse(text) {
        Ok(lock) => assert_eq!(Lock::parse(&lock.to_text()).as_ref(), Ok(&lock)),
        Err(error) => assert!((1..=text.matches('\n').count() + 1).contains(&error.line), "{error:?}"),
    }
    // no mutation finds a hash, so the lines get theirs here
    let lock = text.lines().filter_map(line).fold(Lock::default(), |lock, (name, [sql, snapshot, schema])| {
        if lock.migrations().len() < 100 { lock.with(name, sql, snapshot, schema) } else { lock }
    });
    let written = lock.to_text();
    match Lock::parse(&written) {
        Ok(again) => assert_eq!(again, lock),
        Err(error) => assert!(matches!(error.problem, LockProblem::Twice(_)), "{error:?}"),
    }
    damaged(text, &lock, &written);
}

/// A name, and a hash of each of three words.
fn line(line: &str) -> Option<(MigrationName, [Checksum; 3])> {
    let mut words = line.split(' ');
    let name = MigrationName::parse(words.next()?)?;
    let mut hash = || {
        let word = words.next().unwrap_or_default();
        Checksum::from_hex(word).unwrap_or_else(|| Checksum::of_text(word.as_bytes()))
    };
    Some((name, [hash(), hash(), hash()]))
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
