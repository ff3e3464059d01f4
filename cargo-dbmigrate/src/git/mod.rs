//! What git has of a file, asked where something went wrong: a command that is suggested has to work as typed. And what a
//! branch has that another has not, for the report on it.

pub(crate) mod files;
pub(crate) mod heads;
pub(crate) mod operation;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use dbmigrate_core::folder::error::InGit;
use dbmigrate_core::shell::{shell_quoted, shell_word};

/// What git has of a file or directory, be it on the disk or not.
pub(crate) fn look(path: &Path) -> InGit {
    let Some(status) = run(&["status", "--porcelain", "-z", "--"], path) else { return InGit::Nothing };
    let codes: Vec<(u8, u8)> = status
        .split(|byte| *byte == 0)
        .filter(|entry| entry.len() > 3 && entry[2] == b' ')
        .map(|entry| (entry[0], entry[1]))
        .collect();
    let word = shell_word(path);
    if codes.iter().any(|code| matches!(code, (b'U', _) | (_, b'U') | (b'A', b'A') | (b'D', b'D'))) {
        return InGit::Unmerged;
    }
    if codes.iter().any(|(_, in_tree)| b"MDT".contains(in_tree)) {
        return InGit::Restorable(format!("git restore {word}"));
    }
    if codes.iter().any(|(in_index, _)| b"MDT".contains(in_index)) {
        return InGit::Restorable(format!("git restore --source=HEAD --staged --worktree {word}"));
    }
    if codes.is_empty()
        && !path.exists()
        && let Some(commit) = removed_by(path)
    {
        return InGit::Restorable(format!("git restore --source={commit}^ --staged --worktree {word}"));
    }
    let is_committed = codes.is_empty() && run(&["ls-files", "--error-unmatch", "-z", "--"], path).is_some();
    if is_committed && has_log(path) { InGit::Same } else { InGit::Nothing }
}

/// The last commit that has removed something, which a revert may have done.
fn removed_by(path: &Path) -> Option<String> {
    let commit = run(&["log", "-1", "--diff-filter=D", "--format=%h", "--"], path)?;
    Some(String::from_utf8_lossy(&commit).trim().to_owned()).filter(|commit| !commit.is_empty())
}

/// Whether everything that lies there is in a commit.
pub(crate) fn is_committed(path: &Path) -> bool {
    look(path) == InGit::Same
}

/// Whether git has a commit that is about a path.
pub(crate) fn has_log(path: &Path) -> bool {
    run(&["log", "-1", "--format=%h", "--"], path).is_some_and(|log| !log.is_empty())
}

/// Whether git has a file: it came with a checkout, or goes into the next one. Where there is a repository that git does
/// not tell of, it is taken to have it.
pub(crate) fn has(file: &Path) -> bool {
    let Ok(file) = std::path::absolute(file) else { return true };
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else { return false };
    let mut command = within(folder);
    let command = command.args(["ls-files", "--error-unmatch", "--"]).arg(name).env("GIT_OPTIONAL_LOCKS", "0");
    let output = command.stdin(Stdio::null()).output().ok();
    match output.and_then(|output| output.status.code()) {
        Some(0) => true,
        Some(1) => false,
        _ => folder.ancestors().any(|folder| folder.join(".git").exists()),
    }
}

/// Whether a folder is in a repository.
pub(crate) fn is_inside(folder: &Path) -> bool {
    runs(folder, &["rev-parse", "--git-dir"])
}

/// The values of a name in the configuration of the repository alone, which is no part of what is checked out.
pub(crate) fn configured(folder: &Path, name: &str) -> Vec<String> {
    let values = output(within(folder).args(["config", "--local", "--null", "--get-all", name]));
    let values = values.map(|values| String::from_utf8_lossy(&values.stdout).into_owned()).unwrap_or_default();
    values.split_terminator('\0').map(str::to_owned).collect()
}

/// Whether git does something in a folder.
pub(crate) fn runs(folder: &Path, arguments: &[&str]) -> bool {
    output(within(folder).args(arguments)).is_some()
}

/// Git in a folder. A repository without a working tree, which can lie in any checkout with a configuration of its own,
/// is not taken for that of the folder.
fn within(folder: &Path) -> Command {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut command = Command::new("git");
    command.args(["-c", "safe.bareRepository=explicit"]).arg("-C").arg(folder);
    command
}

/// Those files of a folder that the last commit does not have as they lie there, by their paths in the folder. The index
/// is not asked, because it can be told to look away.
///
/// # Errors
/// What git says if it cannot tell.
pub(crate) fn uncommitted(folder: &Path, files: &[String]) -> Result<Vec<String>, String> {
    let listed = said(within(folder).args(["ls-tree", "-r", "-z", "HEAD", "--"]).args(files))?;
    // `100644 blob HASH\tPATH`
    let committed: BTreeMap<&str, &str> = listed
        .split_terminator('\0')
        .filter_map(|entry| entry.split_once('\t'))
        .filter_map(|(about, path)| Some((path, about.rsplit(' ').next()?)))
        .collect();
    let hashes = said(within(folder).args(["hash-object", "--"]).args(files))?;
    let differs = files.iter().zip(hashes.lines()).filter(|(file, hash)| committed.get(file.as_str()) != Some(hash));
    Ok(differs.map(|(file, _)| file.clone()).collect())
}

