//! How far a history goes along the migrations of a folder. A database that has all migrations that another one replaces
//! has that one, so a record's place in the history is not the place of a migration in the folder.

use std::ops::Range;

use thiserror::Error;

use super::history::Record;
use crate::folder::Migration;

/// A disagreement between a database's history and the folder.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistoryError {
    /// An applied migration has another text now.
    #[error("migration `{name}` was edited after it was applied")]
    Edited {
        /// Its name.
        name: String,
    },
    /// An applied migration is not in the folder.
    #[error("migration `{name}` was applied, but is missing from the folder")]
    Missing {
        /// Its name.
        name: String,
    },
    /// An applied migration has another name in the folder.
    #[error("migration `{applied}` is called `{listed}` in the folder")]
    Renamed {
        /// Its name in the database.
        applied: String,
        /// Its name in the folder.
        listed: String,
    },
    /// The folder has another migration in the place of an applied one.
    #[error("the database has `{applied}` where the folder has `{listed}`")]
    Diverged {
        /// The one that was applied.
        applied: String,
        /// The one that is listed.
        listed: String,
    },
    /// The database has seen migrations that the folder does not have yet.
    #[error("the database is newer than the folder: it has {count} more migration{}, the first is `{first}`", if *count == 1 { "" } else { "s" })]
    Newer {
        /// How many.
        count: usize,
        /// The first of them.
        first: String,
    },
    /// The database has only some of the migrations that another one replaces.
    #[error(
        "the database has only some of the migrations that `{squash}` replaces: it ends at `{last}` and lacks {}",
        named(lacks)
    )]
    Partly {
        /// The one that replaces them.
        squash: String,
        /// The last of them that was applied.
        last: String,
        /// Those that were not.
        lacks: Vec<String>,
    },
    /// The positions have a gap.
    #[error("the history has no migration at position {position}")]
    Gap {
        /// The position that is missing.
        position: usize,
        /// The last migration that is recorded.
        last: String,
    },
}

/// The first of some names, and how many more there are.
fn named(names: &[String]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [only] => format!("`{only}`"),
        [one, two] => format!("`{one}` and `{two}`"),
        [first, rest @ ..] => format!("`{first}` and {} more", rest.len()),
    }
}

/// How far a history goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// The records of each migration that is applied, by their places in the history, counted from 0: several for one
    /// that replaces others.
    pub records: Vec<Range<usize>>,
}

impl Compared {
    /// How many migrations of the folder are applied.
    pub fn migrations(&self) -> usize {
        self.records.len()
    }

    /// How many records these have.
    pub fn position(&self) -> usize {
        self.records.last().map_or(0, |last| last.end)
    }
}

/// A record, as far as it is compared.
struct Seen<'h> {
    position: Option<usize>,
    name: &'h str,
    checksum: &'h str,
}

/// Compares the history with the folder, and returns how many of the folder's migrations are applied.
///
/// # Errors
/// At the first disagreement.
pub fn compare(history: &[Record], migrations: &[Migration]) -> Result<usize, HistoryError> {
    match walk(&seen(history), migrations) {
        (compared, None) => Ok(compared.migrations()),
        (_, Some(error)) => Err(error),
    }
}

/// What is recorded as it is listed, from the first migration on.
pub fn common(history: &[Record], migrations: &[Migration]) -> Compared {
    walk(&seen(history), migrations).0
}

/// The same for names and checksums.
pub fn common_of(history: &[(String, String)], migrations: &[Migration]) -> Compared {
    let seen = |(at, (name, checksum)): (usize, &'_ (String, String))| (at + 1, name.clone(), checksum.clone());
    let owned: Vec<_> = history.iter().enumerate().map(seen).collect();
    let seen: Vec<Seen<'_>> =
        owned.iter().map(|(at, name, checksum)| Seen { position: Some(*at), name, checksum }).collect();
    walk(&seen, migrations).0
}

fn seen(history: &[Record]) -> Vec<Seen<'_>> {
    let seen = |record: &'_ Record| usize::try_from(record.position).ok();
    history
        .iter()
        .map(|record| Seen { position: seen(record), name: &record.name, checksum: &record.checksum })
        .collect()
}

