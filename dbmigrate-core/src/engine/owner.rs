//! Files beside a database file that say whose it is: what is changed in somebody's copy behind its back is lost.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

/// The files that libSQL and Turso keep beside a replica: where its log stands, and how far it is synchronized.
const BESIDE_REPLICA: [&str; 2] = ["-client_wal_index", "-info"];

/// What a libSQL server calls the file of a namespace, in a folder of its own.
const SERVERS_FILE: &str = "data";

/// The server's files in that folder: the log of a primary, and the position of a replica in it.
const BESIDE_SERVERS_FILE: [&str; 2] = ["wallog", "client_wal_index"];

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
}

/// What the file is, and why it is not to be changed. Names no primary, which may have a secret in its URL.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replica { .. } => "an embedded replica: schema changes there would be lost",
            Self::Server { .. } => "the file of a libSQL server: changes there would be missing in the server's log",
        })
    }
}

impl Owner {
    /// The file that says so.
    pub fn sidecar(&self) -> &Path {
        match self {
            Self::Replica { sidecar, .. } | Self::Server { sidecar } => sidecar,
        }
    }
}

/// Who a file belongs to, if it is not the user's own. It need not exist; symbolic links are followed, because libSQL
/// puts its files beside the name that it was given, and SQLite beside the file that the name leads to.
pub fn owner(path: &Path) -> Option<Owner> {
    names(path).iter().find_map(|name| replica(name).or_else(|| servers(name)))
}

fn replica(path: &Path) -> Option<Owner> {
    let beside = |suffix: &&str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let mut found = BESIDE_REPLICA.iter().map(beside).filter(|sidecar| is_there(sidecar));
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
            Owner::Server { .. } => panic!("it is a replica"),
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
