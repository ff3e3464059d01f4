//! Whose a database file is, if not its user's alone: what is changed in somebody's copy behind its back is lost. Files
//! beside it say so, or its header.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

/// The files that libSQL and Turso keep beside a replica: where its log stands, and how far it is synchronized.
const BESIDE_REPLICA: [&str; 2] = ["-client_wal_index", "-info"];

/// What a libSQL server calls the file of a namespace, in a folder of its own.
const SERVERS_FILE: &str = "data";

/// The server's files in that folder: the log of a primary, and the position of a replica in it.
const BESIDE_SERVERS_FILE: [&str; 2] = ["wallog", "client_wal_index"];

/// How a database begins (sqlite.org/fileformat.html#the_database_header).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Where the versions of the format are, for writing and for reading. Turso Database's MVCC mode has a value of its own.
const VERSIONS: usize = 18;
const MVCC: u8 = 0xff;

/// Where the default size of the cache is, and the sign of that number: SQLite writes none, Turso Database gives each file
/// one that it makes.
const CACHE_SIZE: usize = 48;
const SIGN: u8 = 0x80;

/// What Turso Database keeps in its MVCC mode what it has not yet written into the file, and how that begins. Other
/// programs call their logs so, too.
const BESIDE_MVCC: &str = "-log";
const LOG_MAGIC: &[u8; 4] = b"2LML";

/// The most that is read of a file that may name the primary.
const LONGEST_INFO: u64 = 1 << 20;

/// As many symbolic links as Linux follows (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// Who a file belongs to, and the file beside it that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Owner {
    /// An embedded replica: its library synchronizes it with a primary.
    Replica {
        /// The file that says so.
        sidecar: PathBuf,
        /// The URL of the primary as the file names it. It may have a secret in it.
        primary: Option<String>,
    },
    /// A libSQL server, which keeps a log of every change.
    Server {
        /// The file that says so.
        sidecar: PathBuf,
    },
    /// Turso Database in its MVCC mode, whose files nothing else can read.
    Mvcc {
        /// The file with what is not in the database file yet, if there is one.
        sidecar: Option<PathBuf>,
    },
}

/// What the file is, and why it is not to be changed. Names no primary, which may have a secret in its URL.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replica { .. } => "an embedded replica: schema changes there would be lost",
            Self::Server { .. } => "the file of a libSQL server: changes there would be missing in the server's log",
            Self::Mvcc { .. } => "in the MVCC mode of Turso Database, which nothing else can read",
        })
    }
}

impl Owner {
    /// The file beside it, if that is what says so.
    pub fn sidecar(&self) -> Option<&Path> {
        match self {
            Self::Replica { sidecar, .. } | Self::Server { sidecar } => Some(sidecar),
            Self::Mvcc { sidecar } => sidecar.as_deref(),
        }
    }
}

/// Who a file belongs to, if it is not the user's own. It need not exist; symbolic links are followed, because libSQL
/// puts its files beside the name that it was given, and SQLite beside the file that the name leads to.
pub fn owner(path: &Path) -> Option<Owner> {
    names(path).iter().find_map(|name| replica(name).or_else(|| servers(name)).or_else(|| mvcc(name)))
}

/// The same of a database that this process may have open, as far as the files beside it say so. The file itself is not
/// opened: closing it would release the locks of all connections that the process has to it (`man 2 fcntl`), and others
/// would write at the same time.
pub fn owner_beside(path: &Path) -> Option<Owner> {
    let mvcc = |name: &PathBuf| log_beside(name).map(|log| Owner::Mvcc { sidecar: Some(log) });
    names(path).iter().find_map(|name| replica(name).or_else(|| servers(name)).or_else(|| mvcc(name)))
}

