//! What a merge leaves of the locks of branches that have each added migrations: read as the tree that it is.
//!
//! The last hash of a line covers the last hash of the line before, so a line names its place wherever it stands. Every
//! whole line of a jumble (conflict markers of any style, the lines of one branch behind those of the other, lines that
//! are there twice) is put behind the one that it was written behind. What nothing comes after is a head.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::checksum::Checksum;
use super::error::FolderError;
use super::lock::{self, Lock, LockError, LockProblem, Migration, WholeLine};
use super::name::MigrationName;

/// How many hashes are made at most: of the lines of a merge nearly all stand behind the one that they belong behind.
const MOST_HASHES: usize = 4_000_000;

/// The histories in the lines of a lock that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heads {
    /// The histories, each from its first migration to its head, in the order in which their heads stand in the file.
    pub histories: Vec<Vec<Migration>>,
    /// Lines that follow none that is there, with their numbers: somebody has changed them, or taken out what was before.
    pub loose: Vec<(usize, MigrationName)>,
}

impl Heads {
    /// Reads all whole lines of a text.
    pub fn read(text: &str) -> Self {
        let mut known = BTreeSet::new();
        let lines: Vec<WholeLine> =
            lock::whole_lines(text).into_iter().filter(|line| known.insert(line.migration.chain.to_hex())).collect();
        let mut budget = MOST_HASHES;
        let before: Vec<Before> = (0..lines.len()).map(|at| find_before(&lines, at, &mut budget)).collect();
        let is_followed: BTreeSet<usize> =
            before.iter().filter_map(|before| if let Before::Line(at) = before { Some(*at) } else { None }).collect();
        let loose = lines.iter().zip(&before).filter(|(_, before)| **before == Before::Unknown);
        let loose = loose.map(|(line, _)| (line.number, line.migration.name.clone())).collect();
        let leaves = (0..lines.len()).filter(|at| !is_followed.contains(at));
        let histories: Vec<Vec<Migration>> = leaves.filter_map(|leaf| history(&lines, &before, leaf)).collect();
        // what was written in two formats of the lock is one, and what others go on with is no head
        let is_part = |one: usize, other: usize| {
            let (one, other) = (&histories[one], &histories[other]);
            shared(one, other).0 == one.len()
        };
        let is_head = |at: &usize| {
            let others = (0..histories.len()).filter(|other| other != at);
            !others.into_iter().any(|other| is_part(*at, other) && (other < *at || !is_part(other, *at)))
        };
        let heads: Vec<usize> = (0..histories.len()).filter(is_head).collect();
        Self { histories: heads.into_iter().map(|at| histories[at].clone()).collect(), loose }
    }

    /// How many of the first history's migrations all others have as well, from the first.
    pub fn common(&self) -> usize {
        let Some((first, others)) = self.histories.split_first() else { return 0 };
        others.iter().map(|other| shared(first, other).0).min().unwrap_or(first.len())
    }
}

/// The history that ends with a line, if it is known from its beginning.
fn history(lines: &[WholeLine], before: &[Before], leaf: usize) -> Option<Vec<Migration>> {
    let mut order = vec![leaf];
    loop {
        match before[*order.last()?] {
            // a circle would be two hashes that are each made of the other
            Before::Line(previous) if order.len() <= lines.len() => order.push(previous),
            Before::Start => break,
            Before::Line(_) | Before::Unknown => return None,
        }
    }
    let mut migrations: Vec<Migration> = Vec::new();
    for at in order.into_iter().rev() {
        let line = &lines[at];
        // what is replaced stands before it in the chain
        let from = migrations.len().checked_sub(line.replaced)?;
        let replaces = migrations.split_off(from);
        migrations.push(Migration { replaces, ..line.migration.clone() });
    }
    Some(Lock::of(migrations).migrations().to_vec())
}

/// How many migrations two histories have in common, from the first: of the one, and of the other, where migrations of
/// one may replace several of the other.
pub fn shared(one: &[Migration], other: &[Migration]) -> (usize, usize) {
    let (mut at, mut there) = (0, 0);
    while let (Some(mine), Some(theirs)) = (one.get(at), other.get(there)) {
        if mine.is_same(theirs) {
            (at, there) = (at + 1, there + 1);
        } else if let Some(count) = replaced_by(mine, &other[there..]) {
            (at, there) = (at + 1, there + count);
        } else if let Some(count) = replaced_by(theirs, &one[at..]) {
            (at, there) = (at + count, there + 1);
        } else {
            break;
        }
    }
    (at, there)
}

