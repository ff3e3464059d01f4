//! `merge-driver`: what git runs to merge two versions of `migrations.lock`.

use std::path::{Path, PathBuf};

use clap::Args;
use dbmigrate_core::folder::heads::shared;
use dbmigrate_core::folder::{Lock, Migration};

use crate::error::{CommandError, Result};
use crate::exit;
use crate::report::Printer;

/// The arguments.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
To let git use it, a line for .gitattributes:
  migrations.lock merge=dbmigrate
and one for the configuration of git, in each clone:
  git config merge.dbmigrate.driver \"cargo dbmigrate merge-driver %O %A %B %P\"

A lock that continues the other is taken as it is. Where both branches have
added migrations, the lock gets both heads and git a conflict (exit 1), which
`cargo dbmigrate rebase` resolves.")]
pub(crate) struct MergeDriver {
    /// The version that both come from (%O)
    #[arg(value_name = "BASE")]
    pub base: PathBuf,

    /// The version of this branch, which gets the result (%A)
    #[arg(value_name = "OURS")]
    pub ours: PathBuf,

    /// The version of the other branch (%B)
    #[arg(value_name = "THEIRS")]
    pub theirs: PathBuf,

    /// The path of the lock in the repository (%P)
    #[arg(value_name = "PATH")]
    pub path: Option<String>,
}

/// Merges them and returns the exit code.
///
/// # Errors
/// If a file cannot be read or written.
pub(crate) fn run(printer: &Printer, arguments: &MergeDriver) -> Result<u8> {
    let [base, ours, theirs] = [&arguments.base, &arguments.ours, &arguments.theirs].map(|path| read(path));
    let (base, ours, theirs) = (base?, ours?, theirs?);
    let path = arguments.path.as_deref().unwrap_or("migrations.lock");
    let (text, is_merged) = match (Lock::parse(&ours), Lock::parse(&theirs)) {
        (Ok(one), Ok(other)) => merged(&base, &one, &other),
        _ => (marked("", &ours, &theirs), false),
    };
    std::fs::write(&arguments.ours, text).map_err(|error| CommandError::io("write", &arguments.ours, &error))?;
    if is_merged {
        return Ok(exit::DONE);
    }
    let help = ["put the migrations of one branch behind those of the other: `cargo dbmigrate rebase`".to_owned()];
    printer.warning(&format!("`{path}` has migrations of both branches"), &help);
    Ok(exit::FAILED)
}

/// The lock of both, and whether it is one; else the lines of both, marked as git does.
fn merged(base: &str, ours: &Lock, theirs: &Lock) -> (String, bool) {
    let (one, other) = (ours.migrations(), theirs.migrations());
    let (mine, there) = shared(one, other);
    let keeps_all = |side: &[Migration]| match Lock::parse(base) {
        Ok(base) => shared(base.migrations(), side).0 == base.migrations().len(),
        // there was none
        Err(_) => base.trim().is_empty(),
    };
    // a line that one side has taken out is no line that it never had
    if (mine == one.len() || there == other.len()) && keeps_all(one) && keeps_all(other) {
        // where one side has squashed what the other has, the squash stays; else the side that says more
        let is_ours = mine < there || (mine == there && ours.is_complete());
        let start = if is_ours { &one[..mine] } else { &other[..there] };
        let rest = one[mine..].iter().chain(&other[there..]);
        if let Some(lock) = in_one_format(start.iter().chain(rest).cloned().collect()) {
            return (lock.to_text(), true);
        }
    }
    let (ours, theirs) = (ours.to_text(), theirs.to_text());
    let same = ours.lines().zip(theirs.lines()).take_while(|(one, other)| one == other).count();
    let start: String = ours.split_inclusive('\n').take(same).collect();
    let rest = |text: &str| text.split_inclusive('\n').skip(same).collect::<String>();
    (marked(&start, &rest(&ours), &rest(&theirs)), false)
}

/// The lock of migrations of locks of both formats. What the older one lacks is in the files, which are not merged yet, so
/// the next command that writes completes it. `None` if the older format cannot say what they are.
fn in_one_format(all: Vec<Migration>) -> Option<Lock> {
    let lock = Lock::of(all);
    if lock.is_complete() || lock.migrations().iter().all(|migration| migration.statements.is_none()) {
        return Some(lock);
    }
    let is_plain = lock.migrations().iter().all(|migration| migration.replaces.is_empty());
    let older = lock.migrations().iter().map(|migration| Migration { statements: None, ..migration.clone() });
    is_plain.then(|| Lock::of(older.collect()))
}

fn marked(start: &str, ours: &str, theirs: &str) -> String {
    let ended =
        |text: &str| if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    format!("{start}<<<<<<< ours\n{}=======\n{}>>>>>>> theirs\n", ended(ours), ended(theirs))
}

fn read(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).map_err(|error| CommandError::io("read", path, &error))?;
    String::from_utf8(bytes).map_err(|_| CommandError::failed(format!("`{}` is not UTF-8 text", path.display())))
}
