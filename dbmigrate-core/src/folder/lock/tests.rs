//! What locks are, and what is not one.

use super::*;

fn lock_of(count: usize) -> Lock {
    (1..=count).fold(Lock::default(), |lock, number| {
        let name = MigrationName::parse(&format!("{number:04}_step")).expect("it is a name");
        let hash = |part: &str| Checksum::of_text(format!("{part}{number}").as_bytes());
        lock.with(name, sums(hash))
    })
}

fn sums(hash: impl Fn(&str) -> Checksum) -> Sums {
    Sums { sql: hash("sql"), statements: hash("statements"), snapshot: hash("snapshot"), schema: hash("schema") }
}

fn problem(text: &str) -> (usize, LockProblem) {
    let error = Lock::parse(text).expect_err("the lock is wrong");
    (error.line, error.problem)
}

fn name(text: &str) -> MigrationName {
    MigrationName::parse(text).expect("it is a name")
}

#[test]
fn what_is_read_is_what_was_written() {
    for count in [0, 1, 2, 50] {
        let text = lock_of(count).to_text();
        assert_eq!(text.lines().count(), count + 1);
        assert_eq!(Lock::parse(&text), Ok(lock_of(count)));
        assert_eq!(lock_of(count + 1).without_last(), lock_of(count));
    }
}

#[test]
fn line_ends_blank_lines_and_a_byte_order_mark_do_not_matter() {
    let text = lock_of(3).to_text();
    assert_eq!(Lock::parse(&text.replace('\n', "\r\n")), Ok(lock_of(3)));
    assert_eq!(Lock::parse(&format!("\u{feff}{}", text.trim_end())), Ok(lock_of(3)));
    assert_eq!(Lock::parse(&text.replace('\n', "\n\n")), Ok(lock_of(3)));
}

#[test]
fn conflict_markers_are_recognised_with_their_line() {
    let text = lock_of(2).to_text();
    let second = text.lines().nth(2).expect("two migrations");
    let merged = text.replace(second, &format!("<<<<<<< HEAD\n{second}\n=======\n{second}\n>>>>>>> main"));
    assert_eq!(problem(&merged), (3, LockProblem::Conflict));
    assert_eq!(problem(&merged.replace('\n', "\r\n")), (3, LockProblem::Conflict));
    // somebody who deletes only some of the markers
    let without_first = merged.replace("<<<<<<< HEAD\n", "");
    assert_eq!(problem(&without_first), (6, LockProblem::Conflict));
    assert_eq!(problem(&without_first.replace(">>>>>>> main", "")), (4, LockProblem::Conflict));
}

#[test]
fn every_change_by_hand_breaks_the_chain_where_it_was_made() {
    let text = lock_of(4).to_text();
    let lines: Vec<&str> = text.lines().collect();
    let without_second: Vec<&str> = lines.iter().copied().filter(|line| !line.starts_with("0002")).collect();
    assert_eq!(problem(&without_second.join("\n")), (3, LockProblem::Chain(name("0003_step"))));
    let swapped = [lines[0], lines[1], lines[3], lines[2], lines[4]].join("\n");
    assert_eq!(problem(&swapped), (3, LockProblem::Chain(name("0003_step"))));
    let renamed = text.replace("0002_step", "0002_stop");
    assert_eq!(problem(&renamed), (3, LockProblem::Chain(name("0002_stop"))));
    for column in 1..=5 {
        let hash = lines[3].split(' ').nth(column).expect("five hashes");
        let other = Checksum::of_text(b"other").to_hex();
        assert_eq!(problem(&text.replace(hash, &other)), (4, LockProblem::Chain(name("0003_step"))), "{column}");
    }
    let twice = format!("{text}{}\n", lines[4]);
    assert_eq!(problem(&twice), (6, LockProblem::Chain(name("0004_step"))));
}

#[test]
fn a_name_is_listed_once_even_in_a_whole_chain() {
    let hash = Checksum::of_text(b"");
    let twice = lock_of(2).with(name("0001_step"), sums(|_| hash));
    assert_eq!(problem(&twice.to_text()), (4, LockProblem::Twice(name("0001_step"))));
}

#[test]
fn a_newer_format_is_said_to_be_one_whatever_its_lines_look_like() {
    assert_eq!(problem("# dbmigrate lock 3: name\n0001_a x\n"), (1, LockProblem::Newer(3)));
}

#[test]
fn what_is_not_understood_is_an_error_at_its_line() {
    let text = lock_of(1).to_text();
    assert_eq!(problem(""), (1, LockProblem::Header));
    assert_eq!(problem("hello"), (1, LockProblem::Header));
    assert_eq!(problem("# dbmigrate lock 0: name\n"), (1, LockProblem::Header));
    assert_eq!(problem(&text.replacen('\n', " ", 1)), (1, LockProblem::Header));
    for line in ["0002_b", "# a note", "0002_b 12 34 56 78", "../0002_b", &text.lines().last().unwrap()[1..]] {
        assert_eq!(problem(&format!("{text}{line}\n")), (3, LockProblem::Malformed(5)), "{line}");
    }
}

#[test]
fn an_underline_in_sql_is_not_a_conflict() {
    assert_eq!(conflict_marker(b"-- Title\n=======\nSELECT 1;"), None);
    assert_eq!(conflict_marker(b"SELECT 1\n<<<<<<<<<< 2"), None);
    assert_eq!(conflict_marker(b"a\n>>>>>>> branch\n"), Some(2));
}