/// What lies in a folder and is not committed, by its paths in the repository; `None` if git cannot tell.
pub(crate) fn changed(folder: &Path) -> Option<Vec<String>> {
    let listed = said(within(folder).args(["status", "--porcelain", "-z", "--no-renames", "--", "."])).ok()?;
    // `XY PATH`
    Some(listed.split_terminator('\0').filter_map(|entry| entry.get(3..)).map(str::to_owned).collect())
}

/// What git says when it is told something.
fn said(command: &mut Command) -> Result<String, String> {
    let output = command.env("GIT_OPTIONAL_LOCKS", "0").stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("git cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let error = String::from_utf8_lossy(&output.stderr);
    let line = error.lines().next().unwrap_or_default();
    if line.ends_with("object name HEAD") {
        return Err("the repository has no commit".to_owned());
    }
    Err(format!("git says: {}", line.strip_prefix("fatal: ").unwrap_or(line)))
}

/// Where to read what became of a migration: a command that shows something, if there is one.
pub(crate) fn log_of(migration: &str) -> Option<String> {
    let pathspec = format!(":/*{migration}/*");
    // what was gone in a merge is no part of the history that git shows otherwise
    let has = |all: &[&str]| {
        let arguments = [&["log"][..], all, &["-1", "--format=%h", "--"]].concat();
        run(&arguments, pathspec.as_ref()).is_some_and(|log| !log.is_empty())
    };
    let all = [&["--all"][..], &["--all", "--full-history"]].into_iter().find(|all| has(all))?;
    Some(format!("git log {} -p -- {}", all.join(" "), shell_quoted(&pathspec)))
}

/// Where a migration is that is not in the folder any more.
pub(crate) enum Removed {
    /// In the commit before the one that removed it.
    In(Source),
    /// In the last commit: nobody has committed that it was removed.
    NotCommitted,
}

/// A migrations folder in a commit.
pub(crate) struct Source {
    /// The commit.
    pub(crate) commit: String,
    /// The folder, as git is told of it from anywhere in the repository.
    pub(crate) folder: String,
}

/// Where git has a migration that another one replaces.
pub(crate) fn before_removal(migration: &str) -> Option<Removed> {
    let pathspec = format!(":/*{migration}/migration.sql");
    let log = |filter: &str| {
        let arguments = ["log", "-1", "--no-renames", filter, "--format=%h", "--name-only", "--"];
        let log = run(&arguments, pathspec.as_ref())?;
        let log = String::from_utf8_lossy(&log).into_owned();
        let mut lines = log.lines().filter(|line| !line.is_empty()).map(str::to_owned);
        Some((lines.next()?, lines.next()?))
    };
    if let Some((commit, file)) = log("--diff-filter=D") {
        let folder = Path::new(&file).parent()?.parent()?.display().to_string();
        return Some(Removed::In(Source { commit: format!("{commit}~1"), folder: format!(":/{folder}") }));
    }
    log("--diff-filter=A").map(|_| Removed::NotCommitted)
}

/// Whether there is something that `git pull` would pull from.
pub(crate) fn has_upstream() -> bool {
    output(Command::new("git").args(["rev-parse", "--abbrev-ref", "@{upstream}"])).is_some()
}

/// The directory that a repository is checked out to, of which `inside` is a part.
pub(crate) fn top_of(inside: &Path) -> Option<PathBuf> {
    inside.ancestors().find(|directory| directory.join(".git").exists()).map(Path::to_owned)
}

/// The branch that pull requests go to unless they say another: that of the remote `origin`.
pub(crate) fn default_branch(repository: &Path) -> Option<String> {
    let remote = at(repository, &["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"])?;
    remote.strip_prefix("origin/").map(str::to_owned)
}

/// The branch with one of the names that the first one usually has.
pub(crate) fn usual_branch(repository: &Path) -> Option<&'static str> {
    ["main", "master"].into_iter().find(|name| commit(repository, &format!("refs/heads/{name}")).is_some())
}

/// The branch that is checked out.
pub(crate) fn current_branch(repository: &Path) -> Option<String> {
    at(repository, &["symbolic-ref", "--quiet", "--short", "HEAD"])
}

/// The commit of that name.
pub(crate) fn commit(repository: &Path, name: &str) -> Option<String> {
    at(repository, &["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{name}^{{commit}}")])
}