/// How many of the first of these migrations one of the other history replaces, if it replaces nothing else.
fn replaced_by(squash: &Migration, migrations: &[Migration]) -> Option<usize> {
    if squash.replaces.is_empty() {
        return None;
    }
    let originals = squash.originals();
    let mut found = 0;
    for (at, migration) in migrations.iter().enumerate() {
        for one in migration.originals() {
            if !originals.get(found)?.is_same(one) {
                return None;
            }
            found += 1;
        }
        if found == originals.len() {
            return Some(at + 1);
        }
    }
    None
}

/// What a line was written behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Start,
    Line(usize),
    Unknown,
}

/// The line that the chain hash of line `at` says: first the one before it in the text, at last any.
fn find_before(lines: &[WholeLine], at: usize, budget: &mut usize) -> Before {
    let line = &lines[at];
    let is_behind = |other: usize| line.is_behind(&lines[other].migration.chain);
    // the last of what it replaces is the one before it
    let below = (at + 1..lines.len()).take(line.replaced);
    if let Some(found) = at.checked_sub(1).into_iter().chain(below).find(|other| is_behind(*other)) {
        return Before::Line(found);
    }
    if line.is_behind(&Checksum::ZERO) {
        return Before::Start;
    }
    for other in (0..at).rev().chain(at + 1..lines.len()) {
        if *budget == 0 {
            break;
        }
        *budget -= 1;
        if is_behind(other) {
            return Before::Line(other);
        }
    }
    Before::Unknown
}

/// A branch that has added migrations where another has, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The migrations that it has added, the last of which is its head.
    pub added: Vec<MigrationName>,
}

impl Branch {
    /// The last migration.
    pub fn head(&self) -> Option<&MigrationName> {
        self.added.last()
    }
}

/// Names without a lock as the branches that they must be of at least: no history has one number twice.
pub fn in_order_of_numbers(mut names: Vec<MigrationName>) -> Vec<Vec<MigrationName>> {
    names.sort();
    let mut branches: Vec<Vec<MigrationName>> = Vec::new();
    for name in names {
        let is_behind =
            |branch: &&mut Vec<MigrationName>| branch.last().is_some_and(|last| last.sequence() < name.sequence());
        match branches.iter_mut().find(is_behind) {
            Some(branch) => branch.push(name),
            None => branches.push(vec![name]),
        }
    }
    branches
}

/// Why a lock cannot be read: for what is not the doing of a merge, as `error` says.
pub(super) fn explain(path: PathBuf, text: &str, error: LockError) -> FolderError {
    if matches!(error.problem, LockProblem::Newer(_)) {
        return FolderError::lock(path, error);
    }
    let heads = Heads::read(text);
    match &heads.histories[..] {
        _ if !heads.loose.is_empty() => FolderError::lock(path, torn(text, &heads, error)),
        [] => FolderError::lock(path, error),
        [_] => match (&error.problem, again(text)) {
            // a whole line that is there for the second time breaks the chain
            (LockProblem::Chain(_), Some((line, name))) => {
                FolderError::lock(path, LockError { line, problem: LockProblem::Twice(name) })
            }
            _ => FolderError::lock(path, error),
        },
        histories => {
            let common = heads.common();
            let names = |history: &Vec<Migration>| {
                let (_, from) = shared(&histories[0][..common], history);
                Branch { added: history[from..].iter().map(|migration| migration.name.clone()).collect() }
            };
            FolderError::Branched {
                path,
                since: common.checked_sub(1).map(|last| histories[0][last].name.clone()),
                branches: histories.iter().map(names).collect(),
                is_listed: true,
            }
        }
    }
}

/// The first line that says what one before it has said, with its number.
fn again(text: &str) -> Option<(usize, MigrationName)> {
    let mut known = BTreeMap::new();
    lock::whole_lines(text).into_iter().find_map(|line| {
        known.insert(line.migration.chain.to_hex(), line.number).map(|_| (line.number, line.migration.name))
    })
}