#[test]
fn thousands_of_lines_are_read_in_linear_time() {
    let mut text = format!("{HEADER}{FORMAT}: {COLUMNS}\n");
    let mut before = Checksum::ZERO;
    let hash = Checksum::of_text(b"");
    for number in 0..20_000 {
        let mut line = String::new();
        push_covered(&mut line, &unchained(name(&format!("{number:05}_step")), sums(|_| hash), Vec::new()));
        before = Checksum::chained(&before, &line);
        text.extend([line.as_str(), " ", &before.to_hex(), "\n"]);
    }
    assert_eq!(Lock::parse(&text).expect("the chain is whole").migrations().len(), 20_000);
}

/// Four migrations, of which the second and third were squashed, and that with the fourth.
fn squashed() -> [Lock; 3] {
    let hash = |part: &str| Checksum::of_text(part.as_bytes());
    let plain = lock_of(5);
    let once = plain.squashed(1..3, name("0003_once"), sums(hash));
    let twice = once.squashed(1..3, name("0004_twice"), sums(hash));
    [plain, once, twice]
}

#[test]
fn a_migration_that_replaces_others_is_followed_by_them_as_they_stood_before() {
    let [plain, once, twice] = squashed();
    let lines = |lock: &Lock| lock.to_text().lines().map(str::to_owned).collect::<Vec<_>>();
    let (before, after) = (lines(&plain), lines(&once));
    assert_eq!(after[3..5], [format!("  {}", before[2]), format!("  {}", before[3])]);
    assert_eq!(
        lines(&twice)[3..7],
        [&after[2..5], &after[5..6]].concat().iter().map(|line| format!("  {line}")).collect::<Vec<_>>()[..]
    );
    for lock in [&once, &twice] {
        assert_eq!(Lock::parse(&lock.to_text()).as_ref(), Ok(lock));
        assert_eq!(Lock::parse(&lock.to_text().replace('\n', "\r\n")).as_ref(), Ok(lock));
    }
    let names = |migrations: Vec<&Migration>| migrations.iter().map(|one| one.name.to_string()).collect::<Vec<_>>();
    let squash = &twice.migrations()[1];
    assert_eq!(names(squash.originals()), ["0002_step", "0003_step", "0004_step"]);
    assert_eq!(names(squash.with_replaced()), ["0004_twice", "0003_once", "0002_step", "0003_step", "0004_step"]);
    assert_eq!(squash.last_names(), ["0004_twice", "0004_step"]);
}

#[test]
fn a_changed_line_below_a_squash_breaks_the_chain_as_well() {
    let [_, once, twice] = squashed();
    for lock in [once, twice] {
        let text = lock.to_text();
        let lines: Vec<&str> = text.lines().collect();
        for at in (1..lines.len()).filter(|at| lines[*at].starts_with(' ')) {
            let without: Vec<&str> =
                lines.iter().enumerate().filter(|(line, _)| *line != at).map(|(_, line)| *line).collect();
            assert!(Lock::parse(&without.join("\n")).is_err(), "without line {at}");
            for line in [&lines[at][2..], &lines[at][1..], &format!("  {}", lines[at])] {
                let mut other = lines.clone();
                other[at] = line;
                assert!(Lock::parse(&other.join("\n")).is_err(), "{line}");
            }
            let other = Checksum::of_text(b"other").to_hex();
            for column in 1..=5 {
                let hash = lines[at].trim().split(' ').nth(column).expect("five hashes");
                let changed = text.replace(lines[at], &lines[at].replace(hash, &other));
                assert!(Lock::parse(&changed).is_err(), "{column}");
            }
        }
        // all of them at the margin, which would be the same chain if it did not say how many there are
        assert!(Lock::parse(&text.replace("\n  ", "\n")).is_err());
    }
    let hash = Checksum::of_text(b"");
    let again = squashed()[1].with(name("0002_step"), sums(|_| hash));
    assert_eq!(problem(&again.to_text()), (8, LockProblem::Twice(name("0002_step"))));
}

#[test]
fn format_1_is_read_and_becomes_format_2_when_it_is_completed() {
    let text =
        "# dbmigrate lock 1: name, sha256 of migration.sql, of snapshot.json, of the schema, of all lines so far\n";
    let (hash, mut before, mut text) = (Checksum::of_text(b""), Checksum::ZERO, text.to_owned());
    for number in 1..=3 {
        let mut line = String::new();
        let migration =
            Migration { statements: None, ..unchained(name(&format!("000{number}_step")), sums(|_| hash), Vec::new()) };
        push_covered(&mut line, &migration);
        before = Checksum::chained(&before, &line);
        text.extend([line.as_str(), " ", &before.to_hex(), "\n"]);
    }
    let lock = Lock::parse(&text).expect("the chain is whole");
    assert_eq!((lock.migrations().len(), lock.to_text()), (3, text.clone()));
    assert!(!lock.is_complete());
    assert_eq!(problem(&format!("{text}0004_step 1 2 3 4\n")).1, LockProblem::Malformed(4));
    let complete = lock.completed(|_| Ok::<_, ()>(hash)).expect("nothing fails");
    assert!(complete.to_text().starts_with("# dbmigrate lock 2: "));
    assert_eq!(Lock::parse(&complete.to_text()), Ok(complete));
}