/// Whether Turso Database has made a file, as far as its header says so: one that it has only written to has no mark.
pub fn is_made_by_turso(path: &Path) -> bool {
    let mut header = [0; CACHE_SIZE + 1];
    read_start(path, &mut header) && header.starts_with(MAGIC) && header[CACHE_SIZE] & SIGN != 0
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The header says so, or the log: Turso Database writes the header last when it leaves the mode, and refuses a file
/// that has a log beside it and another header.
fn mvcc(path: &Path) -> Option<Owner> {
    let mut header = [0; VERSIONS + 2];
    let has_header = read_start(path, &mut header) && header.starts_with(MAGIC);
    let sidecar = if has_header { log_beside(path) } else { None };
    let is_in_mode = has_header && header[VERSIONS..].contains(&MVCC);
    (is_in_mode || sidecar.is_some()).then_some(Owner::Mvcc { sidecar })
}

/// The log of the mode, if there is something in it.
fn log_beside(path: &Path) -> Option<PathBuf> {
    let log = beside(path, BESIDE_MVCC);
    let mut start = [0; LOG_MAGIC.len()];
    (read_start(&log, &mut start) && start == *LOG_MAGIC).then_some(log)
}

/// Fills `start` with what a file begins with. Of a pipe nothing is read: that would wait.
fn read_start(path: &Path, start: &mut [u8]) -> bool {
    let is_file = fs::metadata(path).is_ok_and(|file| file.is_file());
    is_file && fs::File::open(path).and_then(|mut file| file.read_exact(start)).is_ok()
}

fn replica(path: &Path) -> Option<Owner> {
    let mut found = BESIDE_REPLICA.iter().map(|suffix| beside(path, suffix)).filter(|sidecar| is_there(sidecar));
    let sidecar = found.next()?;
    let primary = std::iter::once(sidecar.clone()).chain(found).find_map(|sidecar| primary(&sidecar));
    Some(Owner::Replica { sidecar, primary })
}

fn servers(path: &Path) -> Option<Owner> {
    if path.file_name()? != SERVERS_FILE {
        return None;
    }
    let sidecar = BESIDE_SERVERS_FILE.iter().map(|name| path.with_file_name(name)).find(|file| is_there(file))?;
    Some(Owner::Server { sidecar })
}

/// Also a link to nowhere is there.
fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The URL in Turso's `-info`, which is JSON. That of the libsql crate has none, and neither has `-client_wal_index`.
fn primary(sidecar: &Path) -> Option<String> {
    let mut text = String::new();
    fs::File::open(sidecar).ok()?.take(LONGEST_INFO).read_to_string(&mut text).ok()?;
    let info: serde_json::Value = serde_json::from_str(&text).ok()?;
    let url = info.pointer("/saved_configuration/remote_url")?.as_str()?;
    (!url.is_empty()).then(|| url.to_owned())
}

/// The path, where each symbolic link on the way leads, and the file at the end, be it there or not.
pub fn names(path: &Path) -> Vec<PathBuf> {
    let mut names = vec![path.to_owned()];
    while names.len() <= MOST_LINKS {
        let last = &names[names.len() - 1];
        let Ok(target) = fs::read_link(last) else { break };
        names.push(last.parent().unwrap_or(Path::new("")).join(target));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary directory")
    }

    fn write(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("the directory is writable");
        path
    }

    fn primary_in(info: &str) -> Option<String> {
        let folder = folder();
        write(&folder, "a.db-info", info);
        match owner(&folder.path().join("a.db")).expect("it is a replica") {
            Owner::Replica { primary, .. } => primary,
            _ => panic!("it is a replica"),
        }
    }

    #[test]
    fn a_file_of_its_own_belongs_to_nobody() {
        let folder = folder();
        let path = write(&folder, "a.db", "");
        for beside in ["a.db-wal", "a.db-shm", "a.db-journal", "info", "client_wal_index", "wallog", "b.db-info"] {
            write(&folder, beside, "");
        }
        assert_eq!(owner(&path), None);
        assert_eq!(owner(Path::new("")), None);
    }

    #[test]
    fn both_sidecars_say_that_it_is_a_replica() {
        for suffix in BESIDE_REPLICA {
            let folder = folder();
            let sidecar = write(&folder, &format!("a.db{suffix}"), "");
            let found = owner(&folder.path().join("a.db"));
            assert_eq!(found, Some(Owner::Replica { sidecar, primary: None }));
        }
    }

    #[test]
    fn the_primary_is_read_where_it_is_written() {
        let turso = r#"{"version":"v1","saved_configuration":{"remote_url":"libsql://app-me.turso.io"}}"#;
        assert_eq!(primary_in(turso).as_deref(), Some("libsql://app-me.turso.io"));
        // the libsql crate's
        assert_eq!(primary_in(r#"{"hash":1,"version":0,"durable_frame_num":3,"generation":1}"#), None);
        for other in ["", "{}", "[", r#"{"saved_configuration":null}"#, r#"{"saved_configuration":{"remote_url":""}}"#]
        {
            assert_eq!(primary_in(other), None, "{other}");
        }
    }

    #[test]
    fn a_servers_file_is_told_by_the_files_in_its_folder() {
        for name in BESIDE_SERVERS_FILE {
            let folder = folder();
            let path = write(&folder, SERVERS_FILE, "");
            assert_eq!(owner(&path), None);
            let sidecar = write(&folder, name, "");
            assert_eq!(owner(&path), Some(Owner::Server { sidecar }));
            assert_eq!(owner(&folder.path().join("other.db")), None);
        }
    }

    #[test]
    fn a_database_in_mvcc_mode_is_told_by_its_header_or_its_log() {
        let folder = folder();
        let header = |versions: [u8; 2]| [&MAGIC[..], &[16, 0][..], &versions, &[0; 80]].concat();
        let path = folder.path().join("a.db");
        let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("it is writable");
        for versions in [[1, 1], [2, 2], [2, 3]] {
            put("a.db", &header(versions));
            // a log of the application's
            put("a.db-log", b"10:00 started");
            assert_eq!(owner(&path), None);
        }
        for versions in [[255, 255], [2, 255], [255, 2]] {
            put("a.db", &header(versions));
            assert_eq!(owner(&path), Some(Owner::Mvcc { sidecar: None }));
        }
        assert_eq!(owner_beside(&path), None, "nothing beside it says so");
        put("a.db-log", b"2LML\x02\0");
        let sidecar = Some(folder.path().join("a.db-log"));
        assert_eq!(owner_beside(&path), Some(Owner::Mvcc { sidecar: sidecar.clone() }));
        for versions in [[255, 255], [2, 2]] {
            put("a.db", &header(versions));
            assert_eq!(owner(&path), Some(Owner::Mvcc { sidecar: sidecar.clone() }));
        }
        // emptied when the mode is left
        put("a.db-log", b"");
        assert_eq!(owner(&path), None);
        put("a.db", b"no database");
        put("a.db-log", b"2LML\x02\0");
        assert_eq!(owner(&path), None);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_to_where_the_sidecar_lies() {
        use std::os::unix::fs::symlink;

        let folder = folder();
        let inside = folder.path().join("inside");
        fs::create_dir(&inside).expect("the directory is writable");
        write(&folder, "inside/real.db", "");
        symlink("real.db", inside.join("second.db")).expect("links can be made");
        let first = folder.path().join("first.db");
        symlink("inside/second.db", &first).expect("links can be made");
        assert_eq!(owner(&first), None);
        for name in ["first.db-info", "inside/second.db-info", "inside/real.db-info"] {
            let sidecar = write(&folder, name, "");
            assert!(matches!(owner(&first), Some(Owner::Replica { .. })), "{name}");
            fs::remove_file(sidecar).expect("it is there");
        }
        // to nowhere, and in a circle
        symlink("gone.db", folder.path().join("dangling.db")).expect("links can be made");
        write(&folder, "gone.db-info", "");
        assert!(owner(&folder.path().join("dangling.db")).is_some());
        symlink("circle.db", folder.path().join("circle.db")).expect("links can be made");
        assert_eq!(owner(&folder.path().join("circle.db")), None);
    }
}