/// The migrations that are recorded as they are listed, and what ends them.
fn walk(history: &[Seen<'_>], migrations: &[Migration]) -> (Compared, Option<HistoryError>) {
    let mut compared = Compared::default();
    let mut at = 0;
    for listed in migrations {
        if at == history.len() {
            return (compared, None);
        }
        match follow(history, at, listed) {
            Ok(end) => {
                compared.records.push(at..end);
                at = end;
            }
            Err(ended) => return (compared, Some(ended.into_error(history, migrations, listed))),
        }
    }
    match history.get(at) {
        None => (compared, None),
        Some(next) if next.position != Some(at + 1) => {
            (compared, Some(HistoryError::Gap { position: at + 1, last: last(history) }))
        }
        Some(next) => {
            let (count, first) = (history.len() - at, next.name.to_owned());
            (compared, Some(HistoryError::Newer { count, first }))
        }
    }
}

/// Why a history does not go on.
enum Ended {
    /// A gap.
    Gap(usize),
    /// The record at this place has another checksum.
    Edited(usize),
    /// The record at this place is of another migration than the one of that name.
    Other(usize, String),
    /// There are no more records, and these are not applied.
    Lacks(Vec<String>),
}

impl Ended {
    fn into_error(self, history: &[Seen<'_>], migrations: &[Migration], listed: &Migration) -> HistoryError {
        match self {
            Self::Gap(position) => HistoryError::Gap { position, last: last(history) },
            Self::Edited(at) => HistoryError::Edited { name: history[at].name.to_owned() },
            Self::Lacks(lacks) => HistoryError::Partly { squash: listed.name.to_string(), last: last(history), lacks },
            Self::Other(at, listed) => {
                let applied = history[at].name.to_owned();
                let is_it = |one: &&Migration| one.name.as_str() == listed && one.sql.to_hex() == history[at].checksum;
                if migrations.iter().flat_map(Migration::with_replaced).any(|one| is_it(&one)) {
                    return HistoryError::Renamed { applied, listed };
                }
                let mut all = migrations.iter().flat_map(Migration::with_replaced);
                let is_elsewhere = all.any(|migration| migration.name.as_str() == applied);
                let originals: usize = migrations.iter().map(|migration| migration.originals().len()).sum();
                if is_elsewhere || at + 1 < history.len() || history.len() <= originals {
                    HistoryError::Diverged { applied, listed }
                } else {
                    HistoryError::Missing { name: applied }
                }
            }
        }
    }
}

fn last(history: &[Seen<'_>]) -> String {
    history.last().map(|last| last.name.to_owned()).unwrap_or_default()
}

/// The place behind the records that a migration has from the place `at` on: its own, or those of all that it replaces.
fn follow(history: &[Seen<'_>], at: usize, listed: &Migration) -> Result<usize, Ended> {
    let record = &history[at];
    if record.position != Some(at + 1) {
        return Err(Ended::Gap(at + 1));
    }
    if listed.name.as_str() == record.name {
        return if listed.sql.to_hex() == record.checksum { Ok(at + 1) } else { Err(Ended::Edited(at)) };
    }
    let mut end = at;
    for (nth, replaced) in listed.replaces.iter().enumerate() {
        let names = |rest: &[Migration]| rest.iter().map(|one| one.name.to_string()).collect::<Vec<_>>();
        if end == history.len() {
            return Err(Ended::Lacks(names(&listed.replaces[nth..])));
        }
        end = follow(history, end, replaced).map_err(|ended| match ended {
            Ended::Lacks(lacks) => Ended::Lacks([lacks, names(&listed.replaces[nth + 1..])].concat()),
            // it has nothing of it
            Ended::Other(place, _) if place == at => Ended::Other(place, listed.name.to_string()),
            other => other,
        })?;
    }
    if listed.replaces.is_empty() { Err(Ended::Other(at, listed.name.to_string())) } else { Ok(end) }
}

#[cfg(test)]
mod tests {
    use super::super::history::RecordKind;
    use super::*;
    use crate::folder::{Checksum, Lock, MigrationName, Sums};

    fn sum(name: &str) -> Checksum {
        Checksum::of_text(name.as_bytes())
    }

    fn sums(name: &str) -> Sums {
        Sums { sql: sum(name), statements: sum(name), snapshot: sum(name), schema: sum(name) }
    }

    fn name(text: &str) -> MigrationName {
        MigrationName::parse(text).expect("it is a name")
    }

    /// `0001_a`, `0004_y` (which replaces `0002_b` and `0004_x`, which replaces `0003_c` and `0004_d`), `0005_e`.
    fn lock() -> Lock {
        let lock = ["0001_a", "0002_b", "0003_c", "0004_d", "0005_e"]
            .iter()
            .fold(Lock::default(), |lock, one| lock.with(name(one), sums(one)));
        lock.squashed(2..4, name("0004_x"), sums("0004_x")).squashed(1..3, name("0004_y"), sums("0004_y"))
    }

    fn history(names: &str) -> Vec<Record> {
        let record = |(at, name): (usize, &str)| Record {
            position: i64::try_from(at).expect("it is small") + 1,
            name: name.to_owned(),
            checksum: sum(name).to_hex(),
            schema_hash: String::new(),
            applied_at: String::new(),
            duration_ms: 0,
            kind: RecordKind::Migration,
            schema_version: None,
        };
        names.split_whitespace().enumerate().map(record).collect()
    }

    #[test]
    fn a_database_with_all_that_a_migration_replaces_has_it() {
        let lock = lock();
        for (names, applied, records) in [
            ("", 0, vec![]),
            ("0001_a", 1, vec![(0, 1)]),
            ("0001_a 0004_y", 2, vec![(0, 1), (1, 2)]),
            ("0001_a 0004_y 0005_e", 3, vec![(0, 1), (1, 2), (2, 3)]),
            ("0001_a 0002_b 0004_x", 2, vec![(0, 1), (1, 3)]),
            ("0001_a 0002_b 0003_c 0004_d", 2, vec![(0, 1), (1, 4)]),
            ("0001_a 0002_b 0003_c 0004_d 0005_e", 3, vec![(0, 1), (1, 4), (4, 5)]),
        ] {
            assert_eq!(compare(&history(names), lock.migrations()), Ok(applied), "{names}");
            let found = common(&history(names), lock.migrations()).records;
            let found: Vec<(usize, usize)> = found.iter().map(|range| (range.start, range.end)).collect();
            assert_eq!(found, records, "{names}");
        }
    }

    #[test]
    fn a_database_in_the_middle_is_told_what_it_lacks() {
        let lock = lock();
        for (names, last, lacks) in
            [("0001_a 0002_b", "0002_b", vec!["0004_x"]), ("0001_a 0002_b 0003_c", "0003_c", vec!["0004_d"])]
        {
            let (squash, last) = ("0004_y".to_owned(), last.to_owned());
            let lacks = lacks.into_iter().map(str::to_owned).collect();
            let error = HistoryError::Partly { squash, last, lacks };
            assert_eq!(compare(&history(names), lock.migrations()), Err(error), "{names}");
            assert_eq!(common(&history(names), lock.migrations()).migrations(), 1);
        }
    }

    #[test]
    fn what_differs_inside_of_a_squash_is_named() {
        let lock = lock();
        let compare = |names: &str| compare(&history(names), lock.migrations());
        let diverged = |applied: &str, listed: &str| {
            Err(HistoryError::Diverged { applied: applied.to_owned(), listed: listed.to_owned() })
        };
        assert_eq!(compare("0001_a 0003_c"), diverged("0003_c", "0004_y"));
        assert_eq!(compare("0001_a 0002_b 0004_d"), diverged("0004_d", "0004_x"));
        assert_eq!(compare("0001_a 0002_b 0003_c 0004_z"), diverged("0004_z", "0004_d"));
        assert_eq!(compare("0001_a 0002_b 0003_c 0005_e"), diverged("0005_e", "0004_d"));
        let newer = HistoryError::Newer { count: 1, first: "0006_f".to_owned() };
        assert_eq!(compare("0001_a 0004_y 0005_e 0006_f"), Err(newer));
        let mut edited = history("0001_a 0002_b 0003_c 0004_d 0005_e");
        edited[2].checksum = sum("other").to_hex();
        let error = HistoryError::Edited { name: "0003_c".to_owned() };
        assert_eq!(super::compare(&edited, lock.migrations()), Err(error));
        edited.remove(1);
        assert_eq!(
            super::compare(&edited, lock.migrations()),
            Err(HistoryError::Gap { position: 2, last: edited[edited.len() - 1].name.clone() })
        );
    }
}