/// The commit from which what is checked out and the commit or branch `name` have parted.
///
/// # Errors
/// What git lacks for that.
pub(crate) fn merge_base(repository: &Path, name: &str) -> Result<String, Missing> {
    let other = commit(repository, name).ok_or(Missing::Commit)?;
    at(repository, &["merge-base", "HEAD", &other]).ok_or_else(|| {
        match at(repository, &["rev-parse", "--is-shallow-repository"]).as_deref() {
            Some("true") => Missing::Depth,
            _ => Missing::Ancestor,
        }
    })
}

/// What git lacks to tell where two commits have parted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// A commit of that name.
    Commit,
    /// The history: only the last commits were fetched.
    Depth,
    /// A commit that both come from.
    Ancestor,
}

/// A file as it was in a commit, if it was there; `path` is within the repository.
pub(crate) fn file_at(repository: &Path, commit: &str, path: &str) -> Option<Vec<u8>> {
    let file = format!("{commit}:{path}");
    output(within(repository).args(["show", "--end-of-options", &file])).map(|output| output.stdout)
}

/// A file of the folder in the index, as one of the sides of a merge has it: 1 is what they come from, 2 what was checked
/// out, 3 what is merged into it. 0 is the file as it will be in the next commit.
pub(crate) fn file_in_index(folder: &Path, stage: u8, path: &str) -> Option<Vec<u8>> {
    file_at(folder, &format!(":{stage}"), path)
}

/// The last commits of all branches that have changed a file of the folder, the newest first.
pub(crate) fn commits_of(folder: &Path, path: &str, most: usize) -> Vec<String> {
    let most = most.to_string();
    // with what was gone in a merge, and what a rebase has rewritten
    let all = ["log", "--all", "--reflog", "--full-history", "--format=%H", "-n", &most, "--", path];
    let log = output(within(folder).args(all));
    let log = log.map(|log| String::from_utf8_lossy(&log.stdout).into_owned()).unwrap_or_default();
    log.lines().map(str::to_owned).collect()
}

/// What a commit is called: by the branch that it is the last of, else by its hash.
pub(crate) fn name_of(folder: &Path, name: &str) -> String {
    if name == "HEAD"
        && let Some(branch) = current_branch(folder)
    {
        return branch;
    }
    // what `origin/HEAD` stands for has a name of its own
    let refs = ["name-rev", "--name-only", "--no-undefined", "--exclude=refs/remotes/*/HEAD"];
    let refs = [&refs[..], &["--refs=refs/heads/*", "--refs=refs/remotes/*", name]].concat();
    let branch = at(folder, &refs).filter(|branch| !branch.contains(['~', '^']));
    let branch = branch.map(|branch| branch.trim_start_matches("remotes/").to_owned());
    branch
        .or_else(|| at(folder, &["rev-parse", "--verify", "--quiet", "--short", "--end-of-options", name]))
        .unwrap_or_else(|| name.to_owned())
}

/// The commits before one.
pub(crate) fn parents(folder: &Path, name: &str) -> Vec<String> {
    let line = at(folder, &["rev-list", "--parents", "-n", "1", "--end-of-options", name]);
    line.map(|line| line.split(' ').skip(1).map(str::to_owned).collect()).unwrap_or_default()
}

/// The files below the current directory that a merge has left in conflict.
pub(crate) fn unmerged() -> Vec<String> {
    // `git diff` would write the index
    let listed = output(within(Path::new(".")).args(["ls-files", "--unmerged", "-z"])).map(|output| output.stdout);
    let listed = String::from_utf8_lossy(&listed.unwrap_or_default()).into_owned();
    let mut files: Vec<String> =
        listed.split('\0').filter_map(|line| Some(line.split_once('\t')?.1.to_owned())).collect();
    // a line for each side
    files.dedup();
    files
}

/// Whether git has the very bytes of a file, in whatever commit.
pub(crate) fn has_bytes(file: &Path) -> bool {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else { return false };
    let hash = output(within(folder).args(["hash-object", "--"]).arg(name));
    let hash = hash.map(|hash| String::from_utf8_lossy(&hash.stdout).trim().to_owned());
    hash.is_some_and(|hash| runs(folder, &["cat-file", "-e", &hash]))
}

/// The one line that git says of a repository.
fn at(repository: &Path, arguments: &[&str]) -> Option<String> {
    let output = output(within(repository).args(arguments))?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()).filter(|line| !line.is_empty())
}

/// The output of git about a path, if it has one.
fn run(arguments: &[&str], path: &Path) -> Option<Vec<u8>> {
    output(Command::new("git").args(arguments).arg(path)).map(|output| output.stdout)
}

fn output(command: &mut Command) -> Option<Output> {
    // nothing is written, the index included
    let command = command.env("GIT_OPTIONAL_LOCKS", "0").stdin(Stdio::null()).stderr(Stdio::null());
    command.output().ok().filter(|output| output.status.success())
}