/// A lock from which a line in the middle was taken out: the one behind the gap.
fn torn(text: &str, heads: &Heads, error: LockError) -> LockError {
    let [(number, name)] = &heads.loose[..] else { return error };
    if !matches!(error.problem, LockProblem::Chain(_)) || error.line != *number {
        return error;
    }
    let lines = lock::whole_lines(text);
    let Some(line) = lines.iter().find(|line| line.number == *number) else { return error };
    let previous = lines.iter().rev().find(|line| line.number < *number).map(|line| &line.migration);
    let chain = previous.map_or(Checksum::ZERO, |previous| previous.chain);
    let next = previous.map_or(0, |previous| previous.name.sequence()) + 1;
    let rest = line.covered.strip_prefix(name.as_str()).unwrap_or_default();
    // one that was given another number is no sign of a gap
    let is_renumbered = (next..name.sequence()).take(1_000).any(|number| {
        let covered = format!("{number:04}_{}{rest}", name.slug());
        Checksum::chained(&chain, &covered) == line.migration.chain
    });
    if next >= name.sequence() || is_renumbered {
        return error;
    }
    let after = previous.map(|previous| previous.name.clone());
    LockError { line: *number, problem: LockProblem::Gap { after, name: name.clone() } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> MigrationName {
        MigrationName::parse(text).expect("it is a name")
    }

    /// A lock with one more migration of these checksums: of the SQL, the snapshot and the schema.
    fn listed(lock: &Lock, name: MigrationName, [sql, snapshot, schema]: [Checksum; 3]) -> Lock {
        lock.with(name, lock::Sums { sql, statements: sql, snapshot, schema })
    }

    fn with(lock: &Lock, names: &[&str]) -> Lock {
        names.iter().fold(lock.clone(), |lock, one| {
            let hash = |part: &str| Checksum::of_text(format!("{part}{one}").as_bytes());
            listed(&lock, name(one), [hash("sql"), hash("snapshot"), hash("schema")])
        })
    }

    /// The lines of a lock behind those that another has too.
    fn lines(lock: &Lock, from: usize) -> String {
        lock.to_text().split_inclusive('\n').skip(1 + from).collect()
    }

    fn read(text: &str) -> Vec<String> {
        let heads = Heads::read(text);
        assert!(heads.loose.is_empty(), "{:?}", heads.loose);
        let names = |history: &Vec<Migration>| {
            assert!(history.iter().enumerate().all(|(at, migration)| migration.index == at));
            history.iter().map(|migration| migration.name.as_str()).collect::<Vec<_>>().join(" ")
        };
        heads.histories.iter().map(names).collect()
    }

    fn problem(text: &str) -> FolderError {
        let error = Lock::parse(text).expect_err("it is no lock");
        explain("migrations.lock".into(), text, error)
    }

    #[test]
    fn every_jumble_of_two_locks_is_read_as_two_heads() {
        let base = with(&Lock::default(), &["0001_a", "0002_b"]);
        let ours = with(&base, &["0003_ours", "0004_ours"]);
        let theirs = with(&base, &["0003_theirs"]);
        let (start, one, two) = (base.to_text(), lines(&ours, 2), lines(&theirs, 2));
        let wanted = ["0001_a 0002_b 0003_ours 0004_ours", "0001_a 0002_b 0003_theirs"];
        for jumble in [
            format!("{start}<<<<<<< HEAD\n{one}=======\n{two}>>>>>>> theirs\n"),
            format!("{start}<<<<<<< HEAD\n{one}||||||| 1234567\n=======\n{two}>>>>>>> theirs\n"),
            format!("{start}{one}{two}"),
            format!("{start}{one}{two}{one}{two}"),
            format!("{}{}", ours.to_text(), theirs.to_text()),
            format!("{start}<<<<<<< HEAD\n{one}{two}").replace('\n', "\r\n"),
            format!("\u{feff}{start}=======\n{one}\n\n{two}"),
        ] {
            assert_eq!(read(&jumble), wanted, "{jumble}");
        }
        let backwards = format!("{two}{one}{start}").lines().rev().collect::<Vec<_>>().join("\n");
        let mut found = read(&backwards);
        found.sort();
        assert_eq!(found, wanted);
        // conflict markers around everything, with the base between them
        let whole = format!("<<<<<<< a\n{}||||||| b\n{start}=======\n{}>>>>>>> c\n", ours.to_text(), theirs.to_text());
        assert_eq!(read(&whole), wanted);
        let FolderError::Branched { since, branches, is_listed: true, .. } = problem(&whole) else {
            panic!("it has two heads")
        };
        assert_eq!(since, Some(name("0002_b")));
        assert_eq!(branches[0].added, [name("0003_ours"), name("0004_ours")]);
        assert_eq!(branches[1].head(), Some(&name("0003_theirs")));
    }

    #[test]
    fn three_branches_have_three_heads_and_a_fork_may_be_on_a_branch() {
        let base = with(&Lock::default(), &["0001_a"]);
        let ours = with(&base, &["0002_ours"]);
        let more = with(&ours, &["0003_more"]);
        let other = with(&ours, &["0003_other"]);
        let theirs = with(&base, &["0002_theirs"]);
        let text = format!("{}{}{}", more.to_text(), lines(&theirs, 1), lines(&other, 2));
        let wanted = ["0001_a 0002_ours 0003_more", "0001_a 0002_theirs", "0001_a 0002_ours 0003_other"];
        assert_eq!(read(&text), wanted);
        // nothing in common, not even the first
        let text = format!("{}{}", base.to_text(), lines(&with(&Lock::default(), &["0001_b"]), 0));
        assert_eq!(read(&text), ["0001_a", "0001_b"]);
        assert!(matches!(problem(&text), FolderError::Branched { since: None, .. }));
    }

    #[test]
    fn a_squash_on_one_branch_is_the_history_that_it_replaces() {
        let hash = |text: &str| Checksum::of_text(text.as_bytes());
        let sums = lock::Sums { sql: hash("s"), statements: hash("s"), snapshot: hash("s"), schema: hash("s") };
        let base = with(&Lock::default(), &["0001_a", "0002_b", "0003_c"]);
        let squashed = base.squashed(1..3, name("0003_squash"), sums);
        let (ours, theirs) = (with(&squashed, &["0004_ours"]), with(&base, &["0004_theirs"]));
        for text in
            [format!("{}{}", ours.to_text(), lines(&theirs, 0)), format!("{}{}", theirs.to_text(), lines(&ours, 0))]
        {
            let mut found = read(&text);
            found.sort();
            assert_eq!(found, ["0001_a 0002_b 0003_c 0004_theirs", "0001_a 0003_squash 0004_ours"], "{text}");
            let FolderError::Branched { branches, .. } = problem(&text) else { panic!("it has two heads") };
            assert_eq!(branches.iter().map(|branch| branch.added.len()).collect::<Vec<_>>(), [1, 1]);
        }
        assert_eq!(shared(ours.migrations(), theirs.migrations()), (2, 3));
        assert_eq!(shared(theirs.migrations(), ours.migrations()), (3, 2));
        // one of them only squashed
        assert_eq!(read(&format!("{}{}", squashed.to_text(), lines(&theirs, 0))), ["0001_a 0002_b 0003_c 0004_theirs"]);
        let further = base.squashed(1..3, name("0003_squash"), sums).squashed(0..2, name("0003_all"), sums);
        assert_eq!(read(&further.to_text()), ["0003_all"]);
        assert_eq!(shared(further.migrations(), theirs.migrations()), (1, 3));
    }

    #[test]
    fn one_name_on_both_branches_is_two_heads() {
        let base = with(&Lock::default(), &["0001_a"]);
        let hash = |text: &str| Checksum::of_text(text.as_bytes());
        let one = listed(&base, name("0002_b"), [hash("1"), hash("2"), hash("3")]);
        let two = listed(&base, name("0002_b"), [hash("4"), hash("5"), hash("6")]);
        let text = format!("{}{}", one.to_text(), lines(&two, 1));
        let FolderError::Branched { branches, .. } = problem(&text) else { panic!("it has two heads") };
        assert_eq!(branches[0], branches[1]);
    }

    #[test]
    fn what_is_of_one_history_is_no_branch() {
        let lock = with(&Lock::default(), &["0001_a", "0002_b"]);
        let twice = format!("{}{}", lock.to_text(), lines(&lock, 1));
        assert_eq!(read(&twice), ["0001_a 0002_b"]);
        assert!(matches!(problem(&twice), FolderError::TamperedLock { line: 4, problem: LockProblem::Twice(_), .. }));
        let marked = format!(
            "{}<<<<<<< a\n{}=======\n>>>>>>> b\n",
            with(&Lock::default(), &["0001_a"]).to_text(),
            lines(&lock, 1)
        );
        assert!(matches!(problem(&marked), FolderError::Conflict { line: 3, .. }));
    }

    #[test]
    fn a_line_that_follows_none_is_loose_and_a_gap_is_named() {
        let lock = with(&Lock::default(), &["0001_a", "0002_b", "0003_c"]);
        let text = lock.to_text();
        let torn: String = text.split_inclusive('\n').filter(|line| !line.starts_with("0002")).collect();
        let heads = Heads::read(&torn);
        assert_eq!(heads.loose, [(3, name("0003_c"))]);
        let said = problem(&torn).to_string();
        assert!(said.contains("`0003_c` was written behind a migration that was taken out after `0001_a`"), "{said}");
        // what somebody has renumbered is an edit
        let renamed = text.replace("0003_c", "0004_c");
        assert!(matches!(problem(&renamed), FolderError::TamperedLock { problem: LockProblem::Chain(_), .. }));
    }

    #[test]
    fn a_jumble_of_thousands_of_lines_is_read_quickly() {
        let hash = Checksum::of_text(b"");
        let branch = |letter: char| {
            (0..3_000).fold(Lock::default(), |lock, number| {
                listed(&lock, name(&format!("{number:05}_{letter}")), [hash, hash, hash])
            })
        };
        let text: String = ['a', 'b'].iter().map(|letter| branch(*letter).to_text()).collect();
        assert_eq!(Heads::read(&text).histories.len(), 2);
    }
}
