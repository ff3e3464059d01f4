//! That no two members of a fleet have one name, and no two are one database.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::member::Member;
use crate::error::{CommandError, Result};
use crate::project::url::Place;

/// What tells a database from all others.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Identity {
    /// A file that is there: its device and its number on it, whatever paths and links lead to it.
    #[cfg(unix)]
    File(u64, u64),
    Path(PathBuf),
    Server(String),
}

/// Sorts members by their names.
///
/// # Errors
/// Exit code 2 for a name, and for a database, that is there twice.
pub(super) fn sort(fleet: &str, members: &mut [Member]) -> Result<()> {
    members.sort_by(|one, two| one.name.cmp(&two.name));
    if let Some([one, two]) = members.windows(2).find(|pair| pair[0].name == pair[1].name) {
        if identity(one.url.place()) == identity(two.url.place()) {
            let message = format!("the fleet `{fleet}` has `{}` twice", one.url);
            return Err(CommandError::usage(message).note("nothing was changed").help("list each database once"));
        }
        let message = format!("two members of the fleet `{fleet}` are called `{}`", one.name);
        return Err(CommandError::usage(message).note(format!("they are `{}` and `{}`", one.url, two.url)).help(
            "name the members: in a list as JSON, `{\"name\": \"acme\", \"url\": …}`; in a query as the column `name`",
        ));
    }
    let mut known: HashMap<Identity, &str> = HashMap::with_capacity(members.len());
    for member in &*members {
        if let Some(other) = known.insert(identity(member.url.place()), &member.name) {
            let name = &member.name;
            let message = format!("members `{other}` and `{name}` of the fleet `{fleet}` are the same database");
            return Err(CommandError::usage(message)
                .note(format!("it is `{}`", member.url))
                .note("nothing was changed")
                .help("list each database once"));
        }
    }
    Ok(())
}

fn identity(place: &Place) -> Identity {
    match place {
        Place::File(path) => of_file(path),
        Place::Server(server) => Identity::Server(server.url.identity()),
    }
}

#[cfg(unix)]
fn of_file(path: &Path) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    match std::fs::metadata(path) {
        Ok(found) => Identity::File(found.dev(), found.ino()),
        Err(_) => Identity::Path(std::path::absolute(path).unwrap_or_else(|_| path.to_owned())),
    }
}

#[cfg(not(unix))]
fn of_file(path: &Path) -> Identity {
    Identity::Path(path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned()))
}
